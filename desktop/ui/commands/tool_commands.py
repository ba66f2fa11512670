"""What the Tool menu does: choose a tool, change its brush, the colours and the painted region."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from desktop.core.brush import BrushMode, BrushSettings
from desktop.core.color import Pixels
from desktop.core.errors import UserError
from desktop.core.geometry import Point
from desktop.core.gradients import GradientLine
from desktop.core.layers import LayerId
from desktop.core.symmetry import SymmetryKind
from desktop.tools import filling, moving, painting
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.picking import Picked, color_at, pick
from desktop.tools.snapping import Snapping, no_snapping
from desktop.tools.stamping import stamp
from desktop.tools.strokes import LastStroke
from desktop.ui.state import Color, EditorState, Tool

LARGEST_BRUSH_PX = 2000.0


class ToolCommands:
    def __init__(self, state: EditorState) -> None:
        self._state = state
        self._last = LastStroke()
        self._strokes = 0
        state.document_replaced.connect(self._forget_last_stroke)
        self.write: Callable[[], Gesture | None] = lambda: None
        self.show_line: Callable[[GradientLine | None], None] = lambda _line: None
        self.snapping: Callable[[Collection[LayerId]], Snapping] = lambda _moved: no_snapping()
        self.show_picked: Callable[[Picked | None], None] = lambda _picked: None
        self.pattern: Callable[[str], Pixels | None] = lambda _name: None
        self.stamps: Callable[[], Sequence[NDArray[np.uint8]]] = lambda: ()

    def choose(self, tool: str) -> None:
        self._state.choose_tool(Tool(tool))

    def swap_colors(self) -> None:
        self._state.swap_colors()

    def default_colors(self) -> None:
        self._state.reset_colors()

    def scale_brush(self, factor: float) -> None:
        stamp = self._state.options.stamp
        is_stamp = self._state.tool is Tool.STAMP
        before = stamp.size_px if is_stamp else self._state.brush.size_px
        after = before * factor
        after = min(after, before - 1) if factor < 1 else max(after, before + 1)
        size_px = float(round(min(max(after, 1.0), LARGEST_BRUSH_PX)))
        if is_stamp:
            self._state.change_options(stamp=replace(stamp, size_px=size_px))
        else:
            self._state.change_brush(size_px=size_px)

    def harden_brush(self, step: float) -> None:
        self._state.change_brush(hardness=min(max(self._state.brush.hardness + step, 0.0), 100.0))

    def set_opacity(self, percent: float) -> None:
        self._state.change_brush(opacity=float(percent))

    def clear_region(self) -> None:
        self._state.region.clear()

    def invert_region(self) -> None:
        document = self._state.document
        if document is not None:
            self._state.region.invert(document.size.rect())

    def gesture(self, tool: Tool, modifiers: Modifier) -> Gesture | None:
        """What a press with this tool begins; Alt turns mask and region brushes around."""
        state = self._state
        opened = state.open_document
        if opened is None:
            return None
        reversed_ = Modifier.ALT in modifiers
        if state.current in state.quick_masks and tool in (Tool.BRUSH, Tool.ERASER, Tool.MASK):
            erases = (tool is Tool.ERASER) != reversed_
            return state.region.stroke(self._settings(tool), erases=erases, last=self._last)
        if tool is Tool.MOVE:
            return moving.move(opened, state.chosen_ids, self.snapping(state.chosen_ids))
        if tool is Tool.BRUSH:
            return painting.paint(opened, state.layer_id, state.plane, self._settings(tool), self._last)
        if tool is Tool.ERASER:
            settings = self._settings(tool, BrushMode.ERASE)
            return painting.paint(opened, state.layer_id, state.plane, settings, self._last)
        if tool is Tool.FILL:
            settings = state.options.bucket.settings(state.color, self.pattern(state.options.bucket.pattern))
            return filling.pour(opened, state.layer_id, state.plane, settings)
        if tool is Tool.GRADIENT:
            gradient = state.options.gradient.settings(state.color, state.background)
            return filling.drag_gradient(
                opened, state.layer_id, state.plane, gradient, self.show_line, self.snapping(())
            )
        if tool is Tool.STAMP:
            self._strokes += 1
            return stamp(opened, state.layer_id, self.stamps(), state.options.stamp.settings(self._strokes), self._last)
        if tool is Tool.TEXT:
            return self.write()
        if tool is Tool.PICKER:
            return pick(self._look, self._choose_color, self._current_color, self.show_picked)
        if tool is Tool.MASK:
            reveals = state.options.mask_reveals != reversed_
            return painting.paint_mask(opened, state.layer_id, self._settings(tool), reveals=reveals, last=self._last)
        if tool is Tool.REGION:
            erases = state.options.region_erases != reversed_
            return state.region.stroke(self._settings(tool), erases=erases, last=self._last)
        return None

    def nudge(self, dx: int, dy: int) -> None:
        if self._state.open_document is None:
            raise UserError("tool.no_document")
        moving.nudge(self._state.open_document, self._state.chosen_ids, dx, dy)

    def _look(self, point: Point) -> Color | None:
        """What the picker finds at a point; nothing outside the canvas and where all is transparent."""
        document = self._state.document
        if document is None:
            return None
        picked = color_at(document, point, self._state.options.pick.settings(self._state.layer_id))
        if picked is None or picked[3] == 0:
            return None
        top = 255 if document.depth == 8 else 65535
        return picked[0] / top, picked[1] / top, picked[2] / top

    def _choose_color(self, color: Color, modifiers: Modifier) -> None:
        """Ctrl takes it as the background."""
        if Modifier.CTRL in modifiers:
            self._state.background = color
            self._state.colors_changed.emit()
        else:
            self._state.set_color(color)

    def _current_color(self, modifiers: Modifier) -> Color:
        return self._state.background if Modifier.CTRL in modifiers else self._state.color

    def resize_brush(self, size_px: float, hardness: float) -> None:
        """What dragging with the right button does."""
        self._state.change_brush(
            size_px=min(max(round(size_px, 1), 1.0), LARGEST_BRUSH_PX), hardness=min(max(round(hardness), 0.0), 100.0)
        )

    def set_symmetry(self, kind: str) -> None:
        symmetry = replace(self._state.options.symmetry, kind=SymmetryKind(kind))
        self._state.change_options(symmetry=symmetry)

    def _settings(self, tool: Tool, mode: BrushMode = BrushMode.PAINT) -> BrushSettings:
        """The brush of a tool for its next stroke; each stroke has its own seed."""
        state = self._state
        self._strokes += 1
        symmetry = state.options.symmetry.around(state.symmetry_center())
        settings = state.options.brushes[tool].settings(state.color, mode)
        return replace(settings, seed=settings.seed + self._strokes, symmetry=symmetry)

    def _forget_last_stroke(self) -> None:
        self._last.end = None
