"""Walks from generated picture to generated picture, as the frames of an animation that ends where it began."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.latents import COUNT_LIMIT, draw
from desktop.runtime.manifest import Manifest
from desktop.runtime.runner import DeviceChoice, Request
from desktop.tools.generate_tool import Picture, Sample, blended, request_of, resized_rgba

FEWEST_FRAMES = 2


def walk(manifest: Manifest, stops: Sequence[Sample], count: int) -> list[Sample]:
    """`count` samples evenly along the ways from stop to stop and back to the first. UserError for fewer than two."""
    if not FEWEST_FRAMES <= count <= COUNT_LIMIT:
        raise UserError("walk.bad_frames", count=count, least=FEWEST_FRAMES, limit=COUNT_LIMIT)
    if len(stops) < 2:
        raise UserError("walk.too_few_stops")
    frames = []
    for number in range(count):
        leg, share = divmod(number * len(stops) / count, 1)
        one, other = stops[int(leg)], stops[(int(leg) + 1) % len(stops)]
        frame = blended(manifest, one, other, eased(share))
        frames.append(frame.changed(seed=stops[0].seed))  # one seed: noise that changed with the frames would flicker
    return frames


def eased(share: float) -> float:
    """Slow at the stops, so that each is seen, and quickest between them."""
    return (1 - math.cos(math.pi * share)) / 2


def walk_requests(
    manifest: Manifest, frames: Sequence[Sample], device: DeviceChoice = "auto"
) -> list[tuple[list[int], Request]]:
    """(numbers of the frames, request) for each set of parameters among them; noise is the first seed's throughout."""
    by_parameters = sorted(range(len(frames)), key=lambda number: repr(frames[number].parameters))
    requests = []
    for _, group in groupby(by_parameters, key=lambda number: frames[number].parameters):
        numbers = list(group)
        request = request_of(manifest, [frames[number] for number in numbers], device)
        noise = held_noise(manifest, frames[0].seed)
        requests.append((numbers, replace(request, inputs={**request.inputs, **noise})))
    return requests


def held_noise(manifest: Manifest, seed: int) -> dict[str, NDArray[np.float32]]:
    """The noise of a seed by tensor name: every picture of a request that brings it has the same."""
    return {
        spec.name: draw(spec, place, seed, tuple(spec.shape))
        for place, spec in enumerate(manifest.inputs)
        if spec.role == "noise" and spec.shape
    }


def enlarged(pictures: Sequence[Picture], side: int) -> list[Picture]:
    """Each with its longer side brought to `side`, with alpha."""
    longer = max(pictures[0].shape[:2])
    height, width = (max(1, round(length * side / longer)) for length in pictures[0].shape[:2])
    return [resized_rgba(picture, width, height) for picture in pictures]
