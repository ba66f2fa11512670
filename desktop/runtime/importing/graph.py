"""A foreign network loaded once in the sandbox, run on small pictures to see what it really takes and gives."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.device import CPU_PROVIDER, SILENT, first_line, thread_count
from desktop.runtime.importing.facts import GraphFacts
from desktop.runtime.importing.roles import NOISE_LEVEL_NAME, InputSketch, Sketch
from desktop.runtime.manifest import JOINED, TWO_PICTURES, WITH_MASK, Input, Layout
from desktop.runtime.session import means_out_of_memory
from desktop.runtime.tensors import (
    joined_to_tensor,
    mask_to_tensor,
    masked_to_tensor,
    pixels_to_tensor,
    scalar_tensor,
    typed_tensor,
)

RUN_LIMIT_S = 30.0  # 32 of 38 known models take less than one second
FREE_SIZE = (193, 161)  # odd, unequal, prime-ish: whatever survives it takes any size
MULTIPLES = (2, 4, 8, 16, 32, 14, 12, 24, 64, 10, 20, 28, 128)  # patches of 14, windows of 7, 10 and 12
SQUARES = (224, 256, 320, 384, 512, 518, 640, 768, 1024)  # for networks that state no size and take only one
SCALES = (1, 2, 3, 4, 8)
SMALLER = (2, 4, 8, 16, 32)  # masks and curves come out smaller and are enlarged
CODE_NAME = re.compile(r"latent|embed|feature|bottleneck|^mu$|style|^ws?$", re.I)  # what only another file understands
BORDER_LIMIT = 48  # pixels of the picture; networks that pad nothing lose 7 to 36
USUAL_NOISE = 15 / 255
SMALLEST_ANSWER = 4  # fewer rows are numbers, not a map

HOPELESS = ("import.too_slow", "import.too_much_memory")  # the first sizes that are tried are the smallest

Array = NDArray[Any]
Size = tuple[int, int]  # height, width


@dataclass(frozen=True)
class OutputSketch:
    """An output that lies over the picture. `scale` is its side over the picture's: 2.0, 1.0, 0.25."""

    name: str
    layout: Layout
    channels: int
    scale: float
    border: int = 0  # of its own pixels, which it lacks on every side


@dataclass(frozen=True)
class Working:
    """A reading of the inputs that ran, and what came out. `multiple` is what free sides must be multiples of."""

    sketch: Sketch
    size: Size
    multiple: int | None  # None: the size is fixed
    outputs: tuple[OutputSketch, ...]
    shapes: dict[str, tuple[int, ...]]  # of every output, as it came
    answers: Mapping[str, Array] = field(default_factory=dict, compare=False)

    @property
    def image(self) -> InputSketch | None:
        return next((entry for entry in self.sketch if entry.role == "image"), None)

    def role(self, *roles: str) -> InputSketch | None:
        return next((entry for entry in self.sketch if entry.role in roles), None)


class ForeignGraph:
    """The session, and feeding it by a sketch."""

    def __init__(self, content: bytes, facts: GraphFacts, label: str) -> None:
        self.facts, self.label = facts, label
        self.content = b""  # kept only where the file is written again
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = thread_count()
        options.log_severity_level = SILENT
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the editor needs the cores too
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=[CPU_PROVIDER])
        except Exception as error:  # onnxruntime has a dozen types without a useful base
            raise UserError("import.cannot_load", path=label, reason=first_line(error)) from error
        self.output_names = [output.name for output in self._session.get_outputs()]
        self.types = {info.name: info.type for info in self._session.get_inputs()}
        self.shapes = {info.name: list(info.shape) for info in self._session.get_inputs()}

    def run(self, feeds: dict[str, Array]) -> dict[str, Array]:
        """Every output that is an array. UserError with the runtime's reason, or when it takes too long."""
        options = onnxruntime.RunOptions()
        options.log_severity_level = SILENT
        timer = threading.Timer(RUN_LIMIT_S, lambda: setattr(options, "terminate", True))
        timer.start()
        try:
            answers = self._session.run(self.output_names, feeds, options)
        except Exception as error:
            if options.terminate:
                raise UserError("import.too_slow", path=self.label, seconds=round(RUN_LIMIT_S)) from error
            if means_out_of_memory(error):
                raise UserError("import.too_much_memory", path=self.label, limit_mb=0) from error
            raise UserError("import.cannot_run", path=self.label, reason=first_line(error)) from error
        finally:
            timer.cancel()
        found = zip(self.output_names, answers, strict=True)
        return {
            name: answer for name, answer in found if isinstance(answer, np.ndarray) and answer.dtype.kind in "fiub"
        }

    def feeds(
        self, sketch: Sketch, picture: NDArray[np.uint8], specs: dict[str, Input] | None = None, *, seed: int = 0
    ) -> dict[str, Array]:
        """Tensors for `picture` (H, W, 3), which has the wanted size already; `specs` say how pictures are coded."""
        return {entry.name: self._feed(entry, picture, (specs or {}).get(entry.name), seed) for entry in sketch}

    def _feed(self, entry: InputSketch, picture: NDArray[np.uint8], spec: Input | None, seed: int) -> Array:
        declared, shape = self.types[entry.name], self.shapes[entry.name]
        height, width = picture.shape[:2]
        generator = np.random.Generator(np.random.PCG64(seed))
        if entry.constant is not None:
            return _number(entry, entry.constant, shape, declared, (height, width))
        if entry.is_picture or entry.role == "mask":
            return _picture_tensor(entry, picture, spec or plain_spec(entry), declared)
        if entry.role in ("latent", "embedding", "noise"):
            wanted = entry.shape or tuple(side if isinstance(side, int) else 1 for side in shape[1:])
            return typed_tensor(generator.standard_normal((1, *wanted), np.float32), shape, declared)
        if entry.role == "size":
            return typed_tensor([height, width], shape, declared)
        if entry.role == "factors":
            return typed_tensor([1, 1, 2, 2], shape, declared)
        if entry.role in ("points", "point_labels", "mask_input", "has_mask_input"):
            return scalar_tensor(0.0, [1 if not isinstance(side, int) else side for side in shape], declared)
        return _number(entry, usual_value(self.facts, entry), shape, declared, (height, width))


def _number(entry: InputSketch, value: float, shape: list[Any], declared: str, size: Size) -> Array:
    if not entry.is_plane:
        return scalar_tensor(value, shape, declared)
    sides = [shape[0], shape[1], *size]
    return scalar_tensor(
        value, [s if isinstance(s, int) and s > 0 else w for s, w in zip(shape, sides, strict=True)], declared
    )


def _picture_tensor(entry: InputSketch, picture: NDArray[np.uint8], spec: Input, declared: str) -> Array:
    """The picture, its mirror image as a second one, a hole in its middle; joined where one tensor holds them."""

    def sized(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if entry.size is not None and pixels.shape[:2] != entry.size:
            pixels = cv2.resize(pixels, entry.size[::-1], interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(pixels)

    if entry.role == "mask":
        return mask_to_tensor(sized(hole_in(picture)), spec, declared, entry.channels)
    shown = sized(picture if entry.role == "image" else picture[:, ::-1])
    if spec.order in WITH_MASK:
        return masked_to_tensor(shown, sized(hole_in(picture)), spec, declared)
    if spec.order == "RGBA":
        return pixels_to_tensor(np.dstack([shown, np.full(shown.shape[:2], 255, np.uint8)]), spec, declared)
    if spec.order in JOINED:
        pictures = [shown, sized(picture[:, ::-1])] if spec.order in TWO_PICTURES else [shown]
        number = 0.5 if spec.order in TWO_PICTURES else USUAL_NOISE
        return joined_to_tensor(pictures, number if spec.order.endswith("N") else None, spec, declared)
    return pixels_to_tensor(shown, spec, declared)


def plain_spec(entry: InputSketch) -> Input:
    """Pixels as 0..1, for runs that only ask for shapes; whole numbers as 0..255."""
    std = [1.0] if entry.type == "uint8" else [255.0]
    return Input(name=entry.name, role=entry.role, layout=entry.layout, order=entry.order, std=std)


def usual_value(facts: GraphFacts, entry: InputSketch) -> float:
    """What a slider stands at: the file's own default, a small noise level, half of the way in time, all of it."""
    stated = facts.metadata.get(f"param:{entry.name}", "").split(",")
    if len(stated) == 3:
        try:
            return float(stated[2])
        except ValueError:
            pass
    if entry.role == "timestep":
        return 0.5
    return USUAL_NOISE if NOISE_LEVEL_NAME.search(entry.name) else 1.0


def find_working(
    graph: ForeignGraph,
    readings: list[Sketch],
    picture: NDArray[np.uint8],
    alive: Callable[[], None] = lambda: None,
) -> Working:
    """The first reading that runs, with the freest size that it takes. UserError with the reason when none does.

    `alive` is called before each try: many of them may fail, each after a while.
    """
    if any(entry.role in ("embedding", "points") for sketch in readings for entry in sketch):
        return run_reading(graph, readings, picture)  # half of a model, which is said later
    failure: UserError | None = None
    for sketch in readings:
        for size, multiple in _sizes_for(sketch):
            alive()
            try:
                working = _attempt(graph, sketch, fitted(picture, size), multiple)
            except UserError as error:
                failure = failure or error
                if error.key in HOPELESS:
                    raise
                continue
            if working is not None:
                return working
    if failure is None and any(CODE_NAME.search(tensor.name) for tensor in graph.facts.outputs):
        raise UserError("import.half", path=graph.label)
    raise failure or UserError("import.no_picture", path=graph.label, outputs=_outputs_text(graph))


def run_reading(
    graph: ForeignGraph, readings: list[Sketch], picture: NDArray[np.uint8], given: Mapping[str, Array] | None = None
) -> Working:
    """The first reading that runs, whatever it gives: parts of a model make numbers for each other."""
    failure: UserError | None = None
    for sketch in readings:
        for size, multiple in _sizes_for(sketch):
            shown = fitted(picture, size)
            try:
                answers = graph.run({**graph.feeds(sketch, shown), **(given or {})})
            except UserError as error:
                failure = failure or error
                continue
            shapes = {name: answer.shape for name, answer in answers.items()}
            return Working(sketch, size, multiple, (), shapes, answers)
    raise failure or UserError("import.no_picture", path=graph.label, outputs=_outputs_text(graph))


def fitted(picture: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    result: NDArray[np.uint8] = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)
    return result


def _sizes_for(sketch: Sketch) -> list[tuple[Size, int | None]]:
    """Sizes to try with the multiple that each would prove; one only where the file states it."""
    stated = next((entry.size for entry in sketch if entry.role == "image" and entry.size is not None), None)
    if stated is not None:
        return [(stated, None)]
    if not any(entry.is_picture for entry in sketch):
        return [(FREE_SIZE, None)]
    sizes: list[tuple[Size, int | None]] = [(FREE_SIZE, 1)]
    sizes += [((m * _odd(176 / m), m * _odd(144 / m, but=_odd(176 / m))), m) for m in MULTIPLES]
    return sizes + [((side, side), None) for side in SQUARES]


def _odd(share: float, but: int = 0) -> int:
    """An odd number of multiples, so that the size is no multiple of twice as much."""
    count = max(math.ceil(share) | 1, 1)
    return count + 2 if count == but else count


def _attempt(graph: ForeignGraph, sketch: Sketch, picture: NDArray[np.uint8], multiple: int | None) -> Working | None:
    answers = graph.run(graph.feeds(sketch, picture))
    size = (picture.shape[0], picture.shape[1])
    shapes = {name: answer.shape for name, answer in answers.items()}
    has_picture = any(entry.is_picture for entry in sketch)
    outputs = tuple(
        found for name, shape in shapes.items() if (found := output_over(name, shape, size if has_picture else None))
    )
    working = Working(sketch, size, multiple, outputs, shapes)
    is_features = has_picture and not outputs and any(len(shape) == 4 and shape[1] >= 16 for shape in shapes.values())
    if is_features:
        return replace(working, multiple=None)
    return working if outputs else None


def output_over(name: str, shape: tuple[int, ...], size: Size | None) -> OutputSketch | None:
    """How an array lies over a picture of `size`; None when it does not. Without a picture any picture will do."""
    places: list[tuple[Layout, int, tuple[int, int]]] = []
    if len(shape) == 4 and shape[0] == 1:
        places = [("NCHW", shape[1], (shape[2], shape[3])), ("NHWC", shape[3], (shape[1], shape[2]))]
    elif len(shape) == 3:
        places = [("CHW", shape[0], (shape[1], shape[2])), ("HWC", shape[2], (shape[0], shape[1]))]
    elif len(shape) == 2 and size is not None:
        places = [("CHW", 1, (shape[0], shape[1]))]
    elif len(shape) == 2:
        return _unfolded(name, shape[1])
    for layout, channels, sides in places:
        scale = _common_scale(sides, size)
        if scale is not None and (size is not None or (channels in (1, 3, 4) and min(sides) >= 8)):
            return OutputSketch(name, layout, channels, scale)
    for layout, channels, sides in places:
        bordered = _bordered(sides, size) if channels in (1, 3, 4) and size is not None else None
        if bordered is not None:
            return OutputSketch(name, layout, channels, *bordered)
    return None


def _bordered(sides: Size, size: Size | None) -> tuple[float, int] | None:
    """Scale and border of a network that pads nothing: the answer lacks the same on every side."""
    assert size is not None
    for scale in SCALES:
        lacking = [side * scale - found for side, found in zip(size, sides, strict=True)]
        if lacking[0] == lacking[1] and lacking[0] % 2 == 0 and 0 < lacking[0] <= 2 * BORDER_LIMIT * scale:
            return float(scale), lacking[0] // 2
    return None


def _unfolded(name: str, count: int) -> OutputSketch | None:
    """A small square picture as one row of numbers."""
    for channels in (1, 3):
        side = math.isqrt(count // channels)
        if side >= 8 and side * side * channels == count:
            return OutputSketch(name, "NCHW", channels, 1.0)
    return None


def picture_size(shape: tuple[int, ...], output: OutputSketch) -> Size:
    """(height, width) of an answer of this shape."""
    if len(shape) == 2:
        side = math.isqrt(shape[1] // output.channels)
        return side, side
    return (shape[-2], shape[-1]) if output.layout.endswith("CHW") else (shape[-3], shape[-2])


def _common_scale(sides: Size, size: Size | None) -> float | None:
    if size is None:
        return 1.0
    if min(sides) < SMALLEST_ANSWER:
        return None
    for scale in (*SCALES, *(1 / step for step in SMALLER)):
        wanted = tuple(side * scale for side in size)
        slack = 1.0 if scale < 1 else 0.0  # networks round halves up or down
        if all(abs(side - exact) <= slack for side, exact in zip(sides, wanted, strict=True)):
            return float(scale)
    return None


def hole_in(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W): a mask with a hole in the middle."""
    height, width = picture.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    mask[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = 255
    return mask


def _outputs_text(graph: ForeignGraph) -> str:
    stated = [f"{tensor.name} {list(tensor.shape or ())}" for tensor in graph.facts.outputs[:4]]
    return ", ".join(stated).replace("None", "?")
