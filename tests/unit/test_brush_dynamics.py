"""Curves, sensors, the stabiliser and symmetry: the arithmetic of a brush, without pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desktop.core.dynamics import (
    Curve,
    Dynamic,
    Motion,
    PenSample,
    Sensor,
    SpeedMeter,
    Target,
    factors_of,
    sensed,
)
from desktop.core.geometry import Point
from desktop.core.stabilizer import Stabilizer, StabilizerSettings, Steadying
from desktop.core.symmetry import Symmetry, SymmetryKind

ORIGIN = PenSample(Point(0, 0))
shares = st.floats(0, 1)


@given(st.lists(st.tuples(shares, shares), min_size=2, max_size=8))
@example([(0.0, 0.0), (1.0, 1.0), (0.5, 5e-324)])
def test_a_curve_stays_between_its_points_and_never_overshoots(points: list[tuple[float, float]]) -> None:
    curve = Curve.through(points)
    xs = np.linspace(0, 1, 200)
    values = curve.values(xs)
    for (x0, y0), (x1, y1) in zip(curve.points, curve.points[1:], strict=False):
        inside = values[(xs >= x0) & (xs <= x1)]
        assert (inside >= min(y0, y1) - 1e-9).all()
        assert (inside <= max(y0, y1) + 1e-9).all()


def test_a_curve_goes_through_its_points() -> None:
    curve = Curve(((0.0, 0.1), (0.25, 0.6), (0.75, 0.7), (1.0, 1.0)))
    for x, y in curve.points:
        assert curve.value(x) == pytest.approx(y, abs=1e-3)


def test_the_plain_curve_changes_nothing() -> None:
    assert [Curve().value(x) for x in (0, 0.3, 0.77, 1)] == pytest.approx([0, 0.3, 0.77, 1])


def test_points_too_close_together_become_one() -> None:
    assert Curve.through([(0.5, 0.2), (0, 0), (0.501, 0.9), (1, 1)]).points == ((0, 0), (0.5, 0.2), (1, 1))


def test_two_sensors_of_one_target_multiply_and_turns_add_up() -> None:
    dynamics = (
        Dynamic(Sensor.PRESSURE, Target.SIZE),
        Dynamic(Sensor.TILT, Target.SIZE),
        Dynamic(Sensor.DIRECTION, Target.ANGLE),
        Dynamic(Sensor.ROTATION, Target.ANGLE),
    )
    sample = PenSample(Point(0, 0), 0.5, tilt_x=30, rotation=20)
    factors = factors_of(dynamics, sample, Motion(direction=90))
    assert factors.size == pytest.approx(0.25)
    assert factors.turn == pytest.approx(110)


@pytest.mark.parametrize(
    ("sensor", "value"),
    [
        (Sensor.PRESSURE, 0.4),
        (Sensor.TILT, 0.5),
        (Sensor.TILT_DIRECTION, 0.25),
        (Sensor.ROTATION, 0.75),
        (Sensor.SPEED, 0.5),
        (Sensor.DIRECTION, 0.125),
    ],
)
def test_sensors_read_shares(sensor: Sensor, value: float) -> None:
    sample = PenSample(Point(0, 0), 0.4, tilt_x=0, tilt_y=30, rotation=-90)
    assert sensed(sensor, sample, Motion(direction=45, speed=2.0)) == pytest.approx(value)


def test_speed_does_not_depend_on_how_often_it_is_reported() -> None:
    at_once, in_parts = SpeedMeter(), SpeedMeter()
    at_once.begin(90, 30)
    for _ in range(3):
        in_parts.begin(30, 10)
    assert at_once.at(1) == pytest.approx(in_parts.at(1))
    assert 0 < at_once.at(1) < 3


def test_rotation_turns_the_short_way() -> None:
    half = PenSample(Point(0, 0), rotation=350).towards(PenSample(Point(0, 0), rotation=10), 0.5)
    assert half.rotation % 360 == pytest.approx(0)


def zigzag() -> list[PenSample]:
    return [PenSample(Point(4.0 * i, 6.0 * (-1) ** i), pressure=i / 40) for i in range(40)]


def roughness(samples: list[PenSample]) -> float:
    return float(np.abs(np.diff([sample.point.y for sample in samples], n=2)).sum())


@pytest.mark.parametrize("kind", [Steadying.AVERAGE, Steadying.STRING])
def test_a_stabiliser_smooths_and_catches_up_at_the_end(kind: Steadying) -> None:
    stabilizer = Stabilizer(StabilizerSettings(kind, 25))
    followed = [sample for pen in zigzag() for sample in stabilizer.add(pen)]
    assert roughness(followed) < 0.3 * roughness(zigzag())
    assert followed[-1].point.x < zigzag()[-1].point.x - 5, "it lags behind"
    assert stabilizer.finish()[-1] == zigzag()[-1]
    assert stabilizer.finish() == []


def test_a_stabiliser_that_is_off_passes_everything_on() -> None:
    stabilizer = Stabilizer(StabilizerSettings(Steadying.OFF, 25))
    assert [sample for pen in zigzag() for sample in stabilizer.add(pen)] == zigzag()
    assert stabilizer.finish() == []


def test_a_slack_string_does_not_pull() -> None:
    stabilizer = Stabilizer(StabilizerSettings(Steadying.STRING, 20))
    stabilizer.add(ORIGIN)
    assert stabilizer.add(PenSample(Point(19, 0))) == []
    assert stabilizer.add(PenSample(Point(30, 0)))[0].point.x == pytest.approx(10)


def test_the_average_does_not_depend_on_the_event_rate() -> None:
    ends = []
    for parts in (1, 50):
        stabilizer = Stabilizer(StabilizerSettings(Steadying.AVERAGE, 25))
        stabilizer.add(ORIGIN)
        followed = [s for i in range(parts) for s in stabilizer.add(PenSample(Point(100 * (i + 1) / parts, 0)))]
        ends.append(followed[-1].point.x)
    assert ends[0] == pytest.approx(ends[1], abs=0.01)


@pytest.mark.parametrize(
    ("kind", "places"),
    [
        (SymmetryKind.OFF, {(30, 10)}),
        (SymmetryKind.VERTICAL, {(30, 10), (-10, 10)}),
        (SymmetryKind.HORIZONTAL, {(30, 10), (30, -10)}),
        (SymmetryKind.BOTH, {(30, 10), (-10, 10), (30, -10), (-10, -10)}),
    ],
)
def test_mirrors_lie_where_they_should(kind: SymmetryKind, places: set[tuple[int, int]]) -> None:
    center = Point(10, 0)
    found = {(p.x, p.y) for p in (copy.point(Point(30, 10), center) for copy in Symmetry(kind).copies())}
    assert found == places


def test_spokes_turn_points_and_tips_alike() -> None:
    copies = Symmetry(SymmetryKind.RADIAL, spokes=5).copies()
    assert len(copies) == 5
    place = copies[1].point(Point(10, 0), Point(0, 0))
    assert (place.x, place.y) == pytest.approx((10 * math.cos(math.radians(72)), 10 * math.sin(math.radians(72))))
    assert copies[1].angle(5) == 77
