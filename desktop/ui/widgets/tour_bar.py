"""What to do in a tour, over the picture: a sentence, "show me", and a way out."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from desktop.ui.i18n import tr
from desktop.ui.widgets.basics import IconButton

MARGIN_PX = 16
WIDEST_PX = 640


class TourBar(QFrame):
    ended = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "popup")
        self._tour_id = ""
        self._show: Callable[[], None] = lambda: None
        self.text = QLabel(self)
        self.text.setWordWrap(True)
        self.show_me = QPushButton(self)
        self.show_me.setProperty("role", "primary")
        self.show_me.clicked.connect(lambda: self._show())
        self.close_button = IconButton("close", self)
        self.close_button.clicked.connect(self.ended)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(12)
        row.addWidget(self.text, 1)
        row.addWidget(self.show_me)
        row.addWidget(self.close_button)
        for button in (self.show_me, self.close_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        parent.installEventFilter(self)
        self.hide()

    def begin(self, tour_id: str, show: Callable[[], None]) -> None:
        """`show` does what the sentence tells."""
        self._tour_id, self._show = tour_id, show
        self._retranslate()
        self.show()
        self._place()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._place()
        return False

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and self._tour_id:
            self._retranslate()
            self._place()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self.text.setText(tr(f"tour.{self._tour_id}.text"))
        self.show_me.setText(tr("tour.show_me"))
        self.close_button.set_tip(tr("tour.end"))

    def _place(self) -> None:
        parent = self.parentWidget()
        self.setFixedWidth(max(200, min(parent.width() - 2 * MARGIN_PX, WIDEST_PX)))
        self.layout().activate()
        self.resize(self.width(), max(self.heightForWidth(self.width()), self.minimumSizeHint().height()))
        self.move((parent.width() - self.width()) // 2, MARGIN_PX)
