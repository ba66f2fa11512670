"""Bringing a picture to the size that a network insists on, and its answer back to the picture's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.runtime.manifest import Input
from desktop.runtime.pictures import Picture
from desktop.runtime.runner import Array, Pixels
from desktop.runtime.stitching import lay_tile
from desktop.runtime.tiling import TileRules, plan_tiles

STYLE_LIMIT_PX = 1024  # a style is seen in a picture of this side; larger ones only cost time


@dataclass(frozen=True)
class Fit:
    """All sizes are (height, width): of the picture, of what is fed, and of the picture within what is fed."""

    size: tuple[int, int]
    fed: tuple[int, int]
    inner: tuple[int, int]

    @classmethod
    def of(cls, spec: Input, size: tuple[int, int], limit: int | None = None) -> Fit:
        """For a fixed size; else the picture's own, its longer side at most `limit`, sides rounded to the multiple."""
        if isinstance(spec.size, tuple):
            return cls(size, spec.size, _inside(size, spec.size) if spec.fit == "pad" else spec.size)
        share = min((limit or max(size)) / max(size), 1)
        multiple = spec.size if isinstance(spec.size, int) else 1
        height, width = (max(-(-round(side * share) // multiple), 1) * multiple for side in size)
        return cls(size, (height, width), (height, width))

    def into(self, pixels: NDArray[Any], filling: Array | float = 0) -> NDArray[Any]:
        """(H, W[, C]) of the picture's size → what is fed, the padding of `filling`."""
        inner = resized(pixels, self.inner)
        if self.inner == self.fed:
            return inner
        fed = np.full((*self.fed, *pixels.shape[2:]), np.asarray(filling), pixels.dtype)
        fed[: self.inner[0], : self.inner[1]] = inner
        return fed

    def back(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """(C, h, w) that cover what was fed, at any resolution → (C, H, W) that cover the picture."""
        return resized_planes(self.shown(planes), self.size)

    def shown(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """(C, h, w) that cover what was fed → the part of them that covers the picture."""
        height, width = planes.shape[1:]
        rows = max(round(height * self.inner[0] / self.fed[0]), 1)
        columns = max(round(width * self.inner[1] / self.fed[1]), 1)
        return planes[:, :rows, :columns]

    def points_into(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 2) of x, y in the picture → the same places in what is fed."""
        height, width = self.size
        moved = points * np.array([self.inner[1] / width, self.inner[0] / height], np.float32)
        return moved.astype(np.float32)


def fitted_image(pixels: Pixels, spec: Input, limit: int | None = None) -> Pixels:
    """The whole picture at the size that the input wants: (h, w, 4) for networks that eat RGBA, which see alpha as it
    is; for others (h, w, 3), colour extended under transparency.
    """
    fit = Fit.of(spec, _size(pixels), limit)
    picture = Picture.with_alpha(pixels) if spec.order == "RGBA" else Picture.of(pixels)
    return cast(Pixels, fit.into(shown_whole(picture), padding_levels(spec, pixels)))


def shown_whole(picture: Picture) -> Pixels:
    """(H, W, 3|4): what a network that sees the picture whole is shown."""
    height, width = picture.pixels.shape[:2]
    (whole,) = plan_tiles(height, width, TileRules(tile=max(height, width))).tiles()
    return picture.read(whole)


def lay_whole(result: Pixels, picture: Picture, planes: NDArray[np.float32]) -> None:
    """Write an answer for the whole picture, of the result's size, in the picture's own way with alpha and grey."""
    height, width = picture.pixels.shape[:2]
    scale = result.shape[0] // height
    (whole,) = plan_tiles(height, width, TileRules(tile=max(height, width), scale=scale)).tiles()
    lay_tile(result, picture.finish(planes, whole, scale), whole)


def padding_levels(spec: Input, pixels: Pixels) -> Array:
    """The colour that the network sees as zero, in the picture's depth; nothing where it sees alpha."""
    if spec.order == "RGBA":
        return np.zeros(4, pixels.dtype)
    zero = np.broadcast_to(np.clip(np.asarray(spec.mean[:3]), 0, 255), 3) * (np.iinfo(pixels.dtype).max / 255)
    return np.rint(zero[::-1] if spec.order == "BGR" else zero).astype(pixels.dtype)


def resized(pixels: NDArray[Any], size: tuple[int, ...]) -> NDArray[Any]:
    """To (height, width): averaged when it shrinks, smooth when it grows; RGBA without the colour nobody sees."""
    if pixels.shape[:2] == tuple(size[:2]):
        return pixels
    shrinks = size[0] < pixels.shape[0] or size[1] < pixels.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return _resized_by_alpha(pixels, size, method)
    found: NDArray[Any] = cv2.resize(np.ascontiguousarray(pixels), (size[1], size[0]), interpolation=method)
    return found


def resized_planes(planes: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.float32]:
    """(C, h, w) → (C, *size), plane by plane."""
    return np.stack([resized(plane, size) for plane in planes]) if planes.shape[1:] != tuple(size[:2]) else planes


def _resized_by_alpha(pixels: NDArray[Any], size: tuple[int, ...], method: int) -> NDArray[Any]:
    """Straight RGBA: colours count as much as they are opaque."""
    most = np.float32(np.iinfo(pixels.dtype).max)
    alpha = pixels[..., 3:].astype(np.float32) / most
    weighed = np.concatenate([pixels[..., :3] * alpha, alpha], axis=2)
    found = cv2.resize(weighed, (size[1], size[0]), interpolation=method)
    share = np.clip(found[..., 3:], 0, 1)
    color = found[..., :3] / np.maximum(share, np.float32(1 / most))
    straight: NDArray[Any] = np.rint(np.concatenate([np.clip(color, 0, most), share * most], axis=2))
    return straight.astype(pixels.dtype)


def _inside(size: tuple[int, int], fixed: tuple[int, int]) -> tuple[int, int]:
    share = min(fixed[0] / size[0], fixed[1] / size[1])
    return max(round(size[0] * share), 1), max(round(size[1] * share), 1)


def _size(pixels: Array) -> tuple[int, int]:
    return int(pixels.shape[0]), int(pixels.shape[1])
