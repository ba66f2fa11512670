"""Documents with a journal, and what their journals bring back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Rect
from desktop.io.journal import Journal, JournalKeeper
from desktop.io.journal_folder import JournalFolder
from desktop.io.journal_reader import Recovered, journals_in, read_journal
from desktop.io.journal_records import SIGNATURE, RecordKind, checksum, header_of, records_in
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


def rewrite_commits(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Lets `change` alter every version of a journal file; the checksums are right again afterwards."""
    data = path.read_bytes()
    content = bytearray(SIGNATURE)
    for record in records_in(memoryview(data)):
        payload = bytes(record.payload)
        if record.kind == RecordKind.COMMIT:
            commit = msgspec.msgpack.decode(payload)
            change(commit)
            payload = msgspec.msgpack.encode(commit)
        content += header_of(RecordKind(record.kind), checksum(payload), len(payload)) + payload
    path.write_bytes(content)
