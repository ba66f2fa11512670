"""Panels as docks: shown, closed, floated, put away with one key, remembered, and back to the default layout."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QTabBar, QWidget

from desktop.ui.panels.registry import PANELS, Group
from desktop.ui.theme import tokens
from tests.gui.conftest import OpenStudio, Studio


def is_in_sight(panel: QWidget) -> bool:
    """Qt keeps the panels behind a tab visible, outside the window."""
    return panel.isVisible() and not panel.visibleRegion().isEmpty()


def shown(studio: Studio) -> set[str]:
    QApplication.processEvents()
    return {spec.name for spec in PANELS if is_in_sight(studio.window.panels[spec.name])}


@pytest.mark.parametrize("spec", PANELS, ids=lambda spec: spec.name)
def test_every_panel_can_be_closed_and_brought_back_from_the_menu(studio: Studio, spec: object) -> None:
    name = spec.name  # type: ignore[attr-defined]
    action = studio.window.actions_by_id[f"panel.{name}"]
    assert action.isChecked()
    action.trigger()
    assert not studio.window.panels.is_open(name)
    assert not action.isChecked()
    action.trigger()
    assert action.isChecked()
    assert name in shown(studio), "in front of its tabs"


def test_the_first_panels_of_both_groups_are_in_front(studio: Studio) -> None:
    firsts = {next(spec.name for spec in PANELS if spec.group is group) for group in Group}
    assert shown(studio) == firsts
    upper, lower = (studio.window.panels.docks[name] for name in ("ai", "layers"))
    assert upper.width() == lower.width() >= 272
    assert upper.mapToGlobal(upper.rect().bottomLeft()).y() < lower.mapToGlobal(lower.rect().topLeft()).y()


def test_tab_puts_all_panels_away_and_brings_them_back(studio: Studio) -> None:
    studio.show_plain()
    before, width = shown(studio), studio.window.canvas.width()
    studio.window.canvas.setFocus()
    studio.key(Qt.Key.Key_Tab)
    assert shown(studio) == set()
    assert studio.window.canvas.width() > width + 250
    studio.key(Qt.Key.Key_Tab)
    assert shown(studio) == before
    assert studio.window.canvas.width() == width


def test_asking_for_one_panel_brings_all_back(studio: Studio) -> None:
    studio.window.perform("view.panels")
    studio.window.panels.bring_to_front("colour")
    assert {"color", "layers"} <= shown(studio)
    studio.window.panels.bring_to_front("no such panel")


def test_a_floating_panel_has_a_header_of_its_own_and_goes_back(studio: Studio) -> None:
    dock = studio.window.panels.docks["history"]
    dock.setFloating(True)
    dock.show()
    QApplication.processEvents()
    QApplication.processEvents()
    assert dock.isWindow()
    assert dock.header.isVisible()
    assert dock.header.title.text() == "History"
    ground = dock.grab().toImage().pixelColor(dock.width() // 2, 4)
    assert ground.name() == tokens().panel
    dock.header.float.click()
    assert not dock.isFloating()


def test_a_lone_panel_shows_its_header_and_a_tabbed_one_its_tab(studio: Studio) -> None:
    QApplication.processEvents()
    panels = studio.window.panels
    texts = {bar.tabText(i) for bar in panels.findChildren(QTabBar) for i in range(bar.count())}
    assert {"AI", "Colour", "History"} <= texts
    assert not panels.docks["ai"].header.isVisible()
    for spec in PANELS:
        if spec.group is Group.LOWER and spec.name != "layers":
            panels.docks[spec.name].close()
    QApplication.processEvents()
    QApplication.processEvents()
    assert panels.docks["layers"].header.isVisible()


def test_the_layout_is_remembered(open_studio: OpenStudio) -> None:
    first = open_studio()
    first.window.panels.docks["history"].close()
    first.window.panels.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, first.window.panels.docks["layers"])
    first.window.close()
    second = open_studio()
    panels = second.window.panels
    assert not panels.is_open("history")
    assert panels.dockWidgetArea(panels.docks["layers"]) == Qt.DockWidgetArea.LeftDockWidgetArea
    second.window.perform("panel.reset")
    assert panels.is_open("history")
    assert panels.dockWidgetArea(panels.docks["layers"]) == Qt.DockWidgetArea.RightDockWidgetArea


def test_a_layout_of_no_use_gives_the_default_one(open_studio: OpenStudio) -> None:
    panels = open_studio().window.panels
    names = ",".join(spec.name for spec in PANELS)
    for text in ("", "x", "900,380,400,300", "1:ai:AAAA", "2:ai,nothing:AAAA", f"2:{names}:AAAA", f"2:{names}:"):
        panels.docks["ai"].close()
        assert not panels.restore_layout(text)
        assert panels.is_open("ai")
