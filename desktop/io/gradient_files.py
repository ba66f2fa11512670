"""GIMP's gradients (.ggr): a header, a name, a count, and segments of three places, two colours and how they change."""

from __future__ import annotations

import colorsys
import itertools
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from desktop.core.errors import UserError
from desktop.core.gradients import LEAST_MIDDLE, MOST_STOPS, Gradient, Stop
from desktop.io.atomic import replacing

HEADER = "GIMP Gradient"
SUFFIX = ".ggr"
MOST_BYTES = 1 << 20
MOST_SEGMENTS = 4096
PIECES = 8  # straight ones, where the change within a segment is a curve that stops do not have
_LINEAR, _CURVED, _STEP = 0, 1, 5
_LEAST_WORDS = 13

Row = tuple[float, ...]  # straight RGBA


def read_gradient(path: Path) -> Gradient:
    """UserError for what is none. More stops than fit are reduced to those that matter most."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError("gradient_file.broken", name=path.name)
        lines = path.read_bytes().decode("utf-8", "replace").lstrip("\ufeff").split("\n")
    except OSError as error:
        raise UserError("gradient_file.unreadable", name=path.name, reason=error.strerror or str(error)) from error
    try:
        stops = _stops_of([line.strip() for line in lines if line.strip()])
    except (ValueError, IndexError) as error:
        raise UserError("gradient_file.broken", name=path.name) from error
    return Gradient(tuple(_reduced(_without_twins(stops))))


def write_gradient(path: Path, gradient: Gradient) -> None:
    """UserError when the file cannot be written; an old one then stays as it was."""
    stops = list(gradient.stops)
    if stops[0].position > 0:
        stops.insert(0, Stop(0.0, stops[0].color, stops[0].opacity))
    if stops[-1].position < 1:
        stops.append(Stop(1.0, stops[-1].color, stops[-1].opacity))
    rows = []
    for stop, after in itertools.pairwise(stops):
        length = after.position - stop.position
        if length <= 0:
            continue
        numbers = (
            *(stop.position, stop.position + length * stop.middle, after.position),
            *(*stop.color, stop.opacity, *after.color, after.opacity),
        )
        blending = _LINEAR if stop.middle == 0.5 else _CURVED
        rows.append(" ".join(f"{number:.6f}" for number in numbers) + f" {blending} 0 0 0")
    text = "\n".join([HEADER, f"Name: {path.stem}", str(len(rows)), *rows]) + "\n"
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _stops_of(lines: list[str]) -> list[Stop]:
    """ValueError or IndexError for what is damaged."""
    if lines[0] != HEADER:
        raise ValueError(lines[0])
    rest = lines[2:] if lines[1].startswith("Name:") else lines[1:]
    count = int(rest[0])
    if not 1 <= count <= MOST_SEGMENTS or len(rest) <= count:
        raise ValueError(count)
    stops: list[Stop] = []
    end = 0.0
    for line in rest[1 : count + 1]:
        words = line.split()
        left, middle, right, *colors = (float(word) for word in words[:11])
        if len(words) < _LEAST_WORDS or not all(map(math.isfinite, (left, middle, right, *colors))):
            raise ValueError(line)
        if not end - 1e-4 <= left <= middle <= right <= 1 + 1e-4:
            raise ValueError(line)
        end = right
        stops += _segment((left, middle, right), [min(max(part, 0.0), 1.0) for part in colors], words[11:13])
    return stops


def _segment(places: tuple[float, float, float], colors: list[float], ways: list[str]) -> list[Stop]:
    left, middle, right = (min(max(place, 0.0), 1.0) for place in places)
    first, last = tuple(colors[:4]), tuple(colors[4:])
    blending, coloring = int(ways[0]), int(ways[1])
    if not 0 <= blending <= _STEP or not 0 <= coloring <= 2:
        raise ValueError(ways)
    if right <= left:
        return []
    share = (middle - left) / (right - left)
    if blending == _STEP:
        return [_stop(left, first), _stop(middle, first), _stop(middle, last), _stop(right, last)]
    if coloring == 0 and blending in (_LINEAR, _CURVED):
        if blending == _CURVED or abs(share - 0.5) < 1e-4:
            middled = 0.5 if abs(share - 0.5) < 1e-4 else min(max(share, LEAST_MIDDLE), 1 - LEAST_MIDDLE)
            return [_stop(left, first, middled), _stop(right, last)]
        half = tuple((one + other) / 2 for one, other in zip(first, last, strict=True))
        return [_stop(left, first), _stop(middle, half), _stop(right, last)]
    change = _CHANGES[blending]
    between = _mixed if coloring == 0 else _turned(counter_clockwise=coloring == 1)
    found = []
    for number in range(PIECES + 1):
        place = number / PIECES
        found.append(_stop(left + place * (right - left), between(first, last, change(_evened(place, share)))))
    return found


def _evened(place: float, middle: float) -> float:
    """Straight to a half at the middle, straight from there on."""
    if place <= middle:
        return 0.5 * place / middle if middle > 0 else 0.5
    return 0.5 + 0.5 * (place - middle) / (1 - middle)


_CHANGES: dict[int, Callable[[float], float]] = {
    0: lambda t: t,
    1: lambda t: t,
    2: lambda t: (math.sin(-math.pi / 2 + math.pi * t) + 1) / 2,
    3: lambda t: math.sqrt(max(1 - (t - 1) ** 2, 0)),
    4: lambda t: 1 - math.sqrt(max(1 - t**2, 0)),
}


def _mixed(first: Row, last: Row, share: float) -> Row:
    return tuple(one + (other - one) * share for one, other in zip(first, last, strict=True))


def _turned(*, counter_clockwise: bool) -> Callable[[Row, Row, float], Row]:
    """Around the wheel of hues instead of straight through."""

    def between(first: Row, last: Row, share: float) -> Row:
        start, end = colorsys.rgb_to_hsv(*first[:3]), colorsys.rgb_to_hsv(*last[:3])
        way = (end[0] - start[0]) % 1.0 if counter_clockwise else -((start[0] - end[0]) % 1.0)
        saturation, value = (one + (other - one) * share for one, other in zip(start[1:], end[1:], strict=True))
        rgb = colorsys.hsv_to_rgb((start[0] + way * share) % 1.0, saturation, value)
        return (*rgb, first[3] + (last[3] - first[3]) * share)

    return between


def _stop(place: float, row: Row, middle: float = 0.5) -> Stop:
    return Stop(place, (row[0], row[1], row[2]), row[3], middle)


def _without_twins(stops: list[Stop]) -> list[Stop]:
    """Where segments meet in one colour, one stop is enough: the one that knows the middle of the next segment."""
    kept: list[Stop] = []
    for stop in stops:
        if kept and stop.position - kept[-1].position < 1e-5 and _row(stop) == _row(kept[-1]):
            kept.pop()
        kept.append(stop)
    return kept


def _reduced(stops: list[Stop]) -> list[Stop]:
    """At most `MOST_STOPS`, without those that the ones beside them stand in for best."""
    if len(stops) <= MOST_STOPS:
        return stops
    stops = [Stop(stop.position, stop.color, stop.opacity) for stop in stops]
    while len(stops) > MOST_STOPS:
        losses = [_loss(*stops[number - 1 : number + 2]) for number in range(1, len(stops) - 1)]
        del stops[1 + int(np.argmin(losses))]
    return stops


def _loss(before: Stop, stop: Stop, after: Stop) -> float:
    length = max(after.position - before.position, 1e-9)
    share = (stop.position - before.position) / length
    wanted = _mixed(_row(before), _row(after), share)
    return length * max(abs(one - other) for one, other in zip(_row(stop), wanted, strict=True))


def _row(stop: Stop) -> Row:
    return (*stop.color, stop.opacity)
