"""What OpenRaster cannot say, as one JSON file in the archive (scumble/document.json), and the names both sides share.

The stack.xml is the truth about the layer tree. A record is looked up by an element's `scumble:key`, and what it says
about pixels counts only while the element's PNG has the SHA-256 that the record was written with.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from desktop.core.affine import Affine
from desktop.core.blend_modes import BlendMode
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layer_styles import LayerStyles, checked_styles
from desktop.core.layers import AiRecipe, Alignment, ColorTag, EffectSettings, Locks, TextContent
from desktop.core.shapes import ShapeContent, checked_shape

MIMETYPE = b"image/openraster"
RECORD_FILE = "scumble/document.json"
PROFILE_FILE, EXIF_FILE, XMP_FILE = "scumble/profile.icc", "scumble/exif.tiff", "scumble/xmp.xml"
NAMESPACE = "urn:scumble:openraster:1"
KEY_ATTRIBUTE = "key"

CLIPPED_OP = "svg:src-atop"
# OpenRaster has fifteen of the modes; the others go under the names that Krita writes and reads.
_NAMED_BY_KRITA = {
    BlendMode.EXCLUSION: "krita:exclusion",
    BlendMode.DISSOLVE: "krita:dissolve",
    BlendMode.LINEAR_BURN: "krita:linear_burn",
    BlendMode.DARKER_COLOR: "krita:darker color",
    BlendMode.LINEAR_DODGE: "krita:linear_dodge",
    BlendMode.LIGHTER_COLOR: "krita:lighter color",
    BlendMode.VIVID_LIGHT: "krita:vivid_light",
    BlendMode.LINEAR_LIGHT: "krita:linear light",
    BlendMode.PIN_LIGHT: "krita:pin_light",
    BlendMode.HARD_MIX: "krita:hard_mix_photoshop",  # Krita's own "hard mix" is another formula
    BlendMode.SUBTRACT: "krita:subtract",
    BlendMode.DIVIDE: "krita:divide",
}
OP_OF_MODE: dict[BlendMode, str] = {
    **{mode: f"svg:{mode.value}" for mode in BlendMode},
    **_NAMED_BY_KRITA,
    BlendMode.NORMAL: "svg:src-over",
    BlendMode.ERASE: "svg:dst-out",
}
NORMAL_OP = OP_OF_MODE[BlendMode.NORMAL]
MODE_OF_OP: dict[str, BlendMode] = {op: mode for mode, op in OP_OF_MODE.items()}
# Names of other programs for the same formulas.
MODE_OF_OP |= {
    "svg:normal": BlendMode.NORMAL,
    "svg:exclusion": BlendMode.EXCLUSION,
    "svg:plus": BlendMode.LINEAR_DODGE,
    "svg:add": BlendMode.LINEAR_DODGE,
    "krita:add": BlendMode.LINEAR_DODGE,
    "krita:erase": BlendMode.ERASE,
    "krita:multiply": BlendMode.MULTIPLY,
    "krita:screen": BlendMode.SCREEN,
    "krita:overlay": BlendMode.OVERLAY,
    "krita:hard_light": BlendMode.HARD_LIGHT,
    "krita:soft_light_svg": BlendMode.SOFT_LIGHT,
    "krita:diff": BlendMode.DIFFERENCE,
}


class PlaneRecord(msgspec.Struct, omit_defaults=True):
    """A PNG in the archive with the place of its upper left corner; no file: the default everywhere."""

    file: str = ""
    x: int = 0
    y: int = 0
    default: int = 0


class MaskRecord(msgspec.Struct, omit_defaults=True):
    plane: PlaneRecord
    enabled: bool = True
    linked: bool = True


class RecipeRecord(msgspec.Struct, omit_defaults=True):
    model_id: str
    model_sha256: str
    inputs: list[tuple[str, int]] = []
    parameters: list[tuple[str, bool | int | float | str]] = []
    seed: int = 0
    region: tuple[int, int, int, int] = (0, 0, 0, 0)
    latent: list[float] = []
    truncation: float = 1.0


class AdjustmentRecord(msgspec.Struct, omit_defaults=True):
    effect: str
    values: list[tuple[str, bool | int | float | str]] = []
    lut: bytes | None = None


class TextRecord(msgspec.Struct, omit_defaults=True):
    """The fields of `TextContent`."""

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
    alignment: str = "left"
    color: str = "#000000"
    bounds: tuple[int, int, int, int] = (0, 0, 0, 0)
    affine: tuple[float, float, float, float, float, float] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class LayerRecord(msgspec.Struct, omit_defaults=True):
    """Additions to one element of the stack. None: as the element says."""

    id: int = 0
    name: str | None = None
    is_clip_run: bool = False  # the element is a group only so that others clip alike: base first, clipped ones above
    stands_for: str = ""  # the XML file with the layers that this flattened picture stands for
    png_sha256: str = ""  # `stands_for`, `mask` and `pixels` count only while the element's PNG has this digest
    clip: bool | None = None
    mode: str | None = None
    opacity: float | None = None
    visible: bool | None = None
    pass_through: bool | None = None
    locks: list[str] = []
    color_tag: str = ""
    mask: MaskRecord | None = None
    pixels: PlaneRecord | None = None  # as they are without the mask that the element's PNG is baked with
    recipe: RecipeRecord | None = None
    adjustment: AdjustmentRecord | None = None
    text: TextRecord | None = None
    shape: dict[str, Any] | None = None  # the fields of `ShapeContent`
    styles: dict[str, Any] | None = None  # those of `LayerStyles`


class StoredRecord(msgspec.Struct):
    """A PNG of the archive, found by what is in it, so that saving again need not pack it again."""

    file: str
    png_sha256: str


class ChannelRecord(msgspec.Struct, omit_defaults=True):
    name: str
    plane: PlaneRecord


class DocumentRecord(msgspec.Struct, omit_defaults=True):
    format: int = 1
    depth: int = 8
    resolution_dpi: tuple[float, float] = (72.0, 72.0)
    selection: PlaneRecord | None = None
    guides: list[tuple[float, bool]] = []
    channels: list[ChannelRecord] = []
    layers: dict[str, LayerRecord] = {}
    stored: dict[str, StoredRecord] = {}


def record_of_recipe(recipe: AiRecipe | None) -> RecipeRecord | None:
    if recipe is None:
        return None
    region = (recipe.region.x, recipe.region.y, recipe.region.width, recipe.region.height)
    return RecipeRecord(
        recipe.model_id,
        recipe.model_sha256,
        list(recipe.inputs),
        list(recipe.parameters),
        recipe.seed,
        region,
        list(recipe.latent),
        recipe.truncation,
    )


def recipe_of_record(record: RecipeRecord | None) -> AiRecipe | None:
    if record is None:
        return None
    return AiRecipe(
        record.model_id,
        record.model_sha256,
        tuple(record.inputs),
        tuple(record.parameters),
        record.seed,
        Rect(*record.region),
        tuple(record.latent),
        record.truncation,
    )


def record_of_settings(settings: EffectSettings) -> AdjustmentRecord:
    return AdjustmentRecord(settings.effect, list(settings.values), settings.lut)


def settings_of_record(record: AdjustmentRecord) -> EffectSettings:
    return EffectSettings(record.effect, tuple(record.values), record.lut)


def record_of_text(text: TextContent | None) -> TextRecord | None:
    if text is None:
        return None
    fields = {name: getattr(text, name) for name in TextRecord.__struct_fields__}
    fields |= {
        "alignment": text.alignment.value,
        "bounds": dataclasses.astuple(text.bounds),
        "affine": dataclasses.astuple(text.affine),
    }
    return TextRecord(**fields)


def text_of_record(record: TextRecord | None) -> TextContent | None:
    """None for what no text of ours is like: the layer's pixels are there all the same."""
    if record is None or record.alignment not in {one.value for one in Alignment}:
        return None
    fields = {name: getattr(record, name) for name in TextRecord.__struct_fields__}
    fields |= {
        "alignment": Alignment(record.alignment),
        "bounds": Rect(*record.bounds),
        "affine": Affine(*record.affine),
    }
    return TextContent(**fields) if fields["affine"].is_sound else None


def record_of_shape(shape: ShapeContent | None) -> dict[str, Any] | None:
    record: dict[str, Any] | None = None if shape is None else msgspec.to_builtins(shape)
    return record


def shape_of_record(record: dict[str, Any] | None) -> ShapeContent | None:
    """None for what no shape of ours is like: the layer's pixels are there all the same."""
    if record is None:
        return None
    try:
        return checked_shape(msgspec.convert(record, ShapeContent))
    except (msgspec.ValidationError, UserError):
        return None


def record_of_styles(styles: LayerStyles | None) -> dict[str, Any] | None:
    record: dict[str, Any] | None = None if styles is None else msgspec.to_builtins(styles)
    return record


def styles_of_record(record: dict[str, Any] | None) -> LayerStyles | None:
    """None for what no styles of ours are like."""
    if record is None:
        return None
    try:
        return checked_styles(msgspec.convert(record, LayerStyles))
    except (msgspec.ValidationError, UserError):
        return None


def names_of_locks(locks: Locks) -> list[str]:
    return [name for name in ("position", "pixels", "alpha") if getattr(locks, name)]


def locks_of_names(names: list[str]) -> Locks:
    return Locks("position" in names, "pixels" in names, "alpha" in names)


def name_of_tag(tag: ColorTag) -> str:
    return "" if tag is ColorTag.NONE else tag.value


def tag_of_name(name: str) -> ColorTag:
    """Names of later versions mean no tag."""
    return next((tag for tag in ColorTag if tag.value == name), ColorTag.NONE)
