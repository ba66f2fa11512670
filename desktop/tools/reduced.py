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
    rows = [
        flatten(document, Rect(0, y, size.width, 1), threads=1)[0, step // 2 :: step]
        for y in range(step // 2, size.height, step)
    ]
    return np.stack(rows) if rows else flatten(document, Rect(0, 0, 1, 1))
