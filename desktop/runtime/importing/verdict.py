"""What an examined model is, in sentences for people: what it takes, what it gives, how it can be run."""

from __future__ import annotations

from desktop.core.errors import UserError
from desktop.runtime.importing.inspection import Inspection
from desktop.runtime.manifest import Input, Manifest, Task

ORDERS = {
    "L": "import.order.gray",
    "Y": "import.order.gray",
    "Lab_L": "import.order.gray",
    "MRGB": "import.order.with_mask",
    "RGBM": "import.order.with_mask",
    "RGBN": "import.order.with_level",
    "YN": "import.order.gray_with_level",
    "RGBRGB": "import.order.two",
    "RGBRGBN": "import.order.two_with_time",
}
GIVES_BY_ROLE = {
    "mask": "verdict.gives_mask",
    "classes": "verdict.gives_classes",
    "ab": "verdict.gives_colour",
    "embedding": "verdict.gives_clicks",
}


def verdict(inspection: Inspection) -> list[UserError]:
    """Sentences; their keys let a window translate them."""
    manifest = inspection.manifest
    sentences = [UserError("verdict.task", task=manifest.task.value)]
    if inspection.choices is None:
        sentences.insert(0, UserError("verdict.own"))
    picture = next((spec for spec in manifest.inputs if spec.role == "image"), None)
    sentences.append(_takes(picture, inspection) if picture else UserError("verdict.takes_numbers"))
    sentences.append(_gives(manifest))
    if picture is not None and (manifest.tile is not None or not isinstance(picture.size, tuple)):
        sentences.append(_tiles(manifest))
    if inspection.seconds_per_megapixel is not None:
        sentences.append(UserError("verdict.pace", seconds=f"{inspection.seconds_per_megapixel:.2g}"))
    return sentences


def _takes(picture: Input, inspection: Inspection) -> UserError:
    choices = inspection.choices
    values: dict[str, object] = {
        "order": UserError(ORDERS[picture.order]) if picture.order in ORDERS else picture.order,
        "range": choices.range if choices else "0..1",
    }
    if isinstance(picture.size, tuple):
        return UserError("verdict.takes_fixed", width=picture.size[1], height=picture.size[0], **values)
    if isinstance(picture.size, int):
        return UserError("verdict.takes_multiple", multiple=picture.size, **values)
    return UserError("verdict.takes_any", **values)


def _gives(manifest: Manifest) -> UserError:
    roles = [spec.role for spec in manifest.outputs]
    for role, key in GIVES_BY_ROLE.items():
        if role in roles:
            return UserError(key)
    if manifest.task is Task.GENERATE:
        width, height = next((spec.size[1], spec.size[0]) for spec in manifest.outputs if spec.size)
        return UserError("verdict.gives_new", width=width, height=height)
    if manifest.scale > 1:
        return UserError("verdict.gives_larger", scale=manifest.scale)
    return UserError("verdict.gives_picture")


def _tiles(manifest: Manifest) -> UserError:
    if manifest.tile is None:
        return UserError("verdict.whole")
    return UserError("verdict.tiles", tile=manifest.tile.tile, halo=manifest.tile.receptive_field)
