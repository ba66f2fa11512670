"""Drawings out of free packages: line art with its exact colours, and the same emoji in several styles.

OpenMoji draws every emoji as coloured areas under black lines, in groups of their own: the lines alone are the drawing,
the areas alone what belongs under it. Variants of skin, flags and plain symbols are left out: what no line shows cannot
be learned from lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.common.packages import FetchError, Package
from models.common.picture_sets import PictureSet, premultiplied
from models.common.set_recipes import FLUENT_EMOJI, SetRecipe

LINE_ART_SIDE_PX = 192
STYLE_SIDE_PX, DRAWN_SIDE_PX = 96, 256  # of a style's pictures, and of what they are shrunk from
FILLS, SHOWS = 0.875, 16  # share of the side that a drawing takes; alpha from which something is there
LEFT_OUT = {"flags", "symbols", "component", "extras-unicode"}  # groups of OpenMoji
LEFT_OUT_BELOW = {"brand", "flags"}
STYLES = ("3D", "Flat", "Outlined")
SVG = "{http://www.w3.org/2000/svg}"

ElementTree.register_namespace("", SVG.strip("{}"))


@dataclass(frozen=True)
class PairRecipe:
    """What becomes DATA/pairs/<name>/input and …/target: pictures of the same names, one made from the other."""

    name: str
    packages: tuple[Package, ...]
    build: Callable[[dict[str, Path], Path], int]  # package name → its unpacked folder, target → number of pairs
    about: str

    @property
    def folder(self) -> str:
        return f"pairs/{self.name}"


def build_line_art(folders: dict[str, Path], kept: Path) -> int:
    """Lines on white paper (grey PNG) and the areas under them, cut out (straight RGBA PNG)."""
    (folder,) = folders.values()
    (kept / "input").mkdir()
    (kept / "target").mkdir()
    codes = openmoji_codes(folder)
    for code in codes:
        drawing = (folder / f"package/color/svg/{code}.svg").read_text(encoding="utf-8")
        lines = rasterised(only_groups(drawing, lines=True), LINE_ART_SIDE_PX)
        areas = rasterised(only_groups(drawing, lines=False), LINE_ART_SIDE_PX)
        _write_png(kept / f"input/{code}.png", 255 - lines[..., 3])
        _write_png(kept / f"target/{code}.png", cv2.cvtColor(areas, cv2.COLOR_RGBA2BGRA))
    return len(codes)


def build_emoji_styles(folders: dict[str, Path]) -> PictureSet:
    """Each emoji in every style; names are code:style, so that an emoji is held out in all styles or in none.

    Each is brought to the same size: whoever could tell a style by how large it is drawn need not look at the style.
    """
    solid, flat = folders[FLUENT_EMOJI.name] / "package/assets", flat_drawings(folders[FLUENT_FLAT.name])
    pictures, labels, names = [], [], []
    for code in openmoji_codes(folders[OPENMOJI.name]):
        file, known_as = solid / f"{code.lower()}.webp", code.lower().replace("-fe0f", "")
        if not file.exists() or known_as not in flat:
            continue
        outlined = (folders[OPENMOJI.name] / f"package/color/svg/{code}.svg").read_text(encoding="utf-8")
        drawn = [_read_rgba(file), *(rasterised(svg, DRAWN_SIDE_PX) for svg in (flat[known_as], outlined))]
        pictures += [framed(premultiplied(rgba), STYLE_SIDE_PX) for rgba in drawn]
        labels += range(len(STYLES))
        names += [f"{code}:{style}" for style in STYLES]
    if not pictures:
        raise FetchError("The packages have no emoji in common; are they other versions?")
    return PictureSet(np.stack(pictures), np.array(labels), STYLES, tuple(names), "rgba")


def flat_drawings(folder: Path) -> dict[str, str]:
    """Code points, without the sign for "as a picture" → a drawing, of a set of icons as Iconify stores them."""
    known, stored = (
        json.loads((folder / f"package/{name}.json").read_text(encoding="utf-8")) for name in ("chars", "icons")
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {stored["width"]} {stored["height"]}">'
    return {
        code.replace("-fe0f", ""): f"{head}{stored['icons'][name]['body']}</svg>"
        for code, name in known.items()
        if name in stored["icons"]
    }


def framed(rgba: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """What is there of a premultiplied picture, cut out and brought to FILLS of SIDE × SIDE, in the middle."""
    rows, columns = (np.flatnonzero(rgba[..., 3].max(axis=axis) >= SHOWS) for axis in (1, 0))
    if not len(rows):
        return np.zeros((side, side, 4), np.uint8)
    there = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = side * FILLS / max(there.shape[:2])
    height, width = (max(1, round(length * scale)) for length in there.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    there = cv2.resize(there, (width, height), interpolation=method)
    top, left = (side - height) // 2, (side - width) // 2
    return np.pad(there, ((top, side - height - top), (left, side - width - left), (0, 0)))


def openmoji_codes(folder: Path) -> list[str]:
    """Code points of what is drawn with enough lines to tell what it is."""
    listed = json.loads((folder / "package/data/openmoji.json").read_text(encoding="utf-8"))
    return sorted(
        entry["hexcode"]
        for entry in listed
        if not entry["skintone"] and entry["group"] not in LEFT_OUT and entry["subgroups"] not in LEFT_OUT_BELOW
    )


def only_groups(drawing: str, *, lines: bool) -> str:
    """An OpenMoji drawing with nothing but its lines, or with everything but them."""
    try:
        root = ElementTree.fromstring(drawing)
    except ElementTree.ParseError as error:
        raise FetchError(f"A drawing of OpenMoji is damaged: {error}.") from error
    for group in root.findall(f"{SVG}g"):
        if re.match("line", group.get("id", "")) is None if lines else re.match("line", group.get("id", "")):
            root.remove(group)
    return ElementTree.tostring(root, encoding="unicode")


def rasterised(drawing: str, side: int) -> NDArray[np.uint8]:
    """(side, side, 4) straight RGBA; by resvg, which draws as browsers do."""
    try:
        import resvg_py
    except ImportError as error:
        raise FetchError("Drawings are rasterised by resvg: pip install -e '.[train]' brings it.") from error
    try:
        png = resvg_py.svg_to_bytes(svg_string=drawing, width=side, height=side, skip_system_fonts=True)
    except ValueError as error:
        raise FetchError(f"A drawing cannot be rasterised: {error}.") from error
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)


def _read_rgba(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as file:
        return np.asarray(file.convert("RGBA"))


def _write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


OPENMOJI = Package(
    registry="npm",
    name="openmoji",
    version="17.0.0",
    sha256="55ee7d13485dec86e9f38c1f3a645a13382d33ff97c0cd845ee824b0aef45e68",
    licence="CC-BY-SA-4.0",
)
FLUENT_FLAT = Package(
    registry="npm",
    name="@iconify-json/fluent-emoji-flat",
    version="1.2.6",
    sha256="7d064769dee690815f823bc5bcc511d957198caf9f5edd8dd9c1aa48a6aeb175",
    licence="MIT",
)
PAIRS = (
    PairRecipe(
        name="line-art",
        packages=(OPENMOJI,),
        build=build_line_art,
        about="OpenMoji's black lines and the coloured areas under them, 192 × 192.",
    ),
)
DRAWN_SETS = (
    SetRecipe(
        name="emoji-styles",
        packages=(
            FLUENT_EMOJI,
            FLUENT_FLAT,
            OPENMOJI,
        ),
        build=build_emoji_styles,
        about="The same emoji in 3D and flat, as Microsoft draws them, and outlined, as OpenMoji does, 96 × 96.",
    ),
)
