"""How a layer tree looks to programs that know only plain OpenRaster: which parts they can show as they are, and
which must be flattened into one picture that stands for them.

OpenRaster has no masks and no clipping with a blend mode, and its groups that are not isolated have no opacity.
"""

from __future__ import annotations

from collections.abc import Sequence

from desktop.core.blend_modes import BlendMode
from desktop.core.composite import changes_below, clip_groups
from desktop.core.layers import GroupLayer, Layer, Mask
from desktop.core.tiles import TileMap

ClipRun = tuple[Layer, list[Layer]]  # a layer and the ones clipped to it


def shown_mask(layer: Layer) -> Mask | None:
    """The mask that changes how the layer looks."""
    return layer.mask if layer.mask is not None and layer.mask.enabled and not _is_white(layer.mask.tiles) else None


def has_shown_clipping(run: ClipRun) -> bool:
    """False where clipped layers change nothing: then their base is composited as if they were not there."""
    return any(_is_shown(layer) for layer in run[1])


def clipping_needs_flattening(run: ClipRun) -> bool:
    """svg:src-atop is clipping in the normal mode only."""
    return any(layer.blend_mode is not BlendMode.NORMAL or changes_below(layer) for layer in run[1] if _is_shown(layer))


def acts_isolated(group: GroupLayer) -> bool:
    """True for isolated groups, and for pass-through ones that look the same when isolated."""
    return not group.passes_through or (_fades(group) and _blends_normally(group.children))


def changes_backdrop(layer: Layer) -> bool:
    """True for a shown adjustment, and for a shown pass-through group that holds one, or fades by more than opacity."""
    if changes_below(layer):
        return _is_shown(layer)
    if not isinstance(layer, GroupLayer) or not layer.passes_through or not _is_shown(layer):
        return False
    if _fades(layer):
        return not _blends_normally(layer.children)
    return any(_run_changes_backdrop(run) for run in clip_groups(layer.children))


def _run_changes_backdrop(run: ClipRun) -> bool:
    if changes_below(run[0]):
        return _is_shown(run[0])
    return not has_shown_clipping(run) and changes_backdrop(run[0])


def runs_to_fold(layers: Sequence[Layer]) -> int:
    """How many clip runs, from the bottom of an isolated stack, must be flattened together.

    A pass-through group that fades what blends through it changes its backdrop: only the picture of everything up to it
    can stand for it.
    """
    runs = clip_groups(layers)
    folded = [index for index, run in enumerate(runs) if index and _run_changes_backdrop(run)]
    return folded[-1] + 1 if folded else 0


def _blends_normally(layers: Sequence[Layer]) -> bool:
    """True if everything shown goes onto its backdrop in the normal mode: then grouping changes nothing."""
    return all(_run_blends_normally(run) for run in clip_groups(layers) if _is_shown(run[0]))


def _run_blends_normally(run: ClipRun) -> bool:
    base = run[0]
    if isinstance(base, GroupLayer) and base.passes_through and not has_shown_clipping(run):
        return _blends_normally(base.children)
    return base.blend_mode is BlendMode.NORMAL and not changes_below(base)


def _fades(group: GroupLayer) -> bool:
    return group.opacity < 1 or shown_mask(group) is not None


def _is_shown(layer: Layer) -> bool:
    return layer.visible and layer.opacity > 0


def _is_white(tiles: TileMap) -> bool:
    return tiles.default == 255 and not tiles.stored()
