"""What an inpainting network takes its mask for: which of its values is the hole, and where in the tensor it lies.

A network that is fed rightly changes the hole and keeps the rest, and does not see what lay in the hole before.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import msgspec
import numpy as np

from desktop.core.errors import UserError
from desktop.runtime.importing.choices import Choices
from desktop.runtime.importing.graph import hole_in
from desktop.runtime.importing.trial import Picture, Trial, answer_range, preview_picture, raw_answer

RIGHT_LEVELS = 3.0  # less change of what must stay is right, and nothing else need be tried
# Of networks with the mask as a fourth channel: (place, numbers, hole) as published, the commoner first.
PUBLISHED = (("mask_first", "centred", "black"), ("mask_last", "0..1", "white"), ("mask_first", "0..1", "white"))
JOINED_RANGES = ("-1..1", "0..1", "0..255")


def hole_of(trial: Trial, choices: Choices) -> Choices:
    """Whether a mask of 1 or of 0 is the hole."""
    shown = preview_picture(trial)
    found = [msgspec.structs.replace(choices, mask_hole=hole) for hole in ("white", "black")]
    return min(found, key=lambda tried: kept_badly(trial, tried, shown)[1])


def joined_of(trial: Trial, choices: Choices, given: Mapping[str, str]) -> Choices:
    """Place, numbers and polarity of a mask that is a channel of the picture, and the picture's range."""
    shown = preview_picture(trial)
    best, least = choices, float("inf")
    for tried in _readings(choices, given):
        trial.tell("judging")
        try:
            output_range, _ = answer_range(trial, tried, tried.range)
            tried = msgspec.structs.replace(tried, output_range=output_range)
            outside, _ = kept_badly(trial, tried, shown)
            cost = outside + _seen_through(trial, tried, shown)
        except UserError:
            continue
        if cost < least - 0.01:
            best, least = tried, cost
        if least < RIGHT_LEVELS:
            break
    return best


def kept_badly(trial: Trial, choices: Choices, shown: Picture) -> tuple[float, float]:
    """Levels by which the rest changed, and how much more than the hole did."""
    inside = hole_in(shown) > 0
    change = np.abs(raw_answer(trial, choices, shown) - shown.astype(np.float32)).mean(axis=2)
    outside = float(change[~inside].mean())
    return outside, outside - float(change[inside].mean())


def _seen_through(trial: Trial, choices: Choices, shown: Picture) -> float:
    """Levels by which the filling changes with what lay in the hole: half open masks let it through."""
    inside = hole_in(shown) > 0
    middle = np.s_[shown.shape[0] * 2 // 5 : shown.shape[0] * 3 // 5, shown.shape[1] * 2 // 5 : shown.shape[1] * 3 // 5]
    other = shown.copy()
    other[inside] = 255 - other[inside]
    kept = msgspec.structs.replace(choices, covers_hole=False)
    answers = [raw_answer(trial, kept, picture)[middle] for picture in (shown, other)]
    return float(np.abs(answers[0] - answers[1]).mean())


def _readings(choices: Choices, given: Mapping[str, str]) -> Iterator[Choices]:
    others = itertools.product(("mask_first", "mask_last"), ("centred", "0..1", "-1..1"), ("black", "white"))
    ranges = (given["range"],) if "range" in given else JOINED_RANGES
    for place, code, hole in dict.fromkeys((*PUBLISHED, *others)):
        if given.get("hole", hole) != hole:
            continue
        for name in ranges:
            yield msgspec.structs.replace(choices, fourth=place, mask_code=code, mask_hole=hole, range=name)
