"""Journals: what comes back after an end without a goodbye, and what a damaged, foreign or full one does."""

from __future__ import annotations

import dataclasses
import enum
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

from desktop.core.document import Channel, Document, new_layer_from_pixels
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.core.tiles import TileMap
from desktop.io import journal_file
from desktop.io.journal import JournalKeeper
from desktop.io.journal_folder import MAX_AGE_S, JournalFolder, claim_abandoned, new_folder, remove_old
from desktop.io.journal_reader import journals_in, read_journal
from desktop.io.journal_values import document_digest, hints_of, value_types
from desktop.io.openraster import load_openraster, save_openraster
from tests.builders import noise, noise_document
from tests.journal_child import Editing
from tests.journals import fill, journal_of, recovered


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[JournalFolder]:
    made = new_folder(tmp_path / "journals")
    yield made
    made.remove()


@pytest.fixture
def keeper(folder: JournalFolder) -> Iterator[JournalKeeper]:
    made = JournalKeeper(folder.path, retry_s=0.01)
    yield made
    made.close()


def test_every_version_of_an_editing_run_comes_back_exact(keeper: JournalKeeper, folder: JournalFolder) -> None:
    editing = Editing(3, 400)
    keeper.follow(editing.opened, path=None, title="Untitled").keep_now()
    for step in range(60):
        editing.step()
        if step % 4 == 0:
            assert keeper.flush()
            assert document_digest(recovered(folder).document) == document_digest(editing.opened.document), step


def test_recovered_document_keeps_its_name_and_place(keeper: JournalKeeper, folder: JournalFolder) -> None:
    opened, journal = journal_of(keeper)
    fill(opened, 9)
    journal.set_target(Path("/elsewhere/b.ora"), "B")
    assert keeper.flush()
    found = recovered(folder)
    assert (found.path, found.title, found.is_modified) == (Path("/elsewhere/b.ora"), "B", True)
    assert found.layer_count == 2
    assert abs(found.time - time.time()) < 60


@pytest.mark.skipif(sys.platform == "win32", reason="names of files are text there")
def test_a_name_that_is_no_utf8_keeps_nothing_back(keeper: JournalKeeper, folder: JournalFolder) -> None:
    """An old disk has names in Latin-1; the place comes back byte for byte, texts with a question mark."""
    name = os.fsdecode(b"caf\xe9.png")
    document = noise_document(1).changed(channels=(Channel(name, TileMap(1)),))
    opened = OpenDocument(document)
    keeper.follow(opened, path=Path("/photos") / name, title=name)
    fill(opened, 3)
    assert keeper.flush()
    found = recovered(folder)
    assert found.path == Path("/photos") / name
    assert (found.title, found.document.channels[0].name) == ("caf?.png", "caf?.png")


def test_sixteen_bits_come_back(keeper: JournalKeeper, folder: JournalFolder) -> None:
    opened, _ = journal_of(keeper, noise_document(1, width=300, height=300, depth=16))
    fill(opened, 40_000, Rect(0, 0, 90, 70))
    assert keeper.flush()
    assert document_digest(recovered(folder).document) == document_digest(opened.document)


def test_an_unchanged_document_leaves_nothing(keeper: JournalKeeper, folder: JournalFolder, tmp_path: Path) -> None:
    save_openraster(noise_document(1), tmp_path / "a.ora")
    opened = OpenDocument(load_openraster(tmp_path / "a.ora"))
    keeper.follow(opened, path=tmp_path / "a.ora", title="a", source=tmp_path / "a.ora")
    assert keeper.flush()
    time.sleep(0.05)
    assert journals_in(folder.path) == []


def test_a_closed_document_takes_its_journal_along(keeper: JournalKeeper, folder: JournalFolder) -> None:
    opened, journal = journal_of(keeper)
    fill(opened, 1)
    assert keeper.flush()
    assert journals_in(folder.path)
    journal.close()
    assert keeper.flush()
    assert journals_in(folder.path) == []
    fill(opened, 2)


def test_tiles_of_the_opened_file_are_found_in_that_file(folder: JournalFolder, tmp_path: Path) -> None:
    """The first version must not wait until gigabytes of an opened document are copied."""
    save_openraster(noise_document(2, width=600, height=400), tmp_path / "a.ora")
    opened = OpenDocument(load_openraster(tmp_path / "a.ora"))
    keeper = JournalKeeper(folder.path)
    journal = keeper.follow(opened, path=None, title="a", source=tmp_path / "a.ora")
    journal._writer._keep_some = lambda: False  # type: ignore[method-assign] - nothing is copied in idle moments
    fill(opened, 7, Rect(0, 0, 50, 50))
    assert keeper.flush()
    assert journal.size_bytes < 600_000
    keeper.close(is_kept=True)
    assert document_digest(recovered(folder).document) == document_digest(opened.document)
    save_openraster(noise_document(1), tmp_path / "a.ora")
    with pytest.raises(UserError, match="damaged"):  # another picture's tiles are not taken for them
        read_journal(journals_in(folder.path)[0])


def test_saving_over_the_opened_file_makes_the_journal_stand_alone(folder: JournalFolder, tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    save_openraster(noise_document(2, width=600, height=400), path)
    opened = OpenDocument(load_openraster(path))
    keeper = JournalKeeper(folder.path)
    journal = keeper.follow(opened, path=path, title="a", source=path)
    journal._writer._keep_some = lambda: False  # type: ignore[method-assign]
    with opened.edit("Delete layer") as edit:
        edit.remove_layer(2)
    save_openraster(opened.document, path)
    opened.mark_saved()
    opened.undo()
    assert keeper.flush()
    keeper.close(is_kept=True)
    assert document_digest(recovered(folder).document) == document_digest(opened.document)


def test_idle_moments_copy_the_opened_file(keeper: JournalKeeper, folder: JournalFolder, tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    save_openraster(noise_document(2, width=600, height=400), path)
    opened = OpenDocument(load_openraster(path))
    journal = keeper.follow(opened, path=path, title="a", source=path)
    fill(opened, 7, Rect(0, 0, 50, 50))
    patience = time.monotonic() + 10
    while len(journal._writer._known.places if journal._writer._known else ()) < 13 and time.monotonic() < patience:
        time.sleep(0.01)
    path.unlink()
    assert document_digest(recovered(folder).document) == document_digest(opened.document)


def test_a_stroke_is_written_while_it_runs(keeper: JournalKeeper, folder: JournalFolder) -> None:
    opened, journal = journal_of(keeper)
    journal.keep_now()
    assert keeper.flush()
    with opened.edit("Brush stroke") as edit:
        edit.pixels(1).write(Rect(0, 0, 256, 256), noise(256, 256, seed=5))
        edit.touched(1, Rect(0, 0, 256, 256))
        size = journal.size_bytes
        patience = time.monotonic() + 5
        while journal.size_bytes < size + 200_000 and time.monotonic() < patience:
            time.sleep(0.01)
        size = journal.size_bytes
    assert keeper.flush()
    assert 0 < journal.size_bytes - size < 2000, "the tile was there already"
    assert document_digest(recovered(folder).document) == document_digest(opened.document)


def test_a_tile_that_changed_after_it_was_written_ahead_is_written_again(
    keeper: JournalKeeper, folder: JournalFolder
) -> None:
    opened, journal = journal_of(keeper)
    with opened.edit("Brush stroke") as edit:
        edit.pixels(1).fill(Rect(0, 0, 256, 256), 3)
        edit.touched(1, Rect(0, 0, 256, 256))
        patience = time.monotonic() + 5
        while not journal._ahead and time.monotonic() < patience:
            time.sleep(0.01)
        edit.pixels(1).fill(Rect(0, 0, 20, 20), 200)
    assert keeper.flush()
    assert document_digest(recovered(folder).document) == document_digest(opened.document)


def test_a_large_version_is_written_unpacked_and_read_alike(
    keeper: JournalKeeper, folder: JournalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.io.journal_writer.HURRIED_TILES", 3)
    opened, journal = journal_of(keeper, Document(Size(600, 400)))
    journal.keep_now()
    assert keeper.flush()
    for size, is_packed in ((300, False), (200, True)):
        before = journal.size_bytes
        with opened.edit("Insert") as edit:
            edit.insert_layer(new_layer_from_pixels(opened.document, np.full((size, size, 4), 90, np.uint8), "Plain"))
        assert keeper.flush()
        assert (journal.size_bytes - before < 20_000) == is_packed
        assert document_digest(recovered(folder).document) == document_digest(opened.document)


def test_dead_tiles_are_left_behind(
    keeper: JournalKeeper, folder: JournalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.io.journal_writer.SLACK_BYTES", 1 << 20)
    opened, journal = journal_of(keeper)
    journal._writer._compact_at = 1 << 20
    for seed in range(30):
        with opened.edit("Noise") as edit:
            edit.pixels(1).write(Rect(0, 0, 600, 400), noise(600, 400, seed=seed))
        assert keeper.flush()
    patience = time.monotonic() + 10
    while journal.size_bytes > 10 << 20 and time.monotonic() < patience:
        time.sleep(0.01)
    assert journal.size_bytes <= 10 << 20, "30 versions of a megabyte each"
    fill(opened, 3, Rect(0, 0, 9, 9))
    assert keeper.flush()
    assert document_digest(recovered(folder).document) == document_digest(opened.document)


class FullDisk:
    """Journal files find no more room while `is_full`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self.refused = 0
        self._reserve = journal_file.reserve
        monkeypatch.setattr(journal_file, "reserve", self._limited)

    def _limited(self, file: Any, start: int, end: int) -> None:
        if self.is_full:
            self.refused += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._reserve(file, start, end)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    return FullDisk(monkeypatch)


def wait_until(condition: Callable[[], bool]) -> None:
    patience = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < patience
        time.sleep(0.005)


def listening_keeper(folder: JournalFolder) -> tuple[JournalKeeper, list[str]]:
    heard: list[str] = []
    keeper = JournalKeeper(
        folder.path,
        retry_s=0.01,
        on_paused=lambda error: heard.append("paused"),
        on_resumed=lambda: heard.append("resumed"),
    )
    return keeper, heard


def test_a_full_disk_pauses_the_journal_and_room_resumes_it(folder: JournalFolder, disk: FullDisk) -> None:
    keeper, heard = listening_keeper(folder)
    opened, _ = journal_of(keeper)
    fill(opened, 1)
    assert keeper.flush()
    before = document_digest(opened.document)
    disk.is_full = True
    with opened.edit("Large") as edit:
        edit.pixels(1).write(Rect(0, 0, 1500, 1500), noise(1500, 1500))
    wait_until(lambda: bool(heard))
    refused = disk.refused
    wait_until(lambda: disk.refused > refused + 3)
    assert heard == ["paused"], "said once, however often it is tried again"
    assert document_digest(recovered(folder).document) == before
    disk.is_full = False
    wait_until(lambda: len(heard) > 1)
    assert keeper.flush()
    assert heard == ["paused", "resumed"]
    assert document_digest(recovered(folder).document) == document_digest(opened.document)
    keeper.close()


def test_copying_that_can_wait_waits_silently_for_room(
    folder: JournalFolder, disk: FullDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every finished change is safe: nobody needs to hear that the opened file could not be copied too."""
    monkeypatch.setattr("desktop.io.journal_file.FIRST_BYTES", 4096)
    monkeypatch.setattr("desktop.io.journal_file.MOST_BYTES", 4096)
    path = tmp_path / "a.ora"
    save_openraster(noise_document(2, width=600, height=400), path)
    opened = OpenDocument(load_openraster(path))
    keeper, heard = listening_keeper(folder)
    journal = keeper.follow(opened, path=path, title="a", source=path)
    wait_until(lambda: journal._writer._base is not None)
    wait_until(lambda: not keeper._has_work)
    with monkeypatch.context() as held:
        held.setattr(journal._writer, "_keep_some", lambda: False)
        fill(opened, 7, Rect(0, 0, 50, 50))
        assert keeper.flush()
    disk.is_full = True
    keeper.note_work()
    wait_until(lambda: disk.refused > 3)
    assert heard == []
    assert document_digest(recovered(folder).document) == document_digest(opened.document)
    disk.is_full = False
    wait_until(lambda: len(journal._writer._known.places if journal._writer._known else ()) == 13)
    path.unlink()
    assert document_digest(recovered(folder).document) == document_digest(opened.document)
    keeper.close()


def test_a_living_owner_is_left_alone(tmp_path: Path) -> None:
    mine, other = new_folder(tmp_path), new_folder(tmp_path)
    assert mine.path != other.path
    assert claim_abandoned(tmp_path) == []
    (other.path / "0001-0.journal").write_bytes(b"x")
    other.release()
    [claimed] = claim_abandoned(tmp_path)
    assert claimed.path == other.path
    assert claim_abandoned(tmp_path) == [], "nobody else is offered what one program holds"
    claimed.release()
    [again] = claim_abandoned(tmp_path)
    again.release()
    mine.release()
    assert not mine.path.exists(), "an empty folder does not stay"


def test_old_journals_are_cleaned_once_they_were_offered(tmp_path: Path) -> None:
    left, unseen, just_seen, empty = (new_folder(tmp_path) for _ in range(4))
    for folder in (left, unseen, just_seen):
        (folder.path / "0001-0.journal").write_bytes(b"x")
    (empty.path / "a note of somebody.txt").write_text("x")
    left.note_offer()
    long_ago = time.time() - MAX_AGE_S - 60
    for folder in (left, unseen, just_seen, empty):
        for path in (*folder.path.iterdir(), folder.path):
            os.utime(path, (long_ago, long_ago))
    just_seen.note_offer()
    for folder in (left, unseen, just_seen, empty):
        folder.release()
    remove_old(tmp_path)
    assert [folder.path.exists() for folder in (left, unseen, just_seen, empty)] == [False, True, True, False]


def test_a_folder_of_which_everything_was_taken_does_not_stay(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.note_offer()
    folder.release()
    assert not folder.path.exists()


def test_an_empty_document_comes_back(keeper: JournalKeeper, folder: JournalFolder) -> None:
    opened, journal = journal_of(keeper, Document(Size(5, 5)))
    journal.keep_now()
    assert keeper.flush()
    assert recovered(folder).document == opened.document


def test_every_field_of_a_document_can_be_kept() -> None:
    """A new field of a kind that journals do not know has to be taught to `journal_values`."""
    known = (bool, int, float, str, bytes, TileMap, type(None))
    waiting: list[Any] = [hint for kind in value_types().values() for hint in hints_of(kind).values()]
    while waiting:
        hint = waiting.pop()
        if get_origin(hint) is Literal or hint is Ellipsis or hint in known:
            continue
        if get_args(hint):
            waiting.extend(get_args(hint))
            continue
        assert isinstance(hint, type), hint
        assert dataclasses.is_dataclass(hint) or issubclass(hint, enum.Enum), hint
