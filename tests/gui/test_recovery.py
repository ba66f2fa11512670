"""An end without a goodbye: the next start offers what was open, exact, and only to one window."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.core.edits import OpenDocument
from desktop.io import journal_file
from desktop.io.journal import JournalKeeper
from desktop.io.journal_folder import MAX_AGE_S, new_folder
from desktop.io.journal_reader import journals_in, read_journal
from desktop.io.journal_values import document_digest
from desktop.io.openraster import save_openraster
from desktop.settings import JOURNAL, JOURNAL_FOLDER
from desktop.ui.commands.recovery_commands import find_offers
from desktop.ui.dialogs.recovery_dialog import RecoveryDialog
from tests.builders import noise_document
from tests.gui.conftest import OpenStudio, Studio
from tests.journals import rewrite_commits


def journals(home: Path) -> list[tuple[Path, ...]]:
    return [files for folder in (home / "data" / "journals").glob("*") for files in journals_in(folder)]


def leave_journal(home: Path, title: str, seed_layers: int = 1, path: Path | None = None) -> str:
    """What a killed program leaves: a journal of a changed document."""
    folder = new_folder(home / "data" / "journals")
    keeper = JournalKeeper(folder.path)
    opened = OpenDocument(noise_document(seed_layers, width=120, height=80))
    keeper.follow(opened, path=path, title=title)
    with opened.edit("Fill") as edit:
        edit.pixels(1).fill(opened.document.size.rect(), (200, 30, 40, 255))
    assert keeper.flush()
    keeper.close(is_kept=True)
    folder.release()
    return document_digest(opened.document)


def dialog_of(studio: Studio) -> RecoveryDialog:
    studio.wait_for(lambda: studio.window.recovery.dialog is not None)
    dialog = studio.window.recovery.dialog
    assert dialog is not None
    return dialog


def click(button: object) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[arg-type]
    QApplication.processEvents()


def test_a_killed_window_gives_its_painting_back(open_studio: OpenStudio, empty_home: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.gui.killed_window"], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert child.stdout is not None
    with child.stdout as lines:
        word, digest = lines.readline().split()
        assert word == "painted"
        child.kill()
        child.wait()
    studio = open_studio()
    studio.window.recovery.look()
    dialog = dialog_of(studio)
    [row] = dialog.rows
    assert row.offer.recovered is not None
    assert row.offer.preview is not None
    picture = row.picture.pixmap().toImage()
    colors = {picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)}
    assert len(colors) > 10, "a picture of noise"
    click(row.recover)
    studio.wait_for(lambda: studio.window.state.open_document is not None)
    assert document_digest(studio.document) == digest
    assert studio.window.isWindowModified()
    assert studio.window.state.path == Path("/somewhere/else/painting.ora")
    x, y = 100, 40
    assert studio.on_screen(x, y)[:3] == studio.seen(x, y)[:3] == (0, 0, 0), "the first stroke is black"
    assert studio.window.recovery.flush()
    studio.wait_for(lambda: len(journals(empty_home)) == 1)
    assert "Recovered “painting.ora”" in studio.window.info.text


def test_a_file_named_from_its_folder_is_found_from_any_other(
    open_studio: OpenStudio, empty_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_openraster(noise_document(1, width=600, height=400), tmp_path / "a.ora")
    monkeypatch.chdir(tmp_path)
    studio = open_studio()
    studio.window.take_files([Path("a.ora")])
    studio.wait_for(lambda: studio.window.state.open_document is not None)
    studio.drag((200, 200), (300, 200))
    assert studio.window.recovery.flush()
    monkeypatch.chdir("/")
    found = read_journal(journals(empty_home)[0])
    assert found is not None
    assert found.path == tmp_path / "a.ora"
    assert document_digest(found.document) == document_digest(studio.document)


def test_each_document_is_discarded_or_left_for_later(open_studio: OpenStudio, empty_home: Path) -> None:
    leave_journal(empty_home, "one.ora")
    leave_journal(empty_home, "two.ora", 2)
    studio = open_studio()
    studio.window.recovery.look()
    dialog = dialog_of(studio)
    assert [row.offer.recovered.title for row in dialog.rows if row.offer.recovered] == ["two.ora", "one.ora"]
    click(dialog.rows[0].discard)
    click(dialog.rows[0].later)
    assert not dialog.isVisible()
    assert len(journals(empty_home)) == 1
    studio.wait_for(lambda: studio.window.recovery.dialog is None)
    studio.window.perform("file.recover")
    [row] = dialog_of(studio).rows
    assert row.offer.recovered is not None
    assert row.offer.recovered.title == "one.ora"
    dialog_of(studio).reject()


def test_a_second_window_is_not_offered_what_the_first_holds(open_studio: OpenStudio, empty_home: Path) -> None:
    leave_journal(empty_home, "one.ora")
    first, second = open_studio(), open_studio()
    first.show_plain()
    first.drag((20, 20), (60, 60))
    assert first.window.recovery.flush()
    first.window.recovery.look()
    dialog = dialog_of(first)
    assert len(dialog.rows) == 1, "its own living journal is not offered"
    second.window.perform("file.recover")
    second.wait_for(lambda: bool(second.window.info.text))
    assert second.window.info.text == "There is nothing to recover."
    dialog.reject()


def test_closing_properly_leaves_no_journal(open_studio: OpenStudio, empty_home: Path) -> None:
    studio = open_studio()
    studio.show_plain()
    studio.drag((20, 20), (60, 60))
    assert studio.window.recovery.flush()
    assert len(journals(empty_home)) == 1
    studio.window.state.open_document.mark_saved()  # type: ignore[union-attr]
    studio.window.close()
    assert list((empty_home / "data" / "journals").iterdir()) == []


def test_a_document_that_gives_way_takes_its_journal_along(studio: Studio, empty_home: Path) -> None:
    studio.show_plain()
    studio.drag((20, 20), (60, 60))
    assert studio.window.recovery.flush()
    studio.window.state.open_document.mark_saved()  # type: ignore[union-attr]
    studio.window.perform("file.close")
    assert studio.window.recovery.flush()
    assert journals(empty_home) == []


def test_each_tab_has_a_journal_of_its_own(studio: Studio, empty_home: Path) -> None:
    for _ in range(2):
        studio.show_plain()
        studio.drag((20, 20), (60, 60))
    assert studio.window.recovery.flush()
    assert len(journals(empty_home)) == 2
    studio.window.state.open_document.mark_saved()  # type: ignore[union-attr]
    studio.window.perform("file.close")
    assert studio.window.recovery.flush()
    assert len(journals(empty_home)) == 1


def test_a_journal_of_long_ago_is_offered_before_its_days_are_counted(
    open_studio: OpenStudio, empty_home: Path
) -> None:
    leave_journal(empty_home, "one.ora")
    [[path]] = journals(empty_home)
    long_ago = time.time() - 2 * MAX_AGE_S
    for old in (path, path.parent):
        os.utime(old, (long_ago, long_ago))
    first = open_studio()
    first.window.recovery.look()
    [row] = dialog_of(first).rows
    assert row.offer.recovered is not None
    dialog_of(first).reject()
    first.window.close()
    [again] = find_offers(path.parent.parent, [], set())
    again.folder.release()
    assert path.exists(), "left alone for a moment only"


def test_a_damaged_journal_is_named(open_studio: OpenStudio, empty_home: Path) -> None:
    leave_journal(empty_home, "one.ora")
    [[path]] = journals(empty_home)
    data = path.read_bytes()
    base = data.index(b"one.ora")
    path.write_bytes(data[: base - 2000] + data[base - 200 :] if base > 4000 else data[:40])
    studio = open_studio()
    studio.window.perform("file.recover")
    studio.wait_for(lambda: bool(studio.window.info.text) or studio.window.recovery.dialog is not None)
    dialog = studio.window.recovery.dialog
    assert dialog is None or not dialog.rows[0].recover.isVisible()
    if dialog is not None:
        dialog.reject()


def test_one_bad_journal_hides_no_other(
    open_studio: OpenStudio, empty_home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for title in ("timeless.ora", "good.ora", "raising.ora"):
        leave_journal(empty_home, title)
    of_title = {found.title: files for files in journals(empty_home) if (found := read_journal(files)) is not None}
    rewrite_commits(of_title["timeless.ora"][0], lambda commit: commit.__setitem__("time", 1e300))

    def raising(files: tuple[Path, ...]) -> object:
        if files == of_title["raising.ora"]:
            raise OverflowError
        return read_journal(files)

    monkeypatch.setattr("desktop.ui.commands.recovery_commands.read_journal", raising)
    studio = open_studio()
    studio.window.recovery.look()
    rows = dialog_of(studio).rows
    assert [row.offer.recovered.title for row in rows if row.offer.recovered] == ["good.ora"]
    assert sorted(row.offer.error.key for row in rows if row.offer.error) == [
        "journal.damaged",
        "journal.nameless_damaged",
    ]
    assert caplog.messages == [f"A journal could not be read: {of_title['raising.ora'][0]}"]
    caplog.clear()
    dialog_of(studio).reject()


def test_a_full_disk_is_said_and_room_too(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    is_full = True
    original = journal_file.reserve

    def limited(file: object, start: int, end: int) -> None:
        if is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        original(file, start, end)  # type: ignore[arg-type]

    monkeypatch.setattr(journal_file, "reserve", limited)
    monkeypatch.setattr("desktop.io.journal.RETRY_S", 0.02)
    studio.show_plain()
    studio.drag((20, 20), (60, 60))
    studio.wait_for(lambda: "full" in studio.window.info.text)
    is_full = False
    studio.window.recovery.flush()
    studio.wait_for(lambda: "kept again" in studio.window.info.text)


def test_the_journal_can_be_switched_off_and_moved(studio: Studio, empty_home: Path, tmp_path: Path) -> None:
    studio.show_plain()
    studio.drag((20, 20), (60, 60))
    assert studio.window.recovery.flush()
    assert len(journals(empty_home)) == 1
    studio.window.settings.set(JOURNAL_FOLDER, str(tmp_path / "elsewhere"))
    assert studio.window.recovery.flush()
    assert journals(empty_home) == []
    assert len(list((tmp_path / "elsewhere").glob("*/*.journal"))) == 1
    studio.window.settings.set(JOURNAL, False)
    assert list((tmp_path / "elsewhere").glob("*/*.journal")) == []


def test_recovered_pixels_are_drawn(open_studio: OpenStudio, empty_home: Path) -> None:
    digest = leave_journal(empty_home, "one.ora")
    studio = open_studio()
    studio.window.perform("file.recover")
    click(dialog_of(studio).rows[0].recover)
    studio.wait_for(lambda: studio.window.state.open_document is not None)
    studio.window.canvas.zoom_to(1.0)
    assert document_digest(studio.document) == digest
    assert np.allclose(studio.on_screen(50, 40), (200, 30, 40), atol=1)
