"""The task of a foreign network and which output is its answer, from names, shapes and one run on a picture."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.importing.choices import Answer, Fourth
from desktop.runtime.importing.facts import GraphFacts
from desktop.runtime.importing.graph import ForeignGraph, OutputSketch, Working, fitted, picture_size, plain_spec
from desktop.runtime.importing.ranges import RANGES, colorfulness, structure_match
from desktop.runtime.importing.roles import GRAY, SECOND_NAME
from desktop.runtime.manifest import TWO_PICTURES, Input, Task

FAITHFUL_MATCH = 0.72  # a network whose fine structure follows the picture this closely restores it
SLICE_MATCH = 0.45
GRID_MATCH = 0.9
COLOURED_LEVELS = 4.0  # a grey picture that comes back with more colour than this was coloured

# Words in file names and notes that say what a network is for; the first that fits counts.
WORDS: tuple[tuple[Task, str], ...] = (
    (Task.INPAINT, r"inpaint|lama|migan|mi-gan|erase|remov(e|al)"),
    (Task.COLOURISE, r"colou?ri[sz]|deoldify|ddcolor|siggraph17|eccv16"),
    (Task.INTERPOLATE, r"rife|interpolat|\bfilm\b|ifrnet"),
    (Task.MATTE, r"matt(e|ing)|\bvitmatte|\brvm|\bbgm|"
     r"u2net|is-?net|modnet|silueta|birefnet|rmbg|background|cloth|portrait|salien|human_?seg|edges?\b|\bhed|depth|midas"),
    (Task.SEGMENT, r"segment|deeplab|fcn|bisenet|parsing|sky_?seg|unet.*seg|cityscapes"),
    (Task.RESTORE, r"noise|blur|dncnn|drunet|dpir|ircnn|ffdnet|scunet|nafnet|restor|"
     r"enhanc|low_?light|dce|gfp|codeform|jpe?g|haz|rain"),
    (Task.UPSCALE, r"upscal|super_?-?res|esrgan|\bsr\b|span|swinir|waifu2x|real_?cugan|[_-]x[234]|[234]x[_-]"),
    (Task.STYLE, r"style|mosaic|candy|udnie|pointil|rain_?princess|cartoon|anime|hayao|shinkai|paprika|sketch|paint"),
    (Task.TRANSLATE, r"pix2pix|cyclegan|translat|edges2|horse2zebra|monet|winter|summer"),
)  # fmt: skip
FEATURES_FROM = 200  # the longest lists of classes have 150
FOLLOWS_COLOUR = 0.3
CLASSES_TO = 200  # the longest lists of classes have 182; above are levels of grey
SEEN_CLASSES_TO = 64  # in one picture
ALPHA_NAME = re.compile(r"^(pha|alphas?|matte|fg_?mask)$", re.I)
FINAL_NAME = re.compile(r"fus|final|pha|alpha|matte|mask|^out|^d0$", re.I)
FEATURES_NAME = re.compile(r"embed|feature", re.I)
BOXES_FROM = 8  # times as many places as numbers for each
CURVE_NAME = re.compile(r"curve|zero_?-?dce", re.I)
PICTURE_TASKS = (Task.RESTORE, Task.STYLE, Task.TRANSLATE, Task.FILTER, Task.UPSCALE)


@dataclass(frozen=True)
class Guess:
    task: Task
    output: str
    scale: int = 1
    channels: tuple[int, int] | None = None
    answer: Answer = "picture"
    fourth: Fourth = "mask_first"


def guess_task(graph: ForeignGraph, working: Working, picture: NDArray[np.uint8], hints: str) -> Guess:
    """UserError for networks that give no picture, with what they give instead."""
    facts = graph.facts
    is_made_for_another = working.image is not None and all(_is_features(output) for output in working.outputs)
    if is_made_for_another or working.role("embedding", "points"):
        raise UserError("import.half", path=graph.label)
    _refuse_detectors(facts, working, graph.label)
    if working.image is None:
        return _of_generator(graph, working)
    answers = graph.run(graph.feeds(working.sketch, fitted(picture, working.size), _first_specs(working)))
    hinted = hinted_task(hints)
    cut_out = _cut_out(working, hinted)
    if cut_out is not None:
        return cut_out
    if working.role("mask") or working.image.order == "MRGB":
        return _of_mask(working, answers, picture, hinted, graph.label)
    if working.role("image2", "style") or working.image.order in TWO_PICTURES:
        return _of_two_pictures(working, answers, picture, graph.label)
    applied = _applied_answer(working, answers, hints)
    if applied is not None:
        return applied
    pictures = [output for output in working.outputs if output.channels in (3, 4) and output.scale >= 1]
    if working.image.order in GRAY:
        return _of_gray(working, graph.label)
    planes = next((output for output in working.outputs if output.channels == 2 and output.scale == 1), None)
    if hinted is Task.COLOURISE and planes is not None and not pictures:
        return Guess(Task.COLOURISE, planes.name)
    drawing = next((output for output in working.outputs if output.channels == 1 and output.scale >= 1), None)
    if hinted in PICTURE_TASKS and drawing is not None and not pictures:
        return Guess(hinted, drawing.name, int(drawing.scale))
    if pictures and not _means_maps(hinted, pictures):
        return _of_picture(graph, working, _best_of(pictures, answers, picture), answers, picture, hinted)
    return _of_maps(working, answers, picture, hinted, graph.label)


def _means_maps(hinted: Task | None, pictures: list[OutputSketch]) -> bool:
    """Whether three or four channels are scores of classes: a name that only speaks of cutting out is not enough, since
    portraits and backgrounds are painted too; a fourth class beside three is seldom a picture.
    """
    return hinted is Task.SEGMENT or (hinted is Task.MATTE and all(output.channels == 4 for output in pictures))


def _cut_out(working: Working, hinted: Task | None) -> Guess | None:
    """Where an output is called alpha, or there are only masks although a mask or a second picture goes in."""
    masks = [output for output in working.outputs if output.channels == 1 and output.scale == 1]
    named = next((output for output in masks if ALPHA_NAME.search(output.name)), None)
    if named is not None:
        return Guess(Task.MATTE, named.name, fourth="mask_last")
    assert working.image is not None
    has_more = bool(working.role("mask", "image2")) or working.image.order == "MRGB"
    has_picture = any(output.channels in (3, 4) and output.scale >= 1 for output in working.outputs)
    if masks and has_more and not has_picture and working.image.order != "L":
        task = Task.SEGMENT if hinted is Task.SEGMENT else Task.MATTE
        return Guess(task, masks[0].name, fourth="mask_last")
    return None


def _of_mask(
    working: Working, answers: dict[str, Any], picture: NDArray[np.uint8], hinted: Task | None, label: str
) -> Guess:
    """A hole to fill, or a fourth channel that is the noise level or an alpha."""
    best = _best_picture(working, answers, picture, label)
    assert working.image is not None
    is_joined = working.image.order == "MRGB"
    if is_joined and (hinted in (Task.RESTORE, Task.UPSCALE) or best.scale > 1):
        return Guess(Task.UPSCALE if best.scale > 1 else Task.RESTORE, best.name, int(best.scale), fourth="number")
    if is_joined and best.channels == 4:
        return Guess(Task.RESTORE, best.name, fourth="alpha")
    return Guess(Task.INPAINT, best.name)


def _first_specs(working: Working) -> dict[str, Input]:
    """0..1 for everything: enough to see what an output is."""
    return {entry.name: plain_spec(entry) for entry in working.sketch if entry.is_picture}


def hinted_task(hints: str) -> Task | None:
    """What the name and the notes of a file call it."""
    return next((task for task, words in WORDS if re.search(words, hints, re.I)), None)


def _refuse_detectors(facts: GraphFacts, working: Working, label: str) -> None:
    stated = facts.metadata.get("task", "").lower()
    if stated in ("detect", "classify", "pose", "obb"):
        raise UserError("import.no_picture", path=label, outputs=f"answers of the kind “{stated}”")
    is_small = all(output.scale < 1 for output in working.outputs)
    if working.outputs and is_small and any(_are_boxes(shape) for shape in working.shapes.values()):
        raise UserError("import.no_picture", path=label, outputs="boxes around things, with coefficients of masks")


def _are_boxes(shape: tuple[int, ...]) -> bool:
    """A row of numbers for each of many places: [1, numbers, places] or [1, places, numbers]."""
    return len(shape) == 3 and shape[0] == 1 and min(shape[1:]) > 4 and max(shape[1:]) >= BOXES_FROM * min(shape[1:])


def _is_features(output: OutputSketch) -> bool:
    """Small maps of very many channels, or what is called so: food for a decoder."""
    return output.scale < 1 and (output.channels >= FEATURES_FROM or bool(FEATURES_NAME.search(output.name)))


def _applied_answer(working: Working, answers: dict[str, Any], hints: str) -> Guess | None:
    """Curves for the levels (Zero-DCE: eight maps for each channel) or places to take the pixels from."""
    only = working.outputs[0] if len(working.outputs) == 1 else None
    for output in working.outputs:
        values = np.asarray(answers[output.name], np.float32)
        is_small = bool(np.abs(values).max() <= 1.05)
        if is_small and (output.channels == 24 or (only is output and CURVE_NAME.search(f"{hints} {output.name}"))):
            return Guess(Task.RESTORE, output.name, answer="curve")
        if output.channels == 2 and only is output and float(np.abs(values).max()) < 1.6 and _is_grid(values, output):
            return Guess(Task.RESTORE, output.name, answer="grid")
    return None


def _is_grid(values: NDArray[np.float32], output: OutputSketch) -> bool:
    """The first plane grows to the right, the second downwards."""
    x, y = _planes(values, output)
    columns, rows = np.linspace(-1, 1, x.shape[1]), np.linspace(-1, 1, x.shape[0])
    across = np.corrcoef(x.mean(axis=0), columns)[0, 1] if x.std() > 0 else 0
    down = np.corrcoef(y.mean(axis=1), rows)[0, 1] if y.std() > 0 else 0
    return bool(across > GRID_MATCH and down > GRID_MATCH)


def _of_generator(graph: ForeignGraph, working: Working) -> Guess:
    pictures = [output for output in working.outputs if output.channels in (1, 3, 4)]
    if not pictures or not working.role("latent", "label"):
        raise UserError("import.no_picture", path=graph.label, outputs=_shapes_text(working))
    largest = max(pictures, key=lambda output: math.prod(picture_size(working.shapes[output.name], output)))
    return Guess(Task.GENERATE, largest.name)


def _of_two_pictures(working: Working, answers: dict[str, Any], picture: NDArray[np.uint8], label: str) -> Guess:
    """A style beside a content, or the two ends of a movement."""
    best = _best_picture(working, answers, picture, label)
    names = [entry.name for entry in working.sketch if entry.is_picture]
    if working.role("style"):
        return Guess(Task.STYLE, best.name)
    is_movement = working.role("timestep") is not None or all(SECOND_NAME.search(name) for name in names[1:])
    return Guess(Task.INTERPOLATE if is_movement else Task.TWO_IMAGE, best.name)


def _of_gray(working: Working, label: str) -> Guess:
    """A grey picture in: luma that was enlarged or cleaned, or the two colour channels that go with it."""
    for output in working.outputs:
        if output.channels == 2:
            return Guess(Task.COLOURISE, output.name)
    for output in working.outputs:
        if output.channels == 3:
            return Guess(Task.COLOURISE, output.name)
        if output.channels == 1 and output.scale >= 1:
            scale = int(output.scale)
            return Guess(Task.UPSCALE if scale > 1 else Task.RESTORE, output.name, scale)
    raise UserError("import.no_picture", path=label, outputs=_shapes_text(working))


def _of_picture(
    graph: ForeignGraph,
    working: Working,
    best: OutputSketch,
    answers: dict[str, Any],
    picture: NDArray[np.uint8],
    hinted: Task | None,
) -> Guess:
    scale = int(best.scale)
    if scale > 1:
        return Guess(Task.UPSCALE, best.name, scale)
    if hinted in PICTURE_TASKS and hinted is not Task.UPSCALE:
        return Guess(hinted, best.name)
    if hinted is Task.COLOURISE or _colours_gray(graph, working, best, picture, answers[best.name]):
        return Guess(Task.COLOURISE, best.name)
    if any(key.startswith("param:") for key in graph.facts.metadata):
        return Guess(Task.FILTER, best.name)
    match = structure_match(fitted(picture, working.size), as_picture(answers[best.name], best))
    return Guess(Task.RESTORE if match >= FAITHFUL_MATCH else Task.STYLE, best.name)


def _of_maps(
    working: Working, answers: dict[str, Any], picture: NDArray[np.uint8], hinted: Task | None, label: str
) -> Guess:
    """Outputs that are no picture: one mask, a map of class numbers or their scores, a picture among other channels."""
    for output in working.outputs:
        part = _picture_slice(answers[output.name], output, fitted(picture, working.size))
        if part is not None and output.scale >= 1 and hinted is not Task.SEGMENT:
            task = Task.UPSCALE if output.scale > 1 else Task.RESTORE
            return Guess(task, output.name, int(output.scale), part)
    masks = [output for output in working.outputs if output.channels == 1]
    for output in sorted(masks, key=lambda output: not FINAL_NAME.search(output.name)):
        is_map = is_class_map(answers[output.name])
        return Guess(Task.SEGMENT if is_map or hinted is Task.SEGMENT else Task.MATTE, output.name)
    for output in working.outputs:
        if output.channels >= 2:
            return Guess(Task.SEGMENT, output.name)
    raise UserError("import.no_picture", path=label, outputs=_shapes_text(working))


def is_class_map(answer: Any) -> bool:
    """Whole numbers of classes instead of levels."""
    array = np.asarray(answer)
    if array.dtype.kind not in "iu" or array.size == 0:
        return False
    found = np.unique(array)
    return bool(found[0] >= 0 and found[-1] < CLASSES_TO and len(found) <= SEEN_CLASSES_TO)


def _picture_slice(answer: Any, output: OutputSketch, picture: NDArray[np.uint8]) -> tuple[int, int] | None:
    """Three neighbouring channels that look like the picture, where there are more."""
    if not 4 < output.channels <= 64:
        return None
    planes = _planes(answer, output)
    matches = []
    for first in range(output.channels - 2):
        shown = np.stack([_sized(plane, picture.shape[:2]) for plane in planes[first : first + 3]], axis=2)
        singles = [structure_match(shown[..., channel], picture[..., channel]) for channel in range(3)]
        matches.append(min(singles))
    best = int(np.argmax(matches))
    return (best, best + 3) if matches[best] > SLICE_MATCH else None


def _colours_gray(
    graph: ForeignGraph, working: Working, best: OutputSketch, picture: NDArray[np.uint8], own: Any
) -> bool:
    """A grey picture comes back with colour but with its structure: a style would change both. The colour of a picture
    counts for nothing: a network that warms all colours does not make them.
    """
    shown_in_colour = fitted(picture, working.size)
    if abs(_colour_match(shown_in_colour, as_picture(own, best))) > FOLLOWS_COLOUR:
        return False
    gray = cv2.cvtColor(cv2.cvtColor(shown_in_colour, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    try:
        answer = graph.run(graph.feeds(working.sketch, gray, _first_specs(working)))[best.name]
    except UserError:
        return False
    shown = as_picture(answer, best)
    spread = float(np.ptp(shown)) or 1.0
    levels = (shown - shown.min()) / spread * 255
    return colorfulness(levels) > COLOURED_LEVELS and structure_match(gray, levels) >= 0.95


def _colour_match(shown: NDArray[np.uint8], answer: NDArray[np.float32]) -> float:
    """Correlation of what is colour in both, -1..1."""
    small = _sized(answer, shown.shape[:2])
    first = shown.astype(np.float32) - shown.mean(axis=2, keepdims=True)
    second = small - small.mean(axis=2, keepdims=True)
    first, second = first - first.mean(axis=(0, 1)), second - second.mean(axis=(0, 1))
    spread = float(np.sqrt((first**2).mean() * (second**2).mean()))
    return float((first * second).mean() / spread) if spread > 1e-9 else 0.0


def _best_picture(working: Working, answers: dict[str, Any], picture: NDArray[np.uint8], label: str) -> OutputSketch:
    pictures = [output for output in working.outputs if output.channels in (3, 4) and output.scale >= 1]
    if not pictures:
        raise UserError("import.no_picture", path=label, outputs=_shapes_text(working))
    return _best_of(pictures, answers, picture)


def _best_of(pictures: list[OutputSketch], answers: dict[str, Any], picture: NDArray[np.uint8]) -> OutputSketch:
    """The output that follows the picture in its fine structure and as a whole: illumination maps and intermediate
    sizes lack the one, noise and residues the other.
    """
    largest = max(output.scale for output in pictures)
    fitting = [output for output in pictures if output.scale == largest]

    def match(output: OutputSketch) -> float:
        shown = as_picture(answers[output.name], output)
        size = (round(shown.shape[0] / output.scale), round(shown.shape[1] / output.scale))
        wanted, given = fitted(picture, size), _sized(shown, size)
        return min(abs(structure_match(wanted, given)), abs(_whole_match(wanted, given)))

    scores = {output.name: match(output) for output in fitting}
    best = max(scores.values())
    return next(output for output in fitting if scores[output.name] >= best - 0.02)  # the first among equals


def _whole_match(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Correlation of the levels of two pictures (H, W, 3), -1..1."""
    a, b = (pixels.astype(np.float32).mean(axis=2) for pixels in (first, second))
    spread = float(a.std() * b.std())
    return float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread > 1e-6 else 0.0


def as_picture(answer: Any, output: OutputSketch) -> NDArray[np.float32]:
    """(H, W, 3) of an answer's first channels, in whatever range it has."""
    planes = _planes(answer, output)
    shown = planes[:3] if output.channels >= 3 else np.repeat(planes[:1], 3, axis=0)
    return np.ascontiguousarray(shown.transpose(1, 2, 0))


def _planes(answer: Any, output: OutputSketch) -> NDArray[np.float32]:
    array = np.asarray(answer, np.float32)
    if array.ndim == 2 and output.layout.startswith("N"):  # a row of numbers
        array = array.reshape(1, output.channels, *picture_size(array.shape, output))
    if output.layout.startswith("N"):
        array = array[0]
    if array.ndim == 2:
        return array[None]
    return array.transpose(2, 0, 1) if output.layout.endswith("HWC") else array


def _sized(pixels: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.float32]:
    if pixels.shape[:2] == tuple(size):
        return pixels
    resized: NDArray[np.float32] = cv2.resize(pixels, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return resized


def _shapes_text(working: Working) -> str:
    shapes = ["×".join(str(side) for side in shape) for shape in working.shapes.values()]
    return "arrays of the size " + ", ".join(shapes[:4])


def known_range(facts: GraphFacts) -> str | None:
    """The range of pixels where the file's own notes name it."""
    stated = facts.metadata.get("Image.NominalPixelRange", "").lower()
    names = {"nominalrange_0_255": "0..255", "normalized_0_1": "0..1", "normalized_1_1": "-1..1"}
    found = next((value for key, value in names.items() if key in stated), None)
    return found if found in RANGES else None


def known_order(facts: GraphFacts) -> str | None:
    stated = facts.metadata.get("Image.BitmapPixelFormat", "").lower()
    return "BGR" if stated.startswith("bgr") else "RGB" if stated.startswith("rgb") else None
