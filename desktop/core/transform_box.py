"""The frame of a free transform as a value: what dragging its handles makes of it, and the matrix it stands for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from desktop.core.geometry import Point, Rect
from desktop.core.warp import Matrix, mapped

Handle = tuple[int, int]  # -1, 0, 1 across and down; (0, 0) is no handle
HANDLES: tuple[Handle, ...] = ((-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0))
CORNERS: tuple[Handle, ...] = ((-1, -1), (1, -1), (1, 1), (-1, 1))

LEAST_SCALE = 1e-3
MOST_SKEW = 80.0  # degrees
STEP_DEGREES = 15.0
STILL = 1e-9
NO_CORNERS = (Point(0.0, 0.0),) * 4


@dataclass(frozen=True, slots=True)
class TransformBox:
    """Corners of `rect` are pulled by `corners` (perspective), then scaled, skewed, turned clockwise, and put so that

    the middle of `rect` lies at `center`. Scales may be negative; angles are in degrees.
    """

    rect: Rect
    center: Point
    scale_x: float = 1.0
    scale_y: float = 1.0
    angle: float = 0.0
    skew: float = 0.0
    corners: tuple[Point, Point, Point, Point] = NO_CORNERS

    @staticmethod
    def around(rect: Rect) -> TransformBox:
        return TransformBox(rect, Point(rect.x + rect.width / 2, rect.y + rect.height / 2))

    @property
    def is_identity(self) -> bool:
        return self == TransformBox.around(self.rect)

    @property
    def whole_shift(self) -> tuple[int, int] | None:
        """How far it moves, when it moves by whole pixels and does nothing else."""
        start = TransformBox.around(self.rect)
        if self != replace(start, center=self.center):
            return None
        dx, dy = self.center.x - start.center.x, self.center.y - start.center.y
        return (round(dx), round(dy)) if dx == round(dx) and dy == round(dy) else None

    # the matrix

    def linear(self) -> Matrix:
        """(2, 2): scale, skew, turn."""
        cos, sin = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        turn = np.array([[cos, -sin], [sin, cos]])
        shear = np.array([[1.0, math.tan(math.radians(self.skew))], [0.0, 1.0]])
        result: Matrix = turn @ shear @ np.diag([self.scale_x, self.scale_y])
        return result

    def matrix(self) -> Matrix:
        """(3, 3), from the source's image pixels to those of the result."""
        middle_x, middle_y = self.rect.x + self.rect.width / 2, self.rect.y + self.rect.height / 2
        linear = self.linear()
        affine = np.eye(3)
        affine[:2, :2] = linear
        affine[:2, 2] = (self.center.x, self.center.y) - linear @ (middle_x, middle_y)
        result: Matrix = affine if self.corners == NO_CORNERS else affine @ self._perspective()
        return result

    def quad(self) -> tuple[Point, Point, Point, Point]:
        """Where the corners lie now: upper left, upper right, lower right, lower left of the source."""
        matrix = self.matrix()
        one, two, three, four = (mapped(matrix, self._corner(handle)) for handle in CORNERS)
        return one, two, three, four

    def place(self, handle: Handle) -> Point:
        """Where a handle lies now."""
        quad = dict(zip(CORNERS, self.quad(), strict=True))
        across, down = handle
        if across and down:
            return quad[handle]
        ends = [quad[(across, -1)], quad[(across, 1)]] if across else [quad[(-1, down)], quad[(1, down)]]
        return Point((ends[0].x + ends[1].x) / 2, (ends[0].y + ends[1].y) / 2)

    def contains(self, point: Point) -> bool:
        quad = np.array([(corner.x, corner.y) for corner in self.quad()], np.float32)
        return bool(cv2.pointPolygonTest(quad, (point.x, point.y), False) >= 0)

    # what dragging does; each starts from the box as it was at the press

    def moved(self, dx: float, dy: float) -> TransformBox:
        return replace(self, center=self.center.translated(dx, dy))

    def turned(self, start: Point, end: Point, *, stepped: bool) -> TransformBox:
        """Follows the pointer around the middle; in steps of 15° when wanted."""
        before = math.atan2(start.y - self.center.y, start.x - self.center.x)
        after = math.atan2(end.y - self.center.y, end.x - self.center.x)
        angle = self.angle + math.degrees(after - before)
        if stepped:
            angle = round(angle / STEP_DEGREES) * STEP_DEGREES
        return replace(self, angle=normalized(angle))

    def scaled(self, handle: Handle, dx: float, dy: float, *, keeps_ratio: bool, from_middle: bool) -> TransformBox:
        """A handle dragged by (dx, dy) image pixels; the opposite one holds still, or the middle."""
        frame = self.linear() @ np.diag([1 / self.scale_x, 1 / self.scale_y])
        step = np.linalg.inv(frame) @ (dx, dy)
        both = 2.0 if from_middle else 1.0
        width, height = max(self.rect.width, 1), max(self.rect.height, 1)
        factor_x = 1 + both * handle[0] * step[0] / (width * self.scale_x)
        factor_y = 1 + both * handle[1] * step[1] / (height * self.scale_y)
        if keeps_ratio:
            factor_x, factor_y = _with_ratio(handle, factor_x, factor_y)
        changed = replace(self, scale_x=_not_zero(self.scale_x * factor_x), scale_y=_not_zero(self.scale_y * factor_y))
        if from_middle:
            return changed
        anchor = np.array([-handle[0] * width / 2, -handle[1] * height / 2])
        shift = self.linear() @ anchor - changed.linear() @ anchor
        return changed.moved(float(shift[0]), float(shift[1]))

    def skewed(self, handle: Handle, dx: float, dy: float) -> TransformBox:
        """A side dragged along itself, the opposite one holds still."""
        linear, width, height = self.linear(), max(self.rect.width, 1), max(self.rect.height, 1)
        column = 0 if handle[1] else 1
        along = linear[:, column] / max(float(np.linalg.norm(linear[:, column])), STILL)
        slide = along * float(along @ (dx, dy))
        changed = linear.copy()
        if handle[1]:
            changed[:, 1] += slide * handle[1] / height
        else:
            changed[:, 0] += slide * handle[0] / width
        result = self._with_linear(changed)
        return self if result is None else result.moved(float(slide[0] / 2), float(slide[1] / 2))

    def pulled(self, handle: Handle, dx: float, dy: float) -> TransformBox:
        """One corner dragged by itself; a frame that would fold stays as it was."""
        step = np.linalg.inv(self.linear()) @ (dx, dy)
        index = CORNERS.index(handle)
        corners = list(self.corners)
        corners[index] = corners[index].translated(float(step[0]), float(step[1]))
        result = replace(self, corners=(corners[0], corners[1], corners[2], corners[3]))
        return result if result.is_convex() else self

    def is_convex(self) -> bool:
        points = [
            np.array([corner.x + pull.x, corner.y + pull.y])
            for corner, pull in zip(map(self._corner, CORNERS), self.corners, strict=True)
        ]
        crosses = []
        for index in range(4):
            one, two = points[(index + 1) % 4] - points[index], points[(index + 2) % 4] - points[(index + 1) % 4]
            crosses.append(float(one[0] * two[1] - one[1] * two[0]))
        return min(crosses) > 1e-3 * max(self.rect.area, 1)

    def mirrored(self, *, across: bool) -> TransformBox:
        """Flipped in place, as it is seen."""
        sign = np.diag([-1.0, 1.0]) if across else np.diag([1.0, -1.0])
        return self._with_linear(sign @ self.linear()) or self

    # in detail

    def _corner(self, handle: Handle) -> Point:
        middle_x, middle_y = self.rect.x + self.rect.width / 2, self.rect.y + self.rect.height / 2
        return Point(middle_x + handle[0] * self.rect.width / 2, middle_y + handle[1] * self.rect.height / 2)

    def _perspective(self) -> Matrix:
        before = [(corner.x, corner.y) for corner in map(self._corner, CORNERS)]
        after = [(x + pull.x, y + pull.y) for (x, y), pull in zip(before, self.corners, strict=True)]
        found = cv2.getPerspectiveTransform(np.array(before, np.float32), np.array(after, np.float32))
        result: Matrix = np.asarray(found, np.float64)
        return result

    def _with_linear(self, linear: Matrix) -> TransformBox | None:
        """Scale, skew and angle that make up another linear part; None where it is flat."""
        sign = 1.0 if self.scale_x > 0 else -1.0
        across = sign * linear[:, 0]
        length = float(np.linalg.norm(across))
        angle = math.atan2(across[1], across[0])
        cos, sin = math.cos(angle), math.sin(angle)
        slide, height = cos * linear[0, 1] + sin * linear[1, 1], cos * linear[1, 1] - sin * linear[0, 1]
        if length < LEAST_SCALE or abs(height) < LEAST_SCALE:
            return None
        skew = math.degrees(math.atan2(slide, abs(height))) * (1 if height > 0 else -1)
        if abs(skew) > MOST_SKEW:
            return None
        return replace(self, scale_x=sign * length, scale_y=height, angle=normalized(math.degrees(angle)), skew=skew)


def normalized(degrees: float) -> float:
    """The same direction in -180 < degrees <= 180."""
    return 180.0 - (180.0 - degrees) % 360.0


def _with_ratio(handle: Handle, factor_x: float, factor_y: float) -> tuple[float, float]:
    if handle[0] and handle[1]:
        factor = max(abs(factor_x), abs(factor_y))
        return math.copysign(factor, factor_x), math.copysign(factor, factor_y)
    factor = factor_x if handle[0] else factor_y
    return (factor, abs(factor)) if handle[0] else (abs(factor), factor)


def _not_zero(scale: float) -> float:
    return scale if abs(scale) >= LEAST_SCALE else math.copysign(LEAST_SCALE, scale)
