"""Channels inside residual blocks that add next to nothing are taken out before an export: quicker, the same pictures.

After training, many of the channels between the two convolutions of a block are never above zero, or hardly ever. What
a channel adds is told by the mean of its square times that of the weights which read it (Molchanov et al., 2017, rank
by activations in the same way); what the dropped ones add on average goes into the bias of the second convolution.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.blocks import ResidualBlock

LANES = 16  # channels that a processor takes at once: a rest of fewer would cost as much


@torch.no_grad()
def drop_idle_channels(
    network: nn.Module, inputs: list[tuple[Tensor, ...]], share: float
) -> dict[str, tuple[int, int]]:
    """Narrow every ResidualBlock in place; SHARE 0 … 1 of what each adds to INPUTS may go. Names → (before, after)."""
    blocks = {name: module for name, module in network.named_modules() if isinstance(module, ResidualBlock)}
    with _sums_kept(blocks) as sums:
        for given in inputs:
            network(*given)
    narrowed = {}
    for name, block in blocks.items():
        mean, square, count = sums[name]
        added = square / count * block.second.weight.square().sum(dim=(0, 2, 3))
        order = added.argsort()
        idle = int((added[order].cumsum(0) <= share * added.sum()).sum()) // LANES * LANES
        idle = min(idle, len(order) - LANES)
        if idle <= 0:
            continue
        _narrow(block, order[idle:].sort().values, order[:idle], mean / count)
        narrowed[name] = (len(order), len(order) - idle)
    return narrowed


@contextmanager
def _sums_kept(blocks: dict[str, ResidualBlock]) -> Iterator[dict[str, tuple[Tensor, Tensor, int]]]:
    """Of each block's inner channels, what came by: their sum, the sum of their squares, and of how many pixels."""
    sums: dict[str, tuple[Tensor, Tensor, int]] = {}

    def keep(name: str, answer: Tensor) -> None:
        inner = F.relu(answer)
        here = inner.sum((0, 2, 3)), inner.square().sum((0, 2, 3)), inner[:, 0].numel()
        before = sums.get(name)
        sums[name] = here if before is None else tuple(old + new for old, new in zip(before, here, strict=True))

    hooks = [
        block.first.register_forward_hook(lambda _module, _given, answer, name=name: keep(name, answer))
        for name, block in blocks.items()
    ]
    try:
        yield sums
    finally:
        for hook in hooks:
            hook.remove()


def _narrow(block: ResidualBlock, kept: Tensor, idle: Tensor, mean: Tensor) -> None:
    first, second = block.first, block.second
    second.bias += second.weight[:, idle].sum(dim=(2, 3)) @ mean[idle]
    first.weight, first.bias = nn.Parameter(first.weight[kept]), nn.Parameter(first.bias[kept])
    second.weight = nn.Parameter(second.weight[:, kept])
    first.out_channels = second.in_channels = len(kept)
