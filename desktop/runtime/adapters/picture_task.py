"""A picture in, a picture out: what restoring, enlarging, styling, filtering and the like have in common.

The answer may be the picture itself, its luma alone, a curve for its levels, or a grid or flow that moves its pixels.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.core.color import LUMA
from desktop.runtime.adapters.base import CONSTANT_ROLES, AdapterJob, broken, check_roles
from desktop.runtime.adapters.fitting import resized_planes
from desktop.runtime.adapters.picture_run import PictureRun
from desktop.runtime.adapters.wiring import Wiring
from desktop.runtime.manifest import Manifest, Output
from desktop.runtime.pictures import colour_planes, copy_alpha
from desktop.runtime.stitching import lay_tile, levels_of
from desktop.runtime.tensors import luma_planes
from desktop.runtime.tiling import PlacedTile

PICTURE_ANSWERS = ("image", "curve", "grid", "flow")
REACH_PX = 3  # what cubic sampling reads around a place

Planes = NDArray[np.float32]


def check_picture_task(manifest: Manifest, *pictures: str, needs: tuple[str, ...] = ()) -> None:
    """`pictures`: roles of further pictures that this kind of task may take; `needs`: those it must."""
    check_roles(
        manifest,
        inputs={"image", "embedding", *pictures} | CONSTANT_ROLES,
        outputs={*PICTURE_ANSWERS, "embedding", "ignore"},
        needs={"image", *needs},
        gives=set(PICTURE_ANSWERS),
    )
    if manifest.blend not in ("replace", "inside_mask"):
        raise broken(manifest, f"blend = {manifest.blend} does not fit a model of the kind {manifest.task}.")
    answer = picture_answer(manifest)
    if answer.role != "image" and manifest.scale != 1:
        raise broken(manifest, f"a {answer.role} belongs to a model with scale = 1.")
    if answer.saturates and answer.knots is None:
        raise broken(manifest, "saturates belongs to a curve that is told by knots.")
    if answer.role == "grid" and manifest.tile is not None:
        raise broken(manifest, "a grid is made for the whole picture, so it needs tile = no.")
    if answer.part != Wiring.of(manifest, ("image", *pictures)).last_part:
        raise broken(manifest, "the part that makes the picture must be the last.")


def picture_answer(manifest: Manifest) -> Output:
    """The output that is the result, or that is applied to the picture."""
    return next(spec for spec in manifest.outputs if spec.role in PICTURE_ANSWERS)


def run_picture_task(job: AdapterJob) -> int:
    """Fill `job.result`; returns how many times the network ran."""
    answer = picture_answer(job.manifest)
    run = PictureRun(job, [answer])
    scale = job.manifest.scale
    has_alpha = answer.role == "image" and answer.order == "RGBA"
    has_seen_alpha = run.picture.shows_alpha and has_alpha
    if answer.role not in ("grid", "flow") and not has_seen_alpha:
        copy_alpha(job.image, job.result, scale)
    alpha = np.zeros_like(job.result[..., :1] if has_alpha else job.result[:0])
    for placed, (planes,) in run.answers():
        if answer.role in ("grid", "flow"):
            lay_tile(job.result, moved_pixels(job, answer, planes, placed), placed)
            continue
        if answer.role == "curve":
            planes = under_curve(own_planes(run, placed, planes), planes, answer)
        elif answer.order == "Y":
            planes = with_own_colour(own_planes(run, placed, planes, scale), planes)
        elif len(planes) == 4:
            lay_tile(alpha, np.clip(planes[3:], 0, 1), placed)
            planes = planes[:3]
        lay_tile(job.result, run.picture.finish(planes, placed, scale), placed)
    if has_seen_alpha:  # the network says what becomes of it
        job.result[..., 3:] = alpha
    elif has_alpha:
        job.result[..., 3:] = cv2.multiply(job.result[..., 3:], alpha, scale=1 / levels_of(alpha))[..., None]
    return run.tiles


def own_planes(run: PictureRun, placed: PlacedTile, like: Planes, scale: int = 1) -> Planes:
    """(3, H, W) 0..1: the picture's own colour at the place and size of an answer."""
    tile = run.picture.read(placed)
    planes = resized_planes(colour_planes(tile), (tile.shape[0] * scale, tile.shape[1] * scale))
    return planes[:, : like.shape[1], : like.shape[2]]


def applied_curve(own: Planes, curve: Planes, iterations: int) -> Planes:
    """v + a (v² - v), again and again (Zero-DCE, Guo et al. 2020); maps of its own each time if there are enough."""
    per_step = 3 if len(curve) % 3 == 0 else 1
    steps = len(curve) // per_step
    for step in range(iterations):
        first = (step % steps) * per_step
        own = own + curve[first : first + per_step] * (own * own - own)
    return own.astype(np.float32, copy=False)


def under_curve(own: Planes, curve: Planes, answer: Output) -> Planes:
    """The picture's own colour under the curve, in whichever form the manifest says that it comes."""
    if answer.knots is None:
        return applied_curve(own, curve, answer.iterations)
    found = applied_knots(own, curve, answer.knots, answer.bend)
    return saturated(found, curve[3 * answer.knots :]) if answer.saturates else found


def applied_knots(own: Planes, curve: Planes, knots: int, bend: float) -> Planes:
    """Each level goes to where the curve of its place, and of its channel if each has one, puts it."""
    found = np.empty_like(own)
    height, width = own.shape[1:]
    at = (np.arange(knots) / (knots - 1)) ** bend
    for place, levels in enumerate(own):
        first = place * knots if len(curve) >= 3 * knots else 0
        below = np.searchsorted(at, levels.ravel(), side="right").clip(1, knots - 1) - 1
        share = ((levels.ravel() - at[below]) / (at[below + 1] - at[below])).astype(np.float32)
        maps = curve[first : first + knots].reshape(knots, height * width)
        pixels = np.arange(height * width)
        one, other = maps[below, pixels], maps[below + 1, pixels]
        found[place] = (one + share * (other - one)).reshape(height, width)
    return found


def saturated(own: Planes, factor: Planes) -> Planes:
    """(3, H, W), each colour FACTOR (1, H, W) times as far from its luma, as the Vibrance adjustment does it."""
    luma = np.tensordot(LUMA, own, axes=1)[None]
    return cast(Planes, luma + (own - luma) * factor)


def with_own_colour(own: Planes, answer: Planes) -> Planes:
    """The answer's luma with the picture's own colour around it."""
    mixed: Planes = own + (luma_planes(answer) - luma_planes(own))
    return mixed


def moved_pixels(job: AdapterJob, answer: Output, planes: Planes, placed: PlacedTile) -> Planes:
    """(3|4, H, W): the picture's pixels from where the answer says: x and y from -1 to 1 over the picture's outermost
    pixel centres, or the way to go in pixels of what the network was fed.
    """
    image = job.image
    height, width = image.shape[:2]
    if answer.role == "grid":
        x, y = (planes[0] + 1) * ((width - 1) / 2), (planes[1] + 1) * ((height - 1) / 2)
    else:
        rows = np.arange(placed.rows.start, placed.rows.start + planes.shape[1], dtype=np.float32)[:, None]
        columns = np.arange(placed.columns.start, placed.columns.start + planes.shape[2], dtype=np.float32)
        x, y = columns + planes[0], rows + planes[1]
    x = np.clip(np.nan_to_num(x), 0, width - 1).astype(np.float32)
    y = np.clip(np.nan_to_num(y), 0, height - 1).astype(np.float32)
    left, top = _cut(x, width), _cut(y, height)
    source = np.ascontiguousarray(image[top, left])
    found = cv2.remap(source, x - left.start, y - top.start, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    moved: Planes = found.transpose(2, 0, 1).astype(np.float32) / np.float32(levels_of(image))
    return moved


def _cut(places: NDArray[np.float32], length: int) -> slice:
    """The part of the picture that is read: OpenCV cannot sample sides of more than 32,767 pixels."""
    return slice(max(int(places.min()) - REACH_PX, 0), min(int(places.max()) + REACH_PX + 1, length))
