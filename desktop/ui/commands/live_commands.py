"""The Draw panel's state: a network that translates the active layer's drawing while it is drawn, and keeping that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import LayerId, RasterLayer
from desktop.io.palettes import PaletteColor
from desktop.runtime.catalog import Model
from desktop.runtime.labels import label_input, levels_of_label
from desktop.runtime.manifest import Label
from desktop.runtime.parameters import complete_parameters
from desktop.runtime.runner import DeviceChoice, ParameterValue, Request, Result, Runner
from desktop.tools import live_tool
from desktop.tools.live_tool import LARGEST_SIDE_PX, QUICK_SIDE_PX, Drawing, Picture
from desktop.ui.background import Background
from desktop.ui.commands.ai_commands import STROKE_POLL_MS, AiCommands
from desktop.ui.documents import DocumentSession
from desktop.ui.i18n import tr, tr_or
from desktop.ui.latest_runs import LatestRuns, Wish
from desktop.ui.panels.model_card import title_of
from desktop.ui.state import EditorState

DABS = (  # what drawings are mostly coloured with, by the names of their texts
    ("live.color.red", (234, 90, 71)),
    ("live.color.orange", (244, 170, 65)),
    ("live.color.yellow", (252, 234, 43)),
    ("live.color.green", (92, 158, 49)),
    ("live.color.sky", (146, 211, 245)),
    ("live.color.blue", (30, 80, 160)),
    ("live.color.violet", (137, 103, 170)),
    ("live.color.pink", (255, 167, 192)),
    ("live.color.brown", (165, 121, 57)),
)

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

ENLARGERS = ("upscale-4x-faithful", "upscale-2x-faithful")  # what small results are enlarged with, the best first


class LiveCommands(QObject):
    """`changed` when the form differs; `picture_changed` when the picture beside the canvas does.

    Nothing is read or computed before `is_in_sight` says that somebody looks. While a stroke is drawn its half-finished
    version is translated: one reading at a time, and only the newest counts.
    """

    changed = Signal()
    picture_changed = Signal()
    failed = Signal(object)  # UserError

    def __init__(
        self, state: EditorState, ai: AiCommands, make_runner: Callable[[], Runner], background: Background
    ) -> None:
        super().__init__(background)
        self._state, self._ai, self._background = state, ai, background
        self.runs = LatestRuns(make_runner, background)
        self.is_in_sight: Callable[[], bool] = lambda: False
        self.model: Model | None = None
        self.values: dict[str, dict[str, ParameterValue]] = {}
        self.picture: Picture | None = None
        self.error: UserError | None = None  # why there is no picture
        self.notes: tuple[UserError, ...] = ()  # what a person should know of it
        self.is_keeping = False
        self._is_reading = self._is_stale = False
        self._opened: OpenDocument | None = None
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._read)
        ai.form.changed.connect(self._models_changed)
        self.runs.changed.connect(self.changed)
        state.document_replaced.connect(self._document_replaced)
        state.active_layer_changed.connect(self.follow)

    # the form

    @property
    def models(self) -> list[Model]:
        return [model for model in self._ai.form.models if live_tool.takes_drawings(model.manifest)]

    @property
    def palette(self) -> tuple[PaletteColor, ...]:
        """What the row of colours offers: the classes of a label map, or dabs for a drawing."""
        if self.model is None:
            return ()
        spec = label_input(self.model.manifest)
        if spec is not None:
            return tuple(PaletteColor(levels_of_label(label), self._class_name(label)) for label in spec.palette)
        if live_tool.fixed_side(self.model.manifest) is not None:
            return ()
        return tuple(PaletteColor(levels, tr(name)) for name, levels in DABS)

    def _class_name(self, label: Label) -> str:
        assert self.model is not None
        return tr_or(f"model.{self.model.id}.class.{label.label.lower()}", label.label)

    @property
    def paints_labels(self) -> bool:
        return self.model is not None and label_input(self.model.manifest) is not None

    def parameters(self) -> dict[str, ParameterValue]:
        if self.model is None:
            return {}
        return complete_parameters(self.model.manifest, self.values.get(self.model.id, {}))

    def choose_model(self, model_id: str) -> None:
        self.model = next((model for model in self.models if model.id == model_id), self.model)
        self.picture = self.error = None
        self.picture_changed.emit()
        self.changed.emit()
        self.follow()

    def set_parameter(self, name: str, value: ParameterValue) -> None:
        if self.model is not None:
            self.values.setdefault(self.model.id, {})[name] = value
            self.follow()

    # the picture beside

    @property
    def is_settled(self) -> bool:
        """Whether the picture shows what is drawn, as far as it can."""
        return not (self._soon.isActive() or self._is_reading or self._is_stale or self.is_keeping or self.runs.is_busy)

    def follow(self) -> None:
        """Something that the picture depends on may be different."""
        self._soon.start()

    def _read(self) -> None:
        if not self.is_in_sight():
            return
        if self.model is None:
            self._models_changed()
        layer_id, opened = self._drawing_layer(), self._state.open_document
        if self.model is None or layer_id is None or opened is None:
            self._show(None, None)
            return
        if self._is_reading:
            self._is_stale = True
            return
        self._is_reading, self._is_stale = True, False
        document, manifest = opened.shown, self.model.manifest
        self._background.run(
            lambda: live_tool.read_drawing(document, layer_id, manifest, QUICK_SIDE_PX),
            on_done=self._translate,
            on_error=self._no_drawing,
            name="drawing",
        )

    def _translate(self, drawing: Drawing) -> None:
        self._end_of_reading()
        if self.model is None:
            return
        request = live_tool.request_for(drawing, self.model, self.parameters(), self._device())
        self.runs.ask(
            Wish.PICTURE,
            request,
            prepare=lambda result: (_picture_of(result), result.notes),
            on_done=lambda made: self._show(made[0], None, made[1]),
            on_error=lambda error: self._show(None, error),
        )

    def _no_drawing(self, error: UserError) -> None:
        self._end_of_reading()
        self._show(None, error)

    def _end_of_reading(self) -> None:
        self._is_reading = False
        if self._is_stale:
            self._is_stale = False
            self.follow()

    def _show(self, picture: Picture | None, error: UserError | None, notes: tuple[UserError, ...] = ()) -> None:
        self.picture, self.error, self.notes = picture, error, notes
        self.picture_changed.emit()

    # onto a layer

    @property
    def can_keep(self) -> bool:
        is_drawing = self.error is None or self.error.key != "live.photograph"
        return self.model is not None and self._drawing_layer() is not None and is_drawing and not self.is_keeping

    def keep(self) -> None:
        """The drawing at its full size onto a layer over it, or into the one that is there already."""
        opened, layer_id, session = self._state.open_document, self._drawing_layer(), self._state.current
        if self.model is None:
            self._models_changed()
        model = self.model
        if opened is None or layer_id is None or session is None or model is None or self.is_keeping:
            return
        self.is_keeping = True
        self.changed.emit()
        document = opened.document
        side = LARGEST_SIDE_PX if live_tool.fixed_side(model.manifest) is None else QUICK_SIDE_PX
        self._background.run(
            lambda: live_tool.read_drawing(document, layer_id, model.manifest, side),
            on_done=lambda drawing: self._translate_whole(session, model, drawing),
            on_error=self._cannot_keep,
            name="drawing",
        )

    def _translate_whole(self, session: DocumentSession, model: Model, drawing: Drawing) -> None:
        parameters = self.parameters()
        request = live_tool.request_for(drawing, model, parameters, self._device())

        def enlarge(picture: Picture) -> None:
            enlarger = self._enlarger(model, picture, drawing.rect)
            if enlarger is None:
                self._land(session, model, drawing, parameters, picture)
                return
            larger = Request(enlarger.id, enlarger.sha256, {"image": picture}, {}, 0, self._device())
            self._ask(larger, lambda grown: self._land(session, model, drawing, parameters, grown))

        self._ask(request, enlarge)

    def _ask(self, request: Request, on_done: Callable[[Picture], None]) -> None:
        self.runs.ask(Wish.ENCODE, request, prepare=_picture_of, on_done=on_done, on_error=self._cannot_keep)

    def _enlarger(self, model: Model, picture: Picture, rect: Rect) -> Model | None:
        """A network for results that are smaller than their place; only a model of a fixed size has such."""
        if live_tool.fixed_side(model.manifest) is None or picture.shape[1] >= rect.width:
            return None
        known = {each.id: each for each in self._ai.form.models}
        return next((known[name] for name in ENLARGERS if name in known), None)

    def _land(
        self,
        session: DocumentSession,
        model: Model,
        drawing: Drawing,
        parameters: dict[str, ParameterValue],
        picture: Picture,
    ) -> None:
        if session.open_document.is_editing:  # the hand is on the canvas: the result waits until the stroke is done
            QTimer.singleShot(STROKE_POLL_MS, self, lambda: self._land(session, model, drawing, parameters, picture))
            return
        self._ai.settle()
        name = title_of(model.manifest)
        try:
            live_tool.land(session.open_document, drawing, picture, model=model, parameters=parameters, name=name)
        except UserError as error:
            self._cannot_keep(error)
            return
        self.is_keeping = False
        self.changed.emit()

    def _cannot_keep(self, error: UserError) -> None:
        self.is_keeping = False
        self.changed.emit()
        self.failed.emit(error)

    def close(self) -> None:
        self.runs.close()

    # a photograph

    @property
    def can_find_lines(self) -> bool:
        """Whether the active layer was refused for being a photograph and a model can make a drawing of it."""
        is_refused = self.error is not None and self.error.key == "live.photograph"
        return is_refused and self._lines_model() is not None and not self.is_keeping

    def find_lines(self) -> None:
        """The lines of the active layer onto a white layer over it, which is drawn on from then on."""
        model, layer_id, session = self._lines_model(), self._drawing_layer(), self._state.current
        if model is None:
            raise UserError("live.no_lines")
        if layer_id is None or session is None or self.is_keeping:
            return
        self.is_keeping = True
        self.changed.emit()
        document, device = session.open_document.document, self._ai.form.device_for(model)

        def asked(prepared: tuple[Rect, Request]) -> None:
            rect, request = prepared
            self._ask(request, lambda lines: self._land_lines(session, model, layer_id, lines, rect))

        self._background.run(
            lambda: live_tool.lines_request(document, layer_id, model, device),
            on_done=asked,
            on_error=self._cannot_keep,
            name="lines",
        )

    def _land_lines(
        self, session: DocumentSession, model: Model, layer_id: LayerId, lines: Picture, rect: Rect
    ) -> None:
        if session.open_document.is_editing:
            QTimer.singleShot(STROKE_POLL_MS, self, lambda: self._land_lines(session, model, layer_id, lines, rect))
            return
        self._ai.settle()
        try:
            made = live_tool.land_lines(
                session.open_document, layer_id, lines, rect=rect, model=model, name=tr("live.lines_name")
            )
        except UserError as error:
            self._cannot_keep(error)
            return
        self.is_keeping = False
        if session is self._state.current:
            self._state.choose_layer(made)
        self.changed.emit()
        self.follow()

    def _lines_model(self) -> Model | None:
        return next((model for model in self._ai.form.models if model.id == live_tool.LINES_MODEL), None)

    # what it follows

    def text(self) -> str:
        """What the picture's place says while it is empty."""
        if self._state.open_document is None:
            return tr("live.no_document")
        if not self.models:
            return tr("live.no_models")
        return tr("live.draw_hint")

    def _drawing_layer(self) -> LayerId | None:
        """The active layer, or the drawing that the active layer was made from."""
        layer = self._state.active_layer
        if not isinstance(layer, RasterLayer):
            return None
        recipe, document = layer.recipe, self._state.document
        source = dict(recipe.inputs).get("image", 0) if recipe is not None else 0
        is_result = recipe is not None and any(model.id == recipe.model_id for model in self.models)
        if is_result and document is not None and document.has_layer(source):
            return source
        return layer.id

    def _device(self) -> DeviceChoice:
        assert self.model is not None
        return self._ai.form.device_for(self.model)

    def _models_changed(self) -> None:
        models = self.models
        known = {model.id: model for model in models}
        chosen = "" if self.model is None else self.model.id
        self.model = known.get(chosen, models[0] if models else None)
        self.changed.emit()

    def _document_replaced(self) -> None:
        if self._opened is not None:
            self._opened.changed.disconnect(self._pixels_changed)
        self._opened = self._state.open_document
        if self._opened is not None:
            self._opened.changed.connect(self._pixels_changed)
        self.picture = self.error = None
        self.picture_changed.emit()
        self.follow()

    def _pixels_changed(self, layer_id: LayerId, _rect: Rect) -> None:
        if layer_id in (0, self._drawing_layer()):
            self.follow()


def make_live(window: MainWindow, make_runner: Callable[[], Runner]) -> LiveCommands:
    commands = LiveCommands(window.state, window.ai, make_runner, window.background)
    commands.failed.connect(lambda error: window.show_error(error))
    return commands


def _picture_of(result: Result) -> Picture:
    return live_tool.eight_bits(result.image)
