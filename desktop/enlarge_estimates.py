"""What a network that enlarges will take, for the command line: checked against the memory before anything runs."""

from __future__ import annotations

import sys

from desktop.core.color import Pixels
from desktop.core.geometry import Size
from desktop.runtime.catalog import Model
from desktop.runtime.manifest import Task
from desktop.runtime.memory import available_bytes
from desktop.tools import enlarging
from desktop.tools.enlarging import Enlarging, Need, Paces


def checked_need(model: Model, pixels: Pixels, *, is_best: bool) -> Need | None:
    """Of one picture (H, W, 4); None for models that do not enlarge. UserError where memory does not suffice."""
    if model.manifest.task is not Task.UPSCALE:
        return None
    order = Enlarging(model, is_best=is_best)
    size = Size(pixels.shape[1], pixels.shape[0])
    depth = pixels.dtype.itemsize * 8
    need = enlarging.need_of([size], order, Paces(), depth=depth, target_area=size.area * order.scale**2)
    enlarging.check_need(need, available_bytes())
    return need


def say_need(need: Need | None) -> None:
    """On standard error; nothing where nothing enlarges."""
    if need is not None:
        print(f"scumble: {need_text(need)}", file=sys.stderr)


def need_text(need: Need) -> str:
    """By the figures of the model's card, which are from another computer."""
    memory = f"{need.memory_bytes / enlarging.GIB:.1f} GB of memory"
    if need.seconds is None:
        return f"takes {memory}; how long was not measured"
    time = f"{max(need.seconds, 1):.0f} s" if need.seconds < 100 else f"{need.seconds / 60:.0f} min"
    return f"takes about {time} by the card of the model, and {memory}"
