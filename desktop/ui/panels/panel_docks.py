"""The panels around the canvas as docks: moved, floated, tabbed, closed, remembered, and all put away with one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QByteArray, QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QTabBar, QTabWidget, QWidget

from desktop.ui.i18n import tr
from desktop.ui.panels.dock import PanelDock
from desktop.ui.panels.registry import PANELS, Group, Panel, panel_named

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow
    from desktop.ui.panels.ai_panel import AiPanel
    from desktop.ui.panels.color_panel import ColorPanel
    from desktop.ui.panels.history_panel import HistoryPanel
    from desktop.ui.panels.layers_panel import LayersPanel

WIDTH_PX = 304
GROUP_HEIGHTS = {Group.UPPER: 450, Group.LOWER: 290}
LAYOUT_VERSION = 3  # a remembered layout of another version, or of other panels, gives way to the default one


class PanelDocks(QMainWindow):
    """The middle of the window: the canvas and, around it, one dock for every row of the table."""

    def __init__(self, window: MainWindow, center: QWidget) -> None:
        super().__init__(window, Qt.WindowType.Widget)
        self.docks: dict[str, PanelDock] = {}
        self._panels: dict[str, Panel] = {}
        self._put_away: QByteArray | None = None
        self._needs_first_sizes = True
        self.setCentralWidget(center)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
        self.setAnimated(False)
        self.setDocumentMode(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for corner in (Qt.Corner.TopRightCorner, Qt.Corner.BottomRightCorner):
            self.setCorner(corner, Qt.DockWidgetArea.RightDockWidgetArea)
        for corner in (Qt.Corner.TopLeftCorner, Qt.Corner.BottomLeftCorner):
            self.setCorner(corner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._refresh_headers)
        for spec in PANELS:
            widget, self._panels[spec.name] = spec.made(window)
            dock = self.docks[spec.name] = PanelDock(spec.name, widget, self)
            for signal in (dock.topLevelChanged, dock.visibilityChanged, dock.dockLocationChanged):
                signal.connect(lambda *_: self._later.start())
        self.reset()

    # single panels

    @property
    def ai(self) -> AiPanel:
        return cast("AiPanel", self._panels["ai"])

    @property
    def colors(self) -> ColorPanel:
        return cast("ColorPanel", self._panels["color"])

    @property
    def history(self) -> HistoryPanel:
        return cast("HistoryPanel", self._panels["history"])

    @property
    def layers(self) -> LayersPanel:
        return cast("LayersPanel", self._panels["layers"])

    def __getitem__(self, name: str) -> QWidget:
        return self.docks[name].widget()

    def bring_to_front(self, name: str) -> None:
        """Shows a panel by its name; unknown names change nothing."""
        spec = panel_named(name)
        self.show_all()
        if spec is not None:
            self.docks[spec.name].show()
            self.docks[spec.name].raise_()

    def is_open(self, name: str) -> bool:
        return not self.docks[name].isHidden()

    def toggle(self, name: str) -> None:
        if self.is_open(name):
            self.docks[name].close()
        else:
            self.bring_to_front(name)

    # all of them

    @property
    def are_shown(self) -> bool:
        return self._put_away is None

    def put_away(self) -> None:
        """Hides every panel until `show_all`."""
        if self._put_away is None:
            self._put_away = self.saveState(LAYOUT_VERSION)
            for dock in self.docks.values():
                dock.hide()

    def show_all(self) -> None:
        """Brings back what `put_away` hid, where it was."""
        if self._put_away is not None:
            before, self._put_away = self._put_away, None
            self.restoreState(before, LAYOUT_VERSION)

    def reset(self) -> None:
        """The default layout: two groups of tabs on the right."""
        self._put_away = None
        last: dict[Group, PanelDock] = {}
        for spec in PANELS:
            dock = self.docks[spec.name]
            dock.setFloating(False)
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock, Qt.Orientation.Vertical)
            if spec.group in last:
                self.tabifyDockWidget(last[spec.group], dock)
            last[spec.group] = dock
            dock.show()
        firsts = {spec.group: self.docks[spec.name] for spec in reversed(PANELS)}
        for dock in firsts.values():
            dock.raise_()
        self._set_first_sizes()
        self._later.start()

    def layout_text(self) -> str:
        """The layout as text for the settings."""
        state = self.saveState(LAYOUT_VERSION) if self._put_away is None else self._put_away
        return f"{LAYOUT_VERSION}:{_panel_names()}:{bytes(state.toBase64().data()).decode()}"

    def restore_layout(self, text: str) -> bool:
        """Puts a remembered layout back; False, and the default one, when the text is of no use."""
        version, _, rest = text.partition(":")
        names, _, state = rest.partition(":")
        is_known = version == str(LAYOUT_VERSION) and names == _panel_names()
        if is_known and self.restoreState(QByteArray.fromBase64(QByteArray(state.encode())), LAYOUT_VERSION):
            self._needs_first_sizes = False
            self._later.start()
            return True
        self.reset()
        return False

    def retranslate(self) -> None:
        for dock in self.docks.values():
            dock.retranslate()
        for panel in self._panels.values():
            panel.retranslate()

    # events

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._needs_first_sizes:
            self._needs_first_sizes = False
            self._set_first_sizes()

    def createPopupMenu(self) -> QMenu | None:  # type: ignore[override]
        return None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, QTabBar) and isinstance(event, QContextMenuEvent):
            self._ask_tab(watched, event.pos())
            return True
        if isinstance(watched, QTabBar) and event.type() == QEvent.Type.MouseButtonDblClick:
            dock = self._dock_of_tab(watched, watched.currentIndex())
            if dock is not None:
                dock.setFloating(True)
            return True
        return False

    def _set_first_sizes(self) -> None:
        firsts = {spec.group: self.docks[spec.name] for spec in reversed(PANELS)}
        tabs = self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        width = max([WIDTH_PX, *(bar.sizeHint().width() for bar in tabs)])  # wide fonts need more for all tabs
        self.resizeDocks(list(firsts.values()), [width] * len(firsts), Qt.Orientation.Horizontal)
        heights = [GROUP_HEIGHTS[group] for group in firsts]
        self.resizeDocks(list(firsts.values()), heights, Qt.Orientation.Vertical)

    def _refresh_headers(self) -> None:
        for dock in self.docks.values():
            neighbours = [other for other in self.tabifiedDockWidgets(dock) if not other.isHidden()]
            dock.show_header(not neighbours or dock.isFloating())
            dock.retranslate()
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.removeEventFilter(self)
            bar.installEventFilter(self)
            bar.setExpanding(False)
            bar.setDrawBase(False)
            bar.setAccessibleName(tr("menu.panels"))
            bar.setElideMode(Qt.TextElideMode.ElideNone)

    def _ask_tab(self, bar: QTabBar, place: QPoint) -> None:
        dock = self._dock_of_tab(bar, bar.tabAt(place))
        if dock is None:
            return
        menu = QMenu(self)
        menu.addAction(tr("panels.float")).triggered.connect(lambda: dock.setFloating(True))
        menu.addAction(tr("panels.close")).triggered.connect(dock.close)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(bar.mapToGlobal(place))

    def _dock_of_tab(self, bar: QTabBar, index: int) -> PanelDock | None:
        return next((dock for dock in self.docks.values() if dock.windowTitle() == bar.tabText(index)), None)


def _panel_names() -> str:
    return ",".join(spec.name for spec in PANELS)
