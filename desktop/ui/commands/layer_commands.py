"""What the Edit, Layer and Select menus do."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.layers import ColorTag, GroupLayer, Layer, LayerId, Locks, RasterLayer
from desktop.core.tiles import TileMap
from desktop.tools import filling, layer_edits, layer_sets
from desktop.tools.layer_sets import Joined
from desktop.tools.layer_views import show_alone
from desktop.tools.names import EditName
from desktop.tools.painting import Plane
from desktop.ui.background import Background
from desktop.ui.commands.long_commands import LongCommands
from desktop.ui.i18n import tr
from desktop.ui.state import EditorState


class LayerCommands:
    """Each method is one action; those that act on a layer take the active one."""

    def __init__(
        self,
        state: EditorState,
        background: Background,
        rename: Callable[[], None],
        show_error: Callable[[UserError], None],
    ) -> None:
        self._state = state
        self._long = LongCommands(state, background, show_error)
        self._show_error = show_error
        self.start_rename = rename
        self.before_edit: Callable[[], None] = lambda: None  # the window keeps or drops a waiting result there

    def guarded(self, work: Callable[[], object]) -> None:
        """For panels: does something to layers unless a gesture runs; errors become messages."""
        if self._state.is_editing:
            return
        self.before_edit()
        try:
            work()
        except UserError as error:
            self._show_error(error)

    def is_at_work(self, opened: OpenDocument) -> bool:
        """True while a long command of the document is still being computed: undo gives that up."""
        return self._long.is_at_work(opened)

    def undo(self) -> None:
        """Takes back the last step, or gives up what is still being computed."""
        if not self._long.give_up(self._document):
            self._document.undo()

    def redo(self) -> None:
        self._document.redo()

    def clear(self) -> None:
        """Makes the selection (or the whole layer) transparent."""
        filling.clear_selection(self._document, self._state.layer_id, self._state.plane)

    def fill(self) -> None:
        """Fills the selection (or the canvas) with the foreground colour."""
        filling.fill_selection(self._document, self._state.layer_id, self._state.plane, self._state.color)

    def fill_background(self) -> None:
        filling.fill_selection(self._document, self._state.layer_id, self._state.plane, self._state.background)

    def new(self) -> None:
        name = tr("layer.default_name", number=self._next_number())
        self._state.choose_layer(layer_edits.add_layer(self._document, name, self._state.layer_id))

    def duplicate(self) -> None:
        """Copies the chosen layers; with a selection only what it holds of the active one."""
        if (
            self._document.document.selection is not None
            and len(self._ids) == 1
            and isinstance(self._layer, RasterLayer)
        ):
            self._via(cut=False)
            return
        copies = layer_sets.duplicate_layers(self._document, self._ids, _copy_name)
        self._state.choose_layers(copies, copies[-1])

    def copy_to(self, layer_ids: Collection[LayerId], parent_id: LayerId | None, index: int) -> None:
        """Puts copies of layers at a place, and chooses them."""
        copies = layer_sets.copy_layers_to(self._document, layer_ids, _copy_name, parent_id, index)
        self._state.choose_layers(copies, copies[-1])

    def via_cut(self) -> None:
        self._via(cut=True)

    def group(self) -> None:
        name = tr("layer.group_name", number=self._next_number())
        self._state.choose_layer(layer_sets.group_layers(self._document, self._ids, name))

    def ungroup(self) -> None:
        freed = layer_sets.ungroup_layers(self._document, self._ids)
        self._state.choose_layers(freed, freed[-1] if freed else self._state.layer_id)

    def rename(self) -> None:
        self.start_rename()

    def delete(self) -> None:
        self._state.choose_layer(layer_sets.delete_layers(self._document, self._ids))

    def add_mask(self) -> None:
        layer_edits.add_mask(self._document, self._layer.id)
        self._state.choose_layer(self._layer.id, Plane.MASK)

    def delete_mask(self) -> None:
        layer_edits.delete_mask(self._document, self._layer.id)

    def invert_mask(self) -> None:
        layer_edits.invert_mask(self._document, self._layer.id)

    def switch_mask(self) -> None:
        layer_edits.switch_mask(self._document, self._layer.id)

    def link_mask(self) -> None:
        layer_edits.link_mask(self._document, self._layer.id)

    def give_mask(self, from_id: LayerId, to_id: LayerId, *, copies: bool) -> None:
        """For the panel: moves or copies a mask to another layer, and goes on there."""

        def give() -> None:
            layer_edits.give_mask(self._document, from_id, to_id, copies=copies)
            self._state.choose_layer(to_id, Plane.MASK)

        self.guarded(give)

    def apply_mask(self) -> None:
        """Makes transparent what the mask hides, and takes the mask away."""
        self.in_turn(self._apply_mask)

    def _apply_mask(self) -> None:
        opened, layer_id = self._document, self._layer.id
        self.compute(
            lambda document: layer_edits.with_mask_applied(document, layer_id),
            lambda tiles: layer_edits.land_applied_mask(opened, layer_id, tiles),
        )

    def paint_mask(self) -> None:
        """Painting tools change the mask, or the pixels again."""
        is_mask = self._state.plane is Plane.MASK
        self._state.choose_layers(self._ids, self._layer.id, Plane.PIXELS if is_mask else Plane.MASK)

    def mask_alone(self) -> None:
        self._state.show_mask_alone(not self._state.is_mask_alone)

    def clip(self) -> None:
        self._change(EditName.CLIP, clip_to_below=not self._layer.clip_to_below)

    def clip_layer(self, layer_id: LayerId) -> None:
        is_clipped = self._document.document.layer(layer_id).clip_to_below
        layer_edits.change_layer(self._document, layer_id, EditName.CLIP, clip_to_below=not is_clipped)

    def set_tag(self, tag: str) -> None:
        self._change(EditName.COLOR_TAG, color_tag=ColorTag(tag))

    def toggle_visible(self) -> None:
        self._change(EditName.VISIBILITY, visible=not self._layer.visible)

    def solo(self) -> None:
        """Shows the chosen layers alone; once more brings back what was visible before."""
        self.show_alone(self._ids)

    def show_alone(self, layer_ids: Collection[LayerId]) -> None:
        session = self._state.current
        if session is not None:
            session.solo = show_alone(self._document, layer_ids, session.solo)

    def lock_pixels(self) -> None:
        self._lock("pixels")

    def lock_alpha(self) -> None:
        self._lock("alpha")

    def lock_position(self) -> None:
        self._lock("position")

    def lock_all(self) -> None:
        """Locks everything, or frees everything when all is locked already."""
        wanted = not self._layer.locks.all
        self._change(EditName.LOCK, locks=Locks(wanted, wanted, wanted))

    def to_front(self) -> None:
        layer_sets.move_to_end(self._document, self._ids, front=True)

    def to_back(self) -> None:
        layer_sets.move_to_end(self._document, self._ids, front=False)

    def raise_layer(self) -> None:
        layer_sets.step_layers(self._document, self._ids, up=True)

    def lower_layer(self) -> None:
        layer_sets.step_layers(self._document, self._ids, up=False)

    def merge_down(self) -> None:
        """Melts the chosen layers together, or a group; a single layer into the one below."""
        self.in_turn(self._merge_down)

    def _merge_down(self) -> None:
        ids, opened, layer_id = self._ids, self._document, self._layer.id
        if len(ids) > 1:
            self.compute(
                lambda document: layer_sets.merged_layer(document, ids),
                lambda merged: self._choose_in(opened, layer_sets.land_merged(opened, ids, merged)),
            )
            return
        if isinstance(self._layer, GroupLayer):
            self.compute(
                lambda document: layer_sets.merged_group(document, layer_id),
                lambda merged: self._choose_in(opened, layer_sets.land_merged_group(opened, merged)),
            )
            return
        self.compute(
            lambda document: layer_edits.merged_down(document, layer_id),
            lambda merged: self._choose_in(opened, layer_edits.land_merged_down(opened, layer_id, merged)),
        )

    def merge_visible(self) -> None:
        """The visible layers become one; hidden ones stay."""
        opened = self._document
        self.compute(
            lambda document: TileMap.from_array(flatten(document)),
            lambda tiles: self._choose_in(opened, layer_sets.land_visible(opened, tiles)),
        )

    def stamp_visible(self) -> None:
        """The visible picture as a new layer; all others stay."""
        opened, name = self._document, tr("layer.merged_name")
        self.compute(
            lambda document: TileMap.from_array(flatten(document)),
            lambda tiles: self._choose_in(opened, layer_sets.land_stamp(opened, tiles, name)),
        )

    def flatten(self) -> None:
        opened, name = self._document, tr("layer.background")
        self.compute(
            lambda document: TileMap.from_array(flatten(document)),
            lambda tiles: self._choose_in(opened, layer_sets.land_flat(opened, tiles, name)),
        )

    def select_alpha(self) -> None:
        self.in_turn(lambda: self.select_from(self._layer.id, Plane.PIXELS, Joined.REPLACE))

    def select_from(self, layer_id: LayerId, plane: Plane, joined: Joined) -> None:
        """A layer's alpha or mask as the selection."""
        opened = self._document
        self.compute(
            lambda document: layer_sets.selection_from(document, layer_id, plane, joined),
            lambda found: _select_in(opened, found),
        )

    def select_all(self) -> None:
        canvas = self._document.document.size.rect()
        self._select(TileMap.filled(canvas, (255,)))

    def select_none(self) -> None:
        self._select(None)

    def select_again(self) -> None:
        """The selection that was given up last."""
        self._select(layer_edits.last_selection(self._document))

    def invert_selection(self) -> None:
        document = self._document.document
        if document.selection is not None:
            self._select(TileMap.from_array(255 - document.selection.read(document.size.rect())))

    def select_region(self) -> None:
        self._select(self._state.region.tiles)

    def select_mask(self) -> None:
        mask = self._layer.mask
        canvas = self._document.document.size.rect()
        if mask is not None:
            self._select(TileMap.from_array(mask.tiles.read(canvas)))

    @property
    def _document(self) -> OpenDocument:
        if self._state.open_document is None:
            raise UserError("tool.no_document")
        return self._state.open_document

    @property
    def _layer(self) -> Layer:
        layer = self._state.active_layer
        if layer is None:
            raise UserError("tool.no_layer")
        return layer

    def _next_number(self) -> LayerId:
        return self._document.document.next_layer_id()

    def _change(self, name: EditName, **changes: object) -> None:
        layer_sets.change_layers(self._document, self._ids, name, lambda layer: layer.changed(**changes))

    def _lock(self, what: str) -> None:
        """Every chosen layer gets what the active one changes to; other locks stay."""
        wanted = not getattr(self._layer.locks, what)
        layer_sets.change_layers(
            self._document,
            self._ids,
            EditName.LOCK,
            lambda layer: layer.changed(locks=replace(layer.locks, **{what: wanted})),
        )

    def _select(self, selection: TileMap | None) -> None:
        """UserError when nothing would be selected: a selection that lets nothing through looks like a broken brush."""
        if selection is not None and selection.content_bounds().is_empty:
            raise UserError("select.would_be_empty")
        _select_in(self._document, selection)

    @property
    def _ids(self) -> tuple[LayerId, ...]:
        """Every chosen layer, bottom first."""
        if not self._state.chosen_ids:
            raise UserError("tool.no_layer")
        return self._state.chosen_ids

    def _via(self, *, cut: bool) -> None:
        name = tr("layer.default_name", number=self._next_number())
        self._state.choose_layer(layer_sets.layer_via_copy(self._document, self._layer.id, name, cut=cut))

    def compute(self, work: Callable[[Document], Any], land: Callable[[Any], None]) -> None:
        """Reads a version in a thread and lands the answer; commands of one document land in their order."""
        self._long.compute(work, land)

    def in_turn(self, begin: Callable[[], None]) -> None:
        """Begins a command when those asked for before it have landed."""
        self._long.in_turn(begin)

    def _choose_in(self, opened: OpenDocument, layer_id: LayerId) -> None:
        """The layer to go on with, when its document is still the one shown."""
        if self._state.open_document is opened:
            self._state.choose_layer(layer_id)


def _copy_name(name: str) -> str:
    return tr("layer.copy_name", name=name)


def _select_in(opened: OpenDocument, selection: TileMap | None) -> None:
    with opened.edit(EditName.SELECT) as edit:
        edit.set_selection(selection)
