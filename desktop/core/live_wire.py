"""The magnetic lasso's wire: the cheapest way along edges from an anchor to any other place near it.

Live-wire after Mortensen and Barrett, "Intelligent Scissors for Image Composition", SIGGRAPH 1995, as OpenCV has it.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from desktop.core.color import Pixels, to_depth8
from desktop.core.geometry import Point, Rect

CANNY = (32, 100)
GRADIENT_LIMIT = 200.0


class LiveWire:
    """Edges of a part of the picture, and all cheapest ways from one anchor through it. Made in any thread."""

    def __init__(self, pixels: Pixels, place: Rect, anchor: Point) -> None:
        """`pixels`: straight RGBA of `place` in the image, which may have been made smaller."""
        height, width = pixels.shape[:2]
        self._place = place
        self._scale = (width / place.width, height / place.height)
        shades = to_depth8(pixels)
        alpha = shades[..., 3:].astype(np.float32) / 255
        shown = np.rint(shades[..., :3] * alpha + 127 * (1 - alpha)).astype(np.uint8)
        self._wire: Any = cv2.segmentation.IntelligentScissorsMB()
        self._wire.setEdgeFeatureCannyParameters(*CANNY)
        self._wire.setGradientMagnitudeMaxLimit(GRADIENT_LIMIT)
        self._wire.applyImage(np.ascontiguousarray(shown))
        self._wire.buildMap(self._pixel(anchor))

    def reaches(self, point: Point) -> bool:
        return self._place.contains_point(point)

    def way_to(self, point: Point) -> list[Point]:
        """From the anchor to a point of the part, in image pixels, the middles of pixels."""
        contour = np.asarray(self._wire.getContour(self._pixel(point))).reshape(-1, 2)
        x, y = self._scale
        return [
            Point(self._place.x + (column + 0.5) / x, self._place.y + (row + 0.5) / y)
            for column, row in contour.tolist()
        ]

    def _pixel(self, point: Point) -> tuple[int, int]:
        column = int((point.x - self._place.x) * self._scale[0])
        row = int((point.y - self._place.y) * self._scale[1])
        most = (round(self._place.width * self._scale[0]) - 1, round(self._place.height * self._scale[1]) - 1)
        return min(max(column, 0), most[0]), min(max(row, 0), most[1])
