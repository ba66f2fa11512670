"""Taking an object out of a picture: the hole under a mask is filled with what fits from around it.

Patches: correspondences between patches that touch the hole and patches outside it are searched coarse to fine
(PatchMatch, Barnes et al. 2009) and vote for the colours of the hole (Wexler et al. 2007); a membrane takes away what
is left of a step at the rim. A network's answer can be their guide, or the filling itself. Telea and Navier-Stokes are
OpenCV's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

from desktop.core.color import FloatPixels, Gray8, Pixels
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.membrane import membrane
from desktop.core.patch_fill import patch_filled
from desktop.core.premultiply import levels_to_premultiplied, premultiplied_to_levels

APART_PX = 24  # holes farther apart than this are filled one after the other
LEAST_CONTEXT_PX = 96
CONTEXT_SHARE = 1.0  # of the hole's longer side, on every side: farther patches rarely fit better
RIM_MEAN_PX = 7  # along the rim, over which steps are averaged
FINEST_LEVEL = np.float32(65535)
SMOOTH_RADIUS_PX = 5.0  # of OpenCV's methods

GUIDE_BLUR_PX = 1.5  # of what the network saw: it knows where things are, not how they look close up

Watch = Callable[[float], None]  # is told the share done, and may raise to break off


@dataclass(frozen=True, slots=True, eq=False)
class Imagined:
    """A network's picture (H, W, 3), straight, 0..1, of all it was shown; `pixel_px` is how large its pixels are."""

    pixels: FloatPixels
    pixel_px: float

    def blurred(self) -> FloatPixels:
        """As a guide: known parts are as soft as the hole, so that patches are compared with their like."""
        soft: FloatPixels = cv2.GaussianBlur(self.pixels, (0, 0), GUIDE_BLUR_PX * max(self.pixel_px, 1.0))
        return soft


Imagine = Callable[[Pixels, Gray8, Watch], Imagined]  # (H, W, 4) straight levels, and where not to look


class RemoveMethod(Enum):
    """AUTO takes what measured best for the size of each hole; without a network that is PATCHES."""

    AUTO = "auto"
    PATCHES = "patches"
    GUIDED = "guided"
    NETWORK = "network"
    TELEA = "telea"
    NAVIER_STOKES = "navier-stokes"


@dataclass(frozen=True, slots=True)
class RemoveSettings:
    """Equal seeds give equal bytes. `context_px` looks farther around than the hole asks for; 0 chooses.

    `keeps_heights`: patches come from about the same height of the picture, as is wanted beside it.
    """

    method: RemoveMethod = RemoveMethod.AUTO
    seed: int = 0
    context_px: int = 0
    keeps_heights: bool = False

    @property
    def asks_network(self) -> bool:
        return self.method in (RemoveMethod.AUTO, RemoveMethod.GUIDED, RemoveMethod.NETWORK)


DEFAULT_REMOVAL = RemoveSettings()


def unwatched(_share: float) -> None:
    """Nobody looks on."""


def removed(
    pixels: Pixels,
    mask: Gray8,
    settings: RemoveSettings = DEFAULT_REMOVAL,
    *,
    imagine: Imagine | None = None,
    watch: Watch = unwatched,
) -> Pixels:
    """The picture (H, W, 4), straight, 8 or 16 bits, without what lies under the soft mask (H, W), 255 takes all.

    `imagine` is a network that says what a hole may look like roughly: patches start from that and are measured against
    it too. Everything where the mask is 0 keeps its bytes. UserError when the mask is empty, leaves nothing to take
    from, or has another size, and when the method needs a network and there is none.
    """
    if mask.shape != pixels.shape[:2]:
        raise UserError(
            "remove.mask_size", width=mask.shape[1], height=mask.shape[0], wide=pixels.shape[1], high=pixels.shape[0]
        )
    if not mask.any():
        raise UserError("remove.empty")
    if mask.all():
        raise UserError("remove.everything")
    if imagine is None and settings.method in (RemoveMethod.GUIDED, RemoveMethod.NETWORK):
        raise UserError("remove.no_network")
    hole = (mask > 0).astype(np.uint8)
    result = pixels.copy()
    holes = _holes(hole)
    for number, (own, bounds) in enumerate(holes):
        window = context_of(bounds, Rect(0, 0, hole.shape[1], hole.shape[0]), settings, hole)
        part = np.s_[window.top : window.bottom, window.left : window.right]

        def told(share: float, number: int = number) -> None:
            watch((number + share) / len(holes))

        method = chosen_method(settings.method, bounds, imagine)
        filling = _Filling(method, settings.seed, settings.keeps_heights, told)
        filled = filling.of(result[part], own[part], hole[part], imagine)
        soft = (mask[part].astype(np.float32) * np.float32(1 / 255) * own[part])[..., None]
        mixed: FloatPixels = levels_to_premultiplied(pixels[part]) * (1 - soft) + filled * soft
        result[part] = np.where(soft > 0, premultiplied_to_levels(mixed, pixels.dtype), result[part])
        hole[part][own[part] > 0] = 0
    return result


def chosen_method(method: RemoveMethod, bounds: Rect, imagine: Imagine | None) -> RemoveMethod:
    """What AUTO means for a hole."""
    if method is not RemoveMethod.AUTO:
        return method
    return RemoveMethod.PATCHES if imagine is None else RemoveMethod.GUIDED


def context_of(bounds: Rect, canvas: Rect, settings: RemoveSettings, hole: Gray8 | None = None) -> Rect:
    """The part of the canvas that is looked at for a hole: grows until it holds twice as much as is missing."""
    margin = max(round(CONTEXT_SHARE * max(bounds.width, bounds.height)), LEAST_CONTEXT_PX, settings.context_px)
    window = bounds.expanded(margin).intersect(canvas)
    while hole is not None and window != canvas:
        inside = hole[window.top : window.bottom, window.left : window.right]
        if inside.size - int(np.count_nonzero(inside)) >= 2 * int(np.count_nonzero(inside)):
            break
        margin *= 2
        window = bounds.expanded(margin).intersect(canvas)
    return window


def _holes(hole: Gray8) -> list[tuple[Gray8, Rect]]:
    """Parts of the mask that lie apart, each as a mask of its own, with its bounds; small ones first."""
    side = APART_PX + 1
    near = cv2.dilate(hole, cv2.getStructuringElement(cv2.MORPH_RECT, (side, side)))
    count, labels = cv2.connectedComponents(near, connectivity=8, ltype=cv2.CV_32S)
    parts = []
    for label in range(1, count):
        own = ((labels == label) & (hole > 0)).astype(np.uint8)
        parts.append((own, Rect(*cv2.boundingRect(own))))
    return sorted(parts, key=lambda part: part[1].area)


@dataclass(frozen=True, slots=True, eq=False)
class _Filling:
    """How one hole is filled."""

    method: RemoveMethod
    seed: int
    keeps_heights: bool
    watch: Watch

    def of(self, pixels: Pixels, own: Gray8, unknown: Gray8, imagine: Imagine | None) -> FloatPixels:
        """Premultiplied pixels with one hole filled; `unknown` are all pixels that nothing may be taken from."""
        if unknown.all():
            raise UserError("remove.everything")
        values = levels_to_premultiplied(pixels)
        is_opaque = bool((values[..., 3][unknown == 0] == 1).all())  # what was in the hole does not count
        planes = np.ascontiguousarray(values[..., :3] if is_opaque else values)
        if self.method in (RemoveMethod.TELEA, RemoveMethod.NAVIER_STOKES):
            filled = _smooth(planes, unknown, self.method, self.watch)
        else:
            found = self._found(pixels, planes, unknown, imagine)
            filled = planes + _at_rest(found, planes, own, unknown)
        result = np.where(own[..., None] > 0, filled, planes)
        if is_opaque:
            alpha = np.where(own > 0, np.float32(1), values[..., 3])
            result = np.concatenate([result, alpha[..., None]], axis=2)
        return np.clip(result, 0, 1).astype(np.float32)

    def _found(self, pixels: Pixels, planes: FloatPixels, unknown: Gray8, imagine: Imagine | None) -> FloatPixels:
        heights = _heights(unknown) if self.keeps_heights else None
        if self.method is RemoveMethod.PATCHES:
            return patch_filled(planes, unknown, seed=self.seed, heights=heights, watch=self.watch)
        assert imagine is not None
        seen = imagine(pixels, unknown, self.watch)
        if self.method is RemoveMethod.GUIDED:
            guide = seen.blurred()
            return patch_filled(planes, unknown, seed=self.seed, guide=guide, heights=heights, watch=self.watch)
        if planes.shape[2] == 3:
            return seen.pixels
        alpha = membrane(planes[..., 3:], unknown)
        return np.concatenate([seen.pixels * alpha, alpha], axis=2).astype(np.float32)


def _heights(unknown: Gray8) -> FloatPixels:
    """(H, W), 0 at the top: above all that is known it is that of the highest known row, below that of the lowest."""
    rows = np.flatnonzero((unknown == 0).any(axis=1))
    height = np.clip(np.arange(len(unknown)), rows[0], rows[-1]).astype(np.float32) / len(unknown)
    return np.ascontiguousarray(np.broadcast_to(height[:, None], unknown.shape))


def _at_rest(found: FloatPixels, planes: FloatPixels, own: Gray8, unknown: Gray8) -> FloatPixels:
    """What to add to the picture: the patches' answer, moved smoothly so that it meets the colours at the rim."""
    ring = (cv2.dilate(own, np.ones((3, 3), np.uint8)) > unknown).astype(np.float32)
    side = (RIM_MEAN_PX, RIM_MEAN_PX)
    weight = np.maximum(cv2.boxFilter(ring, -1, side, normalize=False), 1)  # the grain is no step
    means = [cv2.boxFilter((planes - found)[..., c] * ring, -1, side, normalize=False) / weight for c in _all(planes)]
    offset = membrane(np.stack(means, axis=2) * ring[..., None], (ring == 0).astype(np.uint8))
    return np.where(own[..., None] > 0, found + offset - planes, np.float32(0)).astype(np.float32)


def _all(planes: FloatPixels) -> range:
    return range(planes.shape[2])


def _smooth(planes: FloatPixels, unknown: Gray8, method: RemoveMethod, watch: Watch) -> FloatPixels:
    kind = cv2.INPAINT_TELEA if method is RemoveMethod.TELEA else cv2.INPAINT_NS
    channels = []
    for channel in range(planes.shape[2]):
        watch(channel / planes.shape[2])
        levels = np.rint(planes[..., channel] * FINEST_LEVEL).astype(np.uint16)  # of floats Telea makes noise of ±1
        channels.append(cv2.inpaint(levels, unknown, SMOOTH_RADIUS_PX, kind))
    watch(1.0)
    filled: FloatPixels = np.stack(channels, axis=2).astype(np.float32) / FINEST_LEVEL
    return filled
