"""The tools that retouch, transform and crop, put together for the window: which of them a press or a key means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.hole_network import HoleNetwork, hole_model
from desktop.ui.commands.channel_commands import ChannelCommands
from desktop.ui.commands.color_range_commands import ColorRangeCommands
from desktop.ui.commands.crop_commands import CropCommands
from desktop.ui.commands.extend_commands import ExtendCommands
from desktop.ui.commands.look_commands import LookCommands
from desktop.ui.commands.mend_commands import MendCommands
from desktop.ui.commands.pattern_commands import PatternCommands
from desktop.ui.commands.refine_commands import RefineCommands
from desktop.ui.commands.removal_commands import RemovalCommands
from desktop.ui.commands.retouch_commands import RetouchCommands
from desktop.ui.commands.seamless_commands import SeamlessCommands
from desktop.ui.commands.shape_commands import ShapeCommands
from desktop.ui.commands.size_commands import SizeCommands
from desktop.ui.commands.transfer_commands import TransferCommands
from desktop.ui.commands.transform_commands import TransformCommands
from desktop.ui.panels.gradient_editor import GradientStore
from desktop.ui.state import RETOUCH_TOOLS, Tool

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class EditingTools:
    def __init__(self, window: MainWindow) -> None:
        self._window, canvas = window, window.canvas
        self.removal = RemovalCommands(window.state, window.background)
        self.removal.settle = window.ai.settle
        self.mending = MendCommands(window)
        self.removal.network = self._hole_network
        self.removal.failed.connect(window.show_error)
        self.refining = RefineCommands(window.state, window.background)
        self.refining.failed.connect(window.show_error)
        self.retouch = RetouchCommands(window.state, canvas, self.removal)
        self.transform, self.crop, self.sizes = TransformCommands(window), CropCommands(window), SizeCommands(window)
        self.extending, self.seamless = ExtendCommands(window), SeamlessCommands(window)
        self.patterns, self.shapes = PatternCommands(window), ShapeCommands(window)
        self.looks, self.transfers = LookCommands(window), TransferCommands(window)
        window.tools.pattern = self.patterns.pixels
        self.gradients = GradientStore(window.settings)
        self.ranges, self.channels = ColorRangeCommands(window), ChannelCommands(window)
        window.selection.magnetic.zoom = lambda: canvas.view.zoom
        canvas.pointer_moved.connect(window.selection.magnetic.hover)
        canvas.pointer.works_on_edit = lambda: self.transform.is_active or window.texts.is_writing
        self._cursor_before = canvas.pointer.cursor_over
        canvas.pointer.cursor_over = self._cursor
        canvas.pointer_moved.connect(self._refresh_cursor)

    @property
    def can_run(self) -> bool:
        """Whether the tool in hand is one that Ctrl+Enter runs."""
        return self._window.state.tool is Tool.REMOVE and self.removal.can_run

    def run_tool(self) -> None:
        """What Ctrl+Enter means: the removal while its tool is in hand, else the model."""
        if self.can_run:
            self.removal.run()
        else:
            self._window.ai.run()

    def lets_through(self, action_id: str) -> bool:
        """Whether an action may be done now: not in the middle of an edit, but one may look around; a text is kept."""
        transform, texts = self.transform, self._window.texts
        if texts.is_writing:
            return texts.gives_way(action_id)
        return transform.gives_way(action_id) and (transform.is_active or not self._window.state.is_editing)

    def gesture(self, tool: Tool, modifiers: Modifier) -> Gesture | None:
        """What a press begins; None for the tools of others."""
        if self.transform.is_active:
            return self.transform.gesture()
        if tool is Tool.CROP:
            return self.crop.gesture(modifiers)
        if tool is Tool.SHAPE:
            return self.shapes.gesture()
        if tool is Tool.REFINE:
            self._window.ai.settle()
            return self.refining.gesture(modifiers)
        if tool not in RETOUCH_TOOLS:
            return None
        self._window.ai.settle()
        return self.retouch.gesture(tool, modifiers)

    def key(self, key: Qt.Key) -> bool:
        """What keys mean while something is on its way; False when they mean nothing here."""
        if self.transform.key(key) or self.refining.key(key):
            return True
        if key == Qt.Key.Key_Escape and self.stop():
            return True
        return self.crop.key(key)

    def stop(self) -> bool:
        """Gives up what fills or enlarges in the background; False when nothing does."""
        return self.removal.cancel() or self.sizes.cancel() or self.extending.cancel()

    def _hole_network(self) -> HoleNetwork | None:
        window = self._window
        model = hole_model(window.models.catalog)
        if model is None:
            return None
        return HoleNetwork(window.ai.runner, model, window.ai.form.device_for(model), window.state.current)

    def _cursor(self) -> Qt.CursorShape | None:
        writes = Qt.CursorShape.IBeamCursor if self._window.state.tool is Tool.TEXT else None
        return self.transform.cursor() or self.crop.cursor() or self._cursor_before() or writes

    def _refresh_cursor(self) -> None:
        if self.transform.is_active or self.crop.is_active:
            self._window.canvas.pointer.refresh_cursor()
