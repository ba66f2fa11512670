"""Scores of classes, or maps of their numbers → how much each pixel belongs to the class that is wanted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from desktop.runtime.adapters.base import AdapterJob, broken
from desktop.runtime.manifest import Output
from desktop.runtime.tensors import answer_planes, answer_to_classes

CLASS = "class"  # the parameter that chooses one, by name or number


def membership(answer: NDArray[np.generic], spec: Output, job: AdapterJob) -> NDArray[np.float32]:
    """(2, H, W): 0..1 for the class wanted, softly where the network gives scores, and the number of the class."""
    numbers = answer_to_classes(answer, spec, job.manifest.id)
    wanted = wanted_class(spec, job)
    shares = answer_planes(answer, spec, job.manifest.id)
    if len(shares) == 1:
        share = (numbers > 0 if wanted is None else numbers == wanted).astype(np.float32)
    else:
        if spec.activation == "none" and not are_shares(shares):
            powers = np.exp(shares - shares.max(axis=0))
            shares = powers / powers.sum(axis=0)
        if wanted is not None and wanted >= len(shares):
            raise broken(job.manifest, f"it has {len(shares)} classes, so there is no class {wanted}.")
        share = 1 - shares[0] if wanted is None else shares[wanted]
    return np.stack([1 - share if spec.invert else share, numbers.astype(np.float32)]).astype(np.float32, copy=False)


def are_shares(scores: NDArray[np.float32]) -> bool:
    """The network has made probabilities of its scores already: (C, H, W) between 0 and 1."""
    return bool(scores.min() >= -0.01 and scores.max() <= 1.01)


def wanted_class(spec: Output, job: AdapterJob) -> int | None:
    """By the parameter "class", else what the manifest says; None: everything but class 0, the background."""
    if CLASS not in job.parameters:
        return spec.class_index
    value = job.parameters[CLASS]
    choices = job.manifest.param(CLASS).choices
    return choices.index(str(value)) if choices else int(value)
