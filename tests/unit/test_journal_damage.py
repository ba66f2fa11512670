"""Journals that are cut off, damaged, foreign or absurd: an older version, or one sentence, never a wrong picture."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.io.journal import JournalKeeper
from desktop.io.journal_folder import JournalFolder, new_folder
from desktop.io.journal_reader import journals_in, preview_of, read_journal
from desktop.io.journal_records import HEADER, MAGIC, SIGNATURE, RecordKind, header_of
from desktop.io.journal_values import document_digest
from tests.journals import fill, journal_of, recovered, rewrite_commits


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[JournalFolder]:
    made = new_folder(tmp_path / "journals")
    yield made
    made.remove()


@pytest.fixture
def sound(folder: JournalFolder) -> tuple[Path, list[str]]:
    """A journal file of three versions, and their digests."""
    keeper = JournalKeeper(folder.path)
    opened, _ = journal_of(keeper)
    digests = []
    for level in (1, 2, 3):
        fill(opened, level, Rect(0, 0, 100 * level, 90))
        assert keeper.flush()
        digests.append(document_digest(opened.document))
    keeper.close(is_kept=True)
    return journals_in(folder.path)[0][0], digests


def test_a_torn_tail_is_cut(sound: tuple[Path, list[str]]) -> None:
    path, digests = sound
    data = path.read_bytes().rstrip(b"\0")
    for cut in (1, 20, 400):
        path.write_bytes(data[:-cut])
        found = read_journal([path])
        assert found is not None
        assert document_digest(found.document) in digests[:2]


def test_any_flipped_byte_gives_an_older_version_or_nothing(sound: tuple[Path, list[str]]) -> None:
    path, digests = sound
    data = bytearray(path.read_bytes().rstrip(b"\0"))
    for at in np.random.default_rng(1).integers(0, len(data), 25):
        data[at] ^= 0x55
        path.write_bytes(data)
        with contextlib.suppress(UserError):
            found = read_journal([path])
            assert found is None or document_digest(found.document) in digests
        data[at] ^= 0x55


def test_absurd_sizes_are_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    path = tmp_path / "0001-0.journal"
    for content in (
        SIGNATURE + HEADER.pack(MAGIC, RecordKind.TILE, 0xFFFFFFFF, 0),
        SIGNATURE + HEADER.pack(MAGIC, RecordKind.COMMIT, 1 << 20, 0),
        b"PNG" * 1000,
        np.random.default_rng(3).bytes(5000),
    ):
        path.write_bytes(content)
        with pytest.raises(UserError, match="is damaged; nothing of it"):
            read_journal([path])


def test_a_journal_that_never_held_a_version_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "0001-0.journal"
    for content in (b"", bytes(4096), SIGNATURE, SIGNATURE + bytes(4096)):
        path.write_bytes(content)
        assert read_journal([path]) is None


def test_versions_that_do_not_need_what_is_damaged_are_read(folder: JournalFolder) -> None:
    keeper = JournalKeeper(folder.path)
    opened, _ = journal_of(keeper)
    fill(opened, 1, Rect(0, 0, 256, 256))
    assert keeper.flush()
    with opened.edit("Delete") as edit:
        edit.remove_layer(1)
    assert keeper.flush()
    keeper.close(is_kept=True)
    [path] = journals_in(folder.path)[0]
    data = bytearray(path.read_bytes())
    data[len(SIGNATURE) + HEADER.size + 40] ^= 0x55  # in the first tile of the first version
    path.write_bytes(data)
    assert document_digest(recovered(folder).document) == document_digest(opened.document)


def test_a_picture_too_large_for_a_preview_is_offered_without_one() -> None:
    assert preview_of(Document(Size(300_000, 300_000))) is None
    small = preview_of(Document(Size(3000, 200)))
    assert small is not None
    assert small.shape == (17, 256, 4)


def test_a_commit_of_nonsense_is_no_document(tmp_path: Path) -> None:
    import zlib

    path = tmp_path / "0001-0.journal"
    for payload in (b"", b"\x93" * 400, b"\x85\xa4time\x01", b"\xc1"):
        record = header_of(RecordKind.COMMIT, zlib.crc32(payload), len(payload)) + payload
        path.write_bytes(SIGNATURE + record)
        with pytest.raises(UserError, match="damaged"):
            read_journal([path])


def _set(key: str, value: object) -> Any:
    return lambda commit: commit.__setitem__(key, value)


def _set_in_layer(index: int, key: str, value: object) -> Any:
    return lambda commit: commit["structure"]["layers"][index].__setitem__(key, value)


def _set_in_document(key: str, value: object) -> Any:
    return lambda commit: commit["structure"].__setitem__(key, value)


def _select_colours(commit: Any) -> None:
    commit["structure"]["selection"] = commit["structure"]["layers"][0]["tiles"]


def _mask_with_colours(commit: Any) -> None:
    layer = commit["structure"]["layers"][0]
    layer["mask"] = {"$": "Mask", "tiles": layer["tiles"]}


@pytest.mark.parametrize(
    "change",
    [
        _set("time", 1e300),
        _set("time", float("nan")),
        _set("time", -1e18),
        _set("path", "\0"),
        _set_in_layer(0, "opacity", 5.0),
        _set_in_layer(0, "opacity", -1),
        _set_in_layer(1, "id", 1),
        _set_in_layer(1, "id", 0),
        _set_in_document("depth", 16),
        _set_in_document("guides", [{"$": "Guide", "position_px": 1e300, "is_vertical": True}]),
        _select_colours,
        _mask_with_colours,
    ],
)
def test_a_version_that_no_document_can_be_is_refused_whatever_its_checksums(
    sound: tuple[Path, list[str]], change: Any
) -> None:
    path, _ = sound
    rewrite_commits(path, change)
    with pytest.raises(UserError, match="The journal of “A” is damaged"):
        read_journal([path])


def test_a_version_that_is_rewritten_as_it_was_is_read(sound: tuple[Path, list[str]]) -> None:
    path, digests = sound
    rewrite_commits(path, lambda commit: None)
    found = read_journal([path])
    assert found is not None
    assert document_digest(found.document) == digests[-1]
