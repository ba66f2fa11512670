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
from models.common.picture_sets import PictureSet, premultiplied, resized
from models.common.set_recipes import SetRecipe

LINE_ART_SIDE_PX = 192
STYLE_SIDE_PX = 64
LEFT_OUT = {"flags", "symbols", "component", "extras-unicode"}  # groups of OpenMoji
LEFT_OUT_BELOW = {"brand", "flags"}
STYLES = ("Google", "Twitter", "OpenMoji", "Line art")
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
    """Each emoji in every style; names are code:style, so that an emoji is held out in all styles or in none."""
    openmoji = folders["openmoji"]
    pictures, labels, names = [], [], []
    for code in openmoji_codes(openmoji):
        files = [
            folders[f"emoji-datasource-{vendor}"] / f"package/img/{vendor}/64/{code.lower()}.png"
            for vendor in ("google", "twitter")
        ]
        if not all(file.exists() for file in files):
            continue
        drawing = (openmoji / f"package/color/svg/{code}.svg").read_text(encoding="utf-8")
        lines = (openmoji / f"package/black/svg/{code}.svg").read_text(encoding="utf-8")
        drawn = [_read_rgba(file) for file in files]
        drawn += [rasterised(svg, STYLE_SIDE_PX) for svg in (drawing, lines)]
        pictures += [resized(premultiplied(rgba), STYLE_SIDE_PX) for rgba in drawn]
        labels += range(len(STYLES))
        names += [f"{code}:{style}" for style in STYLES]
    if not pictures:
        raise FetchError("The packages have no emoji in common; are they other versions?")
    return PictureSet(np.stack(pictures), np.array(labels), STYLES, tuple(names), "rgba")


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
            OPENMOJI,
            Package(
                registry="npm",
                name="emoji-datasource-google",
                version="16.0.0",
                sha256="fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
                licence="Apache-2.0",
            ),
            Package(
                registry="npm",
                name="emoji-datasource-twitter",
                version="16.0.0",
                sha256="f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
                licence="CC-BY-4.0",
            ),
        ),
        build=build_emoji_styles,
        about="The same emoji as Google, Twitter and OpenMoji draw them, and OpenMoji's lines alone, 64 × 64.",
    ),
)
