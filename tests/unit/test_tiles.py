from __future__ import annotations

import numpy as np
import pytest

from desktop.core.geometry import Rect, rest_of
from desktop.core.slabs import Reserve, Slabs
from desktop.core.tiles import TILE, TileEditor, TileMap, tiles_touched
from tests.builders import noise


def test_reading_gives_back_what_was_written_across_tile_borders() -> None:
    pixels = noise(300, 270)
    tiles = TileMap.from_array(pixels, x=-77, y=190)
    assert np.array_equal(tiles.read(Rect(-77, 190, 300, 270)), pixels)


def test_outside_the_tiles_everything_is_the_default() -> None:
    mask = TileMap.from_array(np.zeros((10, 10), np.uint8), default=255)
    assert (mask.read(Rect(5000, -3000, 40, 30)) == 255).all()
    assert mask.read(Rect(9, 9, 2, 2))[..., 0].tolist() == [[0, 255], [255, 255]]


def test_an_edit_shares_every_tile_it_does_not_touch() -> None:
    before = TileMap.from_array(noise(1024, 1024))
    editor = TileEditor(before)
    editor.write(Rect(300, 300, 20, 20), noise(20, 20, seed=9))
    after = editor.finish()
    changed = [key for key in before.keys() if before.tile(*key) is not after.tile(*key)]  # noqa: SIM118 - no dict
    assert changed == [(1, 1)]


def test_an_edit_leaves_the_old_map_as_it_was() -> None:
    pixels = noise(64, 64)
    before = TileMap.from_array(pixels)
    editor = TileEditor(before)
    editor.fill(Rect(0, 0, 64, 64), 7)
    editor.finish()
    assert np.array_equal(before.read(Rect(0, 0, 64, 64)), pixels)


def test_finished_tiles_cannot_be_written() -> None:
    tiles = TileMap.from_array(noise(8, 8))
    tile = tiles.tile(0, 0)
    assert tile is not None
    with pytest.raises(ValueError, match="read-only"):
        tile[0, 0] = 1


def test_a_tile_painted_back_to_the_default_is_dropped() -> None:
    editor = TileEditor(TileMap.from_array(noise(TILE, TILE)))
    editor.fill(Rect(0, 0, TILE, TILE), 0)
    assert len(editor.finish()) == 0


def test_color_under_alpha_zero_is_kept() -> None:
    pixels = noise(20, 20)
    pixels[..., 3] = 0
    assert np.array_equal(TileMap.from_array(pixels).read(Rect(0, 0, 20, 20)), pixels)


def test_live_map_follows_the_editor() -> None:
    editor = TileEditor(TileMap())
    editor.fill(Rect(0, 0, 10, 10), 1)
    live = editor.live()
    editor.fill(Rect(0, 0, 10, 10), 2)
    assert (live.read(Rect(0, 0, 10, 10)) == 2).all()
    assert editor.live() is live


@pytest.mark.parametrize("offset", [(0, 0), (TILE, -TILE), (13, -700)])
def test_translated_map_shows_the_same_pixels_elsewhere(offset: tuple[int, int]) -> None:
    pixels = noise(90, 60)
    moved = TileMap.from_array(pixels, x=5, y=6).translated(*offset)
    assert np.array_equal(moved.read(Rect(5 + offset[0], 6 + offset[1], 90, 60)), pixels)


def test_content_bounds_are_exact() -> None:
    tiles = TileMap.from_array(np.full((30, 20, 4), 9, np.uint8), x=-10, y=250)
    assert tiles.content_bounds() == Rect(-10, 250, 20, 30)


def test_same_pixels_looks_at_bytes_not_at_sharing() -> None:
    pixels = noise(300, 300)
    one, two = TileMap.from_array(pixels), TileMap.from_array(pixels)
    assert one.same_pixels(two)
    pixels[299, 299, 0] ^= 1
    assert not one.same_pixels(TileMap.from_array(pixels))


def test_tiles_touched_covers_a_rectangle_once() -> None:
    rect = Rect(-300, 100, 900, 700)
    parts = [part for _, part in tiles_touched(rect)]
    assert sum(part.area for part in parts) == rect.area
    assert all(rect.contains(part) for part in parts)


def test_rest_of_a_rectangle_is_what_the_hole_leaves() -> None:
    rect, hole = Rect(0, 0, 20, 10), Rect(5, -4, 30, 9)
    covered = np.zeros((10, 20), int)
    for part in rest_of(rect, hole):
        covered[part.top : part.bottom, part.left : part.right] += 1
    expected = np.ones((10, 20), int)
    expected[0:5, 5:] = 0
    assert np.array_equal(covered, expected)


@pytest.mark.parametrize("by", [(0, 0), (256, -512), (3, 0), (-100, 300), (255, 257)])
def test_a_map_translated_later_shows_and_settles_to_the_same(by: tuple[int, int]) -> None:
    tiles = TileMap.from_array(noise(600, 300, seed=4), x=-70, y=90)
    at_once, later = tiles.translated(*by), tiles.translated_later(*by)
    area = Rect(-900, -900, 2200, 2200)
    expected = np.zeros((area.height, area.width, 4), np.uint8)
    expected[990 + by[1] : 1290 + by[1], 830 + by[0] : 1430 + by[0]] = tiles.read(Rect(-70, 90, 600, 300))
    assert np.array_equal(at_once.read(area), expected)
    assert np.array_equal(later.read(area), expected)
    assert later.settled().stored().keys() == at_once.stored().keys()


def test_a_settled_map_has_no_empty_tiles_and_no_tiles_to_come() -> None:
    tiles = TileMap.from_array(noise(40, 40))  # in the corner of its tile
    settled = tiles.translated_later(10, 10).settled()
    assert list(settled.keys()) == [(0, 0)]
    assert all(isinstance(tile, np.ndarray) and not tile.flags.writeable for tile in settled.stored().values())


def test_an_unchanging_tile_does_not_show_what_is_written_later() -> None:
    editor = TileEditor(TileMap.from_array(np.full((TILE, TILE, 4), 9, np.uint8)))
    untouched = editor.unchanging(0, 0)
    editor.writable(0, 0)[:] = 50
    written = editor.unchanging(0, 0)
    editor.writable(0, 0)[:] = 70
    assert (untouched == 9).all()
    assert (written == 50).all()
    assert (editor.unchanging(3, 3) == 0).all()


def test_arrays_cut_from_slabs_are_apart_and_come_back() -> None:
    slabs = Slabs((TILE, TILE), np.float32)
    taken = [slabs.take() for _ in range(40)]
    for index, array in enumerate(taken):
        array[:] = index
    assert [int(array.min()) for array in taken] == [int(array.max()) for array in taken] == list(range(40))
    slabs.give(taken[7])
    assert slabs.take() is taken[7]


def test_reserved_arrays_are_apart_whether_a_thread_made_them_or_not() -> None:
    reserve = Reserve((TILE, TILE, 4), np.uint16)
    taken = [reserve.take() for _ in range(40)]
    for index, array in enumerate(taken):
        assert (array.shape, array.dtype, array.base) == ((TILE, TILE, 4), np.uint16, None)
        array[:] = index
    assert [int(array.min()) for array in taken] == [int(array.max()) for array in taken] == list(range(40))
