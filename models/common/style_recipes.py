"""Paintings out of a free package, one for each style that is not painted by rule (own_paintings.py).

All painters died more than seventy years ago; the package states for Van Gogh's "public domain" and for the others the
licence of the collection that scanned them. Some pictures come as the pieces of a jigsaw puzzle and are put together.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from models.common.packages import FetchError, Package
from models.common.qt_resources import read_rcc

IMAGE = re.compile(r'"pixmapfile" : "image/([^"]+)",\s*"x" : "([\d.]+)",\s*"y" : "([\d.]+)"')
BOARD = re.compile(r'"width": (\d+),\s*"height": (\d+)')
TRIMMED_PX = 3  # pieces along the rim do not end on one line


@dataclass(frozen=True)
class Painting:
    name: str  # of the file that is kept, without ending
    about: str  # painter, title, year
    source: str  # inside the package, "bundle.rcc/path"; a board of a puzzle ends with .qml


@dataclass(frozen=True)
class PaintingsRecipe:
    name: str
    package: Package
    paintings: tuple[Painting, ...]

    @property
    def packages(self) -> tuple[Package, ...]:
        return (self.package,)

    @property
    def folder(self) -> str:
        return self.name

    @property
    def about(self) -> str:
        return "Paintings in the public domain. " + " ".join(f"{p.name}: {p.about}." for p in self.paintings)


def read_paintings(recipe: PaintingsRecipe, folder: Path) -> dict[str, Image.Image]:
    """Name → picture (RGB). FetchError: the package does not hold it."""
    bundles: dict[str, dict[str, bytes]] = {}
    pictures = {}
    for painting in recipe.paintings:
        bundle, _, path = painting.source.partition("/")
        if bundle not in bundles:
            bundles[bundle] = _files_of(folder, bundle)
        try:
            content = bundles[bundle][path]
            is_board = path.endswith(".qml")
            picture = _assembled(content.decode(), bundles[bundle], path) if is_board else _opened(content)
        except (KeyError, ValueError, OSError) as error:
            raise FetchError(f"{recipe.package.name} does not hold {painting.about} where it was expected.") from error
        pictures[painting.name] = picture.convert("RGB")
    return pictures


def _files_of(folder: Path, bundle: str) -> dict[str, bytes]:
    found = sorted(folder.rglob(bundle))
    if not found:
        raise FetchError(f"The package holds no {bundle}; is it another version?")
    return {path.split("/activities/")[-1]: content for path, content in read_rcc(found[0].read_bytes())}


def _opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def _assembled(board: str, files: Mapping[str, bytes], path: str) -> Image.Image:
    """The pieces of a puzzle laid where its board says that their middles are."""
    size = BOARD.search(board)
    if size is None:
        raise ValueError("a board without a size")
    width, height = int(size[1]), int(size[2])
    whole = Image.new("RGBA", (width, height))
    folder = path.split("/board/")[0]
    for name, x, y in IMAGE.findall(board):
        piece = _opened(files[f"{folder}/image/{name}"]).convert("RGBA")
        left, top = round(float(x) * width - piece.width / 2), round(float(y) * height - piece.height / 2)
        whole.alpha_composite(piece, (max(left, 0), max(top, 0)))
    left, top, right, bottom = whole.getbbox() or (0, 0, width, height)
    return whole.crop((left + TRIMMED_PX, top + TRIMMED_PX, right - TRIMMED_PX, bottom - TRIMMED_PX))


PAINTINGS = PaintingsRecipe(
    name="paintings",
    package=Package(
        registry="debian",
        name="gcompris-qt-data",
        version="3.1-2",
        sha256="e9cf06ab2105529068df73085784e835d2ff03f870d2a8091f09125d40abac9f",
        licence="paintings in the public domain; scans per file: public domain, GPL-3+",
    ),
    paintings=(
        Painting(
            "great-wave",
            "Katsushika Hokusai, The Great Wave off Kanagawa, about 1831",
            "paintings.rcc/paintings/resource/board/board7_0.qml",
        ),
        Painting(
            "cafe-terrace",
            "Vincent van Gogh, Café Terrace at Night, 1888",
            "details.rcc/details/resource/image/Gogh4_background.webp",
        ),
    ),
)
