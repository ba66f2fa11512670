"""Transforming layers: flips and quarter turns, aligning, and what a free transform works on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

import numpy as np

from desktop.core.affine import IDENTITY, Affine
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import EMPTY_RECT, Rect, Size, union_of
from desktop.core.layers import Layer, LayerId, RasterLayer
from desktop.core.mesh_warp import WarpMesh, meshed_later
from desktop.core.resample import Resampling
from desktop.core.tiles import TileEditor, TileMap
from desktop.core.transform_box import NO_CORNERS, TransformBox
from desktop.core.turning import Turn, turned
from desktop.core.warp import warped_later
from desktop.tools.layer_sets import roots_of
from desktop.tools.layer_tree import with_layers_changed
from desktop.tools.locks import check_alpha_free, check_pixels_free, check_position_free
from desktop.tools.made_layers import Makers, drawn_anew, is_made, made_layers, noted
from desktop.tools.moving import translated
from desktop.tools.snapping import layer_bounds
from desktop.tools.tile_changes import with_layer_tiles


@dataclass(frozen=True, slots=True, eq=False)
class TransformSubject:
    """What is transformed in one version: whole layers, or the selected pixels of one (`lifted` and the `rest`)."""

    document: Document
    layer_ids: tuple[LayerId, ...]
    bounds: Rect
    lifted: TileMap | None = None
    rest: TileMap | None = None

    def gives_up_makers(self, box: TransformBox | WarpMesh) -> bool:
        """Whether a text or a shape becomes pixels: no letters are drawn in perspective or along a net."""
        made = any(made_layers(tuple(map(self.document.layer, self.layer_ids))))
        return made and _affine_of(box) is None

    def shown(self, box: TransformBox | WarpMesh, how: Resampling) -> Document:
        """The version as it looks under the box or the mesh; tiles are made when they are looked at."""
        if isinstance(box, TransformBox) and box.is_identity:
            return self.document
        shift = box.whole_shift if isinstance(box, TransformBox) else None
        through = _affine_of(box) if shift is None else IDENTITY

        def change(tiles: TileMap) -> TileMap:
            if shift is not None:
                return tiles.translated_later(*shift)
            return _warped(tiles, box, how)

        if self.lifted is None:
            return with_layers_changed(
                self.document,
                self.layer_ids,
                lambda layer: with_layer_tiles(layer, change, through=through),
            )
        layer = self.document.raster_layer(self.layer_ids[0])
        tiles = _warped(self.lifted, box, Resampling.NEAREST if shift else how, self.rest)
        document = self.document.with_layer_replaced(layer.changed(tiles=tiles, recipe=None, text=None, shape=None))
        assert self.document.selection is not None
        return document.changed(selection=change(self.document.selection))

    def settled(self, box: TransformBox | WarpMesh, how: Resampling, makers: Makers | None = None) -> Document:
        """The same with every tile made, for any thread; `makers` draw texts and shapes anew."""
        shown = self.shown(box, how)
        if shown is self.document:
            return shown
        settled = with_layers_changed(
            shown, self.layer_ids, lambda layer: noted(with_layer_tiles(layer, TileMap.settled, through=IDENTITY))
        )
        if makers is not None:
            settled = drawn_anew(self.document, settled, makers)
        if shown.selection is self.document.selection or shown.selection is None:
            return settled
        return settled.changed(selection=shown.selection.settled())


def _affine_of(box: TransformBox | WarpMesh) -> Affine | None:
    """What the box does to places, where that is no perspective and no net."""
    is_affine = isinstance(box, TransformBox) and box.corners == NO_CORNERS
    return Affine.of_matrix(box.matrix()) if isinstance(box, TransformBox) and is_affine else None


def _warped(tiles: TileMap, box: TransformBox | WarpMesh, how: Resampling, below: TileMap | None = None) -> TileMap:
    if isinstance(box, WarpMesh):
        return meshed_later(tiles, box, how, below)
    return warped_later(tiles, box.matrix(), how, below)


def subject_of(document: Document, layer_ids: Collection[LayerId]) -> TransformSubject:
    """UserError when nothing can be transformed: locks, no pixels, nothing selected of them."""
    roots = _free_roots(document, layer_ids)
    selection, only = document.selection, roots[0] if len(roots) == 1 else None
    if selection is None or not isinstance(only, RasterLayer):
        bounds = union_of([layer_bounds(layer) for layer in roots])
        if bounds.is_empty:
            raise UserError("transform.nothing", name=roots[-1].name)
        return TransformSubject(document, tuple(layer.id for layer in roots), bounds)
    check_pixels_free(document, only.id)
    check_alpha_free(document, only.id)
    if is_made(only):
        raise UserError("text.not_pixels", name=only.name)
    area = selection.content_bounds().intersect(only.tiles.content_bounds())
    lifted, rest = _lifted(only.tiles, selection, area)
    bounds = lifted.content_bounds()
    if bounds.is_empty:
        raise UserError("tool.selection_empty", name=only.name)
    return TransformSubject(document, (only.id,), bounds, lifted, rest)


def turned_layers(document: Document, layer_ids: Collection[LayerId], turn: Turn) -> Document:
    """Chosen layers turned or flipped together, around the middle of what they hold; bytes only change places."""
    roots = _free_roots(document, layer_ids)
    bounds = union_of([layer_bounds(layer) for layer in roots])
    if bounds.is_empty:
        raise UserError("transform.nothing", name=roots[-1].name)
    around = turn.rect(bounds, Size(0, 0))
    half = int((bounds.width - bounds.height) / 2) if turn.swaps_sides else 0  # so that four turns lead back
    dx, dy = bounds.x + half - around.x, bounds.y - half - around.y

    def change(tiles: TileMap) -> TileMap:
        return turned(tiles, turn, Size(0, 0)).translated(dx, dy)

    ids, through = [layer.id for layer in roots], turn.affine(Size(0, 0)).moved(dx, dy)
    return with_layers_changed(document, ids, lambda layer: noted(with_layer_tiles(layer, change, through=through)))


class Edge(Enum):
    """Where layers are aligned, or what is spread evenly: across, then how much of their length lies before it."""

    LEFT = (True, 0.0)
    CENTER = (True, 0.5)
    RIGHT = (True, 1.0)
    TOP = (False, 0.0)
    MIDDLE = (False, 0.5)
    BOTTOM = (False, 1.0)

    def of(self, rect: Rect) -> float:
        is_across, share = self.value
        return rect.left + share * rect.width if is_across else rect.top + share * rect.height


def aligned_layers(document: Document, layer_ids: Collection[LayerId], edge: Edge) -> Document:
    """Edges or middles on one line: that of all layers together, of the selection, or of the canvas for one alone."""
    roots = [layer for layer in _free_roots(document, layer_ids) if not layer_bounds(layer).is_empty]
    if not roots:
        raise UserError("align.too_few", count=1)
    frame = union_of([layer_bounds(layer) for layer in roots])
    if document.selection is not None:
        frame = document.selection.content_bounds()
    elif len(roots) == 1:
        frame = document.size.rect()
    shifts = {layer.id: edge.of(frame) - edge.of(layer_bounds(layer)) for layer in roots}
    return _shifted(document, shifts, edge)


def distributed_layers(document: Document, layer_ids: Collection[LayerId], edge: Edge) -> Document:
    """Edges or middles at even distances between the outermost two, which stay."""
    roots = [layer for layer in _free_roots(document, layer_ids) if not layer_bounds(layer).is_empty]
    if len(roots) < 3:
        raise UserError("align.too_few", count=3)
    placed = sorted(roots, key=lambda layer: edge.of(layer_bounds(layer)))
    first, last = edge.of(layer_bounds(placed[0])), edge.of(layer_bounds(placed[-1]))
    shifts = {}
    for number, layer in enumerate(placed):
        wanted = first + (last - first) * number / (len(placed) - 1)
        shifts[layer.id] = wanted - edge.of(layer_bounds(layer))
    return _shifted(document, shifts, edge)


def _shifted(document: Document, shifts: dict[LayerId, float], edge: Edge) -> Document:
    is_across = edge.value[0]

    def change(layer: Layer) -> Layer:
        shift = round(shifts[layer.id])
        return translated(layer, shift if is_across else 0, 0 if is_across else shift)

    return with_layers_changed(document, list(shifts), change)


def _free_roots(document: Document, layer_ids: Collection[LayerId]) -> list[Layer]:
    roots = roots_of(document, layer_ids)
    if not roots:
        raise UserError("tool.no_layer")
    for layer in roots:
        check_position_free(document, layer.id)
    return roots


def _lifted(tiles: TileMap, selection: TileMap, area: Rect) -> tuple[TileMap, TileMap]:
    """The selected part of every pixel, and what is left of it."""
    if area == EMPTY_RECT:
        return TileMap(4, tiles.dtype), tiles
    pixels = tiles.read(area)
    share = selection.read(area)[..., 0].astype(np.float32) * np.float32(1 / 255)
    taken = np.rint(pixels[..., 3] * share).astype(pixels.dtype)
    lifted, rest = pixels.copy(), pixels
    lifted[..., 3] = taken
    lifted[share == 0] = 0
    rest[..., 3] -= taken
    editor = TileEditor(tiles)
    editor.write(area, rest)
    return TileMap.from_array(lifted, area.x, area.y), editor.finish()
