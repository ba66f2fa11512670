"""Layers as immutable values. children[0] of a group is the bottom one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self, TypeAlias

import numpy as np

from desktop.core.affine import IDENTITY, Affine
from desktop.core.blend_modes import BlendMode
from desktop.core.geometry import EMPTY_RECT, Rect
from desktop.core.layer_styles import LayerStyles
from desktop.core.shapes import ShapeContent
from desktop.core.tiles import TileMap

LayerId: TypeAlias = int

WHITE_MASK = 255
LONGEST_NAME = 255  # characters of a layer's name; more is cut, wherever it comes from


@dataclass(frozen=True, slots=True)
class Mask:
    """A soft layer mask: 255 shows, 0 hides. Unlinked masks stay where they are when the layer moves."""

    tiles: TileMap = field(default_factory=lambda: TileMap(1, np.uint8, WHITE_MASK))
    enabled: bool = True
    linked: bool = True


@dataclass(frozen=True, slots=True)
class Locks:
    position: bool = False
    pixels: bool = False
    alpha: bool = False

    @property
    def all(self) -> bool:
        return self.position and self.pixels and self.alpha


def storable(text: str) -> str:
    """The same text, with a question mark for what no file can hold: bytes of file names that are no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


class ColorTag(StrEnum):
    """A mark in the layers panel, to find layers by."""

    NONE = "none"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    VIOLET = "violet"
    GREY = "grey"


@dataclass(frozen=True, slots=True)
class AiRecipe:
    """What made an AI result, complete enough to make it again.

    `inputs` names the layer each picture came from (role, layer id); 0 stands for the visible picture. `latent` is what
    a generated picture was made from, in C order; empty stands for the latent that the seed gives.
    """

    model_id: str
    model_sha256: str
    inputs: tuple[tuple[str, LayerId], ...] = ()
    parameters: tuple[tuple[str, float | int | bool | str], ...] = ()
    seed: int = 0
    region: Rect = EMPTY_RECT
    latent: tuple[float, ...] = ()
    truncation: float = 1.0


class Alignment(StrEnum):
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"
    JUSTIFY = "justify"


@dataclass(frozen=True, slots=True)
class TextContent:
    """What the pixels of a text layer were made of. Image pixels; `width` 0: lines end only where the text says so,
    `height` 0: all lines are shown, else those that have room in it.

    `leading` is in line heights of the font, `tracking` in thousandths of the size. All lengths are those before
    `affine`, which the text is drawn through. `bounds` is where the pixels lay when they were made: so far the layer
    has been moved since.
    """

    text: str
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    family: str = ""
    size_px: int = 48
    weight: int = 400
    italic: bool = False
    leading: float = 1.0
    tracking: float = 0.0
    alignment: Alignment = Alignment.LEFT
    color: str = "#000000"
    bounds: Rect = EMPTY_RECT
    affine: Affine = IDENTITY

    def moved(self, dx: float, dy: float) -> TextContent:
        if self.affine == IDENTITY:
            return replace(self, x=self.x + dx, y=self.y + dy)
        return replace(self, affine=self.affine.moved(dx, dy))

    def transformed(self, affine: Affine) -> TextContent:
        """Drawn through one more map; where its pixels lie is not known then."""
        if affine.only_moves:
            return replace(self.moved(affine.x0, affine.y0), bounds=EMPTY_RECT)
        return replace(self, affine=self.affine.then(affine), bounds=EMPTY_RECT)


@dataclass(frozen=True, slots=True)
class EffectSettings:
    """An adjustment or a filter with its values; those that are missing have their defaults. `lut` is a .cube file."""

    effect: str
    values: tuple[tuple[str, float | int | bool | str], ...] = ()
    lut: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerBase:
    """What every kind of layer has. Opacity is 0..1, a name has at most `LONGEST_NAME` characters, all of them text."""

    id: LayerId
    name: str
    visible: bool = True
    opacity: float = 1.0
    blend_mode: BlendMode = BlendMode.NORMAL
    clip_to_below: bool = False
    locks: Locks = Locks()
    mask: Mask | None = None
    color_tag: ColorTag = ColorTag.NONE

    def __post_init__(self) -> None:
        if len(self.name) > LONGEST_NAME:
            object.__setattr__(self, "name", self.name[:LONGEST_NAME])
        if not self.name.isascii():
            object.__setattr__(self, "name", storable(self.name))

    def changed(self, **changes: object) -> Self:
        """A copy with some fields replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterLayer(LayerBase):
    tiles: TileMap = field(default_factory=TileMap)
    recipe: AiRecipe | None = None
    text: TextContent | None = None
    shape: ShapeContent | None = None
    styles: LayerStyles | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentLayer(LayerBase):
    """Shows what lies below it in its stack through an adjustment or a filter; it has no pixels of its own."""

    settings: EffectSettings

    @property
    def tiles(self) -> TileMap:
        return _NO_PIXELS


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLayer(LayerBase):
    """A group; isolated ones blend among themselves first, pass-through ones onto what lies below.

    Styles go around what its layers look like together, so one that wears them is shown as an isolated one.
    """

    children: tuple[Layer, ...] = ()
    pass_through: bool = False
    styles: LayerStyles | None = None

    @property
    def passes_through(self) -> bool:
        """Whether its layers are shown onto what lies below."""
        return self.pass_through and self.styles is None


Layer: TypeAlias = RasterLayer | AdjustmentLayer | GroupLayer

_NO_PIXELS = TileMap()
