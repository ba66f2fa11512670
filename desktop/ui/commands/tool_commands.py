"""What the Tool menu does: choose a tool, change its brush, the colours and the painted region."""

from __future__ import annotations

from desktop.core.brush import BrushMode
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Point
from desktop.core.layers import LayerId
from desktop.tools import moving, painting
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.picking import color_at
from desktop.ui.state import EditorState, Tool

LARGEST_BRUSH_PX = 2000.0


class ToolCommands:
    def __init__(self, state: EditorState) -> None:
        self._state = state

    def choose(self, tool: str) -> None:
        self._state.choose_tool(Tool(tool))

    def swap_colors(self) -> None:
        self._state.swap_colors()

    def default_colors(self) -> None:
        self._state.reset_colors()

    def scale_brush(self, factor: float) -> None:
        before = self._state.brush.size_px
        after = before * factor
        after = min(after, before - 1) if factor < 1 else max(after, before + 1)
        self._state.change_brush(size_px=float(round(min(max(after, 1.0), LARGEST_BRUSH_PX))))

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
        if tool is Tool.MOVE:
            return moving.move(opened, state.layer_id)
        if tool is Tool.BRUSH:
            return self._paint(opened, state.layer_id, BrushMode.PAINT)
        if tool is Tool.ERASER:
            return self._paint(opened, state.layer_id, BrushMode.ERASE)
        settings = state.brush.settings(state.color, BrushMode.PAINT)
        if tool is Tool.MASK:
            reveals = state.options.mask_reveals != reversed_
            return painting.paint_mask(opened, state.layer_id, settings, reveals=reveals)
        if tool is Tool.REGION:
            return state.region.stroke(settings, erases=state.options.region_erases != reversed_)
        return None

    def pick(self, point: Point, modifiers: Modifier) -> None:
        """Takes the colour under the pointer; Ctrl takes it as the background."""
        document = self._state.document
        picked = None if document is None else color_at(document, point)
        if document is None or picked is None or picked[3] == 0:
            return
        top = 255 if document.depth == 8 else 65535
        color = (picked[0] / top, picked[1] / top, picked[2] / top)
        if Modifier.CTRL in modifiers:
            self._state.background = color
            self._state.colors_changed.emit()
        else:
            self._state.set_color(color)

    def nudge(self, dx: int, dy: int) -> None:
        if self._state.open_document is None:
            raise UserError("tool.no_document")
        moving.nudge(self._state.open_document, self._state.layer_id, dx, dy)

    def _paint(self, opened: OpenDocument, layer_id: LayerId | None, mode: BrushMode) -> Gesture:
        settings = self._state.brush.settings(self._state.color, mode)
        return painting.paint(opened, layer_id, self._state.plane, settings)
