"""The column on the right: AI, colour and history as tabs above, layers below."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QSplitter, QTabWidget, QWidget

from desktop.ui.i18n import tr
from desktop.ui.panels.ai_panel import AiPanel
from desktop.ui.panels.color_panel import ColorPanel
from desktop.ui.panels.history_panel import HistoryPanel
from desktop.ui.panels.layers_panel import LayersPanel

WIDTH_PX = 304
FIRST_HEIGHTS = (440, 260)
TAB_NAMES = ("ai", "color", "history")
PANEL_NAMES = (*TAB_NAMES, "layers")


class SidePanels(QSplitter):
    def __init__(
        self, ai: AiPanel, colors: ColorPanel, history: HistoryPanel, layers: LayersPanel, parent: QWidget
    ) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.ai, self.colors, self.history, self.layers = ai, colors, history, layers
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setExpanding(False)
        self.tabs.tabBar().setDrawBase(False)
        for panel in (ai, colors, history):
            self.tabs.addTab(panel, "")
        self.addWidget(self.tabs)
        self.addWidget(layers)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(1)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 1)
        self.setSizes(FIRST_HEIGHTS)
        self.setMinimumWidth(272)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH_PX, 700)

    def bring_to_front(self, name: str) -> None:
        """Shows a panel by its name; unknown names change nothing."""
        if name in ("colour", "color"):
            name = "color"
        if name in TAB_NAMES:
            self.tabs.setCurrentIndex(TAB_NAMES.index(name))
        self.setVisible(True)

    def retranslate(self) -> None:
        for index, name in enumerate(TAB_NAMES):
            self.tabs.setTabText(index, tr(f"panel.{name}"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
