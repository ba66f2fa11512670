"""From pixels to tensors and back: the only place that knows layout, channel order, mean, std and dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.manifest import WITH_MASK, ChannelOrder, Input, Output, channels_of
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
Planes = NDArray[np.float32]


def pixels_to_tensor(pixels: Pixels, spec: Input, tensor_type: str) -> Tensor:
    """(H, W, 3) RGB, or (H, W, 4) where it wants RGBA, 8 or 16 bits → x = (p - mean) / std, p on 0..255."""
    slope, offset = _affine(spec, levels=float(np.iinfo(pixels.dtype).max))
    planes = np.empty((channels_of(spec.order), *pixels.shape[:2]), np.float32)
    if spec.order in ("L", "Y"):
        np.dot(pixels, LUMA, out=planes[0])
        planes[0] = planes[0] * slope[0] + offset[0]
    elif spec.order == "Lab_L":
        planes[0] = lightness(pixels) * np.float32(2.55 / spec.std[0]) + offset[0]
    else:
        for channel, source in enumerate(_source_channels(spec.order)):
            np.multiply(pixels[..., source], slope[channel], out=planes[channel], dtype=np.float32)
            if offset[channel]:
                planes[channel] += offset[channel]
    return planes_to_tensor(planes, spec.layout, tensor_type)


def mask_to_tensor(mask: Pixels, spec: Input, tensor_type: str, channels: int = 1) -> Tensor:
    """(H, W), white where something is to be changed → the tensor, in the manifest's polarity, `channels` times."""
    return planes_to_tensor(np.repeat(_mask_plane(mask, spec, 0)[None], channels, axis=0), spec.layout, tensor_type)


def masked_to_tensor(pixels: Pixels, mask: Pixels, spec: Input, tensor_type: str) -> Tensor:
    """The picture with the masked part covered as `spec.hole` says, the mask as a fourth channel if it wants one."""
    plain = msgspec.structs.replace(spec, order="RGB", mean=_three(spec.mean, spec), std=_three(spec.std, spec))
    planes = pixels_to_tensor(pixels, msgspec.structs.replace(plain, layout="CHW"), "tensor(float)")
    hole = mask.astype(np.float32) / np.float32(np.iinfo(mask.dtype).max)
    if spec.hole != "keep":
        level = {"gray": 127.5, "white": 255.0}.get(spec.hole)
        for channel, plane in enumerate(planes):
            mean, std = plain.mean[channel % len(plain.mean)], plain.std[channel % len(plain.std)]
            cover = 0.0 if level is None else (level - mean) / std
            plane += (np.float32(cover) - plane) * hole
    if spec.order == "BGR":
        planes = planes[::-1]
    elif spec.order in WITH_MASK:
        own = _mask_plane(mask, spec, 0 if spec.order == "MRGB" else 3)[None]
        planes = np.concatenate([own, planes] if spec.order == "MRGB" else [planes, own])
    return planes_to_tensor(np.ascontiguousarray(planes), spec.layout, tensor_type)


def joined_to_tensor(pictures: Sequence[Pixels], number: float | None, spec: Input, tensor_type: str) -> Tensor:
    """Pictures of one size, one behind the other, and a plane of one number at the end, as one tensor."""
    own: ChannelOrder = "Y" if spec.order == "YN" else "RGB"
    count = channels_of(own)
    plain = msgspec.structs.replace(spec, order=own, layout="CHW", mean=spec.mean[:count], std=spec.std[:count])
    planes = [pixels_to_tensor(pixels, plain, "tensor(float)") for pixels in pictures]
    if number is not None:
        planes.append(np.full((1, *planes[0].shape[1:]), number, np.float32))
    return planes_to_tensor(np.concatenate(planes), spec.layout, tensor_type)


def planes_to_tensor(planes: Planes, layout: str, tensor_type: str) -> Tensor:
    """(C, H, W) as the graph wants it."""
    return _as_type(_planes_to_layout(planes, layout), tensor_type)


def tensor_to_planes(tensor: Tensor, spec: Output, model_id: str) -> Planes:
    """The graph's answer → (3|4, H, W) float32 RGB(A) 0..1, not limited: slice, activation, p = x * std + mean.

    UserError when the array is no picture of the described kind.
    """
    wanted = channels_of(spec.order)
    planes = answer_planes(tensor, spec, model_id, spec.channels or (0, wanted))
    slope = np.broadcast_to(np.asarray(spec.std, np.float32) / 255, len(planes))
    offset = np.broadcast_to(np.asarray(spec.mean, np.float32) / 255, len(planes))
    if not (slope == 1).all():
        planes = np.multiply(planes, slope[:, None, None], dtype=np.float32)
    if offset.any():
        planes = np.add(planes, offset[:, None, None], dtype=np.float32)
    if spec.invert:
        planes = np.subtract(1, planes, dtype=np.float32)
    if wanted == 1:
        return np.broadcast_to(planes, (3, *planes.shape[1:]))
    return planes[list(_source_channels(spec.order))] if spec.order == "BGR" else planes


def answer_planes(tensor: Tensor, spec: Output, model_id: str, channels: tuple[int, int] | None = None) -> Planes:
    """(C, H, W) float32 of any answer that lies in a plane: layout undone, activation applied, channels sliced."""
    planes = _layout_to_planes(tensor, spec, model_id)
    if spec.activation == "softmax":
        planes = _softmax(planes.astype(np.float32, copy=False))
    first, stop = channels or spec.channels or (0, len(planes))
    if len(planes) < stop:
        raise UserError("model.bad_output", model_id=model_id, shape=list(tensor.shape), expected=spec.layout)
    planes = planes[first:stop].astype(np.float32, copy=False)
    if spec.activation == "sigmoid":
        with np.errstate(over="ignore"):  # exp(100) is infinite, and 1 / infinity is the 0 that is meant
            planes = (1 / (1 + np.exp(-planes))).astype(np.float32)
    elif spec.activation == "minmax":
        low, high = float(planes.min()), float(planes.max())
        planes = ((planes - low) / max(high - low, 1e-6)).astype(np.float32)
    return planes


def answer_to_masks(tensor: Tensor, spec: Output, model_id: str) -> Planes:
    """(C, H, W) 0..1: every mask that the graph returns; p = x * std + mean as for pictures, default 0..1."""
    planes = answer_planes(tensor, spec, model_id)
    slope, offset = np.float32(spec.std[0] / 255), np.float32(spec.mean[0] / 255)
    if slope != 1 or offset:
        planes = planes * slope + offset
    planes = np.nan_to_num(planes, nan=0.0)
    return np.clip(1 - planes if spec.invert else planes, 0, 1)


def answer_to_classes(tensor: Tensor, spec: Output, model_id: str) -> NDArray[np.uint16]:
    """(H, W): the number of the class of every pixel, from scores or from a map of numbers."""
    planes = _layout_to_planes(tensor, spec, model_id)
    classes = planes[0] if len(planes) == 1 else planes.argmax(axis=0)
    limited: NDArray[np.uint16] = np.clip(classes, 0, np.iinfo(np.uint16).max).astype(np.uint16)
    return limited


def luma_planes(planes: Planes) -> NDArray[np.float32]:
    """(H, W) BT.601 luma of (3, H, W) RGB."""
    luma: NDArray[np.float32] = np.tensordot(LUMA, planes[:3], axes=1).astype(np.float32)
    return luma


def lightness(pixels: Pixels) -> NDArray[np.float32]:
    """(H, W) L of CIE Lab, 0..100, of (H, W, 3) sRGB."""
    scaled = pixels[..., :3].astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    found: NDArray[np.float32] = cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)[..., 0]
    return found


def scalar_tensor(value: float, shape: list[Any], tensor_type: str) -> Tensor:
    """One number in the rank that the graph declares; open dimensions are 1."""
    sides = [side if isinstance(side, int) and side > 0 else 1 for side in shape]
    return np.full(sides, value, TENSOR_TYPES.get(tensor_type, np.float32))


def label_tensor(index: int, shape: list[Any], tensor_type: str, classes: int) -> Tensor:
    """The number of a class as the graph wants it: one-hot where the tensor has a place for each class.

    `classes` is how many there are where the graph leaves that open.
    """
    is_number = "int" in tensor_type
    axis = 0 if len(shape) == 1 and isinstance(shape[0], int) and shape[0] > 1 else 1
    places = shape[axis] if axis < len(shape) and isinstance(shape[axis], int) and shape[axis] > 0 else None
    if axis == 1 and (len(shape) < 2 or (is_number and places in (None, 1))):
        return scalar_tensor(index, shape, tensor_type)
    sides = [side if isinstance(side, int) and side > 0 else 1 for side in shape]
    sides[axis] = places or classes
    one_hot = np.zeros(sides, TENSOR_TYPES.get(tensor_type, np.float32))
    one_hot[(slice(None),) * axis + (index,)] = 1
    return one_hot


def typed_tensor(values: Any, shape: list[Any], tensor_type: str) -> Tensor:
    """Numbers that the graph wants as they are: sizes, factors, latents; axes of 1 are added up to its rank."""
    tensor = _as_type(np.asarray(values, np.float32), tensor_type)
    return tensor.reshape((1,) * max(len(shape) - tensor.ndim, 0) + tensor.shape)


def answer_to_pixels(tensor: Tensor, spec: Output, model_id: str) -> NDArray[np.uint8]:
    """A picture that comes from no picture → (H, W, 3|4) uint8; a NaN of the network becomes black."""
    planes = tensor_to_planes(tensor, spec, model_id) * np.float32(255)
    np.nan_to_num(planes, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
    pixels: NDArray[np.uint8] = np.clip(np.rint(planes), 0, 255).astype(np.uint8).transpose(1, 2, 0)
    return pixels


def _mask_plane(mask: Pixels, spec: Input, channel: int) -> Planes:
    levels = mask.astype(np.float32) * np.float32(255 / np.iinfo(mask.dtype).max)
    if spec.polarity == "white_is_kept":
        levels = 255 - levels
    mean, std = spec.mean[channel % len(spec.mean)], spec.std[channel % len(spec.std)]
    plane: Planes = (levels - np.float32(mean)) / np.float32(std)
    return plane


def _three(numbers: list[float], spec: Input) -> list[float]:
    """The numbers of red, green and blue; a fourth belongs to the mask."""
    if len(numbers) < 3:
        return numbers
    return numbers[1:] if spec.order == "MRGB" else numbers[:3][:: -1 if spec.order == "BGR" else 1]


def _affine(spec: Input, levels: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    channels = channels_of(spec.order)
    mean = np.broadcast_to(np.asarray(spec.mean), channels)
    std = np.broadcast_to(np.asarray(spec.std), channels)
    return (255 / levels / std).astype(np.float32), (-mean / std).astype(np.float32)


def _source_channels(order: str) -> tuple[int, ...]:
    return {"BGR": (2, 1, 0), "RGBA": (0, 1, 2, 3)}.get(order, (0, 1, 2))


def _planes_to_layout(planes: NDArray[np.float32], layout: str) -> Tensor:
    if layout.endswith("HWC"):
        planes = np.ascontiguousarray(planes.transpose(1, 2, 0))
    return planes[None] if layout.startswith("N") else planes


def _layout_to_planes(tensor: Tensor, spec: Output, model_id: str) -> Tensor:
    """(C, H, W) from the layout, with or without a batch or channel axis."""
    planes = tensor
    while planes.ndim > 3 and planes.shape[0] == 1:
        planes = planes[0]
    is_single = planes.ndim == 3 and planes.shape[0] == 1 and planes.shape[2] > 4  # (1, H, W): a batch, no channels
    if planes.ndim == 2:
        planes = planes[None]
    elif planes.ndim == 3 and spec.layout.endswith("HWC") and not is_single:
        planes = planes.transpose(2, 0, 1)
    if planes.ndim != 3:
        raise UserError("model.bad_output", model_id=model_id, shape=list(tensor.shape), expected=spec.layout)
    return planes


def _softmax(planes: Planes) -> Planes:
    powers = np.exp(planes - planes.max(axis=0, keepdims=True))
    shares: Planes = powers / powers.sum(axis=0, keepdims=True)
    return shares


def _as_type(tensor: NDArray[np.float32], tensor_type: str) -> Tensor:
    dtype = TENSOR_TYPES.get(tensor_type, np.float32)
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)  # type: ignore[type-var]
        return np.clip(np.rint(tensor), limits.min, limits.max).astype(dtype)
    return tensor.astype(dtype, copy=False)
