"""Which regions of a picture made a network decide as it did, for any model that is shown a picture.

Occlusion (Zeiler, Fergus 2014): a square is covered, place by place, and how much less the answer is itself is written
where the square was; covered by the picture out of focus (Fong, Vedaldi 2017), since a grey square is a thing of its
own. Shapley values (Shapley 1953; Lundberg, Lee 2017) over segments of like colour: each segment's
mean share in the answer, over orders in which the picture is put together from nothing; sampled in pairs of an order
and its reverse, so the shares always add up to the score of the picture less that of an empty one of its mean colour.

The score of a picture is how much of the first answer is still given: for masks, the mean of the mask where it was
(or in the region asked for); for pictures, one less the mean difference, of the hues alone where colours are what is
made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.adapters.base import AdapterJob, ArrayShapes, Asked
from desktop.runtime.adapters.table import Adapter
from desktop.runtime.embeddings import EmbeddingCache
from desktop.runtime.manifest import Manifest, Task
from desktop.runtime.runner import Array, Pixels, Why
from desktop.runtime.segments import like_segments

REGION = "region"  # the role of what the question is about
SIDE_PX = 320  # of the picture that is asked about: what decides is larger than hair
PARTS = (2, 64)
ROUNDS = (1, 64)
WINDOW_STEPS = 2  # a covered square is so many steps wide: every place is covered so often each way
LEAST_SHOWN = 0.002  # mean share of an answer that is one

Float = NDArray[np.float32]
Score = Callable[[Pixels, "Float | None"], float]  # of a picture, judged where the second is 1


def check_why(manifest: Manifest, why: Why) -> None:
    """UserError when the model sees no picture, or the numbers are out of range."""
    if manifest.task is Task.GENERATE or not any(spec.role == "image" for spec in manifest.inputs):
        raise UserError("why.no_picture", model_id=manifest.id)
    for name, value, (least, most) in (("parts", why.parts, PARTS), ("rounds", why.rounds, ROUNDS)):
        if not least <= value <= most:
            raise UserError("why.bad_number", name=name, value=value, least=least, most=most)


def why_results(asked: Asked) -> ArrayShapes:
    """ "why" (h, w) float32 is positive for what spoke for the answer; "scores" are the picture's and that of none."""
    height, width = asked.shapes["image"][:2]
    return {"why": (reduced_size(height, width), "float32"), "scores": ((2,), "float32")}


def reduced_size(height: int, width: int) -> tuple[int, int]:
    share = min(SIDE_PX / max(height, width), 1)
    return max(round(height * share), 1), max(round(width * share), 1)


def explain(job: AdapterJob, adapter: Adapter, why: Why) -> int:
    """Fill "why" and "scores", and return how often the network was asked. UserError when it found nothing."""
    image = _reduced(job.image)
    score, asked = _score_of(job, adapter, image), 0
    total = _questions(image, why)

    def ask(pixels: Pixels, counted: Float | None = None) -> float:
        nonlocal asked
        found = score(pixels, counted)
        asked += 1
        job.report(min(asked, total), total)
        return found

    empty = np.empty_like(image)
    empty[...] = np.rint(image.reshape(-1, image.shape[2]).mean(axis=0)).astype(image.dtype)
    job.report(0, total)
    whole, nothing = ask(image), ask(empty)
    spread = _occluded if why.method == "occlusion" else _shared
    job.results["why"][...] = spread(image, empty, ask, why, (whole, nothing))
    job.results["scores"][...] = whole, nothing
    return asked + 1


def windows(height: int, width: int, parts: int) -> Iterator[tuple[slice, slice]]:
    """The squares that are covered in turn: `parts` steps along the longer side, each square WINDOW_STEPS wide."""
    step = max(max(height, width) / parts, 1.0)
    side = WINDOW_STEPS * step
    for row in range(-(WINDOW_STEPS - 1), int(np.ceil(height / step))):
        for column in range(-(WINDOW_STEPS - 1), int(np.ceil(width / step))):
            rows = slice(max(round(row * step), 0), min(round(row * step + side), height))
            columns = slice(max(round(column * step), 0), min(round(column * step + side), width))
            if rows.start < rows.stop and columns.start < columns.stop:
                yield rows, columns


def _questions(image: Pixels, why: Why) -> int:
    height, width = image.shape[:2]
    if why.method == "occlusion":
        return 2 + sum(1 for _ in windows(height, width, why.parts))
    return 2 + 2 * why.rounds * (why.parts - 1)


def _occluded(image: Pixels, empty: Pixels, ask: Callable[..., float], why: Why, scores: tuple[float, float]) -> Float:
    height, width = image.shape[:2]
    lost, times = np.zeros((height, width), np.float32), np.full((height, width), 1e-6, np.float32)
    side = WINDOW_STEPS * max(height, width) / why.parts
    hidden = cv2.GaussianBlur(image, (0, 0), side, borderType=cv2.BORDER_REPLICATE)
    for rows, columns in windows(height, width, why.parts):
        covered, counted = image.copy(), np.ones((height, width), np.float32)
        covered[rows, columns], counted[rows, columns] = hidden[rows, columns], 0
        off = scores[0] - ask(covered, counted)
        weight = np.outer(_bump(rows, side), _bump(columns, side))
        lost[rows, columns] += off * weight
        times[rows, columns] += weight
    return lost / times


def _bump(places: slice, side: float) -> Float:
    """How much each row or column of a square stands for what was found there: most in the middle."""
    middle = (places.start + places.stop - 1) / 2
    distance = (np.arange(places.start, places.stop) - middle) / (side / 4)
    weights: Float = np.exp(-0.5 * distance**2).astype(np.float32)
    return weights


def _shared(image: Pixels, empty: Pixels, ask: Callable[..., float], why: Why, scores: tuple[float, float]) -> Float:
    """Each pixel has its segment's value; the values of all segments add up to scores[0] - scores[1]."""
    places = like_segments(image, why.parts)
    count = int(places.max()) + 1
    values = np.zeros(count)
    rng = np.random.default_rng(why.seed)
    for _ in range(why.rounds):
        order = rng.permutation(count)
        for walk in (order, order[::-1]):
            shown, before = empty.copy(), scores[1]
            for number, segment in enumerate(walk):
                inside = places == segment
                shown[inside] = image[inside]
                after = ask(shown) if number + 1 < count else scores[0]
                values[segment] += after - before
                before = after
    return (values / (2 * why.rounds))[places].astype(np.float32)


@dataclass(frozen=True)
class _Judge:
    """How much of the first answer another one still gives, 0..1."""

    first: Float  # (H, W, C), 0..1
    weight: Float  # (H, W)
    is_mask: bool

    def __call__(self, answer: Float, counted: Float | None) -> float:
        if self.is_mask:
            return float((answer[..., 0] * self.weight).sum() / self.weight.sum())
        weight = self.weight if counted is None else self.weight * _at_size(counted, self.weight.shape)
        if weight.sum() <= 0:
            weight = self.weight
        off = np.abs(answer - self.first).mean(axis=2)
        return float(1 - (off * weight).sum() / weight.sum())


def _score_of(job: AdapterJob, adapter: Adapter, image: Pixels) -> Score:
    """The first answer is computed here."""
    inputs = {role: _fitting(role, array, job.image.shape[:2], image.shape[:2]) for role, array in job.inputs.items()}
    region = inputs.pop(REGION, None)
    small = replace(job, embeddings=EmbeddingCache(), report=lambda _done, _total: None)

    def answer(pixels: Pixels) -> dict[str, Array]:
        shown = {**inputs, "image": np.ascontiguousarray(pixels)}
        asked = Asked(
            shapes={role: array.shape for role, array in shown.items()},
            dtypes={role: array.dtype.name for role, array in shown.items()},
            count=1,
        )
        sizes = adapter.results(job.manifest, asked)
        results = {name: np.zeros(shape, dtype) for name, (shape, dtype) in sizes.items()}
        adapter.run(replace(small, inputs=shown, results=results))
        return results

    is_hue = job.manifest.task is Task.COLOURISE
    first = _levels(answer(image), is_hue=is_hue)
    is_mask = first.shape[2] == 1
    about = region if region is not None else inputs.get("mask") if job.manifest.task is Task.INPAINT else None
    weight = _weight(about, first, is_mask=is_mask, model_id=job.manifest.id)
    judge = _Judge(first, weight, is_mask)
    return lambda pixels, counted: judge(_levels(answer(pixels), is_hue=is_hue), None if is_hue else counted)


def _weight(about: Array | None, first: Float, *, is_mask: bool, model_id: str) -> Float:
    if about is not None:
        weight = _at_size(about.astype(np.float32) / np.float32(np.iinfo(about.dtype).max), first.shape[:2])
    else:
        weight = first[..., 0] if is_mask else np.ones(first.shape[:2], np.float32)
    if weight.mean() < LEAST_SHOWN:
        raise UserError("why.nothing", model_id=model_id)
    return weight


def _levels(results: dict[str, Array], *, is_hue: bool) -> Float:
    """(H, W, 1) of a mask, (H, W, 3) of a picture, 0..1; of hues what is left without the brightness."""
    array: NDArray[Any] = results["mask"][..., None] if "mask" in results else results["image"][..., :3]
    levels: Float = array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
    return levels - levels.mean(axis=2, keepdims=True) if is_hue else levels


def _reduced(pixels: Pixels) -> Pixels:
    height, width = reduced_size(*pixels.shape[:2])
    if (height, width) == pixels.shape[:2]:
        return pixels
    reduced: Pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return reduced


def _fitting(role: str, array: Array, size: tuple[int, ...], reduced: tuple[int, ...]) -> Array:
    """Everything that lies over the picture is brought to the reduced size."""
    if role == "points":
        scale = np.array([reduced[1] / size[1], reduced[0] / size[0], 1], np.float32)
        return array * scale
    if role in ("mask", "hints", "image2", REGION) and array.shape[:2] == tuple(size):
        fitted: Array = cv2.resize(array, (reduced[1], reduced[0]), interpolation=cv2.INTER_AREA)
        return fitted
    return array


def _at_size(levels: Float, size: tuple[int, ...]) -> Float:
    if levels.shape == tuple(size):
        return levels
    fitted: Float = cv2.resize(levels, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return fitted
