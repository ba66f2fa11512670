"""The one way to edit, and the history behind it."""

from __future__ import annotations

import gc
import io
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.history import tile_maps
from desktop.core.layers import GroupLayer, LayerId, Mask
from desktop.core.tiles import TileEditor, TileMap
from desktop.io.scratch import ScratchFile
from tests.builders import document_with, noise, noise_document, raster_layer

CANVAS = Rect(0, 0, 600, 400)


def wide_document(**options: object) -> OpenDocument:
    return OpenDocument(noise_document(2, width=600, height=400), **options)  # type: ignore[arg-type]


def fill(document: OpenDocument, level: int, rect: Rect = CANVAS, **options: object) -> None:
    with document.edit(f"Fill {level}", **options) as edit:  # type: ignore[arg-type]
        edit.pixels(1).fill(rect, level)
        edit.touched(1, rect)


def pixels_of(document: OpenDocument, layer_id: LayerId = 1) -> np.ndarray:
    return document.document.raster_layer(layer_id).tiles.read(CANVAS)


def test_leaving_the_block_makes_one_history_entry() -> None:
    document = wide_document()
    fill(document, 3)
    assert [entry.name for entry in document.history.entries] == ["Open", "Fill 3"]
    assert document.is_modified


def test_an_exception_leaves_no_trace() -> None:
    document = wide_document()
    before = document.document
    shown: list[tuple[LayerId, Rect]] = []
    document.changed.connect(lambda layer_id, rect: shown.append((layer_id, rect)))

    def broken_edit() -> None:
        with document.edit("Broken") as edit:
            edit.pixels(1).fill(CANVAS, 3)
            edit.touched(1, CANVAS)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_edit()
    assert document.document is before
    assert document.shown is before
    assert len(document.history.entries) == 1
    assert shown[-1] == (1, CANVAS), "the canvas has to draw the old pixels again"


def test_an_edit_that_finds_no_memory_at_its_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    document = wide_document()
    before = document.document

    def no_memory(_: TileEditor) -> TileMap:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(TileEditor, "finish", no_memory)
        with pytest.raises(MemoryError):
            fill(document, 3)
    assert document.document is document.shown is before
    fill(document, 4)
    assert [entry.name for entry in document.history.entries] == ["Open", "Fill 4"]


def test_an_edit_that_changes_nothing_makes_no_entry() -> None:
    document = wide_document()
    with document.edit("Nothing"):
        pass
    assert len(document.history.entries) == 1


def test_undo_and_redo_bring_back_identical_bytes() -> None:
    document = wide_document()
    before = pixels_of(document)
    fill(document, 3)
    after = pixels_of(document)
    document.undo()
    assert np.array_equal(pixels_of(document), before)
    document.redo()
    assert np.array_equal(pixels_of(document), after)


def test_undo_restores_a_deleted_layer_at_its_old_index() -> None:
    document = OpenDocument(noise_document(3))
    with document.edit("Delete layer") as edit:
        edit.remove_layer(2)
    document.undo()
    assert [layer.id for layer in document.document.layers] == [1, 2, 3]


def test_a_new_edit_forgets_what_was_undone() -> None:
    document = wide_document()
    fill(document, 3)
    document.undo()
    fill(document, 4)
    assert [entry.name for entry in document.history.entries] == ["Open", "Fill 4"]


def test_edits_with_the_same_key_become_one_entry() -> None:
    document = wide_document()
    for level in (1, 2, 3):
        fill(document, level, merge_key="opacity")
    assert [entry.name for entry in document.history.entries] == ["Open", "Fill 3"]
    document.undo()
    document.redo()
    fill(document, 4, merge_key="opacity")
    assert len(document.history.entries) == 3, "after an undo a drag begins anew"


def test_the_committed_version_stands_still_while_an_edit_paints() -> None:
    document = wide_document()
    before = pixels_of(document)
    with document.edit("Fill") as edit:
        edit.pixels(1).fill(CANVAS, 9)
        assert np.array_equal(pixels_of(document), before)
        assert (document.shown.raster_layer(1).tiles.read(CANVAS) == 9).all()


def test_only_one_edit_at_a_time() -> None:
    document = wide_document()
    with document.edit("One"), pytest.raises(AssertionError), document.edit("Two"):
        pass
    assert not document.is_editing


def test_a_group_cannot_be_painted_on() -> None:
    group = GroupLayer(id=1, name="Sky", children=(raster_layer(2, noise(8, 8)),))
    document = OpenDocument(document_with(group))
    with pytest.raises(UserError, match="“Sky” is a group"), document.edit("Paint") as edit:
        edit.pixels(1)


def test_a_group_cannot_be_moved_into_itself() -> None:
    inner = GroupLayer(id=2, name="Inner")
    document = OpenDocument(document_with(GroupLayer(id=1, name="Outer", children=(inner,))))
    with pytest.raises(UserError, match="cannot be moved into itself"), document.edit("Move") as edit:
        edit.move_layer(1, parent_id=2, index=0)


def test_moving_a_layer_into_a_group_and_back() -> None:
    document = OpenDocument(document_with(raster_layer(1, noise(8, 8)), GroupLayer(id=2, name="Group")))
    with document.edit("Move layer") as edit:
        edit.move_layer(1, parent_id=2, index=0)
    parent = document.document.parent_of(1)
    assert parent is not None
    assert parent.id == 2
    document.undo()
    assert document.document.parent_of(1) is None


def test_mask_painting_needs_a_mask() -> None:
    document = wide_document()
    with pytest.raises(UserError, match="has no mask"), document.edit("Mask") as edit:
        edit.mask_pixels(1)
    with document.edit("Add mask") as edit:
        edit.replace_layer(edit.document.layer(1).changed(mask=Mask()))
        edit.mask_pixels(1).fill(Rect(0, 0, 10, 10), 0)
    mask = document.document.layer(1).mask
    assert mask is not None
    assert not mask.tiles.read(Rect(0, 0, 10, 10)).any()


def test_undo_announces_only_what_differs() -> None:
    document = wide_document()
    fill(document, 3, Rect(300, 10, 5, 5))
    shown: list[tuple[LayerId, Rect]] = []
    document.changed.connect(lambda layer_id, rect: shown.append((layer_id, rect)))
    document.undo()
    assert shown == [(1, Rect(256, 0, 256, 256))]


def test_the_saved_mark_follows_undo() -> None:
    document = wide_document()
    fill(document, 3)
    document.mark_saved()
    assert not document.is_modified
    document.undo()
    assert document.is_modified
    document.redo()
    assert not document.is_modified


def test_history_within_its_budget_spills_to_disk_and_undo_still_gives_identical_bytes(tmp_path: Path) -> None:
    store = ScratchFile(tmp_path)
    document = wide_document(history_bytes=2 << 20, store=store)
    versions = [pixels_of(document)]
    for step in range(12):
        with document.edit(f"Step {step}") as edit:
            edit.pixels(1).write(Rect(step * 20, step * 10, 200, 200), noise(200, 200, seed=step))
        versions.append(pixels_of(document))
    assert document.history.memory_bytes <= 2 << 20
    assert store.stored_bytes() > 0
    for index in [*range(12, -1, -1), *range(13), 5, 0, 12]:
        document.jump_to(index)
        assert np.array_equal(pixels_of(document), versions[index]), index


def test_without_a_store_the_oldest_versions_are_forgotten() -> None:
    document = wide_document(history_bytes=2 << 20)
    for step in range(12):
        fill(document, step + 1)
    assert document.history.memory_bytes <= 2 << 20
    assert document.history.entries[0].name != "Open"
    assert (pixels_of(document) == 12).all()


def test_a_full_scratch_disk_forgets_the_oldest_instead_of_failing() -> None:
    class FullDisk:
        def put(self, data: bytes) -> int:
            raise OSError(28, "No space left on device")

        def get(self, key: int) -> bytes:
            raise AssertionError

        def delete(self, key: int) -> None:
            raise AssertionError

        def stored_bytes(self) -> int:
            return 0

    document = wide_document(history_bytes=2 << 20, store=FullDisk())
    told: list[OSError] = []
    document.history.steps_lost.connect(told.append)
    fill(document, 1)
    assert told == [], "nothing was lost so far"
    for step in range(12):
        fill(document, step + 1)
    assert document.history.memory_bytes <= 2 << 20
    assert [error.errno for error in told] == [28], "once is enough"


def test_what_a_full_disk_refused_spoils_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Disk(io.FileIO):
        is_full = False

        def write(self, data: object, /) -> int:
            if Disk.is_full:
                raise OSError(28, "No space left on device")
            return super().write(bytes(data)[:1000])  # type: ignore[call-overload]

    def temporary_file(buffering: int = -1, **_: object) -> object:
        raw = Disk(tmp_path / "scratch", "w+")
        return raw if buffering == 0 else io.BufferedRandom(raw)

    monkeypatch.setattr(tempfile, "TemporaryFile", temporary_file)
    store = ScratchFile(tmp_path)
    contents = [np.random.default_rng(seed).bytes(3000) for seed in range(3)]
    first = store.put(contents[0])
    room = store.file_bytes()
    Disk.is_full = True
    with pytest.raises(OSError, match="No space"):
        store.put(contents[1])
    assert store.get(first) == contents[0]
    assert store.file_bytes() == room
    Disk.is_full = False
    assert store.get(store.put(contents[2])) == contents[2]
    assert store.get(first) == contents[0]
    store.close()


def test_forgotten_versions_leave_the_store(tmp_path: Path) -> None:
    store = ScratchFile(tmp_path)
    document = wide_document(history_bytes=1 << 20, store=store)
    for step in range(8):
        fill(document, step + 1)
    assert store.stored_bytes() > 0
    document.jump_to(0)
    fill(document, 99)
    gc.collect()
    kept = [
        tile for entry in document.history.entries for tiles in tile_maps(entry.document) for tile in tiles.stored()
    ]
    assert kept
    assert store.stored_bytes() == 0


def test_scratch_room_is_used_again(tmp_path: Path) -> None:
    store = ScratchFile(tmp_path)
    first = store.put(bytes(range(256)) * 40)
    kept = store.put(b"kept")
    store.delete(first)
    again = store.put(b"smaller")
    assert store.get(kept) == b"kept"
    assert store.get(again) == b"smaller"


def test_a_tile_that_dies_while_scratch_room_is_sought_holds_nothing_up(tmp_path: Path) -> None:
    """The collector may run anywhere, also in the middle of the store's own work and in the same thread."""
    store = ScratchFile(tmp_path)
    keys = [store.put(bytes(1000)) for _ in range(3)]

    def die_meanwhile() -> None:
        with store._lock:
            store.delete(keys[0])

    dying = threading.Thread(target=die_meanwhile, daemon=True)
    dying.start()
    dying.join(20)
    assert not dying.is_alive()
    room = store.file_bytes()
    store.put(bytes(1000))
    assert store.file_bytes() == room
    assert store.get(keys[1]) == bytes(1000)
    store.close()


def test_an_edit_that_writes_what_stood_there_is_no_entry() -> None:
    opened = OpenDocument(document_with(raster_layer(1, np.full((48, 64, 4), 90, np.uint8))))
    before, count = opened.document, len(opened.history.entries)
    with opened.edit("Brush stroke") as edit:
        edit.pixels(1).fill(Rect(0, 0, 20, 10), 90)
        edit.touched(1, Rect(0, 0, 20, 10))
    assert opened.document is before
    assert len(opened.history.entries) == count
    with opened.edit("Brush stroke") as edit:
        edit.pixels(1).fill(Rect(0, 0, 20, 10), 91)
    assert len(opened.history.entries) == count + 1


def test_whoever_follows_an_edit_hears_of_its_end_though_nothing_came_of_it() -> None:
    """The journal keeps what is painted or half written until it hears so."""
    opened = OpenDocument(document_with(raster_layer(1, np.full((48, 64, 4), 90, np.uint8))))
    drafts: list[object] = []
    rects: list[tuple[LayerId, Rect]] = []
    opened.draft_changed.connect(drafts.append)
    with opened.edit("Brush stroke") as edit:
        edit.pixels(1).fill(Rect(0, 0, 20, 10), 90)
        edit.touched(1, Rect(0, 0, 20, 10))
        opened.changed.connect(lambda layer_id, rect: rects.append((layer_id, rect)))
    assert drafts == [None]
    assert rects == [(1, Rect(0, 0, 20, 10))]
    assert not opened.is_editing
