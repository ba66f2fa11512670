"""What each input of a foreign graph is probably for, from its type, shape and name. Guesses that a run has to confirm.

Alternatives come most likely first: a graph that states no shapes may want its channels first or last, three or one.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass, replace
from typing import TypeAlias

from desktop.core.errors import UserError
from desktop.runtime.importing.facts import Dimension, GraphFacts, TensorFacts
from desktop.runtime.manifest import PARAMS_TO, ChannelOrder, InputRole, Layout

SMALLEST_SIDE = 16  # a stated side below this is channels or a vector, not a picture
LATENT_FROM = 8  # fewer numbers are sliders
Shape: TypeAlias = tuple[Dimension, ...]

KINDS_TO = 64  # a longer vector is what another network makes of a picture
LAYERS_TO = 32  # styles of synthesis networks have at most so many layers
FREE_LATENT_SIDE = 32  # a decoder of latents that takes any size is shown this one
CHANNELS = (1, 2, 3, 4, 6, 7)  # of pictures, alone or joined with a mask, a number or another picture
GRAY: tuple[ChannelOrder, ...] = ("L", "YN")

MASK_NAME = re.compile(r"mask|hole|trimap", re.I)
STYLE_NAME = re.compile(r"style|reference|exemplar", re.I)
SECOND_NAME = re.compile(r"(img|image|frame|input|im|x)_?[1b2]$|second|target|next", re.I)
NOISE_LEVEL_NAME = re.compile(r"sigma|noise_?(level|map|std)", re.I)
NOISE_NAME = re.compile(r"noise", re.I)
TIME_NAME = re.compile(r"time|^t$|_t$|interp|embt", re.I)
LABEL_NAME = re.compile(r"label|class|^y$|category", re.I)
LATENT_NAME = re.compile(r"^z$|latent|noise|^ws?$|w_?plus|seed", re.I)
FACTORS_NAME = re.compile(r"scale|factor|roi", re.I)
STATE_NAME = re.compile(r"^r\d+_?(i|in)?$|^h\d+|hidden|state|recurrent|memory", re.I)
MEASURED_NAME = re.compile(r"stat|mean|std|var|min|max|size|shape|param|coef", re.I)  # what no list of kinds is called
BETWEEN_NAME = re.compile(r"bottleneck|embed|feature|code|latent", re.I)  # what another network makes
HINT_NAME = re.compile(r"hint|mask|^input_b$", re.I)
POINT_ROLES: dict[str, InputRole] = {
    "point_coords": "points",
    "point_labels": "point_labels",
    "mask_input": "mask_input",
    "has_mask_input": "has_mask_input",
    "orig_im_size": "size",
    "input_points": "points",
    "input_labels": "point_labels",
}
GENERATED_TYPES = ("float32", "float16", "float64")


@dataclass(frozen=True)
class InputSketch:
    """One input as it might be meant. `size` is the fixed (height, width) of a picture, None where it is free."""

    name: str
    type: str
    role: InputRole
    layout: Layout = "NCHW"
    order: ChannelOrder = "RGB"
    size: tuple[int, int] | None = None
    shape: tuple[int, ...] = ()  # of one latent, without the batch
    constant: float | None = None  # always fed: an empty state, no hint
    is_plane: bool = False  # a number for every pixel
    channels: int = 1  # of a mask

    @property
    def is_picture(self) -> bool:
        return self.role in ("image", "image2", "style")


Sketch: TypeAlias = tuple[InputSketch, ...]


def sketches(facts: GraphFacts, label: str) -> list[Sketch]:
    """Every sensible reading of the inputs. UserError when there is none; `label` is the file in its sentence."""
    if len(facts.inputs) > PARAMS_TO:
        reason = UserError("import.reason.inputs", limit=PARAMS_TO)
        raise UserError("import.strange_input", path=label, name=facts.inputs[PARAMS_TO].name, reason=reason)
    readings = [_readings_of(tensor, facts, label) for tensor in facts.inputs]
    found = [_with_pictures_told_apart(sketch) for sketch in itertools.islice(itertools.product(*readings), 24)]
    if all(sum(entry.role == "image2" for entry in sketch) > 1 for sketch in found):
        third = [entry.name for entry in found[0] if entry.role == "image2"][1]
        reason = UserError("import.reason.three_pictures")
        raise UserError("import.strange_input", path=label, name=third, reason=reason)
    return [sketch for sketch in found if _has_one_layout(sketch)] or found


def _readings_of(tensor: TensorFacts, facts: GraphFacts, label: str) -> list[InputSketch]:
    if tensor.type == "other":
        raise _strange(tensor, label, "no_numbers")
    batch = (tensor.shape or (None,))[0]
    if len(tensor.shape or ()) == 4 and batch is not None and batch > 1:
        raise _strange(tensor, label, "batch", count=batch)
    known = POINT_ROLES.get(tensor.name.removeprefix("batched_"))
    if known is not None:
        return [InputSketch(tensor.name, tensor.type, known)]
    rank = len(tensor.shape or ())
    if rank >= 3 and len(facts.inputs) > 1 and STATE_NAME.search(tensor.name):
        return [InputSketch(tensor.name, tensor.type, "scalar", constant=0.0, shape=(1,) * (rank - 1))]
    if tensor.name == "image_embeddings" or (_looks_like_features(tensor) and len(facts.inputs) > 1):
        return [InputSketch(tensor.name, tensor.type, "embedding")]
    if tensor.shape is None or len(tensor.shape) == 4:
        return _readings_of_four(tensor, facts)
    if len(tensor.shape) == 3:
        return _readings_of_three(tensor, facts, label)
    return [_vector(tensor, facts, label)]


def _looks_like_features(tensor: TensorFacts) -> bool:
    """A map of many channels that another network made."""
    shape = tensor.shape or ()
    is_picture = len(shape) == 4 and shape[3] in CHANNELS  # channels last
    return len(shape) == 4 and not is_picture and (shape[1] or 0) >= 16 and (shape[2] is None or shape[2] >= 4)


def _readings_of_four(tensor: TensorFacts, facts: GraphFacts) -> list[InputSketch]:
    shape: Shape = tensor.shape or (None, None, None, None)
    _, first, height, last = shape
    special = _other_than_picture(tensor, facts)
    if special is not None:
        return [special]
    readings: list[tuple[Layout, Dimension, tuple[Dimension, Dimension]]] = []
    if _is_channels(first) and not (_is_channels(last) and last != first and _is_side(first)):
        readings.append(("NCHW", first, (height, last)))
    if _is_channels(last) and (first is None or first >= SMALLEST_SIDE):
        readings.append(("NHWC", last, (first, height)))
    if first is not None and first in CHANNELS and readings:
        readings = readings[:1]
    elif last is not None and last in CHANNELS:
        readings = [reading for reading in readings if reading[0] == "NHWC"] or readings
    return [
        _picture(tensor, layout, channels, sides, facts)
        for layout, stated, sides in readings
        for channels in ((stated,) if stated else (3, 1, 4, 6))
    ] or [_latent_or_style(tensor, facts, tuple(side or 1 for side in shape[1:]))]


def _other_than_picture(tensor: TensorFacts, facts: GraphFacts) -> InputSketch | None:
    """What has four axes and is no picture: one number, a vector, a latent, noise, a plane of numbers, a hint."""
    shape = tensor.shape or (None, None, None, None)
    rest = shape[1:]
    places = math.prod(side or 0 for side in rest)
    if places == 1:
        role: InputRole = "timestep" if TIME_NAME.search(tensor.name) else "scalar"
        return InputSketch(tensor.name, tensor.type, role)
    if places and sum(side != 1 for side in rest) == 1:
        return _latent_or_style(tensor, facts, tuple(side or 1 for side in rest))
    first = shape[1]
    if (first or 3) != 3 and LATENT_NAME.search(tensor.name) and not NOISE_NAME.search(tensor.name):
        return InputSketch(tensor.name, tensor.type, "latent", shape=tuple(side or FREE_LATENT_SIDE for side in rest))
    has_coloured, has_gray = _has_picture(tensor, facts, 3), _has_picture(tensor, facts, 1)
    if places and NOISE_NAME.search(tensor.name) and not has_coloured and len(facts.inputs) > 1:
        return InputSketch(tensor.name, tensor.type, "noise", shape=tuple(side or 1 for side in rest))
    if first == 1 and has_coloured and (NOISE_LEVEL_NAME.search(tensor.name) or TIME_NAME.search(tensor.name)):
        role = "timestep" if TIME_NAME.search(tensor.name) else "scalar"
        return InputSketch(tensor.name, tensor.type, role, is_plane=True)
    if (first == 2 and (has_coloured or has_gray)) or (first == 1 and has_gray and HINT_NAME.search(tensor.name)):
        return InputSketch(tensor.name, tensor.type, "scalar", constant=0.0, is_plane=True)
    if places and max(side or 0 for side in rest[1:]) < SMALLEST_SIDE and len(facts.inputs) == 1:
        return InputSketch(tensor.name, tensor.type, "latent", shape=tuple(side or 1 for side in rest))
    return None


def _has_picture(tensor: TensorFacts, facts: GraphFacts, channels: int) -> bool:
    """Another input that can be a picture of so many channels and comes before, or has more of them."""
    for other in facts.inputs:
        if other is tensor:
            if channels == 1:
                return False
            continue
        if len(other.shape or ()) == 4 and channels in ((other.shape or ())[1], (other.shape or ())[3]):
            return True
    return False


def _readings_of_three(tensor: TensorFacts, facts: GraphFacts, label: str) -> list[InputSketch]:
    """A picture without a batch, a grey one whose first axis is the batch, or a style with a layer axis."""
    first, middle, last = tensor.shape or (None, None, None)
    has_layers = middle is not None and last is not None and 1 < middle <= LAYERS_TO and last > 4
    if first in (1, None) and middle and last and (has_layers or LATENT_NAME.search(tensor.name)):
        return [_latent_or_style(tensor, facts, (middle, last))]
    if last in (1, 3, 4):
        return [_plain_picture(tensor, "HWC", last, (first, middle))]
    if first in (1, 3, 4):
        return [_plain_picture(tensor, "CHW", first, (middle, last))]
    if first is None and middle is None and last is None:
        return [_plain_picture(tensor, layout, 3, (None, None)) for layout in ("CHW", "HWC")]
    raise _strange(tensor, label, "shape", shape=_text(tensor))


def _vector(tensor: TensorFacts, facts: GraphFacts, label: str) -> InputSketch:
    """Rank 0, 1 and 2: sizes, factors, labels, latents, sliders."""
    shape = tensor.shape or ()
    if len(shape) > 4:
        raise _strange(tensor, label, "video", count=len(shape))
    places = math.prod(side or 1 for side in shape)
    is_whole = tensor.type in ("int32", "int64")
    sketch = InputSketch(tensor.name, tensor.type, "scalar")
    if tensor.type == "uint8" and len(shape) == 1:
        raise _strange(tensor, label, "encoded")
    if places == 2 and (is_whole or "size" in tensor.name.lower()):
        return InputSketch(tensor.name, tensor.type, "size")
    if places == 4 and FACTORS_NAME.search(tensor.name):
        return InputSketch(tensor.name, tensor.type, "factors")
    if LABEL_NAME.search(tensor.name) and (is_whole or places > 1):
        return InputSketch(tensor.name, tensor.type, "label")
    has_picture = any(len(other.shape or ()) == 4 for other in facts.inputs)
    is_short = 1 < places < LATENT_FROM and has_picture and tensor.type in GENERATED_TYPES
    if len(shape) == 2 and is_short and not MEASURED_NAME.search(tensor.name):
        return InputSketch(tensor.name, tensor.type, "label")  # one of several domains, as a vector
    is_latent = places > 1 and not has_picture and (len(facts.inputs) == 1 or bool(LATENT_NAME.search(tensor.name)))
    if len(shape) == 2 and (places >= LATENT_FROM or is_latent):
        return _latent_or_style(tensor, facts, (places,))
    if len(shape) == 2 and shape[1] is None and LATENT_NAME.search(tensor.name):
        raise _strange(tensor, label, "length")
    if places > 1:
        raise _strange(tensor, label, "numbers", count=places)
    if TIME_NAME.search(tensor.name):
        return InputSketch(tensor.name, tensor.type, "timestep")
    return sketch


def without_second_file(sketch: Sketch) -> Sketch:
    """Numbers beside a picture that nothing else makes are one of several kinds, as a vector with a one in it."""

    def alone(entry: InputSketch) -> InputSketch:
        is_vector = entry.role == "embedding" and len(entry.shape) == 1 and entry.shape[0] <= KINDS_TO
        return _with_role(entry, "label") if is_vector and not BETWEEN_NAME.search(entry.name) else entry

    return tuple(alone(entry) for entry in sketch)


def _picture(
    tensor: TensorFacts, layout: Layout, channels: int, sides: tuple[Dimension, Dimension], facts: GraphFacts
) -> InputSketch:
    found = _plain_picture(tensor, layout, channels, sides)
    is_named = bool(MASK_NAME.search(tensor.name))
    has_neighbour = _has_coloured_neighbour(tensor, facts)
    if (channels == 1 and (is_named or has_neighbour)) or (channels == 3 and is_named and has_neighbour):
        return InputSketch(found.name, found.type, "mask", layout, "L", found.size, channels=channels)
    return found


def _plain_picture(
    tensor: TensorFacts, layout: Layout, channels: int, sides: tuple[Dimension, Dimension]
) -> InputSketch:
    orders: dict[int, ChannelOrder] = {1: "L", 2: "YN", 3: "RGB", 4: "MRGB", 6: "RGBRGB", 7: "RGBRGBN"}
    role: InputRole = "style" if STYLE_NAME.search(tensor.name) else "image"
    height, width = sides
    size = None if height is None or width is None else (height, width)
    return InputSketch(tensor.name, tensor.type, role, layout, orders.get(channels, "RGB"), size)


def _latent_or_style(tensor: TensorFacts, facts: GraphFacts, shape: tuple[int, ...]) -> InputSketch:
    """Numbers beside a picture are its style, numbers alone a generator's latent."""
    if tensor.type not in GENERATED_TYPES:
        return InputSketch(tensor.name, tensor.type, "scalar")
    has_picture = any(other is not tensor and len(other.shape or ()) == 4 for other in facts.inputs)
    is_style = has_picture and not LATENT_NAME.search(tensor.name)
    return InputSketch(tensor.name, tensor.type, "embedding" if is_style else "latent", shape=shape)


def _with_pictures_told_apart(sketch: Sketch) -> Sketch:
    """Of several pictures the first is the picture, the others a second one, unless a name says style or mask."""
    result: list[InputSketch] = []
    has_image = False
    for entry in sketch:
        if entry.role == "style" and not any(other.role == "image" for other in sketch) and not has_image:
            entry = _with_role(entry, "image")
        if entry.role == "image" and has_image:
            entry = _with_role(entry, "image2")
        has_image |= entry.role == "image"
        result.append(entry)
    return tuple(result)


def _with_role(entry: InputSketch, role: InputRole) -> InputSketch:
    return replace(entry, role=role)


def _has_one_layout(sketch: Sketch) -> bool:
    return len({entry.layout[-1] for entry in sketch if entry.is_picture or entry.role == "mask"}) <= 1


def _has_coloured_neighbour(tensor: TensorFacts, facts: GraphFacts) -> bool:
    return any(other is not tensor and 3 in (other.shape or ())[1:] for other in facts.inputs)


def _is_channels(side: Dimension) -> bool:
    return side is None or side in CHANNELS


def _is_side(side: Dimension) -> bool:
    return side is None or side >= SMALLEST_SIDE


def _text(tensor: TensorFacts) -> str:
    return "×".join("?" if side is None else str(side) for side in tensor.shape or ())


def _strange(tensor: TensorFacts, label: str, reason: str, **values: object) -> UserError:
    why = UserError(f"import.reason.{reason}", **values)
    return UserError("import.strange_input", path=label, name=tensor.name, reason=why)
