"""What a press with a retouching tool begins, and where the clone tool takes its pixels from."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from desktop.core.brush import BrushMode, BrushSettings
from desktop.core.edits import OpenDocument
from desktop.tools import retouching
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.retouching import CloneSource, Target
from desktop.tools.strokes import LastStroke
from desktop.ui.canvas.canvas_widget import CanvasWidget
from desktop.ui.canvas.tool_overlays import DARK, LIGHT
from desktop.ui.commands.removal_commands import RemovalCommands
from desktop.ui.retouch_options import Healing
from desktop.ui.state import EditorState, Tool

CROSS_PX = 9.0


class RetouchCommands(QObject):
    def __init__(self, state: EditorState, canvas: CanvasWidget, removal: RemovalCommands) -> None:
        super().__init__(canvas)
        self._state, self._canvas, self._removal = state, canvas, removal
        self.source = CloneSource()
        self._last = LastStroke()
        self._strokes = 0
        state.document_replaced.connect(self._forget)
        state.tool_changed.connect(canvas.update)
        canvas.pointer_moved.connect(lambda _point: self._show_source())
        canvas.overlays.append(self)

    def gesture(self, tool: Tool, modifiers: Modifier) -> Gesture | None:
        state = self._state
        opened, options = state.open_document, state.options.retouch
        if opened is None:
            return None
        if tool is Tool.REMOVE:
            erases = Modifier.ALT in modifiers
            stroke = state.region.stroke(self._settings(tool), erases=erases, last=self._last)
            return self._removal.stroke(stroke, erases=erases)
        if self._uses_source() and Modifier.ALT in modifiers:
            return retouching.choose_source(self.source, self._canvas.update)
        target = self._target(opened, tool)
        if tool is Tool.CLONE:
            return retouching.clone(target, self.source, options.clone.sample, aligned=options.clone.aligned)
        if tool is Tool.HEAL:
            if options.heal.healing is Healing.SPOT:
                return retouching.heal_spot(target)
            return retouching.heal(target, self.source, options.heal.sample, aligned=options.heal.aligned)
        if tool is Tool.SMUDGE:
            return retouching.smudge(target, options.smudge.strength / 100)
        if tool is Tool.FOCUS:
            return retouching.focus(target, options.focus.focus, options.focus.strength / 100)
        return retouching.tone(target, options.tone.settings())

    def draw(self, painter: QPainter, ratio: float) -> None:
        """A cross where the next pixels come from."""
        place = self._canvas.hover
        if not self._uses_source() or self.source.point is None or self._state.open_document is None:
            return
        view = self._canvas.view
        beside = None if place is None else self.source.beside(view.view_to_image(*place))
        x, y = view.image_to_view(beside or self.source.point)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        reach = CROSS_PX * ratio
        for shade, width in ((DARK, 3.0), (LIGHT, 1.4)):
            painter.setPen(QPen(shade, width * ratio, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawLine(QPointF(x - reach, y), QPointF(x + reach, y))
            painter.drawLine(QPointF(x, y - reach), QPointF(x, y + reach))

    def _uses_source(self) -> bool:
        tool, heal = self._state.tool, self._state.options.retouch.heal
        return tool is Tool.CLONE or (tool is Tool.HEAL and heal.healing is Healing.SOURCE)

    def _show_source(self) -> None:
        if self._uses_source() and self.source.point is not None:
            self._canvas.update()

    def _target(self, opened: OpenDocument, tool: Tool) -> Target:
        return Target(opened, self._state.layer_id, self._state.plane, self._settings(tool), self._last)

    def _settings(self, tool: Tool) -> BrushSettings:
        """The brush of a tool for its next stroke; each stroke has its own seed."""
        state = self._state
        self._strokes += 1
        symmetry = state.options.symmetry.around(state.symmetry_center())
        settings = state.options.brushes[tool].settings(state.color, BrushMode.PAINT)
        return replace(settings, seed=settings.seed + self._strokes, symmetry=symmetry)

    def _forget(self) -> None:
        self._last.end = None
        self.source = CloneSource()
