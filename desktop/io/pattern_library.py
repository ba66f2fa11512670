"""Own patterns: pictures in a folder, by name."""

from __future__ import annotations

import re
from pathlib import Path

from desktop.core.color import Pixels
from desktop.core.errors import UserError
from desktop.io.image_files import ImageFile, read_image, write_image

LARGEST_SIDE_PX = 4096
SUFFIX = ".png"


class PatternLibrary:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        return sorted(path.stem for path in self._folder.glob(f"*{SUFFIX}")) if self._folder.is_dir() else []

    def pixels(self, name: str) -> Pixels:
        """(H, W, 4). UserError when the file is gone or broken."""
        return read_image(self._folder / f"{name}{SUFFIX}").pixels

    def save(self, name: str, pixels: Pixels) -> str:
        """Keeps a pattern; returns the name it has. UserError when it is too large or cannot be written."""
        height, width = pixels.shape[:2]
        if max(height, width) > LARGEST_SIDE_PX:
            raise UserError("pattern.too_large", width=width, height=height, limit=LARGEST_SIDE_PX)
        plain = re.sub(r"[^\w \-]+", " ", name).strip() or "pattern"
        self._folder.mkdir(parents=True, exist_ok=True)
        write_image(self._folder / f"{plain}{SUFFIX}", ImageFile(pixels, has_alpha=True))
        return plain
