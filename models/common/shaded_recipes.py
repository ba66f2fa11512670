"""Label maps with the solid things they stand for: flat shapes in a few colours ↔ 3D emoji, exact pairs.

The label map is made from the emoji: shading changes slowly and edges quickly, so areas are grown over small steps
of colour, each takes the class nearest to its middle colour, and what no area reached, its own pixel's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.common.drawing_recipes import PairRecipe
from models.common.packages import FetchError
from models.common.set_recipes import FLUENT_EMOJI

SIDE_PX = 192
STEP = 4  # levels of each channel that shading may change from pixel to pixel
FEWEST_PX = 70  # a smaller area is not one
ISLAND_PX = 40  # smaller pieces of a class go to what lies around them
SHADE_COUNTS = 0.5  # of a difference in lightness, beside one in hue
FAINT, STRONGEST = 25, 60  # chroma at half of what saturated colours are brought to, and that
ROUNDING_PX = 1.5
SHOWS = 128  # alpha from which a place belongs to the thing
CLASSES = {  # the first is where nothing is
    "Nothing": "#ffffff",
    "Yellow": "#ffc83d",
    "Orange": "#f58220",
    "Red": "#e0343c",
    "Pink": "#f78fb8",
    "Violet": "#8e5bd0",
    "Blue": "#2f6fd6",
    "Sky": "#74c8f7",
    "Green": "#4aa83f",
    "Tan": "#e6b483",
    "Brown": "#80492a",
    "White": "#dfe4ec",
    "Grey": "#9497a0",
    "Black": "#37343c",
}
SKINS = tuple(f"{code:x}" for code in range(0x1F3FB, 0x1F400))
LEFT_OUT = (  # signs, letters, clocks and flags: flat already, or nobody's idea of a shape
    *((0x1F000, 0x1F0FF), (0x1F100, 0x1F2FF), (0x1F500, 0x1F506), (0x1F519, 0x1F524), (0x1F550, 0x1F567)),
    *((0x1F6AB, 0x1F6B1), (0x1F6B3, 0x1F6B3), (0x1F6B7, 0x1F6BE), (0x1F6C2, 0x1F6C5), (0x1F4F4, 0x1F4F6)),
)

LEVELS = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in CLASSES.values()], np.uint8)


def build_solid_shapes(folders: dict[str, Path], kept: Path) -> int:
    """input: label maps in the colours of CLASSES (RGB PNG); target: the emoji (straight RGBA PNG)."""
    (folder,) = folders.values()
    (kept / "input").mkdir()
    (kept / "target").mkdir()
    count = 0
    for file in shapes_of(folder / "package/assets"):
        with Image.open(file) as picture:
            rgba = np.asarray(picture.convert("RGBA").resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS))
        Image.fromarray(LEVELS[label_map(rgba)]).save(kept / f"input/{file.stem}.png")
        Image.fromarray(rgba).save(kept / f"target/{file.stem}.png")
        count += 1
    if not count:
        raise FetchError("The package holds no emoji; is it another version?")
    return count


def shapes_of(folder: Path) -> Iterator[Path]:
    """One file for each thing: no variants of skin, no groups of people, no flags and signs."""
    for file in sorted(folder.glob("1f*.webp")):
        first = int(file.stem.split("-")[0], 16)
        is_sign = any(low <= first <= high for low, high in LEFT_OUT)
        if not (is_sign or "-200d-" in file.stem or any(skin in file.stem for skin in SKINS)):
            yield file


def label_map(rgba: NDArray[np.uint8]) -> NDArray[np.intp]:
    """(H, W, 4) straight → (H, W) places in CLASSES, 0 where alpha says that nothing is."""
    inside = rgba[..., 3] >= SHOWS
    colours = rgba[..., :3].copy()
    colours[~inside] = (255, 0, 255)
    colours = cv2.medianBlur(colours, 3)
    found = nearest_class(colours)
    for where, middle in grown_areas(colours, inside):
        found[where] = nearest_class(middle)
    found = np.where(inside, _rounded(found, inside), 0)
    return _without_islands(found)


def nearest_class(colours: NDArray[np.uint8]) -> NDArray[np.intp]:
    """(…, 3) RGB → place of the nearest class that is a colour."""
    off = _seen(colours)[..., None, :] - _seen(LEVELS)[1:]
    return (off**2 * (SHADE_COUNTS, 1, 1)).sum(axis=-1).argmin(axis=-1) + 1


def grown_areas(
    colours: NDArray[np.uint8], inside: NDArray[np.bool_]
) -> Iterator[tuple[tuple[NDArray[np.intp], ...], NDArray[np.uint8]]]:
    """(places, middle colour) of each area in which colours only change in small steps."""
    height, width = inside.shape
    mask = np.zeros((height + 2, width + 2), np.uint8)
    mask[1:-1, 1:-1][~inside] = 255
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | (1 << 8)
    for y in range(0, height, 4):
        for x in range(0, width, 4):
            if mask[y + 1, x + 1]:
                continue
            *_, (left, top, wide, high) = cv2.floodFill(colours, mask, (x, y), 0, (STEP,) * 3, (STEP,) * 3, flags)
            part = mask[top + 1 : top + high + 1, left + 1 : left + wide + 1]
            rows, columns = np.nonzero(part == 1)
            part[rows, columns] = 255
            if len(rows) >= FEWEST_PX:
                where = rows + top, columns + left
                yield where, np.median(colours[where], axis=0).astype(np.uint8)


def _rounded(found: NDArray[np.intp], inside: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The class that most of the neighbourhood has."""
    votes = [
        cv2.GaussianBlur(((found == place) & inside).astype(np.float32), (0, 0), ROUNDING_PX)
        for place in range(1, len(CLASSES))
    ]
    return np.argmax(votes, axis=0) + 1


def _without_islands(found: NDArray[np.intp]) -> NDArray[np.intp]:
    for place in range(1, len(CLASSES)):
        count, parts, facts, _ = cv2.connectedComponentsWithStats((found == place).astype(np.uint8), connectivity=4)
        for part in range(1, count):
            if facts[part, cv2.CC_STAT_AREA] >= ISLAND_PX:
                continue
            island = parts == part
            around = found[(cv2.dilate(island.astype(np.uint8), np.ones((3, 3))) > 0) & ~island]
            if (around > 0).any():
                found[island] = np.bincount(around[around > 0]).argmax()
    return found


def _seen(colours: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Lab with chroma evened out: what has a hue at all has it about as much."""
    flat = colours.reshape(-1, 1, 3).astype(np.float32) / 255
    lab = cv2.cvtColor(flat, cv2.COLOR_RGB2LAB).reshape(colours.shape)
    chroma = np.linalg.norm(lab[..., 1:], axis=-1, keepdims=True)
    return np.concatenate([lab[..., :1], lab[..., 1:] * (STRONGEST / (chroma + FAINT))], axis=-1)


SHADED_PAIRS = (
    PairRecipe(
        name="solid-shapes",
        packages=(FLUENT_EMOJI,),
        build=build_solid_shapes,
        about="Microsoft's Fluent emoji in 3D and label maps of them in fourteen colours, 192 × 192.",
    ),
)
