"""The styles that the installed models know or take from pictures, and requests for small pictures of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.runtime.catalog import Model
from desktop.runtime.manifest import Manifest, Task
from desktop.runtime.needs import needed_inputs
from desktop.runtime.runner import DeviceChoice, ParameterValue, Request
from desktop.runtime.style_pictures import check_style_picture
from desktop.tools.ai_tool import RunSettings, SecondPicture, Where
from desktop.tools.brush_size import BRUSH, PAINTED_PX, brush_param

STYLE = "style"  # the parameter that chooses among the styles of one model
THUMBNAIL_PX = 256  # of what is shown of a style, and of what a network is shown whose strokes have one size
SHARED = ("strength", "own_colors", BRUSH)  # parameters that mean the same in every network of styles
PICTURE_PX = 1024  # along the longer side of a style's picture: networks see no more of it


@dataclass(frozen=True, eq=False)
class StylePicture:
    """A picture whose manner is taken: pixels (H, W, 4), PICTURE_PX along its longer side at most."""

    path: Path
    pixels: NDArray[Any]

    @classmethod
    def of(cls, path: Path, pixels: NDArray[Any]) -> StylePicture:
        """UserError: there is no style in it."""
        check_style_picture(pixels)
        share = PICTURE_PX / max(pixels.shape[:2])
        if share < 1:
            size = (max(round(pixels.shape[1] * share), 1), max(round(pixels.shape[0] * share), 1))
            pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        return cls(path, pixels)


@dataclass(frozen=True)
class StyleChoice:
    """One style: all of a model, one of those that its parameter `style` chooses, or that of a picture."""

    model: Model
    name: str  # of the choice; empty where the model is one style
    picture: StylePicture | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.model.sha256, self.name if self.picture is None else str(self.picture.path)

    @property
    def parameters(self) -> dict[str, ParameterValue]:
        return {STYLE: self.name} if self.name else {}


def is_style(manifest: Manifest) -> bool:
    """A network that restyles a picture by itself, without a second picture."""
    return manifest.task is Task.STYLE and set(needed_inputs(manifest)) == {"image"}


def takes_picture(manifest: Manifest) -> bool:
    """A network that restyles a picture in the manner of another."""
    return manifest.task is Task.STYLE and set(needed_inputs(manifest)) == {"image", "style"}


def styles_of(models: Sequence[Model], pictures: Sequence[StylePicture] = ()) -> list[StyleChoice]:
    """All styles, those of one model together; of networks that take any, those of the pictures."""
    choices = []
    for model in models:
        if is_style(model.manifest):
            param = next((p for p in model.manifest.params if p.id == STYLE and p.type == "choice"), None)
            choices += [StyleChoice(model, name) for name in (param.choices if param else [""])]
    for model in models:
        if takes_picture(model.manifest):
            choices += [StyleChoice(model, "", picture) for picture in pictures]
    return choices


def pair_settings(outside: RunSettings, inside: StyleChoice, where: Where) -> tuple[RunSettings, RunSettings]:
    """A style everywhere, and another one, as strong and as large, in the region: (the first's run, the second's)."""
    is_same = inside.model.sha256 == outside.model.sha256
    kept = {name: value for name, value in outside.parameters.items() if is_same or name in SHARED}
    known = {param.id for param in inside.model.manifest.params}
    parameters = {name: value for name, value in kept.items() if name in known} | dict(inside.parameters)
    second = outside.second if inside.picture is None else SecondPicture(pixels=inside.picture.pixels)
    whole = replace(outside, where=Where.ALL)
    return whole, replace(whole, model=inside.model, parameters=parameters, where=where, second=second)


def small_picture(document: Document) -> NDArray[np.uint8]:
    """(h, w, 4): the visible picture, PAINTED_PX along its longer side at most."""
    pixels = flatten(document, document.size.rect())
    if pixels.dtype != np.uint8:
        pixels = np.rint(pixels.astype(np.float32) / 257).astype(np.uint8)
    return reduced(pixels, PAINTED_PX)


def reduced(pixels: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """(h, w, C): `side_px` along its longer side at most."""
    share = side_px / max(pixels.shape[:2])
    if share >= 1:
        return np.ascontiguousarray(pixels)
    size = (max(round(pixels.shape[1] * share), 1), max(round(pixels.shape[0] * share), 1))
    small: NDArray[np.uint8] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small


def thumbnail_request(choice: StyleChoice, picture: NDArray[np.uint8], device: DeviceChoice) -> Request:
    """The style at full strength on a picture of `small_picture`, its strokes as large beside it as in the painting.

    A network whose brush has one size is asked for much less: it might take minutes.
    """
    if brush_param(choice.model.manifest) is None:
        picture = reduced(picture, THUMBNAIL_PX)
    inputs = {"image": picture} if choice.picture is None else {"image": picture, "style": choice.picture.pixels}
    return Request(choice.model.id, choice.model.sha256, inputs, choice.parameters, 0, device)
