"""The styles that the installed models know, and requests for small pictures of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.runtime.catalog import Model
from desktop.runtime.manifest import Manifest, Task
from desktop.runtime.needs import needed_inputs
from desktop.runtime.runner import DeviceChoice, ParameterValue, Request

STYLE = "style"  # the parameter that chooses among the styles of one model
THUMBNAIL_PX = 256  # what the network is shown, along the longer side: smaller, strokes would hide the picture
LARGE_PX = 2000  # along the longer side; larger pictures get larger strokes to begin with
BRUSH = "brush"


@dataclass(frozen=True)
class StyleChoice:
    """One style: all of a model, or one of those that its parameter `style` chooses."""

    model: Model
    name: str  # of the choice; empty where the model is one style

    @property
    def key(self) -> tuple[str, str]:
        return self.model.sha256, self.name

    @property
    def parameters(self) -> dict[str, ParameterValue]:
        return {STYLE: self.name} if self.name else {}


def is_style(manifest: Manifest) -> bool:
    """A network that restyles a picture by itself, without a second picture."""
    return manifest.task is Task.STYLE and set(needed_inputs(manifest)) == {"image"}


def styles_of(models: Sequence[Model]) -> list[StyleChoice]:
    """All styles, those of one model together."""
    choices = []
    for model in models:
        if is_style(model.manifest):
            param = next((p for p in model.manifest.params if p.id == STYLE and p.type == "choice"), None)
            choices += [StyleChoice(model, name) for name in (param.choices if param else [""])]
    return choices


def small_picture(document: Document) -> NDArray[np.uint8]:
    """(h, w, 4): the visible picture, THUMBNAIL_PX along its longer side at most."""
    pixels = flatten(document, document.size.rect())
    if pixels.dtype != np.uint8:
        pixels = np.rint(pixels.astype(np.float32) / 257).astype(np.uint8)
    share = THUMBNAIL_PX / max(pixels.shape[:2])
    if share >= 1:
        return np.ascontiguousarray(pixels)
    size = (max(round(pixels.shape[1] * share), 1), max(round(pixels.shape[0] * share), 1))
    small: NDArray[np.uint8] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small


def thumbnail_request(choice: StyleChoice, picture: NDArray[np.uint8], device: DeviceChoice) -> Request:
    """The style at full strength on a small picture."""
    return Request(choice.model.id, choice.model.sha256, {"image": picture}, choice.parameters, 0, device)


def first_brush(manifest: Manifest, document: Document) -> Mapping[str, ParameterValue]:
    """The brush size to begin with: as large as the picture asks for."""
    param = next((p for p in manifest.params if p.id == BRUSH), None)
    if param is None or param.max is None:
        return {}
    share = max(document.size.width, document.size.height) / LARGE_PX
    return {BRUSH: min(max(round(share * 4) * 25.0, 100.0), param.max)}
