"""Messages over the canvas: what happened and what to do, never in the way of the picture."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, SignalInstance
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from desktop.ui.i18n import tr
from desktop.ui.icons import icon_pixmap
from desktop.ui.theme import tokens
from desktop.ui.widgets.basics import IconButton

SHOWN_MS = 7000  # a note of two lines is read in half of that
FADING_MS = 1500
MARGIN_PX = 16
WIDEST_PX = 560


class InfoBar(QFrame):
    """One message at a time at the bottom of its parent. Errors stay until closed, or until something else was done."""

    def __init__(self, parent: QWidget, other_work: Sequence[SignalInstance] = ()) -> None:
        super().__init__(parent)
        for done in other_work:
            done.connect(self.end_error)
        self.setProperty("role", "popup")
        self._mark = QLabel(self)
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._close = IconButton("close", self)
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self._mark)
        row.addWidget(self._text, 1)
        row.addWidget(self._close)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text() if not self.isHidden() else ""

    @property
    def is_ending(self) -> bool:
        """What is shown goes by itself."""
        return self._timer.isActive()

    def show_note(self, text: str) -> None:
        self._show(text, "info", tokens().dim)
        self._timer.start(SHOWN_MS)

    def show_error(self, text: str) -> None:
        self._show(text, "warning", tokens().error)
        self._timer.stop()

    def end_error(self) -> None:
        """After something that worked: an error of before is no longer what the person needs to know."""
        if not self.isHidden() and not self.is_ending:
            self._timer.start(FADING_MS)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(event, QResizeEvent):
            self._place()
        return False

    def _show(self, text: str, mark: str, tint: str) -> None:
        self._text.setText(text)
        self._mark.setPixmap(icon_pixmap(mark, tint, 20, self.devicePixelRatioF()))
        self._close.set_tip(tr("message.close"))
        self.show()
        self._place()
        self.raise_()

    def _place(self) -> None:
        parent = self.parentWidget()
        room = parent.width() - 2 * MARGIN_PX
        one_line = self._text.fontMetrics().horizontalAdvance(self._text.text()) + 100
        width = min(room, WIDEST_PX, one_line)
        self.setFixedWidth(max(width, 120))
        self.layout().activate()
        height = max(self.heightForWidth(self.width()), self.minimumSizeHint().height())
        self.resize(self.width(), height)
        self.move((parent.width() - self.width()) // 2, parent.height() - height - MARGIN_PX)


class PreviewBar(QFrame):
    """Keep or discard, shown over the canvas while a result waits."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "popup")
        self.title = QLabel(self)
        self.before = QLabel(self)
        self.before.setProperty("role", "dim")
        self.keep = QPushButton(self)
        self.keep.setProperty("role", "primary")
        self.discard = QPushButton(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self.title)
        row.addWidget(self.before)
        row.addSpacing(8)
        row.addWidget(self.discard)
        row.addWidget(self.keep)
        for button in (self.keep, self.discard):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        parent.installEventFilter(self)
        self.hide()

    def set_texts(self, title: str) -> None:
        self.title.setText(title)
        self.before.setText(tr("preview.before_hint"))
        self.keep.setText(tr("preview.keep"))
        self.discard.setText(tr("preview.discard"))
        self.place()

    def place(self) -> None:
        self.adjustSize()
        parent = self.parentWidget()
        self.move((parent.width() - self.width()) // 2, MARGIN_PX)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self.place()
        return False
