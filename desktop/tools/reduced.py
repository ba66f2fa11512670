"""A small copy of the visible picture, for previews: every n-th pixel of every n-th row."""

from __future__ import annotations

import numpy as np

from desktop.core.color import Pixels
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.geometry import Rect


def reduced_picture(document: Document, side_px: int) -> Pixels:
    """(H, W, 4) straight in the document's depth, its longer side `side_px` at most. A reading of one version."""
    size = document.size
    step = max(1, -(-max(size.width, size.height) // side_px))
    columns = slice(first_of(size.width, step), None, step)
    rows = [
        flatten(document, Rect(0, y, size.width, 1), threads=1)[0, columns]
        for y in range(first_of(size.height, step), size.height, step)
    ]
    return np.stack(rows)


def first_of(length: int, step: int) -> int:
    """Where to begin so that every step-th of so many lies in the middle of its part; there is always one."""
    return min(step, length) // 2 if length > 1 else 0
