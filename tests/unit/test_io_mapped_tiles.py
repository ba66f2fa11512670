"""Tiles on disk: the same pixels, none of the program's own memory; and large files read and written in bands."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from desktop.core.composite import flatten
from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.core.tiles import TILE, TileMap, is_mapped
from desktop.io import ora_reader, ora_writer
from desktop.io.documents import flat_image, open_document_file
from desktop.io.image_files import write_image
from desktop.io.journal_values import document_digest
from desktop.io.mapped_tiles import MappedTiles
from desktop.io.openraster import load_openraster, save_openraster
from desktop.io.scratch import ScratchFile
from tests.builders import noise, noise_document


def test_a_mapped_tile_is_the_same_and_read_only(tmp_path: Path) -> None:
    place = MappedTiles(tmp_path).place
    for depth in (8, 16):
        tile = noise(TILE, TILE, depth=depth)  # type: ignore[arg-type]
        mapped = place(tile)
        assert is_mapped(mapped)
        assert not is_mapped(tile)
        assert np.array_equal(mapped, tile)
        assert not mapped.flags.writeable
    assert list(tmp_path.iterdir()) == [], "the files have no name"


def test_tiles_stay_in_memory_up_to_the_budget(tmp_path: Path) -> None:
    place = MappedTiles(tmp_path, budget_bytes=2 * TILE * TILE * 4).place
    placed = [place(noise(TILE, TILE, seed=seed)) for seed in range(4)]
    assert [is_mapped(tile) for tile in placed] == [False, False, True, True]


def test_a_document_on_disk_is_painted_undone_and_saved_like_any(tmp_path: Path) -> None:
    save_openraster(noise_document(2, width=600, height=400), tmp_path / "a.ora")
    plain = load_openraster(tmp_path / "a.ora")
    mapped = load_openraster(tmp_path / "a.ora", MappedTiles(tmp_path).place)
    assert document_digest(mapped) == document_digest(plain)
    assert all(is_mapped(tile) for tile in mapped.raster_layer(1).tiles.stored().values())  # type: ignore[arg-type]
    assert np.array_equal(flatten(mapped), flatten(plain))
    opened = OpenDocument(mapped, history_bytes=1 << 20, store=ScratchFile(tmp_path / "scratch"))
    with opened.edit("Fill") as edit:
        edit.pixels(1).fill(Rect(0, 0, 300, 300), 7)
    assert opened.history.memory_bytes == 0, "what is on disk does not count as memory"
    opened.undo()
    assert document_digest(opened.document) == document_digest(plain)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("place", [(0, 0), (-37, 100), (512, -256)])
def test_large_files_come_in_bands(
    depth: int, place: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ora_writer, "LARGE_PIXELS", 1)
    monkeypatch.setattr(ora_reader, "LARGE_PIXELS", 1)
    document = Document(Size(700, 900), depth=depth)  # type: ignore[arg-type]
    layer = new_layer_from_pixels(document, noise(600, 800, depth=depth), "Noise", *place)  # type: ignore[arg-type]
    document = document.with_layer_inserted(layer)
    save_openraster(document, tmp_path / "banded.ora")
    assert document_digest(load_openraster(tmp_path / "banded.ora")) == document_digest(document)
    monkeypatch.undo()
    save_openraster(document, tmp_path / "whole.ora", previous=tmp_path / "none")
    assert document_digest(load_openraster(tmp_path / "whole.ora")) == document_digest(document)
    import zipfile

    with zipfile.ZipFile(tmp_path / "banded.ora") as one, zipfile.ZipFile(tmp_path / "whole.ora") as other:
        pictures = [file.read("mergedimage.png") for file in (one, other)]
    banded, whole = (cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED) for png in pictures)
    assert np.array_equal(banded, whole)


def test_a_flat_picture_can_be_opened_to_disk(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", flat_image(noise_document(1, width=300, height=300)))
    document = open_document_file(tmp_path / "a.png", MappedTiles(tmp_path).place)
    assert all(is_mapped(tile) for tile in document.raster_layer(1).tiles.stored().values())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "number", "key"),
    [
        ("a.ora", errno.ENOSPC, "document.scratch_full"),
        ("a.png", errno.ENOSPC, "document.scratch_full"),
        ("a.png", errno.EIO, "document.no_scratch"),
    ],
)
def test_a_full_scratch_disk_is_one_sentence(
    name: str, number: int, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, path, scratch = noise_document(1, width=300, height=300), tmp_path / name, tmp_path / "scratch"
    if name == "a.ora":
        save_openraster(document, path)
    else:
        write_image(path, flat_image(document))

    def refuse(file: object, start: int, end: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("desktop.io.journal_file.reserve", refuse)
    with pytest.raises(UserError, match=re.escape(str(scratch))) as caught:
        open_document_file(path, MappedTiles(scratch).place)
    assert caught.value.key == key
    assert str(path) in str(caught.value)


def test_a_damaged_band_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ora"
    save_openraster(noise_document(1, width=600, height=700), path)
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    monkeypatch.setattr(ora_reader, "LARGE_PIXELS", 1)
    with pytest.raises(UserError, match="damaged"):
        load_openraster(path)


def test_one_colour_shares_its_tiles() -> None:
    tiles = TileMap.filled(Rect(0, 0, 5000, 3000), (255, 255, 255, 255))
    assert len({id(tile) for tile in tiles.stored().values()}) == 4
    white = np.full((3000, 5000, 4), 255, np.uint8)
    assert tiles.same_pixels(TileMap.from_array(white))
