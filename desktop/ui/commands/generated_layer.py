"""The generated layer that the Generate panel goes on with: found in the document, given new pixels in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.core.color import Depth
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import AiRecipe, LayerId, RasterLayer
from desktop.core.tiles import TileMap
from desktop.tools import generate_tool
from desktop.tools.generate_tool import Picture, Sample
from desktop.ui.background import Background
from desktop.ui.commands.ai_commands import STROKE_POLL_MS
from desktop.ui.documents import DocumentSession
from desktop.ui.state import EditorState

Held = tuple[DocumentSession, LayerId]

SMALL_PIXELS = 512**2  # a picture so small is ready for its layer before another thread had begun with it


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the picture of a run on its way shall go. `turn` tells an outdated one."""

    held: Held
    rect: Rect
    depth: Depth
    turn: int

    def tiles_at_once(self, picture: Picture) -> TileMap | None:
        """The picture as large as its place, where that takes a few milliseconds. Any thread."""
        if self.rect.width * self.rect.height > SMALL_PIXELS:
            return None
        return generate_tool.picture_tiles(picture, self.rect, self.depth)


class GeneratedLayer(QObject):
    """`found` (AiRecipe) when another layer, or an older version of it, is to be gone on with."""

    found = Signal(object)
    changed = Signal()
    failed = Signal(object)  # UserError

    def __init__(self, state: EditorState, background: Background, is_known: Callable[[str], bool]) -> None:
        super().__init__(background)
        self._state, self._background, self._is_known = state, background, is_known
        self.before_edit: Callable[[], None] = lambda: None
        self._held: Held | None = None
        self._let_go: Held | None = None
        self._recipe: AiRecipe | None = None
        self._sample: Sample | None = None  # what the layer shows, or will when the picture on its way is there
        self._tiles: TileMap | None = None  # as they were put there
        self._rect: Rect | None = None
        self._turn = 0
        self._next: tuple[Landing, Sample, Picture] | None = None  # waits until the one before has its size
        self._is_bringing = False
        self._late: tuple[Landing, Sample, TileMap] | None = None  # waits for the stroke in progress to end

    @property
    def layer(self) -> RasterLayer | None:
        """The layer that changes of the panel go to."""
        return None if self._held is None else self._layer_of(self._held)

    @property
    def other(self) -> RasterLayer | None:
        """The active layer, when it was generated and the panel has let go of it."""
        chosen = self._chosen()
        return None if chosen is None or chosen == self._held else self._layer_of(chosen)

    @property
    def unknown_model(self) -> str:
        """The model that made the active layer, when it is not installed."""
        layer = self._state.active_layer
        recipe = layer.recipe if isinstance(layer, RasterLayer) else None
        is_generated = recipe is not None and not recipe.inputs and not self._is_known(recipe.model_id)
        return recipe.model_id if is_generated and recipe is not None else ""

    def follow(self) -> None:
        """After something in the document or the choice of layers changed."""
        chosen = self._chosen()
        if chosen != self._let_go:
            self._let_go = None
        if chosen is None or chosen == self._let_go:
            self._hold(None)
            return
        layer = self._layer_of(chosen)
        if layer is None or (chosen == self._held and layer.recipe == self._recipe):
            return
        self._hold(chosen)
        self.found.emit(layer.recipe)

    def take(self, held: Held, sample: Sample, layer: RasterLayer, rect: Rect) -> None:
        """A layer that has just been put there."""
        self._hold(held)
        self._let_go, self._sample = None, sample
        self._recipe, self._tiles, self._rect = layer.recipe, layer.tiles, rect

    def shows(self, sample: Sample) -> None:
        """The layer that was found shows this sample, as well as its model can still be asked for it."""
        self._sample = sample

    def let_go(self) -> None:
        """The next picture is another one, until the layer is chosen again."""
        if self._held is not None:
            self._let_go = self._held
            self._hold(None)

    def take_again(self) -> None:
        self._let_go = None
        self.follow()

    def landing(self, sample: Sample, picture: Picture | None) -> Landing | None:
        """Where the picture of a sample goes; None when it is there already. `picture` is the one shown now."""
        layer = self.layer
        if self._held is None or layer is None or layer.recipe is None or sample == self._sample:
            return None
        rect = self._place_of(layer, picture)
        self._sample = sample
        return Landing(self._held, rect, self._held[0].open_document.document.depth, self._turn)

    def bring(self, landing: Landing, sample: Sample, picture: Picture) -> None:
        """Makes the picture as large as its place, in the background, and lands it; of several only the newest."""
        self._next = (landing, sample, picture)
        self._bring_next()

    def land(self, landing: Landing, sample: Sample, tiles: TileMap) -> None:
        """Puts a picture into the layer; pictures in a row are one history entry."""
        session, layer_id = landing.held
        if landing.turn != self._turn or self._layer_of(landing.held) is None:
            return
        if session.open_document.is_editing:
            self._late = (landing, sample, tiles)
            QTimer.singleShot(STROKE_POLL_MS, self, self._land_late)
            return
        self._late = None
        self.before_edit()
        before, self._recipe = self._recipe, generate_tool.recipe_of(sample, landing.rect)
        try:
            generate_tool.replace_picture(session.open_document, layer_id, sample, tiles, landing.rect, self._turn)
        except UserError as error:
            self._recipe, self._sample = before, None
            self.failed.emit(error)
            return
        self._tiles, self._rect = tiles, landing.rect

    def _bring_next(self) -> None:
        if self._is_bringing or self._next is None:
            return
        (landing, sample, picture), self._next = self._next, None
        self._is_bringing = True

        def brought(tiles: TileMap) -> None:
            self._is_bringing = False
            self.land(landing, sample, tiles)
            self._bring_next()

        def failed(error: UserError) -> None:
            self._is_bringing = False
            self.failed.emit(error)

        self._background.run(
            lambda: generate_tool.picture_tiles(picture, landing.rect, landing.depth),
            on_done=brought,
            on_error=failed,
            name="generated picture",
        )

    def _land_late(self) -> None:
        if self._late is not None:
            self.land(*self._late)

    def _hold(self, held: Held | None) -> None:
        before, self._held = self._held, held
        if held is None and before is None:
            return
        self._turn += 1
        self._next = self._late = self._sample = self._tiles = self._rect = None
        layer = None if held is None else self._layer_of(held)
        self._recipe = None if layer is None else layer.recipe
        self.changed.emit()

    def _place_of(self, layer: RasterLayer, picture: Picture | None) -> Rect:
        """Where the layer's picture is; moving the layer moved it."""
        assert layer.recipe is not None
        if self._rect is not None and layer.tiles is self._tiles:
            return self._rect
        depth = self._state.document.depth if self._state.document is not None else 8
        rect = layer.recipe.region if picture is None else generate_tool.rect_of(layer, picture, depth)
        self._tiles, self._rect = layer.tiles, rect
        return rect

    def _chosen(self) -> Held | None:
        """The active layer, if a model that is there made it out of numbers."""
        layer, session = self._state.active_layer, self._state.current
        if not isinstance(layer, RasterLayer) or layer.recipe is None or session is None:
            return None
        return (session, layer.id) if self._is_known(layer.recipe.model_id) else None

    def _layer_of(self, held: Held) -> RasterLayer | None:
        session, layer_id = held
        document = session.open_document.document
        if session not in self._state.documents or not document.has_layer(layer_id):
            return None
        layer = document.layer(layer_id)
        return layer if isinstance(layer, RasterLayer) else None
