"""Averaged weights that follow from the first step on: short runs would else ship what they began with."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

WARMING = 10  # steps after which half of the average is younger than ten steps


@torch.no_grad()
def _update(averaged: list[Tensor], current: list[Tensor], decay: float) -> None:
    for mean, now in zip(averaged, current, strict=True):
        if mean.is_floating_point():
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)


def warming_average(decay: float) -> Callable[[list[Tensor], list[Tensor], Tensor | int], None]:
    """For AveragedModel: after n steps the decay is (1 + n) / (10 + n), until that exceeds DECAY."""

    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor | int) -> None:
        steps = int(count)
        _update(averaged, current, min(decay, (1 + steps) / (WARMING + steps)))

    return update
