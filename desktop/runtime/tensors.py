"""From pixels to tensors and back: the only place that knows layout, channel order, mean, std and dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.manifest import Input, Output, channels_of
from desktop.runtime.runner import Pixels

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, on the encoded values as grey networks expect
TENSOR_TYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}

Tensor = NDArray[Any]


def pixels_to_tensor(pixels: Pixels, spec: Input, tensor_type: str) -> Tensor:
    """(H, W, 3) RGB uint8 or uint16 → the tensor that the graph wants: x = (p - mean) / std, p on 0..255."""
    slope, offset = _affine(spec, levels=float(np.iinfo(pixels.dtype).max))
    planes = np.empty((channels_of(spec.order), *pixels.shape[:2]), np.float32)
    if spec.order == "L":
        np.dot(pixels, LUMA, out=planes[0])
        planes[0] = planes[0] * slope[0] + offset[0]
    else:
        for channel, source in enumerate(_source_channels(spec.order)):
            np.multiply(pixels[..., source], slope[channel], out=planes[channel], dtype=np.float32)
            if offset[channel]:
                planes[channel] += offset[channel]
    return _as_type(_planes_to_layout(planes, spec.layout), tensor_type)


def tensor_to_planes(tensor: Tensor, spec: Output, model_id: str) -> NDArray[np.float32]:
    """The graph's answer → (3, H, W) float32 RGB 0..1 (not limited): channel slice, activation, p = x * std + mean.

    UserError when the array is no picture of the described kind.
    """
    planes: NDArray[np.float32] = _layout_to_planes(tensor, spec, model_id).astype(np.float32, copy=False)
    if spec.activation == "sigmoid":
        planes = (1 / (1 + np.exp(-planes))).astype(np.float32)
    slope = np.broadcast_to(np.asarray(spec.std, np.float32) / 255, len(planes))
    offset = np.broadcast_to(np.asarray(spec.mean, np.float32) / 255, len(planes))
    if not (slope == 1).all():
        planes = np.multiply(planes, slope[:, None, None], dtype=np.float32)
    if offset.any():
        planes = np.add(planes, offset[:, None, None], dtype=np.float32)
    if spec.invert:
        planes = np.subtract(1, planes, dtype=np.float32)
    if spec.order == "L":
        return np.broadcast_to(planes, (3, *planes.shape[1:]))
    return planes[list(_source_channels(spec.order))] if spec.order == "BGR" else planes


def scalar_tensor(value: float, shape: list[Any], tensor_type: str) -> Tensor:
    """One number in the rank that the graph declares; open dimensions are 1."""
    sides = [side if isinstance(side, int) and side > 0 else 1 for side in shape]
    return np.full(sides, value, TENSOR_TYPES.get(tensor_type, np.float32))


def _affine(spec: Input, levels: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    channels = channels_of(spec.order)
    mean = np.broadcast_to(np.asarray(spec.mean), channels)
    std = np.broadcast_to(np.asarray(spec.std), channels)
    return (255 / levels / std).astype(np.float32), (-mean / std).astype(np.float32)


def _source_channels(order: str) -> tuple[int, int, int]:
    return (2, 1, 0) if order == "BGR" else (0, 1, 2)


def _planes_to_layout(planes: NDArray[np.float32], layout: str) -> Tensor:
    if layout.endswith("HWC"):
        planes = np.ascontiguousarray(planes.transpose(1, 2, 0))
    return planes[None] if layout.startswith("N") else planes


def _layout_to_planes(tensor: Tensor, spec: Output, model_id: str) -> Tensor:
    wanted = channels_of(spec.order)
    first, stop = spec.channels or (0, wanted)
    planes = tensor
    if spec.layout.startswith("N") and planes.ndim == 4 and planes.shape[0] == 1:
        planes = planes[0]
    if planes.ndim == 2 and wanted == 1:  # a grey answer without a channel axis
        planes = planes[None]
    elif planes.ndim == 3 and spec.layout.endswith("HWC"):
        planes = planes.transpose(2, 0, 1)
    if planes.ndim != 3 or planes.shape[0] < stop:
        raise UserError("model.bad_output", model_id=model_id, shape=list(tensor.shape), expected=spec.layout)
    return planes[first:stop]


def _as_type(tensor: NDArray[np.float32], tensor_type: str) -> Tensor:
    dtype = TENSOR_TYPES.get(tensor_type, np.float32)
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)  # type: ignore[type-var]
        return np.clip(np.rint(tensor), limits.min, limits.max).astype(dtype)
    return tensor.astype(dtype, copy=False)
