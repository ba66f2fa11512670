"""Why: which model was asked and how, how far it is, and what the colours over the picture mean."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from desktop.tools.why_map import WhyMap, heat_colors, legend_levels, percent
from desktop.ui.i18n import tr
from desktop.ui.theme import color, tokens
from desktop.ui.widgets.basics import IconButton, Segments, dim_label

MARGIN_PX = 16
LEGEND_SIZE_PX = (180, 10)
METHODS = {
    "occlusion": ("why.method.occlusion", "why.method_tip.occlusion"),
    "shapley": ("why.method.shapley", "why.method_tip.shapley"),
}
PROGRESS_STEPS = 1000


class LegendStrip(QWidget):
    """From what spoke most against the answer to what spoke most for it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(*LEGEND_SIZE_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = np.ascontiguousarray(heat_colors(legend_levels(1.0, LEGEND_SIZE_PX[0]), 1.0))
        image = QImage(colors.tobytes(), colors.shape[1], 1, 4 * colors.shape[1], QImage.Format.Format_RGBA8888)
        painter = QPainter(self)
        painter.fillRect(self.rect(), color(tokens().surround))
        painter.drawImage(QRectF(self.rect()), image)
        painter.end()


class WhyBar(QFrame):
    method_chosen = Signal(str)
    cancelled = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "popup")
        self.title = QLabel(self)
        self.method = Segments(list(METHODS), self)
        self.close_button = IconButton("close", self)
        self.legend = LegendStrip(self)
        self.least, self.most = dim_label(parent=self), dim_label(parent=self)
        self.told = dim_label(parent=self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, PROGRESS_STEPS)
        self.bar.setTextVisible(False)
        self.cancel = QPushButton(self)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 8, 8)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.addWidget(self.title, 0, 0)
        grid.addWidget(self.method, 0, 1)
        grid.addWidget(self.close_button, 0, 2)
        self._answer, self._work = QWidget(self), QWidget(self)
        for holder, parts in (
            (self._answer, (self.least, self.legend, self.most, self.told)),
            (self._work, (self.bar, self.cancel)),
        ):
            row = QHBoxLayout(holder)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
            for part in parts:
                row.addWidget(part)
            grid.addWidget(holder, 1, 0, 1, 3)
        for button in (self.cancel, self.close_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.method.chosen.connect(self.method_chosen)
        self.cancel.clicked.connect(self.cancelled)
        self.close_button.clicked.connect(self.closed)
        parent.installEventFilter(self)
        self._retranslate()
        self.hide()

    def show_work(self, title: str, method: str, share: float) -> None:
        self._begin(title, method)
        self.bar.setValue(round(share * PROGRESS_STEPS))
        self._answer.hide()
        self._work.show()
        self._place()

    def show_answer(self, title: str, method: str, found: WhyMap) -> None:
        self._begin(title, method)
        self.least.setText(percent(-found.limit))
        self.most.setText(percent(found.limit))
        self.told.setText(tr("why.scores", all=f"{found.scores[0]:.0%}", none=f"{found.scores[1]:.0%}"))
        self._work.hide()
        self._answer.show()
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._place()
        return False

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _begin(self, title: str, method: str) -> None:
        self.title.setText(tr("why.title", model=title))
        self.method.set_value(method)
        self.show()
        self.raise_()

    def _retranslate(self) -> None:
        self.method.set_texts([tr(text) for text, _ in METHODS.values()], [tr(tip) for _, tip in METHODS.values()])
        self.close_button.set_tip(tr("why.close"))
        self.cancel.setText(tr("ai.cancel_button"))
        self.legend.setToolTip(tr("why.legend"))
        self.legend.setAccessibleName(tr("why.legend"))
        self.bar.setAccessibleName(tr("why.progress"))

    def _place(self) -> None:
        self.layout().activate()
        self.adjustSize()
        self.move(MARGIN_PX, self.parentWidget().height() - self.height() - MARGIN_PX)
