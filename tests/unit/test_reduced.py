"""The small copy of a picture that previews show: there is one of every picture, however thin."""

from __future__ import annotations

import numpy as np
import pytest

from desktop.tools.reduced import reduced_picture
from tests.builders import document_with, raster_layer


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(3, 5000, (32, 1)), (5000, 3, (1, 32)), (1, 1, (1, 1)), (64, 48, (24, 32)), (33, 20, (10, 16))],
)
def test_every_picture_has_a_small_copy(width: int, height: int, shape: tuple[int, int]) -> None:
    pixels = np.full((height, width, 4), (9, 90, 200, 255), np.uint8)
    small = reduced_picture(document_with(raster_layer(1, pixels), width=width, height=height), 32)
    assert small.shape == (*shape, 4)
    assert (small == pixels[0, 0]).all()
