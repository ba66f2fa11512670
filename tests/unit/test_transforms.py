"""Resampling, turns, warps, sizes, crops and alignment as values: what must not change, does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.core.document import Document, Guide
from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect, Size
from desktop.core.layers import GroupLayer, TextContent
from desktop.core.resample import Resampling, resampled
from desktop.core.tiles import TileMap
from desktop.core.transform_box import HANDLES, TransformBox
from desktop.core.turning import Turn, turned
from desktop.core.warp import mapped, warped_later
from desktop.tools.resizing import (
    Anchor,
    CropFrame,
    crop_matrix,
    cropped,
    trimmed,
    turned_document,
    with_canvas,
    with_size,
    with_size_by_network,
)
from desktop.tools.transforming import Edge, aligned_layers, distributed_layers, subject_of, turned_layers
from tests.builders import document_with, mask_from, noise, raster_layer

DEPTHS = (8, 16)


def layered(depth: Any = 8) -> Document:
    """A photo, a group with a masked layer that reaches beyond the canvas, a guide."""
    mask = mask_from(noise(64, 48, channels=1)[..., 0])
    inside = raster_layer(3, noise(40, 30, seed=3, depth=depth), x=300, y=-7, mask=mask)
    group = GroupLayer(id=2, name="Group", children=(inside,))
    document = document_with(raster_layer(1, noise(330, 270, depth=depth)), group, width=330, height=270, depth=depth)
    return document.changed(guides=(Guide(20.0, True), Guide(30.0, False)))


def same(one: Document, other: Document) -> bool:
    pairs = zip(one.iter_layers(), other.iter_layers(), strict=True)
    return (one.size, one.guides) == (other.size, other.guides) and all(
        a.id == b.id
        and (isinstance(a, GroupLayer) or a.tiles.same_pixels(b.tiles))  # type: ignore[union-attr]
        and (a.mask is None or a.mask.tiles.same_pixels(b.mask.tiles))  # type: ignore[union-attr]
        for a, b in pairs
    )


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("turn", list(Turn))
def test_turning_and_turning_back_gives_the_same_bytes(turn: Turn, depth: Any) -> None:
    document = layered(depth)
    there = turned_document(document, turn)
    assert there.size == turn.size(document.size)
    assert not same(there, document)
    assert same(turned_document(there, turn.inverse), document)


@pytest.mark.parametrize("size", [(30, 20), (31, 20), (20, 33)])
def test_four_quarter_turns_of_a_layer_lead_back_to_the_same_bytes(size: tuple[int, int]) -> None:
    document = document_with(raster_layer(1, noise(*size, seed=1) | 1, x=-9, y=250), width=300, height=300)
    for turn in (Turn.RIGHT, Turn.LEFT):
        after = document
        for _ in range(4):
            after = turned_layers(after, [1], turn)
        assert same(after, document)


def test_a_quarter_turn_puts_pixels_where_they_belong() -> None:
    pixels = noise(5, 3)
    tiles = turned(TileMap.from_array(pixels), Turn.RIGHT, Size(5, 3))
    assert np.array_equal(tiles.read(Rect(0, 0, 3, 5)), np.rot90(pixels, -1))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("how", list(Resampling))
def test_the_same_size_gives_the_same_bytes(how: Resampling, depth: Any) -> None:
    pixels = noise(40, 30, depth=depth)
    assert np.array_equal(resampled(pixels, Size(40, 30), how), pixels)
    document = layered(depth)
    assert with_size(document, document.size, how) is document


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("how", list(Resampling))
@pytest.mark.parametrize("size", [(60, 45), (13, 40), (500, 3), (1, 1)])
def test_one_colour_stays_that_colour_up_to_the_border(how: Resampling, size: tuple[int, int], depth: Any) -> None:
    color = (200, 100, 50, 255) if depth == 8 else (51400, 25700, 12850, 65535)
    pixels = np.empty((30, 40, 4), np.uint8 if depth == 8 else np.uint16)
    pixels[:] = color
    found = resampled(pixels, Size(*size), how)
    assert found.shape == (size[1], size[0], 4)
    assert np.abs(found.astype(int) - np.array(color)).max() <= 1
    document = with_size(document_with(raster_layer(1, pixels), width=40, height=30, depth=depth), Size(*size), how)
    layer = document.raster_layer(1).tiles
    assert layer.content_bounds() == Rect(0, 0, *size)
    assert (layer.read(Rect(0, 0, *size))[..., 3] == color[3]).all()


@pytest.mark.parametrize("how", list(Resampling))
def test_colour_beneath_transparency_does_not_bleed(how: Resampling) -> None:
    pixels = np.zeros((20, 20, 4), np.uint8)
    pixels[:, :10] = (255, 0, 0, 255)
    pixels[:, 10:, 1] = 255  # green, but transparent
    found = resampled(pixels, Size(50, 33), how)
    assert found[found[..., 3] > 0][:, 1].max() == 0


def test_a_fine_pattern_becomes_grey_when_it_shrinks() -> None:
    y, x = np.mgrid[0:240, 0:240]
    pixels = np.full((240, 240, 4), 255, np.uint8)
    pixels[..., :3] = (((x + y) % 2) * 255)[..., None]
    for how in (Resampling.BILINEAR, Resampling.BICUBIC, Resampling.LANCZOS, Resampling.AREA):
        found = resampled(pixels, Size(37, 41), how)[3:-3, 3:-3, 0].astype(int)
        assert np.abs(found - 127).max() < 25, how


def test_a_size_takes_masks_guides_and_groups_along() -> None:
    document = with_size(layered(), Size(660, 540), Resampling.BICUBIC)
    assert [guide.position_px for guide in document.guides] == [40.0, 60.0]
    inside = document.raster_layer(3)
    bounds = inside.tiles.content_bounds()
    assert abs(bounds.x - 600) <= 3
    assert abs(bounds.y + 14) <= 3
    assert inside.mask is not None
    assert inside.mask.tiles.default == 255


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_network_enlarges_pixels_and_filters_do_the_rest(depth: Any) -> None:
    shown: list[tuple[int, ...]] = []

    def twice(pixels: Any) -> Any:
        shown.append(pixels.shape)
        return pixels.repeat(2, axis=0).repeat(2, axis=1)

    document = layered(depth)
    exact = with_size_by_network(document, Size(660, 540), 2, twice)
    assert shown == [(270, 330, 4), (30, 40, 4)]
    before = document.raster_layer(1).tiles.read(Rect(0, 0, 330, 270))
    after = exact.raster_layer(1).tiles.read(Rect(0, 0, 660, 540))
    assert np.array_equal(after, before.repeat(2, axis=0).repeat(2, axis=1))
    assert exact.raster_layer(3).tiles.content_bounds() == Rect(600, -14, 80, 60)
    assert with_size_by_network(document, Size(500, 409), 2, twice).size == Size(500, 409)


# warps


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("how", [how for how in Resampling if how is not Resampling.AREA])
def test_a_matrix_of_nothing_changes_nothing(how: Resampling, depth: Any) -> None:
    pixels = noise(300, 40, depth=depth)
    pixels[..., 3] = np.maximum(pixels[..., 3], 1)
    pixels[..., 3] = np.iinfo(pixels.dtype).max
    tiles = TileMap.from_array(pixels, -3, 250)
    after = warped_later(tiles, np.eye(3), how).settled()
    assert np.abs(after.read(Rect(-3, 250, 300, 40)).astype(int) - pixels).max() <= (1 if depth == 8 else 2)
    assert after.content_bounds() == tiles.content_bounds()


def test_a_warp_by_a_quarter_agrees_with_the_turn() -> None:
    pixels = noise(64, 48) | np.array([0, 0, 0, 255], np.uint8)
    tiles = TileMap.from_array(pixels)
    box = replace(TransformBox.around(Rect(0, 0, 64, 48)), angle=90.0)
    after = warped_later(tiles, box.matrix(), Resampling.BICUBIC).settled()
    assert np.abs(after.read(Rect(8, -8, 48, 64)).astype(int) - np.rot90(pixels, -1)).max() <= 1


def test_shrinking_by_a_warp_skips_nothing() -> None:
    y, x = np.mgrid[0:512, 0:512]
    pixels = np.full((512, 512, 4), 255, np.uint8)
    pixels[..., :3] = (((x + y) % 2) * 255)[..., None]
    box = replace(TransformBox.around(Rect(0, 0, 512, 512)), scale_x=0.13, scale_y=0.13, angle=20.0)
    after = warped_later(TileMap.from_array(pixels), box.matrix(), Resampling.BICUBIC).settled()
    assert np.abs(after.read(Rect(240, 240, 30, 30))[..., 0].astype(int) - 127).max() < 12


def test_absurd_scales_and_folds_are_refused() -> None:
    tiles = TileMap.from_array(noise(100, 100))
    box = TransformBox.around(Rect(0, 0, 100, 100))
    with pytest.raises(UserError) as caught:
        warped_later(tiles, replace(box, scale_x=5000.0).matrix(), Resampling.BICUBIC)
    assert caught.value.key == "transform.too_large"
    assert box.pulled((1, 1), -400, -400) == box, "a frame that would fold stays"


@given(
    handle=st.sampled_from(HANDLES),
    dx=st.floats(-60, 60),
    dy=st.floats(-60, 60),
    angle=st.floats(-180, 180),
    skew=st.floats(-30, 30),
    keeps=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_the_opposite_handle_holds_still(
    handle: tuple[int, int], dx: float, dy: float, angle: float, skew: float, keeps: bool
) -> None:
    box = replace(TransformBox.around(Rect(10, 20, 200, 100)), angle=angle, skew=skew, scale_x=1.5)
    opposite = (-handle[0], -handle[1])
    after = box.scaled(handle, dx, dy, keeps_ratio=keeps, from_middle=False)
    before, now = box.place(opposite), after.place(opposite)
    assert abs(before.x - now.x) < 1e-6
    assert abs(before.y - now.y) < 1e-6
    if not keeps and handle[0] and handle[1]:
        place = box.place(handle).translated(dx, dy)
        found = after.place(handle)
        if min(abs(after.scale_x), abs(after.scale_y)) > 0.01:
            assert abs(found.x - place.x) + abs(found.y - place.y) < 1e-6


def test_a_skewed_side_and_a_pulled_corner_follow_the_pointer() -> None:
    box = TransformBox.around(Rect(0, 0, 200, 100))
    skewed = box.skewed((0, -1), 30, 5)
    assert abs(skewed.place((0, -1)).x - 130) < 1e-6
    assert skewed.place((0, 1)) == box.place((0, 1))
    pulled = replace(box, angle=30.0).pulled((1, -1), 12, 8)
    before, now = replace(box, angle=30.0).place((1, -1)), pulled.place((1, -1))
    assert abs(now.x - before.x - 12) < 1e-3
    assert abs(now.y - before.y - 8) < 1e-3


def test_transforming_by_whole_pixels_gives_the_same_bytes() -> None:
    document = layered()
    subject = subject_of(document, [1])
    box = TransformBox.around(subject.bounds)
    assert subject.settled(box, Resampling.BICUBIC) is document
    there = subject.settled(box.moved(7, -3), Resampling.BICUBIC)
    again = subject_of(there, [1])
    back = again.settled(TransformBox.around(again.bounds).moved(-7, 3), Resampling.BICUBIC)
    assert same(back, document)


def test_only_selected_pixels_are_transformed() -> None:
    pixels = noise(100, 80) | np.array([0, 0, 0, 255], np.uint8)
    levels = np.zeros((80, 100), np.uint8)
    levels[10:30, 10:40] = 255
    document = document_with(raster_layer(1, pixels), width=100, height=80).changed(
        selection=TileMap.from_array(levels)
    )
    subject = subject_of(document, [1])
    assert subject.bounds == Rect(10, 10, 30, 20)
    after = subject.settled(TransformBox.around(subject.bounds).moved(50, 40), Resampling.BICUBIC)
    found = after.raster_layer(1).tiles.read(Rect(0, 0, 100, 80))
    assert np.array_equal(found[50:70, 60:90], pixels[10:30, 10:40])
    assert (found[10:30, 10:40, 3] == 0).all()
    untouched = levels == 0
    untouched[50:70, 60:90] = False
    assert np.array_equal(found[untouched], pixels[untouched])
    assert after.selection is not None
    assert after.selection.content_bounds() == Rect(60, 50, 30, 20)


# canvas and crop


def test_a_larger_canvas_and_back_gives_the_same_bytes() -> None:
    document = layered()
    place = Anchor.BOTTOM_RIGHT.place(document.size, Size(400, 300))
    assert place == Rect(-70, -30, 400, 300)
    larger = with_canvas(document, place, keeps_outside=True)
    assert larger.size == Size(400, 300)
    assert same(with_canvas(larger, Rect(70, 30, 330, 270), keeps_outside=True), document)


def test_a_crop_deletes_or_keeps_what_lies_outside() -> None:
    document = layered()
    frame = CropFrame.around(Rect(20, 10, 100, 90))
    for keeps in (False, True):
        after = cropped(document, frame, keeps_outside=keeps)
        assert after.size == Size(100, 90)
        tiles = after.raster_layer(1).tiles
        before = document.raster_layer(1).tiles.read(Rect(20, 10, 100, 90))
        assert np.array_equal(tiles.read(Rect(0, 0, 100, 90)), before)
        assert (tiles.content_bounds() != Rect(0, 0, 100, 90)) == keeps
    with pytest.raises(UserError):
        cropped(document, CropFrame.around(Rect(1000, 10, 50, 50)), keeps_outside=False)


def test_a_turned_crop_makes_its_line_level() -> None:
    pixels = np.full((200, 300, 4), 255, np.uint8)
    y, x = np.mgrid[0:200, 0:300]
    slope = np.tan(np.radians(10))
    pixels[(y + 0.5 - 100) > (x + 0.5 - 150) * slope, :3] = 0
    document = document_with(raster_layer(1, pixels), width=300, height=200)
    frame = CropFrame(150, 100, 180, 100, 10.0)
    after = cropped(document, frame, keeps_outside=False)
    found = after.raster_layer(1).tiles.read(Rect(0, 0, 180, 100))
    assert (found[:48, :, 0] > 250).all()
    assert (found[52:, :, 0] < 5).all()
    assert (found[..., 3] == 255).all()
    corner = mapped(crop_matrix(frame), Point(150, 100))
    assert abs(corner.x - 90) < 1e-9


def test_trimming_takes_away_one_colour_or_transparency() -> None:
    for ground in ((0, 0, 0, 0), (255, 255, 255, 255)):
        pixels = np.empty((60, 80, 4), np.uint8)
        pixels[:] = ground
        pixels[20:30, 15:50] = (10, 20, 30, 255)
        document = document_with(raster_layer(1, pixels), width=80, height=60)
        assert trimmed(document).size == Size(35, 10)
    with pytest.raises(UserError):
        trimmed(trimmed(document))


def test_layers_are_aligned_and_spread() -> None:
    blocks = [
        raster_layer(number, noise(20, 10) | 1, x=x, y=y) for number, x, y in ((1, 5, 0), (2, 40, 33), (3, 100, 60))
    ]
    document = document_with(*blocks, width=200, height=100)
    left = aligned_layers(document, [1, 2, 3], Edge.LEFT)
    assert {left.raster_layer(index).tiles.content_bounds().x for index in (1, 2, 3)} == {5}
    middle = aligned_layers(document, [2], Edge.MIDDLE)
    assert middle.raster_layer(2).tiles.content_bounds().y == 45, "one layer alone goes to the canvas"
    spread = distributed_layers(document, [1, 2, 3], Edge.CENTER)
    assert spread.raster_layer(2).tiles.content_bounds().x in (52, 53)
    with pytest.raises(UserError):
        distributed_layers(document, [1, 2], Edge.CENTER)


def test_text_goes_along_with_what_happens_to_its_pixels() -> None:
    text = TextContent(text="Hello", bounds=Rect(0, 0, 30, 20))
    document = document_with(raster_layer(1, noise(30, 20) | 1, text=text), width=60, height=40)
    subject = subject_of(document, [1])
    box = TransformBox.around(subject.bounds)
    for there, is_kept in (
        (subject.settled(box.moved(4, 5), Resampling.BICUBIC), True),
        (with_canvas(document, Rect(-5, -5, 90, 80), keeps_outside=True), True),
        (subject.settled(replace(box, angle=20.0), Resampling.BICUBIC), False),
        (with_size(document, Size(30, 20), Resampling.AREA), False),
        (turned_document(document, Turn.RIGHT), False),
    ):
        after = there.raster_layer(1).text
        assert (after == text) == is_kept
        assert after is not None
        assert after.text == "Hello"
    pulled = replace(box, corners=(Point(3, 3), Point(0, 0), Point(0, 0), Point(0, 0)))
    assert subject.settled(pulled, Resampling.BICUBIC).raster_layer(1).text is None, "no letters are in perspective"
