"""Own gradients as lines of text, for the settings: `name|place colour opacity middle;…`."""

from __future__ import annotations

from desktop.core.gradients import MOST_STOPS, Gradient, Stop


def text_of(name: str, gradient: Gradient) -> str:
    stops = ";".join(
        f"{stop.position:.6g} {_hex(stop)} {stop.opacity:.6g} {stop.middle:.6g}" for stop in gradient.stops
    )
    return f"{name}|{stops}"


def gradient_of(text: str) -> tuple[str, Gradient] | None:
    """Name and gradient; None for a line that is none."""
    name, _, rest = text.rpartition("|")
    try:
        stops = tuple(_stop(part) for part in rest.split(";"))
    except ValueError:
        return None
    places = [stop.position for stop in stops]
    if not name or not 2 <= len(stops) <= MOST_STOPS or places != sorted(places):
        return None
    return name, Gradient(stops)


def _stop(part: str) -> Stop:
    """ValueError when it is none."""
    place, color, opacity, middle = part.split()
    levels = bytes.fromhex(color)
    if len(levels) != 3:
        raise ValueError(color)
    numbers = [float(place), float(opacity), float(middle)]
    if not all(0 <= number <= 1 for number in numbers):
        raise ValueError(part)
    red, green, blue = (level / 255 for level in levels)
    return Stop(numbers[0], (red, green, blue), numbers[1], numbers[2])


def _hex(stop: Stop) -> str:
    return bytes(round(channel * 255) for channel in stop.color).hex()
