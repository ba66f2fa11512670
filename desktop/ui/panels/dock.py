"""One dock: a panel with a slim header of its own, which gives way to the tab bar where panels share a place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QWidget

from desktop.ui.i18n import tr
from desktop.ui.widgets.basics import IconButton

HEADER_PX = 32
BUTTON_PX = 22


class DockHeader(QWidget):
    """The panel's name, float and close. Presses go through to the dock, which is dragged by them."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self.title = QLabel(self)
        self.title.setProperty("role", "header")
        self.float = IconButton("float", self)
        self.close_button = IconButton("close", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 6, 0)
        row.setSpacing(2)
        row.addWidget(self.title, 1)
        for button in (self.float, self.close_button):
            button.setFixedSize(BUTTON_PX, BUTTON_PX)
            button.setIconSize(QSize(14, 14))
            row.addWidget(button)
        self.setFixedHeight(HEADER_PX)
        self.float.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        self.close_button.clicked.connect(dock.close)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), HEADER_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), HEADER_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.ignore()


class PanelDock(QDockWidget):
    def __init__(self, name: str, panel: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = name
        self.setObjectName(f"dock.{name}")
        self.header = DockHeader(self)
        self._no_header = QWidget(self)
        self._no_header.setFixedHeight(0)
        self._no_header.hide()
        self.setTitleBarWidget(self.header)
        self.setWidget(panel)
        self.setAllowedAreas(Qt.DockWidgetArea.AllDockWidgetAreas)

    def show_header(self, shown: bool) -> None:
        """A dock in a tab group is named by its tab."""
        wanted = self.header if shown else self._no_header
        if self.titleBarWidget() is not wanted:
            self.titleBarWidget().hide()
            self.setTitleBarWidget(wanted)
            wanted.show()

    def retranslate(self) -> None:
        title = tr(f"panel.{self.name}")
        self.setWindowTitle(title)
        self.header.title.setText(title)
        self.header.float.set_tip(tr("panels.dock" if self.isFloating() else "panels.float"))
        self.header.close_button.set_tip(tr("panels.close"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
