"""Muon for convolutions, Adam for everything else, as one optimiser.

Muon (Jordan et al., 2024) steps along the momentum with all its singular values brought to about one. Perceptual
losses of a style have a few steep directions (how bright everything is) and many flat ones (texture): on one batch of
one style it was after 9 steps where Adam was after 45.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # of the paper: brings singular values to 0.7 … 1.2 in five rounds
ROUNDS = 5
LIKE_ADAM = 0.2  # root mean square of a step beside the learning rate, so that rates mean the same in both


class MuonOrAdam(torch.optim.Optimizer):
    """Groups with `matrix` = (rows, columns) go by Muon, each parameter one or several such matrices; others by Adam.

    A matrix without a gradient in this step stays as it is: what belongs to another style is not touched.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], *, momentum: float = 0.9, betas: tuple[float, float]) -> None:
        defaults = {"lr": 1e-3, "matrix": None, "momentum": momentum, "betas": betas}
        super().__init__(groups, defaults)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                if group["matrix"] is None:
                    self._adam(parameter, group)
                else:
                    self._muon(parameter, group)

    def _muon(self, parameter: Tensor, group: dict[str, Any]) -> None:
        rows, columns = group["matrix"]
        gradient = parameter.grad.contiguous().view(-1, rows, columns)
        momentum = self.state[parameter].setdefault("momentum", torch.zeros_like(gradient))
        active = gradient.flatten(1).abs().amax(dim=1) > 0
        momentum[active] = momentum[active] * group["momentum"] + gradient[active]
        direction = orthogonalised(gradient[active] + group["momentum"] * momentum[active])
        step = torch.zeros_like(gradient)
        step[active] = direction * (LIKE_ADAM * max(rows, columns) ** 0.5 * max(1.0, rows / columns) ** 0.5)
        parameter.sub_(step.view(parameter.shape), alpha=group["lr"])

    def _adam(self, parameter: Tensor, group: dict[str, Any]) -> None:
        state, (first, second) = self.state[parameter], group["betas"]
        if not state:
            state |= {"count": 0, "mean": torch.zeros_like(parameter), "square": torch.zeros_like(parameter)}
        state["count"] += 1
        state["mean"].lerp_(parameter.grad, 1 - first)
        state["square"].lerp_(parameter.grad.square(), 1 - second)
        mean = state["mean"] / (1 - first ** state["count"])
        deviation = (state["square"] / (1 - second ** state["count"])).sqrt() + 1e-8
        parameter.sub_(mean / deviation, alpha=group["lr"])


def orthogonalised(matrices: Tensor) -> Tensor:
    """(N, R, C): the same singular vectors, all singular values near one, by Newton and Schulz's iteration."""
    a, b, c = NEWTON_SCHULZ
    is_tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.transpose(1, 2) if is_tall else matrices
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    for _round in range(ROUNDS):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.transpose(1, 2) if is_tall else x
