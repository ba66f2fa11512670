"""How far a program is, for the editor that started it: a line of JSON on standard output, a picture now and then."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PICTURE_SECONDS = 8.0  # between two pictures: making one takes time from the work
OF = 1000  # steps that the whole is told in


class Reporter:
    """Says shares of the work done; says nothing without a folder to put pictures in."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._told, self._pictured_at = -1, -PICTURE_SECONDS

    def tell(self, share: float, picture: Callable[[], NDArray[np.uint8]]) -> None:
        """SHARE 0..1; PICTURE (H, W, 3) is made only when it is time for one."""
        step = round(min(max(share, 0.0), 1.0) * OF)
        if self._folder is None or step == self._told:
            return
        self._told = step
        line: dict[str, object] = {"step": step, "of": OF}
        if time.monotonic() - self._pictured_at >= PICTURE_SECONDS:
            path = self._folder / f"step-{step}.png"
            Image.fromarray(picture()).save(path)
            line["picture"] = str(path)
            self._pictured_at = time.monotonic()
        print(json.dumps(line), flush=True)
