"""The status bar: zoom, picture, place and colour under the pointer, memory, device, and the job with cancel."""

from __future__ import annotations

import psutil
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QStatusBar, QWidget

from desktop.core.geometry import Point
from desktop.io.profiles import profile_name
from desktop.tools.picking import color_at
from desktop.ui.action_set import ActionSet, tip_of
from desktop.ui.actions import action_spec
from desktop.ui.canvas.canvas_widget import CanvasWidget
from desktop.ui.commands.ai_commands import AiCommands
from desktop.ui.device_texts import device_detail, device_refusal
from desktop.ui.i18n import tr
from desktop.ui.icons import icon_pixmap
from desktop.ui.panels.ai_panel import PROGRESS_STEPS, progress_text
from desktop.ui.state import EditorState
from desktop.ui.theme import tokens
from desktop.ui.widgets.basics import IconButton, Swatch, tabular

MEMORY_MS = 2000
COLOR_MS = 60  # the colour under the pointer need not follow every move


class StatusBar(QStatusBar):
    def __init__(
        self, state: EditorState, canvas: CanvasWidget, ai: AiCommands, actions: ActionSet, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._process = psutil.Process()  # making one reads half a dozen files
        self._state, self._canvas, self._ai = state, canvas, ai
        self._point: Point | None = None
        self._task = ""
        self.setSizeGripEnabled(False)
        self.zoom = QPushButton(self)
        self.turn = QPushButton(self)
        self.device_icon, self.device = QLabel(self), QPushButton(self)
        self.warning = QLabel(self)
        self.warning.setProperty("role", "warning")
        self.warning.hide()
        for link in (self.zoom, self.turn, self.device):
            link.setProperty("role", "link")
            link.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.picture, self.place, self.memory = QLabel(self), QLabel(self), QLabel(self)
        self.swatch = Swatch(14, self)
        self.levels = QLabel(self)
        self.job = _JobView(actions, self)
        self._lay_out()
        self.zoom.clicked.connect(actions["view.fit"].trigger)
        self.device.clicked.connect(actions["edit.preferences"].trigger)
        self.turn.clicked.connect(actions["view.upright"].trigger)
        canvas.view_changed.connect(self._refresh_view)
        canvas.pointer_moved.connect(self._pointer_moved)
        state.document_replaced.connect(self._refresh)
        state.document_renamed.connect(self._refresh)
        ai.changed.connect(self._refresh_job)
        ai.devices_found.connect(self._refresh_device)
        ai.form.changed.connect(self._refresh_device)
        self._color_timer = QTimer(self, singleShot=True, interval=COLOR_MS)
        self._color_timer.timeout.connect(self._refresh_pointer)
        self._memory_timer = QTimer(self, interval=MEMORY_MS)
        self._memory_timer.timeout.connect(self._refresh_memory)
        self._memory_timer.start()

    def show_warning(self, text: str) -> None:
        """Something that holds on, such as a journal that cannot be written; an empty text ends it."""
        self.warning.setText(text)
        self.warning.setVisible(bool(text))

    def show_task(self, text: str) -> None:
        """Work without a measure, such as opening a file; an empty text ends it."""
        self._task = text
        self._refresh_job()

    def retranslate(self) -> None:
        self.job.retranslate()
        self.zoom.setToolTip(tr("status.zoom_tip"))
        self.turn.setToolTip(tip_of(action_spec("view.upright")))
        self._refresh()
        self._refresh_device()
        self._refresh_memory()
        self._refresh_job()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.PaletteChange:
            self._refresh_device()
        super().changeEvent(event)

    def _lay_out(self) -> None:
        for label in (self.place, self.levels, self.memory, self.picture):
            label.setFont(tabular(self.font()))
        left, right = QWidget(self), QWidget(self)
        left_row, right_row = QHBoxLayout(left), QHBoxLayout(right)
        for row in (left_row, right_row):
            row.setContentsMargins(10, 0, 10, 0)
            row.setSpacing(16)
        self.zoom.setMinimumWidth(56)
        pointer = QHBoxLayout()
        pointer.setSpacing(6)
        pointer.addWidget(self.swatch)
        pointer.addWidget(self.levels)
        for widget in (self.zoom, self.turn, self.picture, self.place):
            left_row.addWidget(widget)
        left_row.addLayout(pointer)
        left_row.addStretch(1)
        device = QHBoxLayout()
        device.setSpacing(6)
        device.addWidget(self.device_icon)
        device.addWidget(self.device)
        right_row.addWidget(self.warning)
        right_row.addWidget(self.job)
        right_row.addWidget(self.memory)
        right_row.addLayout(device)
        self.addWidget(left, 1)
        self.addPermanentWidget(right)
        self.setFixedHeight(30)

    def _refresh(self) -> None:
        document = self._state.document
        self.zoom.setVisible(document is not None)
        if document is None:
            self.picture.setText(tr("status.no_document"))
        else:
            profile = profile_name(document.icc_profile)
            self.picture.setText(
                tr(
                    "status.picture",
                    width=document.size.width,
                    height=document.size.height,
                    depth=document.depth,
                    profile=profile,
                )
            )
        self._refresh_view()
        self._refresh_pointer()
        self._refresh_memory()

    def _refresh_view(self) -> None:
        view = self._canvas.view
        percent = view.zoom * 100
        self.zoom.setText(f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %")
        turned = [tr("view.angle", degrees=f"{view.rotation:.0f}")] if view.rotation else []
        self.turn.setText("  ".join([*turned, tr("status.flipped")] if view.flipped else turned))
        self.turn.setVisible(self._state.document is not None and not view.is_upright)

    def _pointer_moved(self, point: Point | None) -> None:
        self._point = point
        if not self._color_timer.isActive():
            self._color_timer.start()

    def _refresh_pointer(self) -> None:
        document, point = self._state.document, self._point
        levels = None if document is None or point is None else color_at(document, point)
        self.swatch.setVisible(levels is not None)
        self.place.setText("" if levels is None or point is None else f"{int(point.x)}, {int(point.y)}")
        if levels is None or document is None:
            self.levels.setText("")
            return
        top = 255 if document.depth == 8 else 65535
        self.swatch.set_color(QColor.fromRgbF(*(level / top for level in levels)))
        self.levels.setText("  ".join(str(level) for level in levels[:3]))

    def _refresh_memory(self) -> None:
        megabytes = self._process.memory_info().rss / (1 << 20)
        self.memory.setText(tr("status.memory", megabytes=f"{megabytes:.0f}"))
        self.memory.setToolTip(tr("status.memory_tip"))

    def _refresh_device(self) -> None:
        self.device_icon.setPixmap(icon_pixmap("chip", tokens().dim, 16, self.devicePixelRatioF()))
        usable = [device for device in self._ai.devices if device.is_available]
        if not usable:
            self.device.setText(tr("status.device_unknown"))
            self.device.setToolTip(tr("status.device_unknown_tip"))
            return
        chosen = self._ai.form.device
        best = next((device for device in self._ai.devices if device.id == chosen), usable[-1])
        refused = [device for device in self._ai.devices if device.reason is not None]
        self.device.setText(tr(f"status.device.{best.id}"))
        self.device.setToolTip("\n".join([device_detail(best), *map(device_refusal, refused)]))

    def _refresh_job(self) -> None:
        progress = self._ai.progress
        if progress is not None:
            text = progress_text(progress, is_cancelling=self._ai.is_cancelling)
            share = progress.fraction if progress.stage.value == "running" else None
            self.job.show_work(text, share, can_cancel=not self._ai.is_cancelling)
        elif self._task:
            self.job.show_work(self._task, None, can_cancel=False)
        else:
            self.job.hide()


class _JobView(QWidget):
    """What is being computed, how far it is, and cancel."""

    def __init__(self, actions: ActionSet, parent: QWidget) -> None:
        super().__init__(parent)
        self.text = QLabel(self)
        self.bar = QProgressBar(self)
        self.bar.setFixedWidth(120)
        self.bar.setTextVisible(False)
        self.cancel = IconButton("close", self)
        self.cancel.setFixedSize(22, 22)
        self.cancel.clicked.connect(actions["ai.cancel"].trigger)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.text)
        row.addWidget(self.bar)
        row.addWidget(self.cancel)
        self.hide()

    def retranslate(self) -> None:
        self.cancel.set_tip(tr("ai.cancel_button"))

    def show_work(self, text: str, share: float | None, *, can_cancel: bool) -> None:
        self.text.setText(text)
        self.bar.setRange(0, 0 if share is None else PROGRESS_STEPS)
        if share is not None:
            self.bar.setValue(round(share * PROGRESS_STEPS))
        self.cancel.setVisible(can_cancel)
        self.show()
