"""Stops of gradients as text, `place colour opacity middle;…`, and the gradients that values of effects stand for."""

from __future__ import annotations

from desktop.core.effect_values import Values, color_of_text
from desktop.core.errors import UserError
from desktop.core.gradients import MOST_STOPS, Gradient, Stop


def text_of_stops(gradient: Gradient) -> str:
    return ";".join(f"{stop.position:.6g} {_hex(stop)} {stop.opacity:.6g} {stop.middle:.6g}" for stop in gradient.stops)


def gradient_of_stops(text: str) -> Gradient:
    """UserError for what is none."""
    try:
        stops = tuple(_stop(part) for part in text.split(";"))
    except ValueError as error:
        raise UserError("effect.bad_gradient", text=text[:60]) from error
    places = [stop.position for stop in stops]
    if not 2 <= len(stops) <= MOST_STOPS or places != sorted(places):
        raise UserError("effect.bad_gradient", text=text[:60])
    return Gradient(stops)


def gradient_of_values(values: Values) -> Gradient:
    """Its own stops, or what the single colours make where there are none."""
    if values["gradient"]:
        return gradient_of_stops(values["gradient"])
    if "dark" in values:
        places = (0.0, values["middle_at"] / 100, 1.0)
        named = zip(places, ("dark", "middle", "light"), strict=True)
        return Gradient(tuple(Stop(place, color_of_text(values[name])) for place, name in named))
    ends = ((0.0, "first"), (1.0, "second"))
    return Gradient(
        tuple(Stop(place, color_of_text(values[name]), values[f"{name}_opacity"] / 100) for place, name in ends)
    )


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
