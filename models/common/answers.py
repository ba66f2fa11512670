"""What becomes of a network's answer, as the editor does it: a picture, a matte shown in grey, curves applied."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.nets.curves import applied

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Planes = NDArray[np.float32]  # (1, C, h, w)

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def fitted(picture: Rgb8, spec: dict[str, Any]) -> Rgb8:
    """The picture at the size that the input wants: averaged when it shrinks, cubic when it grows."""
    size = spec["size"]
    if not isinstance(size, list | tuple) or tuple(size) == picture.shape[:2]:
        return picture
    shrinks = size[0] < picture.shape[0] or size[1] < picture.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(np.ascontiguousarray(picture), (size[1], size[0]), interpolation=method)


def shown(manifest: dict[str, Any], answer: Planes, picture: Rgb8) -> Rgb8:
    """The answer as a picture of 8 bits: of the picture's size for mattes, curves, colours, of its own otherwise."""
    role = manifest["outputs"][0]["role"]
    if role == "curve":
        planes = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
        answer = applied(planes, torch.from_numpy(answer)).numpy()
    elif role == "ab":
        answer = coloured(picture, answer * np.float32(manifest["outputs"][0]["std"][0]))
    elif role == "mask":
        answer = np.broadcast_to(answer, (1, 3, *answer.shape[2:]))
    return np.clip(np.rint(answer[0].transpose(1, 2, 0) * 255), 0, 255).astype(np.uint8)


def coloured(picture: Rgb8, ab: Planes) -> Planes:
    """(1, 3, H, W) in 0..1: the picture's luma with these colours around it, less where sRGB has no room for them."""
    luma = picture.astype(np.float32) @ LUMA / 255
    size = (picture.shape[1], picture.shape[0])
    planes = [cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_CUBIC) for plane in ab[0]]
    lightness = cv2.cvtColor(np.repeat(luma[..., None], 3, axis=2), cv2.COLOR_RGB2LAB)[..., 0]
    colour = cv2.cvtColor(np.stack([lightness, *planes], axis=2), cv2.COLOR_LAB2RGB)
    around = colour - (colour @ LUMA)[..., None]
    room = np.where(around > 0, 1 - luma[..., None], luma[..., None])
    share = (room / np.maximum(np.abs(around), 1e-6)).min(axis=2, keepdims=True)
    return (luma[..., None] + np.clip(share, 0, 1) * around).transpose(2, 0, 1)[None].astype(np.float32)
