"""Journals of open documents, kept by one thread: what is finished is on the way to the disk within milliseconds.

The thread of the window only notes what changed. While a stroke runs, tiles that the brush has left are written ahead,
so that the end of a long stroke has little left to write.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Rect
from desktop.core.layers import GroupLayer, LayerId
from desktop.core.step_back import step_back
from desktop.core.tiles import TileKey, TileMap, tiles_touched
from desktop.io.journal_records import checksum
from desktop.io.journal_writer import JournalWriter, Version

LOOK_S = 0.05  # between two looks at a stroke in progress
SETTLED_S = 0.06  # a tile that long untouched is written ahead
RETRY_S = 2.0  # after the disk was full
DRAFT_REST_S, DRAFT_MOST_S = 0.3, 2.0  # a text half written is kept at each pause, and at the latest after so long
REST_S = 0.004  # after each step of work that can wait, so that it never takes more than half of a core

logger = logging.getLogger(__name__)

PlaneKey = tuple[LayerId, str]


@dataclass(slots=True)
class _Ahead:
    """A tile written before its stroke ended: valid while the tile still has this checksum."""

    owner: Any  # the array the stroke writes to
    number: int
    checksum: int


@dataclass(frozen=True, slots=True)
class _Draft:
    """What an edit in progress has come to, since when, and since when it waits to be written."""

    document: Document
    changed: float
    began: float


class Journal:
    """One document's journal. Made by `JournalKeeper.follow`; its public methods belong to the window's thread."""

    def __init__(
        self, keeper: JournalKeeper, writer: JournalWriter, opened: OpenDocument, *, path: Path | None, title: str
    ) -> None:
        self.opened = opened
        self._keeper, self._writer = keeper, writer
        self._path, self._title = path, title
        self._pending: Version | None = None
        self._written: Version | None = None
        self._saved, self._was_saved = opened.history.saved_document, False
        self._touched: deque[tuple[LayerId, Rect, float]] = deque()
        self._live: Document | None = None
        self._draft: _Draft | None = None
        self._has_written_draft = False
        self._unsettled: dict[tuple[LayerId, TileKey], float] = {}
        self._ahead: dict[int, _Ahead] = {}
        self.is_closed = False
        opened.changed.connect(self._note_touched)
        opened.history_changed.connect(self._note_version)
        opened.draft_changed.connect(self._note_draft)

    def set_target(self, path: Path | None, title: str) -> None:
        """Where the document would be saved, and what it is called."""
        if (path, title) != (self._path, self._title):
            self._path, self._title = path, title
            if self._written is not None or self._pending is not None:
                self._note_version()

    def keep_now(self) -> None:
        """Writes the document as it is, also if it was not changed."""
        self._note_version(is_forced=True)

    def close(self) -> None:
        """Ends the journal and removes it: the document was saved, or given up on purpose."""
        self._stop_listening()
        self._keeper.forget(self)

    @property
    def size_bytes(self) -> int:
        return self._writer.size

    @property
    def is_caught_up(self) -> bool:
        return self._pending is None and self._draft is None

    def _stop_listening(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.opened.changed.disconnect(self._note_touched)
            self.opened.history_changed.disconnect(self._note_version)
            self.opened.draft_changed.disconnect(self._note_draft)

    # the window's thread: notes only

    def _note_touched(self, layer_id: LayerId, rect: Rect) -> None:
        if not self.opened.is_editing:
            self._live = None
        elif layer_id:
            self._live = self.opened.shown
            self._touched.append((layer_id, rect, time.monotonic()))
            self._keeper.note_stroke()

    def _note_version(self, is_forced: bool = False) -> None:
        document, is_modified = self.opened.document, self.opened.is_modified
        if not is_modified and self._written is None and self._pending is None and not is_forced:
            return
        if self.opened.history.saved_document is not self._saved:
            self._saved, self._was_saved = self.opened.history.saved_document, True
        self._pending = Version(document, self._path, self._title, is_modified)
        self._live = self._draft = None
        self._has_written_draft = False
        self._keeper.note_work()

    def _note_draft(self, document: Document | None) -> None:
        if document is not None:
            now, before = time.monotonic(), self._draft
            self._draft = _Draft(document, now, now if before is None else before.began)
            self._keeper.note_stroke()
            return
        self._draft = None
        if self._has_written_draft:
            self._note_version(is_forced=True)

    # the keeper's thread

    def write_pending(self) -> bool:
        """Writes the newest version if there is one. OSError when there is no room; the version stays pending."""
        version = self._pending
        if version is None:
            return False
        if self._was_saved:
            self._was_saved = False
            self._writer.stand_alone()  # the file that was referred to may just have been replaced
        self._claim_ahead(version.document)
        self._writer.write(version)
        self._written = version
        if self._pending is version:
            self._pending = None
        return True

    def write_ahead(self) -> bool:
        """Writes tiles of the stroke in progress that the brush has left; False when no stroke is in progress."""
        self._write_draft()
        live = self._live
        if live is None:
            self._touched.clear()
            self._unsettled.clear()
            return self._draft is not None
        while self._touched:
            layer_id, rect, when = self._touched.popleft()
            for key, _ in tiles_touched(rect):
                self._unsettled[layer_id, key] = when
        ripe = time.monotonic() - SETTLED_S
        for (layer_id, key), when in list(self._unsettled.items()):
            if when < ripe:
                del self._unsettled[layer_id, key]
                self._write_tile_ahead(live, layer_id, key)
        return True

    def _write_draft(self) -> None:
        """OSError when there is no room; then it is tried again."""
        draft, now = self._draft, time.monotonic()
        if draft is None or (now - draft.changed < DRAFT_REST_S and now - draft.began < DRAFT_MOST_S):
            return
        self._has_written_draft = True
        version = Version(draft.document, self._path, self._title, is_modified=True)
        self._writer.write(version)
        self._written = version
        if self._draft is draft:
            self._draft = None
        elif self._draft is None and self._pending is None:  # given up meanwhile
            self._pending = Version(self.opened.document, self._path, self._title, self.opened.is_modified)

    def idle_step(self) -> bool:
        return self._writer.idle_step()

    def end(self, *, is_kept: bool) -> None:
        if is_kept:
            self._writer.leave()
        else:
            self._writer.close()

    def _write_tile_ahead(self, live: Document, layer_id: LayerId, key: TileKey) -> None:
        """The edit may have moved on meanwhile: then the tile is written again with its version."""
        if not live.has_layer(layer_id):
            return
        for tiles in _maps_of(live, layer_id):
            tile = tiles.stored().get(key)
            owner = tile.base if isinstance(tile, np.ndarray) else None
            if tile is None or not isinstance(owner, np.ndarray):
                continue  # not a tile that the edit writes to
            pixels = np.array(tile)
            number = self._writer.write_tile(pixels)
            self._ahead[id(owner)] = _Ahead(owner, number, checksum(pixels))

    def _claim_ahead(self, document: Document) -> None:
        """Tiles written ahead that are the version's own, unchanged since, need not be written again."""
        ahead, self._ahead = self._ahead, {}
        if not ahead:
            return
        for layer in document.iter_layers():
            for tiles in _maps_of(document, layer.id):
                for tile in tiles.stored().values():
                    known = ahead.get(id(tile))
                    if known is not None and known.owner is tile and checksum(tile) == known.checksum:
                        self._writer.claim(tile, known.number)


def _maps_of(document: Document, layer_id: LayerId) -> list[TileMap]:
    layer = document.layer(layer_id)
    maps = [] if layer.mask is None else [layer.mask.tiles]
    return maps if isinstance(layer, GroupLayer) else [layer.tiles, *maps]


class JournalKeeper:
    """The thread behind all journals of a program, and the folder they lie in.

    `on_paused(reason)` and `on_resumed()` are called in that thread when writing fails and when it works again.
    """

    def __init__(
        self,
        folder: Path,
        *,
        on_paused: Callable[[OSError], object] = lambda error: None,
        on_resumed: Callable[[], object] = lambda: None,
        on_written: Callable[[Journal, Version], object] = lambda journal, version: None,
        retry_s: float | None = None,
    ) -> None:
        self.folder = folder
        self._on_paused, self._on_resumed, self._on_written = on_paused, on_resumed, on_written
        self._retry_s = RETRY_S if retry_s is None else retry_s
        self._journals: list[Journal] = []
        self._leaving: list[Journal] = []
        self._wake = threading.Condition()
        self._has_work = self._has_stroke = self._is_ending = False
        self._is_paused = False
        self._next_name = 1
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def follow(self, opened: OpenDocument, *, path: Path | None, title: str, source: Path | None = None) -> Journal:
        """Keeps a journal of a document from now on. `source` is the file it was read from just now."""
        with self._wake:
            name = f"{self._next_name:04d}"
            self._next_name += 1
            writer = JournalWriter(self.folder, name, opened.document, source)
            journal = Journal(self, writer, opened, path=path, title=title)
            self._journals.append(journal)
            self._has_work = True
            self._wake.notify()
        return journal

    def forget(self, journal: Journal) -> None:
        with self._wake:
            if journal in self._journals:
                self._journals.remove(journal)
                self._leaving.append(journal)
                self._has_work = True
                self._wake.notify()

    def note_work(self) -> None:
        with self._wake:
            self._has_work = True
            self._wake.notify()

    def note_stroke(self) -> None:
        if not self._has_stroke:
            with self._wake:
                self._has_stroke = self._has_work = True
                self._wake.notify()

    def flush(self, timeout_s: float = 20.0) -> bool:
        """Waits until every finished change is written and closed journals are gone; for tests and the end."""
        stop = time.monotonic() + timeout_s
        while time.monotonic() < stop:
            with self._wake:
                if not self._leaving and all(journal.is_caught_up for journal in self._journals):
                    return True
            time.sleep(0.002)
        return False

    def close(self, *, is_kept: bool = False) -> None:
        """Ends the thread; journals are removed, or left for the next start."""
        with self._wake:
            self._is_ending = True
            self._wake.notify()
        self._thread.join()
        for journal in [*self._journals, *self._leaving]:
            journal._stop_listening()
            journal.end(is_kept=is_kept and journal not in self._leaving)
        self._journals.clear()
        self._leaving.clear()

    # the thread

    def _run(self) -> None:
        step_back()
        timeout: float | None = None
        while True:
            with self._wake:
                if not self._has_work and not self._is_ending:
                    self._wake.wait(timeout)
                self._has_work = False
                if self._is_ending:
                    return
                journals, leaving = list(self._journals), list(self._leaving)
            for journal in leaving:
                journal.end(is_kept=False)
                with self._wake:
                    self._leaving.remove(journal)
            timeout = self._round(journals)

    def _round(self, journals: list[Journal]) -> float | None:
        """One turn of work; returns how long to wait for the next, None: until something happens."""
        try:
            return self._work(journals)
        except OSError as error:
            if not self._is_paused:
                self._is_paused = True
                logger.info("The journal is paused: %s", error)
                self._on_paused(error)
            return self._retry_s
        except Exception as error:
            if not self._is_paused:
                self._is_paused = True
                logger.exception("The journal failed")
                self._on_paused(OSError(f"{type(error).__name__}: {error}"))
            return self._retry_s

    def _work(self, journals: list[Journal]) -> float | None:
        written = False
        for journal in journals:
            version = journal._pending
            if journal.write_pending() and version is not None:
                self._on_written(journal, version)
                written = True
        if self._is_paused and written:  # a round without anything to write proves nothing
            self._is_paused = False
            self._on_resumed()
        strokes = [journal.write_ahead() for journal in journals]
        self._has_stroke = any(strokes)
        if self._has_stroke:
            return LOOK_S
        return self._idle(journals)

    def _idle(self, journals: list[Journal]) -> float | None:
        """What can wait; with a full disk it waits, and every finished change is safe all the same."""
        try:
            return REST_S if any(journal.idle_step() for journal in journals) else None
        except OSError as error:
            logger.info("Copying in idle moments waits: %s", error)
            return self._retry_s
