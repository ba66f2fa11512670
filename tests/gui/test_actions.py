"""The table of actions: everything reachable, everything does something, keys never get in the way of typing."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from desktop.tools.ai_tool import Where
from desktop.ui.action_set import handler_of
from desktop.ui.actions import ACTIONS
from desktop.ui.conditions import CONDITIONS
from desktop.ui.dialogs.dialogs import Unsaved
from desktop.ui.i18n import LANGUAGES, set_language, tr
from desktop.ui.icons import has_icon
from desktop.ui.state import Tool
from desktop.ui.widgets.action_search import matching_actions
from tests.gui.conftest import Studio


def actions_under(menu: QMenu) -> list[QAction]:
    found: list[QAction] = []
    for action in menu.actions():
        submenu = action.menu()
        found += actions_under(submenu) if isinstance(submenu, QMenu) else [action]
    return found


def test_every_action_has_a_handler_a_condition_and_an_icon_that_exist(studio: Studio) -> None:
    for spec in ACTIONS:
        assert callable(handler_of(studio.window, spec)), spec.id
        assert spec.condition in CONDITIONS, spec.id
        assert not spec.checked or spec.checked in CONDITIONS, spec.id
        assert not spec.icon or has_icon(spec.icon), spec.id


def test_every_action_is_in_a_menu_and_in_the_search(studio: Studio) -> None:
    in_menus = set()
    for top in studio.window.menuBar().actions():
        menu = top.menu()
        assert isinstance(menu, QMenu)
        in_menus |= {action.objectName() for action in actions_under(menu)}
    searched = {spec.id for spec in matching_actions("")}
    for spec in ACTIONS:
        assert spec.id in in_menus
        assert spec.id in searched


def test_no_key_is_taken_twice() -> None:
    keys = Counter(QKeySequence(keys).toString() for spec in ACTIONS for keys in spec.shortcuts)
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_action_can_be_performed_on_an_open_picture(studio: Studio) -> None:
    studio.dialogs.unsaved = Unsaved.DISCARD
    for spec in sorted(ACTIONS, key=lambda spec: spec.id == "file.quit"):
        studio.show_plain()
        studio.drag((20, 20), (60, 20))
        studio.window.perform(spec.id)
        studio.window.action_search.hide()
        if spec.id == "file.quit":
            assert not studio.window.isVisible()
            return
        studio.wait_for(lambda: not studio.window.background.is_busy)
        studio.settle()
        studio.window.files.close_all()  # hundreds of open documents would slow each other down


def test_every_action_keeps_quiet_on_an_empty_window(studio: Studio) -> None:
    for spec in ACTIONS:
        if spec.id != "file.quit":
            studio.window.perform(spec.id)
        studio.window.action_search.hide()
        assert studio.window.state.open_document is None, spec.id


def test_the_search_finds_by_any_word_in_both_languages(studio: Studio) -> None:
    assert matching_actions("mask add")[0].id == "layer.add_mask"
    set_language("zh_CN")
    assert "layer.add_mask" in [spec.id for spec in matching_actions("蒙版")]
    assert "layer.add_mask" in [spec.id for spec in matching_actions("mask")]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_no_two_rows_of_the_search_read_alike(studio: Studio, language: str) -> None:
    set_language(language)
    studio.show_plain()
    studio.window.perform("help.search")
    results = studio.window.action_search.results
    rows = [results.item(row).text() for row in range(results.count())]
    assert len(rows) == len(set(rows)) == len(ACTIONS)
    studio.window.action_search.hide()


def test_the_search_finds_an_action_by_its_menu_and_says_when_there_is_none(studio: Studio) -> None:
    studio.show_plain()
    assert matching_actions("adjustment layer levels")[0].id == "adjustment.levels"
    studio.window.perform("help.search")
    search = studio.window.action_search
    QTest.keyClicks(search.field, "levitate")
    assert search.results.item(0).text() == "No action is called that."
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    assert search.isVisible()
    search.hide()


def test_the_search_performs_the_chosen_action(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("help.search")
    search = studio.window.action_search
    QTest.keyClicks(search.field, "new layer")
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    assert not search.isVisible()
    assert studio.names[-1] == "New layer"


def test_slash_opens_the_search(studio: Studio) -> None:
    studio.show_plain()
    studio.window.canvas.setFocus()
    QTest.keyClick(studio.window.canvas, "/")
    assert studio.window.action_search.isVisible()


def test_a_text_field_swallows_single_letters(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("layer.rename")
    field = studio.window.panels.layers.list.rows._name_edit
    assert field is not None
    QTest.keyClicks(field, "veb12/")
    assert field.text() == "veb12/"
    assert studio.window.state.tool is Tool.BRUSH
    assert studio.window.state.brush.opacity == 100
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert studio.document.layers[0].name == "veb12/"
    assert studio.names[-1] == "Rename layer"


def test_a_number_field_swallows_digits_and_enter(studio: Studio) -> None:
    studio.show_plain()
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()
    number = studio.window.context.size.number
    number.setFocus()
    number.selectAll()
    QTest.keyClicks(number, "77")
    QTest.keyClick(number, Qt.Key.Key_Return)
    assert studio.window.state.brush.size_px == 77
    assert studio.window.state.brush.opacity == 100
    assert studio.window.ai.has_preview, "Enter belonged to the field"


def test_every_tooltip_names_its_key(studio: Studio) -> None:
    for name, button in studio.window.strip.buttons.items():
        spec = next(spec for spec in ACTIONS if spec.id == f"tool.{name}")
        assert f"({spec.shortcuts[0]})" in button.toolTip()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_menu_and_action_has_a_text(studio: Studio, language: str) -> None:
    set_language(language)
    for spec in ACTIONS:
        assert studio.window.actions_by_id[spec.id].text().startswith(tr(f"action.{spec.id}"))
    for menu in studio.window.actions_by_id.menus.values():
        assert menu.title()
