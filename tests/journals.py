"""Documents with a journal, and what their journals bring back."""

from __future__ import annotations

from pathlib import Path

from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Rect
from desktop.io.journal import Journal, JournalKeeper
from desktop.io.journal_folder import JournalFolder
from desktop.io.journal_reader import Recovered, journals_in, read_journal
from tests.builders import noise_document

WHOLE = Rect(0, 0, 600, 400)


def fill(opened: OpenDocument, level: int, rect: Rect = WHOLE) -> None:
    with opened.edit("Fill") as edit:
        edit.pixels(1).fill(rect, level)
        edit.touched(1, rect)


def recovered(folder: JournalFolder, index: int = 0) -> Recovered:
    found = read_journal(journals_in(folder.path)[index])
    assert found is not None
    return found


def journal_of(keeper: JournalKeeper, document: Document | None = None) -> tuple[OpenDocument, Journal]:
    opened = OpenDocument(document or noise_document(2, width=600, height=400))
    return opened, keeper.follow(opened, path=Path("/somewhere/a.ora"), title="A")
