"""Colours that a person painted over a picture, as a network is shown them: small, their edges not mixed with black."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.runtime.manifest import Input
from desktop.runtime.runner import Pixels
from desktop.runtime.stitching import levels_of
from desktop.runtime.tensors import Tensor, planes_to_tensor


def hints_tensor(hints: Pixels | None, spec: Input, tensor_type: str) -> Tensor:
    """(H, W, 3|4) of any size, or None → the graph's tensor: straight RGBA at its fixed size, nothing without hints."""
    assert isinstance(spec.size, tuple)
    planes = np.zeros((4, *spec.size), np.float32) if hints is None else _shrunk(hints, spec.size)
    mean = np.broadcast_to(np.asarray(spec.mean, np.float32), 4)[:, None, None]
    std = np.broadcast_to(np.asarray(spec.std, np.float32), 4)[:, None, None]
    return planes_to_tensor(((planes * 255 - mean) / std).astype(np.float32), spec.layout, tensor_type)


def _shrunk(hints: Pixels, size: tuple[int, int]) -> NDArray[np.float32]:
    """(4, *size) in 0..1: colour averaged by alpha."""
    white = np.float32(levels_of(hints))
    opaque = np.full_like(hints[..., :1], white) if hints.shape[2] == 3 else hints[..., 3:]
    alpha = opaque.astype(np.float32) / white
    premultiplied = np.concatenate([hints[..., :3] * (alpha / white), alpha], axis=2)
    shrinks = hints.shape[0] > size[0] or hints.shape[1] > size[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    small = cv2.resize(premultiplied, (size[1], size[0]), interpolation=method)
    small[..., :3] /= np.maximum(small[..., 3:], np.float32(1e-6))
    planes: NDArray[np.float32] = np.ascontiguousarray(np.clip(small, 0, 1).transpose(2, 0, 1))
    return planes
