"""Videos read back as a player would."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


def video_frames(path: Path) -> list[NDArray[np.uint8]]:
    """Every frame as (H, W, 3) RGB."""
    reader, frames = cv2.VideoCapture(str(path)), []
    try:
        while (read := reader.read())[0]:
            frames.append(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
    finally:
        reader.release()
    return frames
