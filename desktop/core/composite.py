"""Layers to pixels: the tree is flattened to a short list of operations, then each tile runs through them.

Clipping is Photoshop's: a layer and the clipped ones above it blend among themselves, keep the lower one's alpha, and
go down with its blend mode and opacity. Pass-through groups blend straight onto what lies below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from desktop.core import raster
from desktop.core.backdrops import Backdrop
from desktop.core.blend_modes import BlendMode
from desktop.core.brush import area_in_tile
from desktop.core.color import Pixels, dtype_of_depth
from desktop.core.document import Document
from desktop.core.effect_values import Place
from desktop.core.effects import prepared, read_around, without_margin
from desktop.core.geometry import EMPTY_RECT, Rect
from desktop.core.layers import AdjustmentLayer, EffectSettings, GroupLayer, Layer, LayerId, Mask
from desktop.core.styled import GroupLook, Look
from desktop.core.tile_pool import Accumulator, TilePool, Workspace, usable_cores
from desktop.core.tiles import TILE, Area, TileKey, TileMap, tiles_touched

INLINE_PIXELS = 32_000  # below this, handing a region to threads costs more than it saves


@dataclass(frozen=True, slots=True)
class Paint:
    """Blends one raster; one with styles as its `look`, which has the mask in it."""

    tiles: TileMap
    mask: Mask | None
    opacity: float
    mode: BlendMode
    atop: bool = False
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Isolate:
    """Composites children on their own, then blends the result. `group_id` is 0 where they are no group's inside.

    A group with styles has a `look` with the mask in it.
    """

    children: tuple[Operation, ...]
    mask: Mask | None
    opacity: float
    mode: BlendMode
    atop: bool = False
    group_id: LayerId = 0
    look: GroupLook | None = None


@dataclass(frozen=True, slots=True)
class PassThrough:
    """Composites children onto the backdrop, then fades back by opacity and mask."""

    children: tuple[Operation, ...]
    mask: Mask | None
    opacity: float


@dataclass(frozen=True, slots=True)
class Adjust:
    """Shows what was composited until now through an effect; `below` is all of that, for effects that look around."""

    settings: EffectSettings
    below: tuple[Operation, ...]
    canvas: Rect
    mask: Mask | None
    opacity: float
    mode: BlendMode
    atop: bool = False
    backdrop: Backdrop = field(default_factory=Backdrop, compare=False)
    layer_id: LayerId = field(default=0, compare=False)


Operation: TypeAlias = Paint | Isolate | PassThrough | Adjust


KeptGroups: TypeAlias = "Callable[[Isolate, TileKey, Area, Workspace, int], Pixels | None]"


def operations_of(
    layers: Sequence[Layer], below: tuple[Operation, ...] = (), canvas: Rect = EMPTY_RECT
) -> tuple[Operation, ...]:
    """The operations of sibling layers, bottom first; hidden layers leave no trace. `below` comes before them."""
    result: list[Operation] = []
    for base, clipped in clip_groups(layers):
        if not base.visible or base.opacity == 0:
            continue
        shown = [layer for layer in clipped if layer.visible and layer.opacity > 0]
        here = (*below, *result)
        if shown and not changes_below(base):
            plain = base.changed(opacity=1.0, blend_mode=BlendMode.NORMAL)
            inside = _clipped(_operation(plain, (), canvas, atop=False), shown, (), canvas)
            result.append(Isolate(inside, None, base.opacity, base.blend_mode))
        else:  # what is clipped to an adjustment keeps to all that lies below
            result.extend(_clipped(_operation(base, here, canvas, atop=False), shown, here, canvas))
    return tuple(result)


def _clipped(
    inside: tuple[Operation, ...], layers: Sequence[Layer], below: tuple[Operation, ...], canvas: Rect
) -> tuple[Operation, ...]:
    for layer in layers:
        inside = (*inside, *_operation(layer, (*below, *inside), canvas, atop=True))
    return inside


def changes_below(layer: Layer) -> bool:
    """True for adjustments and filters: they show what lies below them, where a fill paints over it."""
    return isinstance(layer, AdjustmentLayer) and not prepared(layer.settings).fills


def clip_groups(layers: Sequence[Layer]) -> list[tuple[Layer, list[Layer]]]:
    """Each layer that is not clipped, with the clipped ones on it; at the very bottom clipping means nothing."""
    groups: list[tuple[Layer, list[Layer]]] = []
    for layer in layers:
        if layer.clip_to_below and groups:
            groups[-1][1].append(layer)
        else:
            groups.append((layer, []))
    return groups


def _operation(layer: Layer, below: tuple[Operation, ...], canvas: Rect, *, atop: bool) -> tuple[Operation, ...]:
    mask = layer.mask if layer.mask is not None and layer.mask.enabled else None
    if isinstance(layer, AdjustmentLayer):
        looks = (mask, layer.opacity, layer.blend_mode, atop)
        return (Adjust(layer.settings, below, canvas, *looks, layer_id=layer.id),)
    if not isinstance(layer, GroupLayer):
        if layer.styles is not None:
            look = Look(layer.tiles, mask, layer.styles)
            return (Paint(layer.tiles, None, layer.opacity, layer.blend_mode, atop, look),)
        return (Paint(layer.tiles, mask, layer.opacity, layer.blend_mode, atop),)
    is_isolated = not layer.passes_through or atop
    children = operations_of(layer.children, () if is_isolated else below, canvas)
    if not children:
        return ()
    if layer.styles is not None:
        around = GroupLook(children, mask, layer.styles, layer.id)
        return (Isolate(children, None, layer.opacity, layer.blend_mode, atop, layer.id, around),)
    if is_isolated:
        return (Isolate(children, mask, layer.opacity, layer.blend_mode, atop, layer.id),)
    if mask is None and layer.opacity == 1:
        return children
    return (PassThrough(children, mask, layer.opacity),)


def composite_tile(
    operations: Iterable[Operation], key: TileKey, area: Area, workspace: Workspace, depth: int = 0
) -> Accumulator:
    """Runs the operations over a part of one tile, from transparent; the result is the workspace's accumulator."""
    acc = workspace.accumulator(depth)
    acc[:, area[1] : area[3], area[0] : area[2]] = 0
    composite_onto(acc, operations, key, area, workspace, depth)
    return acc


def composite_onto(
    acc: Accumulator,
    operations: Iterable[Operation],
    key: TileKey,
    area: Area,
    workspace: Workspace,
    depth: int = 0,
    *,
    kept_groups: KeptGroups = lambda *_: None,
) -> None:
    """Runs the operations over what the accumulator holds; `kept_groups` gives the insides of groups at hand."""
    for operation in operations:
        if not touches_tile(operation, key):
            continue
        shown, mask = _mask_tile(operation.mask, key)
        if not shown:
            continue
        if isinstance(operation, Paint):
            _blend(acc, operation, _painted(operation, key, area, workspace.group_tile(depth)), mask, area, key)
        elif isinstance(operation, Isolate):
            flat = _inside(operation, key, area, workspace, depth, kept_groups)
            _blend(acc, operation, _read_only(flat), mask, area, key)
        elif isinstance(operation, Adjust):
            _adjust(acc, operation, mask, key, area, workspace, depth)
        else:
            before = workspace.accumulator(depth + 1)
            _part(before, area)[:] = _part(acc, area)
            composite_onto(acc, operation.children, key, area, workspace, depth + 2, kept_groups=kept_groups)
            raster.fade(acc, before, mask, area, opacity=operation.opacity)


def touches_tile(operation: Operation, key: TileKey) -> bool:
    """False where the operation cannot change anything in the tile."""
    if isinstance(operation, Paint):
        if operation.look is not None:
            return operation.look.touches(key)
        return operation.tiles.default != 0 or key in operation.tiles.stored()
    if isinstance(operation, Adjust):
        return True
    if isinstance(operation, Isolate) and operation.look is not None:
        around = operation.look.tiles_around(key)
        return any(touches_tile(child, one) for child in operation.children for one in around)
    return any(touches_tile(child, key) for child in operation.children)


def flatten(document: Document, rect: Rect | None = None, *, threads: int | None = None) -> Pixels:
    """The visible picture of a rectangle (default: the canvas), (H, W, 4) straight, in the document's depth."""
    region = document.size.rect() if rect is None else rect
    out = np.zeros((region.height, region.width, 4), dtype_of_depth(document.depth))
    operations = operations_of(document.layers, canvas=document.size.rect())

    def compose(item: tuple[TileKey, Rect], workspace: Workspace) -> None:
        key, part = item
        if not any(touches_tile(operation, key) for operation in operations):
            return
        area = area_in_tile(key, part)
        acc = composite_tile(operations, key, area, workspace)
        raster.write_straight(acc, out, area, region.x - key[0] * TILE, region.y - key[1] * TILE)

    items = list(tiles_touched(region))
    count = 1 if region.area < INLINE_PIXELS else (threads or usable_cores())
    with TilePool(count) as pool:
        pool.run(compose, items)
    return out


def _blend(
    acc: Accumulator, operation: Paint | Isolate | Adjust, tile: Pixels, mask: Any, area: Area, key: TileKey
) -> None:
    raster.blend_tile(operation.mode, acc, tile, mask, area, opacity=operation.opacity, atop=operation.atop, key=key)


def _painted(operation: Paint, key: TileKey, area: Area, room: Pixels) -> Pixels:
    """The tile that is blended, read-only; a look is made in `room`."""
    if operation.look is not None:
        operation.look.write(key, area, room)
        return _read_only(room)
    tile = operation.tiles.tile(*key)
    if tile is None:
        tile = np.full((TILE, TILE, 4), operation.tiles.default, operation.tiles.dtype)
        tile.flags.writeable = False
    return _read_only(tile)


def _adjust(
    acc: Accumulator, operation: Adjust, mask: Any, key: TileKey, area: Area, workspace: Workspace, depth: int
) -> None:
    """Puts what the effect makes of the picture over it: by opacity and mask, with the layer's blend mode."""
    effect = prepared(operation.settings)
    if (effect.is_neutral and operation.mode is BlendMode.NORMAL) or not effect.can_distort(operation.canvas):
        return
    part = Rect.from_edges(*area).translated(key[0] * TILE, key[1] * TILE)
    flat = workspace.group_tile(depth)
    shown = flat[area[1] : area[3], area[0] : area[2]]
    if effect.fills:
        shown[:] = effect.apply(shown, Place(part.x, part.y, operation.canvas))
        _blend(acc, operation, _read_only(flat), mask, area, key)
        return
    if not effect.looks_around or effect.is_neutral:
        raster.write_straight(acc, flat, area)
        shown[:] = effect.apply(shown, Place(part.x, part.y, operation.canvas))
    else:
        read = partial(_read_composited, operation.below, operation.backdrop, workspace, depth)
        reach = effect.reach

        def made(rect: Rect) -> Pixels:
            if effect.moves:
                return effect.distort(read, rect, operation.canvas, operation.canvas)
            around = read_around(read, rect, reach, operation.canvas)
            place = Place(rect.x - reach, rect.y - reach, operation.canvas)
            return np.ascontiguousarray(without_margin(effect.apply(around, place), reach))

        if effect.moves:  # what lies below is wanted again from far away, and has all the room there is to be kept
            shown[:] = made(part)
        else:
            shown[:] = operation.backdrop.result(key, area, made)
    if effect.spreads and operation.mode is BlendMode.NORMAL:
        before = workspace.accumulator(depth + 1)
        _part(before, area)[:] = _part(acc, area)
        _part(acc, area)[:] = 0
        raster.blend_tile(BlendMode.NORMAL, acc, _read_only(flat), None, area, opacity=1.0)
        raster.fade(acc, before, mask, area, opacity=operation.opacity)
        return
    if not effect.spreads:
        shown[..., 3] = np.iinfo(np.uint16).max  # the picture keeps its own alpha
    raster.blend_tile(operation.mode, acc, _read_only(flat), mask, area, opacity=operation.opacity, atop=True, key=key)


def _inside(
    operation: Isolate, key: TileKey, area: Area, workspace: Workspace, depth: int, kept_groups: KeptGroups
) -> Pixels:
    """What a group looks like by itself, straight, in an area of a (256, 256, 4) tile."""
    if operation.look is not None:
        flat = workspace.group_tile(depth)
        read = partial(_read_composited, operation.children, operation.look.kept, workspace, depth)
        operation.look.write(read, key, area, flat)
        return flat
    kept = kept_groups(operation, key, area, workspace, depth)
    if kept is not None:
        return kept
    inner = workspace.accumulator(depth + 1)
    _part(inner, area)[:] = 0
    composite_onto(inner, operation.children, key, area, workspace, depth + 1, kept_groups=kept_groups)
    flat = workspace.group_tile(depth)
    raster.write_straight(inner, flat, area)
    return flat


def _read_composited(
    operations: tuple[Operation, ...], kept: Backdrop, workspace: Workspace, depth: int, rect: Rect
) -> Pixels:
    """(H, W, 4) uint16 straight: what operations make of nothing in any rectangle; their tiles are kept."""

    def make(key: TileKey, area: Area, tile: Pixels) -> None:
        if any(touches_tile(operation, key) for operation in operations):
            raster.write_straight(composite_tile(operations, key, area, workspace, depth + 1), tile, area)
        else:
            tile[area[1] : area[3], area[0] : area[2]] = 0

    pixels = np.empty((rect.height, rect.width, 4), np.uint16)
    for key, part in tiles_touched(rect):
        tile = kept.tile(key, partial(make, key))
        x, y = part.x - key[0] * TILE, part.y - key[1] * TILE
        pixels[part.top - rect.top : part.bottom - rect.top, part.left - rect.left : part.right - rect.left] = tile[
            y : y + part.height, x : x + part.width
        ]
    return pixels


def _mask_tile(mask: Mask | None, key: TileKey) -> tuple[bool, Any]:
    """Whether anything shows, and the (256, 256) mask where it is not plain white."""
    if mask is None:
        return True, None
    tile = mask.tiles.tile(*key)
    if tile is not None:
        return True, _read_only(tile)[..., 0]
    if mask.tiles.default in (0, 255):
        return mask.tiles.default == 255, None
    return True, _read_only(np.full((TILE, TILE), mask.tiles.default, np.uint8))


def _read_only(tile: Pixels) -> Pixels:
    """numba compiles writable and read-only arrays apart: every tile goes in as read-only."""
    if not tile.flags.writeable:
        return tile
    view = tile.view()
    view.flags.writeable = False
    return view


def _part(acc: Accumulator, area: Area) -> Accumulator:
    return acc[:, area[1] : area[3], area[0] : area[2]]
