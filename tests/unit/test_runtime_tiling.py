"""Tiles cover every pixel once in sum, on the network's grid, for any size and any rules."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.runtime.stitching import lay_tile
from desktop.runtime.tiling import (
    SMALLEST_TILE_PX,
    TileRules,
    mirrored_indices,
    plan_axis,
    plan_tiles,
    smaller_rules,
)


@st.composite
def any_rules(draw: st.DrawFn) -> TileRules:
    halo, stride = draw(st.integers(0, 40)), draw(st.sampled_from([1, 2, 3, 4, 8, 16]))
    is_fixed = draw(st.booleans())
    smallest = 2 * halo + stride if is_fixed else 1
    return TileRules(
        tile=draw(st.integers(smallest, smallest + 150)),
        halo=halo,
        stride=stride,
        multiple=draw(st.sampled_from([1, 2, 8])),
        scale=draw(st.sampled_from([1, 2, 4])),
        is_fixed=is_fixed,
    )


lengths = st.integers(1, 700)
unhurried = settings(deadline=None)  # a busy machine is no failure


@unhurried
@given(lengths, any_rules())
def test_weights_of_all_tiles_sum_to_one_on_every_pixel(length: int, rules: TileRules) -> None:
    total = np.zeros(length * rules.scale)
    for span in plan_axis(length, rules):
        total[span.out_start : span.out_stop] += span.weights
    np.testing.assert_allclose(total, 1, atol=1e-5)


@unhurried
@given(lengths, any_rules())
def test_origins_are_on_the_stride_and_every_tile_moves_on(length: int, rules: TileRules) -> None:
    starts = [span.start for span in plan_axis(length, rules)]
    assert starts[0] == 0
    assert all(start % rules.stride == 0 for start in starts)
    assert all(later > earlier for earlier, later in itertools.pairwise(starts))


@unhurried
@given(lengths, any_rules())
def test_sides_are_what_the_network_accepts(length: int, rules: TileRules) -> None:
    for span in plan_axis(length, rules):
        assert span.start < length
        if rules.is_fixed:
            assert span.length == rules.tile
        else:
            assert span.length % rules.multiple == 0
            smallest = 2 * rules.halo + 16 + 2 * rules.stride
            assert span.length <= max(rules.tile, smallest) + rules.multiple - 1


@unhurried
@given(lengths, any_rules())
def test_nothing_inside_the_halo_of_a_cut_edge_counts(length: int, rules: TileRules) -> None:
    halo = rules.halo * rules.scale
    for span in plan_axis(length, rules):
        if span.start > 0:
            assert not span.weights[:halo].any()
        if span.stop < length and halo:
            assert not span.weights[-halo:].any()


@unhurried
@given(lengths, any_rules())
def test_tiles_are_about_equally_large(length: int, rules: TileRules) -> None:
    """A border tile as large as the others and mostly overlapped would be work for nothing."""
    spans = plan_axis(length, rules)
    assert max(span.length for span in spans[:-1] or spans) - min(span.length for span in spans[:-1] or spans) == 0
    steps = {later.start - earlier.start for earlier, later in itertools.pairwise(spans)}
    assert not steps or max(steps) - min(steps) <= (rules.stride if rules.is_fixed else 0)


@pytest.mark.parametrize(("length", "tiles"), [(512, 1), (513, 2), (944, 2), (945, 3), (6000, 14)])
def test_no_more_tiles_than_needed(length: int, tiles: int) -> None:
    """512 less 64 of halo and 16 of ramp: 432 pixels of its own for each tile."""
    assert len(plan_axis(length, TileRules(tile=512, halo=32, stride=8))) == tiles


@unhurried
@given(lengths, any_rules())
def test_a_picture_that_fits_is_one_tile(length: int, rules: TileRules) -> None:
    if length <= rules.tile:
        assert [(span.start, span.weights.min()) for span in plan_axis(length, rules)] == [(0, 1)]


@settings(unhurried, max_examples=30)
@given(st.integers(1, 90), st.integers(1, 90), any_rules(), st.sampled_from([np.uint8, np.uint16]))
def test_laying_equal_tiles_gives_the_picture_back(height: int, width: int, rules: TileRules, dtype: type) -> None:
    white = np.iinfo(dtype).max
    scale = rules.scale
    wanted = np.random.default_rng(0).integers(0, white, (height * scale, width * scale, 3)).astype(dtype)
    result = np.zeros_like(wanted)
    for placed in plan_tiles(height, width, rules).tiles():
        rows = mirrored_indices(placed.rows.start * scale, placed.rows.stop * scale, height * scale)
        columns = mirrored_indices(placed.columns.start * scale, placed.columns.stop * scale, width * scale)
        tile = wanted[rows][:, columns].astype(np.float32) / np.float32(white)
        lay_tile(result, np.ascontiguousarray(tile.transpose(2, 0, 1)), placed)
    np.testing.assert_array_equal(result, wanted)


def test_laying_contradicting_tiles_gives_their_weighted_sum_within_two_levels() -> None:
    rules = TileRules(tile=64, halo=8, stride=4)
    plan = plan_tiles(150, 170, rules)
    rng = np.random.default_rng(3)
    result = np.zeros((150, 170, 4), np.uint8)
    exact = np.zeros((150, 170))
    for placed in plan.tiles():
        planes = rng.random((3, placed.rows.length, placed.columns.length), np.float32)
        planes[1:] = planes[0]
        where = np.s_[placed.rows.start : placed.rows.stop, placed.columns.start : placed.columns.stop]
        exact[where] += planes[0] * np.outer(placed.rows.weights, placed.columns.weights) * 255
        lay_tile(result, planes, placed)
    assert np.abs(result[..., 0] - exact).max() <= 2
    assert not result[..., 3].any(), "alpha is not the network's to write"


@unhurried
@given(st.integers(1, 12), st.integers(0, 30), st.integers(1, 60))
def test_mirroring_never_leaves_the_picture_and_starts_at_the_neighbour(length: int, start: int, count: int) -> None:
    indices = mirrored_indices(start, start + count, length)
    assert len(indices) == count
    assert indices.min() >= 0
    assert indices.max() < length
    assert np.abs(np.diff(indices)).max(initial=0) <= 1


def test_mirroring_does_not_repeat_the_border() -> None:
    assert mirrored_indices(0, 8, 4).tolist() == [0, 1, 2, 3, 2, 1, 0, 1]


@unhurried
@given(any_rules())
def test_getting_smaller_ends(rules: TileRules) -> None:
    smaller, steps = smaller_rules(rules), 0
    while smaller is not None:
        assert smaller.tile >= SMALLEST_TILE_PX
        smaller, steps = smaller_rules(smaller), steps + 1
    assert steps < 10


def test_a_fixed_tile_must_have_room_for_its_halo() -> None:
    with pytest.raises(AssertionError, match="halo"):
        TileRules(tile=32, halo=16, stride=1, is_fixed=True)
