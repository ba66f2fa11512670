"""The open document and the one way to change it: ``with open_document.edit("Brush stroke") as edit:``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from types import TracebackType
from typing import Literal

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.events import Signal
from desktop.core.geometry import EMPTY_RECT, Rect, union_of
from desktop.core.history import History, LiveLimit, SpillStore
from desktop.core.layers import AiRecipe, GroupLayer, Layer, LayerId, RasterLayer
from desktop.core.tiles import TileEditor, TileMap, bounds_of_tiles

DEFAULT_HISTORY_BYTES = 1 << 30  # the application passes a quarter of the machine's memory
DEFAULT_STORE_BYTES = 8 << 30
MANY_LAYERS = 8  # that change at once are announced as one change of everything: 200 of them took 0.4 s to note

Plane = Literal["pixels", "mask"]


class OpenDocument:
    """A document on the screen: the committed version, its history, signals, and at most one edit in progress.

    `document` is safe to read from any thread; everything else belongs to one thread.
    """

    def __init__(
        self,
        document: Document,
        *,
        name: str = "Open",
        history_bytes: int = DEFAULT_HISTORY_BYTES,
        store: SpillStore | None = None,
        store_bytes: int = DEFAULT_STORE_BYTES,
        live: LiveLimit | None = None,
    ) -> None:
        self.changed: Signal[[LayerId, Rect]] = Signal()
        self.tree_changed: Signal[[]] = Signal()
        self.selection_changed: Signal[[]] = Signal()
        self.guides_changed: Signal[[]] = Signal()
        self.history_changed: Signal[[]] = Signal()
        self.draft_changed: Signal[[Document | None]] = Signal()  # see Edit.note_draft
        self.history = History(
            document, name=name, budget_bytes=history_bytes, store=store, store_budget_bytes=store_bytes, live=live
        )
        self._edit: Edit | None = None

    @property
    def document(self) -> Document:
        """The last committed version."""
        return self.history.document

    @property
    def shown(self) -> Document:
        """The version to draw: with the edit in progress, if there is one."""
        return self.document if self._edit is None else self._edit.document

    @property
    def is_editing(self) -> bool:
        return self._edit is not None

    @property
    def is_modified(self) -> bool:
        return self.history.is_modified

    def edit(self, name: str, merge_key: Hashable = None) -> Edit:
        """Opens an edit; one at a time. `merge_key` joins it to the entry before when that has the same key."""
        return Edit(self, name, merge_key)

    def undo(self) -> None:
        if self.history.can_undo:
            self.jump_to(self.history.position - 1)

    def redo(self) -> None:
        if self.history.can_redo:
            self.jump_to(self.history.position + 1)

    def jump_to(self, index: int) -> None:
        """Shows another version of the history."""
        assert self._edit is None, "an edit is open"
        before = self.document
        after = self.history.move_to(index)
        self._announce(before, after)
        self.history_changed.emit()

    def mark_saved(self, document: Document | None = None) -> None:
        self.history.mark_saved(document)
        self.history_changed.emit()

    def clear_history(self) -> None:
        """Forgets every version but the shown one."""
        self.history.forget_others()
        self.history_changed.emit()

    def mark_unsaved(self) -> None:
        """No version is on disk."""
        self.history.mark_unsaved()
        self.history_changed.emit()

    def _announce(self, before: Document, after: Document, known: Collection[LayerId] = ()) -> None:
        """Tells listeners what differs between two versions; pixels of `known` layers were announced already."""
        if before.layers is after.layers and before.size == after.size:
            pass
        elif _tree_shape(before) != _tree_shape(after):
            self.tree_changed.emit()
            self.changed.emit(0, before.size.rect().union(after.size.rect()))
        else:
            rects = [(layer_id, rect) for layer_id, rect in changed_rects(before, after) if layer_id not in known]
            if len(rects) > MANY_LAYERS:
                rects = [(0, union_of([rect for _, rect in rects]))]
            for layer_id, rect in rects:
                self.changed.emit(layer_id, rect)
        if before.selection is not after.selection:
            self.selection_changed.emit()
        if before.guides != after.guides:
            self.guides_changed.emit()

    def _begin(self, edit: Edit) -> None:
        assert self._edit is None, "an edit is open already"
        self._edit = edit

    def _end(self, edit: Edit, commit: bool) -> None:
        before, live = self.document, edit.document
        touched = edit.touched_rects()
        try:
            after = edit._finished() if commit else before
        except BaseException:  # no memory for it
            self._end(edit, commit=False)
            raise
        self._edit = None
        is_kept = after is not before
        if is_kept:
            self.history.push(edit.name, after, edit.merge_key)
        else:  # given up, or nothing came of it: whoever followed the edit hears of its end
            self.draft_changed.emit(None)
            for layer_id, rect in touched.items():
                self.changed.emit(layer_id, rect)
        self._announce(before if is_kept else live, after, touched)
        if is_kept:
            self.history_changed.emit()


class Edit:
    """One change in progress. Leaving the `with` block commits it as one history entry; an exception undoes it."""

    def __init__(self, owner: OpenDocument, name: str, merge_key: Hashable = None) -> None:
        self.name = name
        self.merge_key = merge_key
        self._owner = owner
        self._structure = owner.document
        self._editors: dict[tuple[LayerId, Plane], TileEditor] = {}
        self._touched: dict[LayerId, Rect] = {}
        self._live = self._structure
        self._live_stamp: tuple[object, ...] = ()

    def __enter__(self) -> Edit:
        self._owner._begin(self)
        self._structure = self._live = self._owner.document
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._owner._end(self, commit=kind is None)

    @property
    def document(self) -> Document:
        """The document as it looks in the middle of the edit; its written tiles go on changing."""
        stamp = (id(self._structure), *[editor.version for editor in self._editors.values()])
        if stamp != self._live_stamp:
            self._live, self._live_stamp = self._joined(TileEditor.live), stamp
        return self._live

    def pixels(self, layer_id: LayerId) -> TileEditor:
        """The editor of a raster layer's tiles, the same one on every call; UserError for a group."""
        return self._editor(layer_id, "pixels", lambda: self._structure.raster_layer(layer_id).tiles)

    def mask_pixels(self, layer_id: LayerId) -> TileEditor:
        """The editor of a layer mask's tiles; UserError when the layer has none."""

        def tiles_of_mask() -> TileMap:
            layer = self._structure.layer(layer_id)
            if layer.mask is None:
                raise UserError("document.no_mask", name=layer.name)
            return layer.mask.tiles

        return self._editor(layer_id, "mask", tiles_of_mask)

    def touched(self, layer_id: LayerId, rect: Rect) -> None:
        """Announces that pixels of a layer changed in `rect`, so that they are drawn before the edit ends."""
        self._touched[layer_id] = self._touched.get(layer_id, EMPTY_RECT).union(rect)
        self._owner.changed.emit(layer_id, rect)

    def touched_rects(self) -> dict[LayerId, Rect]:
        return dict(self._touched)

    def replace_layer(self, layer: Layer) -> None:
        self._set(self._structure.with_layer_replaced(layer))

    def insert_layer(self, layer: Layer, parent_id: LayerId | None = None, index: int | None = None) -> None:
        self._set(self._structure.with_layer_inserted(layer, parent_id, index))

    def remove_layer(self, layer_id: LayerId) -> None:
        self._set(self._structure.with_layer_removed(layer_id))

    def move_layer(self, layer_id: LayerId, parent_id: LayerId | None, index: int) -> None:
        """Puts a layer elsewhere in the tree; `index` counts from the bottom, after it was taken out."""
        layer = self._structure.layer(layer_id)
        if isinstance(layer, GroupLayer) and parent_id is not None:
            inside = Document(self._structure.size, layers=(layer,))
            if inside.has_layer(parent_id):
                raise UserError("document.group_into_itself", name=layer.name)
        self._set(self._structure.with_layer_removed(layer_id).with_layer_inserted(layer, parent_id, index))

    def set_selection(self, selection: TileMap | None) -> None:
        self._set(self._structure.changed(selection=selection))

    def note_draft(self) -> None:
        """Says that what this edit has come to is worth keeping if the program ends now: a text half written.

        Only for edits that replace whole layers: tiles that are still painted on are no version.
        """
        assert not self._editors, "tiles are being painted on"
        self._owner.draft_changed.emit(self._structure)

    def replace_document(self, document: Document) -> None:
        """For changes of the whole: size, depth, profile."""
        self._editors.clear()
        self._set(document)

    def _set(self, structure: Document) -> None:
        # Editors carry on: their tiles are put into whatever layer has the id when the edit ends.
        before = self.document
        self._structure = structure
        self._owner._announce(before, self.document)

    def _editor(self, layer_id: LayerId, plane: Plane, tiles: Callable[[], TileMap]) -> TileEditor:
        key = (layer_id, plane)
        if key not in self._editors:
            self._editors[key] = TileEditor(tiles())
        return self._editors[key]

    def _finished(self) -> Document:
        return self._joined(TileEditor.finish)

    def _joined(self, tiles_of: Callable[[TileEditor], TileMap]) -> Document:
        document = self._structure
        for (layer_id, plane), editor in self._editors.items():
            if not document.has_layer(layer_id):
                continue
            tiles = tiles_of(editor)
            if tiles is editor.base:
                continue
            document = document.with_layer_replaced(_with_tiles(document.layer(layer_id), plane, tiles))
        return document


def changed_rects(before: Document, after: Document) -> list[tuple[LayerId, Rect]]:
    """For two versions with the same tree: each layer that looks different, and where (whole tiles)."""
    result: list[tuple[LayerId, Rect]] = []
    whole = before.size.rect().union(after.size.rect()).expanded(max(_reach_of(before), _reach_of(after)))
    for old, new in zip(before.iter_layers(), after.iter_layers(), strict=True):
        if old is new:
            continue
        if _without_tiles(old) != _without_tiles(new):
            result.append((new.id, whole))
            continue
        rect = _differing_tiles(_tiles_of(old, "pixels"), _tiles_of(new, "pixels"), whole)
        rect = rect.union(_differing_tiles(_tiles_of(old, "mask"), _tiles_of(new, "mask"), whole))
        rect = rect.union(_restyled(old, new, whole))
        if rect.is_empty and _recipe_of(old) != _recipe_of(new):
            rect = whole
        if not rect.is_empty:
            result.append((new.id, rect))
    return result


def _reach_of(document: Document) -> int:
    """How far beyond the canvas lies what the layers' styles show in it."""
    styles = (getattr(layer, "styles", None) for layer in document.iter_layers())
    return sum(one.reach for one in styles if one is not None)


def _tree_shape(document: Document) -> object:
    def shape(layer: Layer) -> object:
        children = [shape(child) for child in layer.children] if isinstance(layer, GroupLayer) else None
        return layer.id, children, layer.mask is None

    return [shape(layer) for layer in document.layers], document.size, document.depth


def _with_tiles(layer: Layer, plane: Plane, tiles: TileMap) -> Layer:
    if plane == "mask":
        assert layer.mask is not None
        return layer.changed(mask=type(layer.mask)(tiles, layer.mask.enabled, layer.mask.linked))
    return layer.changed(tiles=tiles)


def _tiles_of(layer: Layer, plane: Plane) -> TileMap | None:
    if plane == "mask":
        return None if layer.mask is None else layer.mask.tiles
    return None if isinstance(layer, GroupLayer) else layer.tiles


def _without_tiles(layer: Layer) -> tuple[object, ...]:
    """What a layer looks like apart from its pixels; its name, locks and tag are in no picture."""
    mask = None if layer.mask is None else (layer.mask.enabled, layer.mask.linked)
    kind = getattr(layer, "pass_through", None), getattr(layer, "settings", None)
    return layer.visible, layer.opacity, layer.blend_mode, layer.clip_to_below, mask, kind


def _restyled(old: Layer, new: Layer, whole: Rect) -> Rect:
    """Where a layer looks different because it wears other styles; of groups nobody asks what is in them."""
    rect = EMPTY_RECT
    if getattr(old, "styles", None) != getattr(new, "styles", None):
        for layer in (old, new):
            if isinstance(layer, GroupLayer):
                rect = whole
            elif isinstance(layer, RasterLayer):
                bounds = layer.tiles.bounds()
                rect = rect.union(bounds if layer.styles is None else bounds.expanded(layer.styles.reach))
    return rect


def _recipe_of(layer: Layer) -> AiRecipe | None:
    return layer.recipe if isinstance(layer, RasterLayer) else None


def _differing_tiles(before: TileMap | None, after: TileMap | None, whole: Rect) -> Rect:
    if before is after or before is None or after is None:
        return EMPTY_RECT
    if before.default != after.default:  # an inverted mask: also where neither has a tile
        return whole
    old, new = before.stored(), after.stored()
    return bounds_of_tiles([key for key in old.keys() | new.keys() if old.get(key) is not new.get(key)])
