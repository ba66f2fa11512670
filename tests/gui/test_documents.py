"""Several documents in tabs: each keeps what belongs to it, and one question is asked for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar

from desktop.io.image_files import ImageFile, read_image, write_image
from desktop.runtime.fake import Script
from desktop.settings import UNDO_MEMORY_PERCENT
from desktop.tools.painting import Plane
from desktop.ui.dialogs.dialogs import Unsaved
from desktop.ui.dialogs.unsaved_dialog import UnsavedDialog
from desktop.ui.documents import share_memory
from tests.builders import noise
from tests.gui.conftest import OpenStudio, Studio

WHITE, GREY = (255, 255, 255), (90, 90, 90)


@pytest.fixture
def pair(studio: Studio) -> Studio:
    """A white picture, and a grey one that is shown."""
    studio.show_plain(level=255)
    studio.show_plain(level=90)
    return studio


def titles(studio: Studio) -> list[str]:
    tabs = studio.window.tabs
    return [tabs.tabText(place) for place in range(tabs.count())]


def choose(studio: Studio, place: int) -> None:
    tabs = studio.window.tabs
    QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(place).center())
    QApplication.processEvents()


def modify(studio: Studio) -> None:
    studio.drag((50, 50), (100, 50))


def picture(path: Path) -> Path:
    write_image(path, ImageFile(noise(60, 40, seed=3), has_alpha=False))
    return path


def test_tabs_show_from_the_second_document_on(studio: Studio) -> None:
    studio.show_plain()
    assert not studio.window.tabs.isVisible()
    studio.show_plain()
    assert studio.window.tabs.isVisible()
    studio.window.perform("file.close")
    assert not studio.window.tabs.isVisible()


def test_a_click_shows_the_other_picture_with_its_own_view_layer_and_history(pair: Studio) -> None:
    modify(pair)
    pair.window.perform("layer.new")
    pair.window.canvas.zoom_to(3.0)
    view, layer = pair.window.canvas.view, pair.window.state.layer_id
    choose(pair, 0)
    assert pair.on_screen(150, 100) == WHITE
    assert pair.names == ["New picture"]
    assert pair.window.canvas.view.zoom == 1.0
    choose(pair, 1)
    assert pair.window.canvas.view == view
    assert pair.window.state.layer_id == layer
    assert pair.names == ["New picture", "Brush stroke", "New layer"]
    assert pair.on_screen(150, 100) == GREY


def test_each_document_keeps_its_region_and_plane(pair: Studio) -> None:
    pair.window.perform("tool.region")
    pair.drag((60, 60), (90, 60))
    pair.window.perform("layer.add_mask")
    pair.window.state.choose_layer(pair.window.state.layer_id, Plane.MASK)
    choose(pair, 0)
    assert pair.window.state.region.is_empty
    assert pair.window.state.plane is Plane.PIXELS
    choose(pair, 1)
    assert not pair.window.state.region.is_empty
    assert pair.window.state.plane is Plane.MASK
    red, green, _ = pair.on_screen(75, 60)
    assert red > green + 20, "the region is shown again"


def test_the_tab_shows_the_mark_of_unsaved_work_and_the_path(pair: Studio, tmp_path: Path) -> None:
    modify(pair)
    assert titles(pair) == ["Test", "Test •"]
    path = picture(tmp_path / "photo.png")
    pair.window.files.open_path(path)
    pair.wait_for(lambda: pair.window.tabs.count() == 3)
    assert pair.window.tabs.tabToolTip(2) == str(path)
    assert titles(pair) == ["Test", "Test •", "photo.png"]


def test_keys_go_round_the_documents_and_close(pair: Studio) -> None:
    first, second = pair.window.state.documents
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    pair.window.canvas.setFocus()
    pair.key(Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
    assert pair.window.state.current is first
    pair.key(Qt.Key.Key_Backtab, both)
    assert pair.window.state.current is second
    pair.key(Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert pair.window.state.documents == [first]
    pair.show_plain()
    pair.key(Qt.Key.Key_W, both)
    assert pair.window.state.documents == []
    assert pair.window.empty.isVisible()


def test_the_cross_and_the_middle_button_close(pair: Studio) -> None:
    pair.show_plain(level=10)
    first, _, third = pair.window.state.documents
    tabs = pair.window.tabs
    button = tabs.tabButton(1, QTabBar.ButtonPosition.RightSide)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert pair.window.state.documents == [first, third]
    QTest.mouseClick(tabs, Qt.MouseButton.MiddleButton, pos=tabs.tabRect(1).center())
    assert pair.window.state.documents == [first]
    assert pair.on_screen(150, 100) == WHITE


def test_a_moved_tab_stays_with_its_document(pair: Studio) -> None:
    first, second = pair.window.state.documents
    pair.window.tabs.moveTab(0, 1)
    assert pair.window.state.documents == [second, first]
    choose(pair, 0)
    assert pair.window.state.current is second
    assert pair.on_screen(150, 100) == GREY


def test_the_menu_of_a_tab_closes_the_others(pair: Studio, tmp_path: Path) -> None:
    pair.window.files.open_path(picture(tmp_path / "photo.png"))
    pair.wait_for(lambda: pair.window.tabs.count() == 3)
    menu = pair.window.tabs.menu_of(2)
    _, others, _, folder = menu.actions()
    folder.trigger()
    assert pair.dialogs.asked == [f"folder {tmp_path}"]
    others.trigger()
    assert [session.title for session in pair.window.state.documents] == ["photo.png"]
    menu.deleteLater()


def test_a_file_dropped_on_the_tabs_opens_and_one_that_is_open_is_shown(pair: Studio, tmp_path: Path) -> None:
    path = picture(tmp_path / "photo.png")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    for _ in range(2):
        event = QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        pair.window.tabs.dropEvent(event)
        pair.wait_for(lambda: pair.window.state.title == "photo.png")
        assert len(pair.window.state.documents) == 3
        choose(pair, 0)
    assert pair.seen(5, 5)[:3] == WHITE


def test_switching_in_the_middle_of_a_stroke_takes_the_stroke_back(pair: Studio) -> None:
    pair.press((50, 50))
    pair.move((90, 50))
    pair.window.files.next_document()
    QTest.mouseRelease(pair.window.canvas, Qt.MouseButton.LeftButton, pos=pair.at((90, 50)))
    assert [len(session.open_document.history.entries) for session in pair.window.state.documents] == [1, 1]


def test_quitting_asks_once_about_every_document(pair: Studio) -> None:
    modify(pair)
    choose(pair, 0)
    modify(pair)
    pair.dialogs.unsaved = Unsaved.CANCEL
    assert not pair.window.close()
    assert pair.dialogs.asked == ["unsaved_list"]
    assert pair.dialogs.listed == ["Test", "Test"]
    pair.dialogs.unsaved = Unsaved.DISCARD
    assert pair.window.close()


def test_quitting_saves_what_has_a_tick_and_gives_up_the_rest(pair: Studio, tmp_path: Path) -> None:
    modify(pair)
    choose(pair, 0)
    modify(pair)
    pair.dialogs.unsaved = Unsaved.SAVE
    pair.dialogs.saves = [False, True]
    pair.dialogs.save_path = tmp_path / "grey.ora"
    pair.window.close()
    pair.wait_for(lambda: not pair.window.isVisible())
    assert pair.dialogs.asked == ["unsaved_list", "save"]
    assert (tmp_path / "grey.ora").exists()


def test_a_save_that_is_cancelled_keeps_every_document(pair: Studio) -> None:
    modify(pair)
    choose(pair, 0)
    modify(pair)
    pair.dialogs.unsaved = Unsaved.SAVE
    pair.dialogs.save_path = None
    assert not pair.window.close()
    assert len(pair.window.state.documents) == 2
    assert pair.window.isVisible()


def test_the_list_of_unsaved_documents_answers_by_ticks(studio: Studio) -> None:
    dialog = UnsavedDialog(["one", "two"], studio.window)
    dialog.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert dialog.answers() == [False, True]
    dialog.discard.click()
    assert dialog.answers() == [False, False]
    dialog.deleteLater()


def test_a_duplicate_is_unsaved_and_lives_on_its_own(pair: Studio) -> None:
    pair.window.perform("file.duplicate")
    assert pair.window.state.title == "Test copy"
    assert pair.window.isWindowModified() or pair.window.state.documents[2].is_modified
    modify(pair)
    assert pair.seen(75, 50)[:3] == (0, 0, 0)
    choose(pair, 1)
    assert pair.seen(75, 50)[:3] == GREY


def test_revert_brings_the_file_back_as_a_step(studio: Studio, tmp_path: Path) -> None:
    path = picture(tmp_path / "photo.png")
    studio.window.files.open_path(path)
    studio.wait_for(lambda: bool(studio.window.state.documents))
    studio.drag((10, 10), (40, 30))
    studio.window.perform("file.revert")
    studio.wait_for(lambda: not studio.window.state.documents[0].is_modified)
    assert studio.seen(20, 15)[:3] == tuple(read_image(path).pixels[15, 20][:3])
    assert studio.names[-1] == "Revert to the saved file"
    studio.window.perform("edit.undo")
    assert studio.seen(25, 20)[:3] == (0, 0, 0)


def test_a_result_lands_in_its_own_document_while_another_is_shown(open_studio: OpenStudio) -> None:
    studio = open_studio(scripts=[Script(steps=4, delay_s=0.1)])
    studio.show_plain(level=200)
    studio.show_plain(level=90)
    first, second = studio.window.state.documents
    studio.window.perform("tool.region")
    studio.drag((80, 100), (160, 100))
    studio.window.perform("ai.run")
    choose(studio, 0)
    studio.wait_for(lambda: not studio.window.ai.is_running)
    assert not studio.window.ai.has_preview
    assert not studio.window.preview_bar.isVisible()
    choose(studio, 1)
    assert studio.window.preview_bar.isVisible()
    studio.window.perform("ai.keep")
    assert [len(s.open_document.document.layers) for s in (first, second)] == [1, 2]


def test_a_job_of_a_closed_document_is_cancelled(open_studio: OpenStudio) -> None:
    studio = open_studio(scripts=[Script(waits_for_cancel=True)])
    studio.show_plain()
    studio.show_plain()
    studio.window.perform("tool.region")
    studio.drag((80, 100), (160, 100))
    studio.window.perform("ai.run")
    studio.wait_for(lambda: studio.window.ai.is_running)
    studio.window.perform("file.close")
    studio.wait_for(lambda: not studio.window.ai.is_running)
    assert not studio.window.ai.has_preview


def test_the_histories_share_one_budget(pair: Studio) -> None:
    for _ in range(3):
        modify(pair)
    busy, idle = pair.window.state.documents[1], pair.window.state.documents[0]
    used = busy.kept_bytes()
    assert used > 0
    share_memory([idle, busy], used)
    assert len(busy.open_document.history.entries) == 4, "what the other leaves is enough"
    pair.window.settings.set(UNDO_MEMORY_PERCENT, 1)
    assert pair.window.files.memory_budget() > 0
