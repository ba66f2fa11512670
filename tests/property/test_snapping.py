"""Snapping against the plain definition: of everything in reach, the nearest wins, and nothing else ever moves."""

from __future__ import annotations

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.core.geometry import Point, Rect
from desktop.tools.gestures import Modifier
from desktop.tools.grid import CLOSEST_LINES_PX, Grid
from desktop.tools.snapping import TOLERANCE_PX, SnapKind, SnapLine, Snapping, SnapTargets

positions = st.floats(-500, 500, allow_nan=False).map(lambda value: round(value * 2) / 2)
scales = st.sampled_from([1 / 64, 0.1, 0.37, 1.0, 3.0, 16.0, 64.0])
lines = st.lists(st.builds(SnapLine, positions, st.booleans(), st.sampled_from(list(SnapKind)[:3])), max_size=12)
grids = st.none() | st.builds(
    Grid,
    st.builds(Point, st.floats(1, 400), st.floats(1, 400)),
    st.integers(1, 64),
    st.builds(Point, st.floats(-300, 300), st.floats(-300, 300)),
)
rects = st.builds(Rect, st.integers(-300, 300), st.integers(-300, 300), st.integers(1, 300), st.integers(1, 300))


def distances(position: float, known: list[SnapLine], *, is_vertical: bool) -> list[float]:
    return [abs(line.position_px - position) for line in known if line.is_vertical == is_vertical]


@given(positions, st.booleans(), lines, scales)
def test_a_position_goes_to_the_nearest_line_in_reach_or_stays(
    position: float, is_vertical: bool, known: list[SnapLine], scale: float
) -> None:
    held: list[tuple[SnapLine, ...]] = []
    snapping = Snapping(SnapTargets(known), lambda: scale, held.append)
    result = snapping.position(position, Modifier.NONE, is_vertical=is_vertical)
    nearest = min(distances(position, known, is_vertical=is_vertical), default=math.inf)
    if nearest <= TOLERANCE_PX / scale:
        assert abs(result - position) == nearest
        assert held[-1][0].position_px == result
        assert held[-1][0].is_vertical == is_vertical
    else:
        assert result == position
        assert held[-1] == ()


@given(st.builds(Point, positions, positions), lines, scales)
def test_both_coordinates_of_a_point_are_held_by_themselves(point: Point, known: list[SnapLine], scale: float) -> None:
    snapping = Snapping(SnapTargets(known), lambda: scale)
    result = snapping.point(point, Modifier.NONE)
    assert result.x == snapping.position(point.x, Modifier.NONE, is_vertical=True)
    assert result.y == snapping.position(point.y, Modifier.NONE, is_vertical=False)
    assert snapping.point(point, Modifier.CTRL) == point
    assert snapping.point(result, Modifier.NONE) == result, "what is on a line stays on it"


@given(rects, st.integers(-200, 200), st.integers(-200, 200), lines, scales)
def test_a_moved_rectangle_meets_the_nearest_line_with_an_edge_or_its_middle(
    bounds: Rect, dx: int, dy: int, known: list[SnapLine], scale: float
) -> None:
    snapping = Snapping(SnapTargets(known), lambda: scale)
    moved_x, moved_y = snapping.offset(bounds, dx, dy, Modifier.NONE)
    assert isinstance(moved_x, int)
    assert isinstance(moved_y, int)
    for is_vertical, start, length, wanted, moved in (
        (True, bounds.left, bounds.width, dx, moved_x),
        (False, bounds.top, bounds.height, dy, moved_y),
    ):
        edges = [start + wanted, start + length + wanted, start + length / 2 + wanted]
        nearest = min((d for edge in edges for d in distances(edge, known, is_vertical=is_vertical)), default=math.inf)
        if nearest > TOLERANCE_PX / scale:
            assert moved == wanted
            continue
        assert abs(abs(moved - wanted) - nearest) <= 0.5
        shifted = [edge - wanted + moved for edge in edges]
        assert min(d for edge in shifted for d in distances(edge, known, is_vertical=is_vertical)) <= 0.5
    assert snapping.offset(bounds, dx, dy, Modifier.CTRL) == (dx, dy)


@given(positions, st.booleans(), lines, grids, scales)
def test_a_grid_never_pulls_away_from_a_nearer_line(
    position: float, is_vertical: bool, known: list[SnapLine], grid: Grid | None, scale: float
) -> None:
    pull = SnapTargets(known, grid).pull(position, is_vertical=is_vertical, scale=scale, tolerance=TOLERANCE_PX / scale)
    nearest = min(distances(position, known, is_vertical=is_vertical), default=math.inf)
    if grid is not None:
        reached = grid.nearest(position, is_vertical=is_vertical, scale=scale)
        nearest = min(nearest, abs(reached - position))
        near = grid.lines(reached - 1e-6, reached + 1e-6, is_vertical=is_vertical, scale=scale)
        assert len(near) == 1, "it only attracts where a line shows"
    assert (pull is None) == (nearest > TOLERANCE_PX / scale)
    if pull is not None:
        assert abs(pull.shift) == nearest


@settings(max_examples=60)
@given(grids.filter(bool), st.booleans(), scales, st.floats(-1000, 1000))
def test_lines_of_a_grid_are_evenly_spaced_and_never_a_veil(
    grid: Grid, is_vertical: bool, scale: float, start: float
) -> None:
    stop = start + 300 / scale
    shown = grid.lines(start, stop, is_vertical=is_vertical, scale=scale)
    assert len(shown) <= 300 / CLOSEST_LINES_PX + 1
    step = grid.step_px(is_vertical=is_vertical, scale=scale)
    assert step * scale >= CLOSEST_LINES_PX * (1 - 1e-9)
    assert all(start - 1e-6 <= line.position_px <= stop + 1e-6 for line in shown)
    gaps = [after.position_px - before.position_px for before, after in itertools.pairwise(shown)]
    assert all(math.isclose(gap, step, rel_tol=1e-6, abs_tol=1e-6) for gap in gaps)
