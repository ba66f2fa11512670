"""The picker: the colour under the pointer."""

from __future__ import annotations

import math

from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.geometry import Point, Rect


def color_at(document: Document, point: Point) -> tuple[int, ...] | None:
    """Straight RGBA in the document's depth of what is seen at a point; None outside the canvas."""
    x, y = math.floor(point.x), math.floor(point.y)
    if not document.size.rect().contains_point(point):
        return None
    return tuple(int(level) for level in flatten(document, Rect(x, y, 1, 1), threads=1)[0, 0])
