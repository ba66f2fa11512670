"""Own gradients as lines of text, for the settings: `name|place colour opacity middle;…`."""

from __future__ import annotations

from desktop.core.errors import UserError
from desktop.core.gradient_texts import gradient_of_stops, text_of_stops
from desktop.core.gradients import Gradient


def text_of(name: str, gradient: Gradient) -> str:
    return f"{name}|{text_of_stops(gradient)}"


def gradient_of(text: str) -> tuple[str, Gradient] | None:
    """Name and gradient; None for a line that is none."""
    name, _, rest = text.rpartition("|")
    try:
        gradient = gradient_of_stops(rest)
    except UserError:
        return None
    return (name, gradient) if name else None
