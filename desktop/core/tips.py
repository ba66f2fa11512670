"""Image tips: a picture of the bristles, made to any size, turned and squashed, and kept for the next dab."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Strength: TypeAlias = npt.NDArray[np.float32]  # (H, W), 0..1: where the tip leaves paint

LARGEST_TIP_PX = 4096
STAMP_BUDGET_BYTES = 48 << 20  # of each tip
SIZES_PER_E = 100  # sizes one per cent apart share a stamp
ANGLE_STEP_DEGREES = 1.0
ROUNDNESS_STEPS = 64
OUTLINE_SIDE_PX = 96  # the outline is traced at this size
OUTLINE_LEVEL = 0.25
OUTLINE_LEAST_PX = 6  # smaller specks are left out of the outline
MOST_OUTLINES = 24

StampKey: TypeAlias = tuple[int, int, int, bool]


class ImageTip:
    """A tip made of `strength` (H, W) float32, 0..1. Its longer side is the brush's diameter. Shared, never changed."""

    def __init__(self, name: str, strength: npt.NDArray[Any], *, spacing: float = 0.1) -> None:
        assert strength.ndim == 2
        assert max(strength.shape) <= LARGEST_TIP_PX
        self.name = name
        self.spacing = spacing
        levels = [np.ascontiguousarray(strength, np.float32)]
        while min(levels[-1].shape) > 8:
            height, width = levels[-1].shape
            size = (-(-width // 2), -(-height // 2))
            levels.append(cv2.resize(levels[-1], size, interpolation=cv2.INTER_AREA))
        self._levels: list[Strength] = levels
        self._stamps: OrderedDict[StampKey, Strength] = OrderedDict()
        self._bytes = 0
        self._outline: list[npt.NDArray[np.float64]] | None = None

    @property
    def strength(self) -> Strength:
        return self._levels[0]

    @property
    def side_px(self) -> int:
        """The size at which the tip is shown pixel by pixel."""
        return int(max(self.strength.shape))

    @property
    def reach(self) -> float:
        """The distance from the middle to a corner, as a share of the diameter."""
        height, width = self.strength.shape
        return math.hypot(width, height) / (2 * self.side_px)

    def stamp(self, diameter: float, angle: float, roundness: float, mirrored: bool = False) -> Strength:
        """The tip at a size, turned clockwise, squashed across; its middle is the array's middle.

        Sizes, angles and squashings that nobody can tell apart share one array. The rim is zero.
        """
        key = (
            round(math.log(max(diameter, 0.5)) * SIZES_PER_E),
            round(angle / ANGLE_STEP_DEGREES) % round(360 / ANGLE_STEP_DEGREES),
            max(round(roundness * ROUNDNESS_STEPS), 1),
            mirrored,
        )
        stamp = self._stamps.get(key)
        if stamp is not None:
            self._stamps.move_to_end(key)
            return stamp
        stamp = self._made(
            math.exp(key[0] / SIZES_PER_E), key[1] * ANGLE_STEP_DEGREES, key[2] / ROUNDNESS_STEPS, mirrored
        )
        self._stamps[key] = stamp
        self._bytes += stamp.nbytes
        while self._bytes > STAMP_BUDGET_BYTES and len(self._stamps) > 1:
            _, oldest = self._stamps.popitem(last=False)
            self._bytes -= oldest.nbytes
        return stamp

    def outline(self) -> list[npt.NDArray[np.float64]]:
        """Closed lines around the tip, (N, 2) x and y, where the longer side of the tip is 1 and its middle is 0."""
        if self._outline is None:
            self._outline = _traced(self.strength, self.side_px)
        return self._outline

    def _made(self, diameter: float, angle: float, roundness: float, mirrored: bool) -> Strength:
        scale = diameter / self.side_px
        level = min(max(math.floor(-math.log2(scale * roundness**0.5)), 0), len(self._levels) - 1) if scale < 1 else 0
        source = self._levels[level]
        height, width = source.shape
        full_height, full_width = self.strength.shape
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        wide = full_width * scale * (-1 if mirrored else 1) / width  # pixels of the stamp per pixel of the level
        high = full_height * scale * roundness / height
        matrix = np.array([[cos * wide, -sin * high], [sin * wide, cos * high]])
        reach = np.abs(matrix) @ np.array([width / 2, height / 2])
        out_width, out_height = (2 * math.ceil(side + 0.5) + round(2 * side) % 2 for side in reach.tolist())
        # OpenCV counts from the middle of the first pixel.
        shift = np.array([out_width, out_height]) / 2 - 0.5 - matrix @ (np.array([width, height]) / 2 - 0.5)
        stamp = cv2.warpAffine(
            source,
            np.column_stack([matrix, shift]),
            (out_width, out_height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        )
        padded = np.zeros((out_height + 2, out_width + 2), np.float32)
        padded[1:-1, 1:-1] = stamp
        padded.flags.writeable = False
        return padded


def _traced(strength: Strength, side: int) -> list[npt.NDArray[np.float64]]:
    scale = OUTLINE_SIDE_PX / side
    height, width = (max(round(length * scale), 1) for length in strength.shape)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.pad(cv2.resize(strength, (width, height), interpolation=method), 4)
    top = float(small.max()) or 1.0
    blurred = cv2.GaussianBlur(small, (0, 0), 1.2)  # a line around the whole, not around every hair
    inside = (blurred >= OUTLINE_LEVEL * top).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    large = sorted((c for c in contours if cv2.arcLength(c, True) >= OUTLINE_LEAST_PX), key=len, reverse=True)
    middle = np.array([width, height]) / 2 + 4 - 0.5
    return [(contour[:, 0, :].astype(np.float64) - middle) / OUTLINE_SIDE_PX for contour in large[:MOST_OUTLINES]]
