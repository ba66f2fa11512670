"""When an action can be used, and when it shows a tick: one small function each, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop.core.layers import GroupLayer, RasterLayer
from desktop.core.tiles import TileMap
from desktop.tools.layer_edits import last_selection
from desktop.tools.painting import Plane
from desktop.tools.snapping import SnapKind
from desktop.ui import i18n

if TYPE_CHECKING:
    from desktop.ui.actions import ActionSpec
    from desktop.ui.main_window import MainWindow

Condition = Callable[["MainWindow", "ActionSpec"], bool]


def holds(name: str, window: MainWindow, spec: ActionSpec) -> bool:
    return CONDITIONS[name](window, spec)


def _can_undo(window: MainWindow) -> bool:
    """A step, or a long command that is still being computed: undo gives that up."""
    opened = window.state.open_document
    return _has_step_before(window) or (opened is not None and window.layers.is_at_work(opened))


def _has_step_before(window: MainWindow) -> bool:
    opened = window.state.open_document
    return opened is not None and opened.history.can_undo


def _can_redo(window: MainWindow) -> bool:
    opened = window.state.open_document
    return opened is not None and opened.history.can_redo


def _has_selection(window: MainWindow) -> bool:
    document = window.state.document
    return document is not None and document.selection is not None


def _last_selection(window: MainWindow) -> TileMap | None:
    """What could be selected again: nothing is selected now."""
    opened = window.state.open_document
    return None if opened is None or opened.document.selection is not None else last_selection(opened)


def _layer_is(window: MainWindow, field: str) -> bool:
    return bool(getattr(window.state.active_layer, field, False))


def _is_locked(window: MainWindow, what: str) -> bool:
    layer = window.state.active_layer
    return layer is not None and bool(getattr(layer.locks, what))


def _mask_is(window: MainWindow, field: str) -> bool:
    layer = window.state.active_layer
    return layer is not None and layer.mask is not None and bool(getattr(layer.mask, field))


CONDITIONS: dict[str, Condition] = {
    "always": lambda window, spec: True,
    "document": lambda window, spec: window.state.open_document is not None,
    "layer": lambda window, spec: window.state.active_layer is not None,
    "raster": lambda window, spec: isinstance(window.state.active_layer, RasterLayer),
    "group": lambda window, spec: isinstance(window.state.active_layer, GroupLayer),
    "mask": lambda window, spec: getattr(window.state.active_layer, "mask", None) is not None,
    "raster_mask": lambda window, spec: (
        isinstance(window.state.active_layer, RasterLayer) and window.state.active_layer.mask is not None
    ),
    "no_mask": lambda window, spec: window.state.active_layer is not None and window.state.active_layer.mask is None,
    "can_undo": lambda window, spec: _can_undo(window),
    "can_redo": lambda window, spec: _can_redo(window),
    "selection": lambda window, spec: _has_selection(window),
    "clicks": lambda window, spec: not window.objects.clicks.is_empty,
    "had_selection": lambda window, spec: _last_selection(window) is not None,
    "region": lambda window, spec: window.state.open_document is not None and not window.state.region.is_empty,
    "effect": lambda window, spec: window.effects.can_apply,
    "repeatable": lambda window, spec: window.effects.can_repeat,
    "adjustment": lambda window, spec: window.effects.is_adjustment or window.texts.is_made,
    "text": lambda window, spec: window.texts.is_made,
    "can_wear": lambda window, spec: window.editing.looks.can_wear,
    "styled": lambda window, spec: window.editing.looks.is_styled,
    "can_paste_style": lambda window, spec: window.editing.looks.can_paste,
    "can_run": lambda window, spec: window.ai.can_run or window.editing.can_run,
    "can_ask_why": lambda window, spec: window.why.can_ask,
    "can_remove": lambda window, spec: window.editing.removal.can_run,
    "can_remove_again": lambda window, spec: window.editing.removal.can_run_again,
    "quick": lambda window, spec: window.ai.quick.can_run,
    "quick_layer": lambda window, spec: window.ai.quick.can_run and isinstance(window.state.active_layer, RasterLayer),
    "can_preview": lambda window, spec: window.ai.can_preview,
    "running": lambda window, spec: window.ai.is_running,
    "preview": lambda window, spec: window.ai.has_preview,
    "can_place": lambda window, spec: window.generate.can_place,
    "can_find_lines": lambda window, spec: window.live.can_find_lines,
    "can_keep_live": lambda window, spec: window.live.can_keep,
    "can_encode": lambda window, spec: window.generate.can_encode,
    "has_sample": lambda window, spec: window.generate.sample is not None,
    "takes_style_picture": lambda window, spec: window.styles.takes_pictures,
    "can_paint_slowly": lambda window, spec: window.styles.jobs.can_paint,
    "can_learn_style": lambda window, spec: not window.styles.jobs.is_running,
    "learns_style": lambda window, spec: window.styles.jobs.is_running,
    "restores": lambda window, spec: window.restoring.is_running,
    "has_latent": lambda window, spec: window.generate.latent is not None,
    "can_walk": lambda window, spec: window.explorer.can_blend,
    "has_before": lambda window, spec: _has_step_before(window) or window.ai.has_preview,
    "several": lambda window, spec: len(window.state.documents) > 1,
    "file": lambda window, spec: window.state.path is not None,
    "own_brush": lambda window, spec: window.brushes.is_own,
    "turned": lambda window, spec: window.state.open_document is not None and not window.canvas.view.is_upright,
    "guides": lambda window, spec: window.state.document is not None and bool(window.state.document.guides),
    "snapshots": lambda window, spec: window.state.current is not None and bool(window.state.current.snapshots.all),
    # ticks
    "screen": lambda window, spec: window.screen_colors.kind == spec.argument,
    "split": lambda window, spec: window.canvas.split.picture is not None,
    "why_shown": lambda window, spec: window.why.is_shown,
    "turning": lambda window, spec: window.canvas.pointer.turns,
    "panning": lambda window, spec: window.canvas.pointer.pans,
    "flipped": lambda window, spec: window.canvas.view.flipped,
    "rulers_shown": lambda window, spec: window.aids.rulers_shown,
    "ruler_unit": lambda window, spec: window.aids.unit == spec.argument,
    "guides_shown": lambda window, spec: window.aids.guides_shown,
    "guides_locked": lambda window, spec: window.aids.guides_locked,
    "grid_shown": lambda window, spec: window.aids.grid_shown,
    "snaps": lambda window, spec: window.aids.snaps,
    "snaps_to": lambda window, spec: window.aids.snaps_to(SnapKind(spec.argument)),
    "symmetry": lambda window, spec: window.state.options.symmetry.kind.value == spec.argument,
    "tool": lambda window, spec: window.state.tool == spec.argument,
    "language": lambda window, spec: i18n.language() == spec.argument,
    "mask_enabled": lambda window, spec: _mask_is(window, "enabled"),
    "mask_linked": lambda window, spec: _mask_is(window, "linked"),
    "paints_mask": lambda window, spec: window.state.plane is Plane.MASK,
    "mask_alone": lambda window, spec: window.state.is_mask_alone,
    "tag": lambda window, spec: getattr(window.state.active_layer, "color_tag", None) == spec.argument,
    "clipped": lambda window, spec: _layer_is(window, "clip_to_below"),
    "visible": lambda window, spec: _layer_is(window, "visible"),
    "pixels_locked": lambda window, spec: _is_locked(window, "pixels"),
    "alpha_locked": lambda window, spec: _is_locked(window, "alpha"),
    "all_locked": lambda window, spec: _is_locked(window, "all"),
    "position_locked": lambda window, spec: _is_locked(window, "position"),
    "selection_line": lambda window, spec: window.canvas.shows_selection,
    "pixel_grid": lambda window, spec: window.canvas.shows_pixel_grid,
    "depth": lambda window, spec: window.state.document is not None and window.state.document.depth == spec.argument,
    "quick_mask": lambda window, spec: window.selection.is_quick_mask,
    "mask_shown": lambda window, spec: window.canvas.shows_mask,
    "panels_shown": lambda window, spec: window.panels.are_shown,
    "panel_open": lambda window, spec: window.panels.is_open(str(spec.argument)),
    "fullscreen": lambda window, spec: window.isFullScreen(),
}
