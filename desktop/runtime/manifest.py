"""The manifest of a model folder: what the network eats, what it returns, how it is tiled, shown and tested.

Nothing is run here. `manifest_schema` describes the same as a JSON schema.
"""

from __future__ import annotations

import hashlib
import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from desktop.core.errors import UserError
from desktop.runtime.runner import TILE_SIDES

MANIFEST_NAME = "manifest.toml"
MANIFEST_LIMIT_BYTES = 1 << 20
SIDE_LIMIT = 16384
PARAMS_TO = 100  # a form of thousands would hold the window up for seconds

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
TensorName = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]  # exporters name them by whole paths
ModelId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
ParamId = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1 << 20)]
Side = Annotated[int, msgspec.Meta(ge=1, le=SIDE_LIMIT)]
ScalarValue = bool | int | float | str


class Task(StrEnum):
    """What a model does for a painter; decides which adapter runs it and where its tool appears."""

    UPSCALE = "upscale"
    RESTORE = "restore"
    STYLE = "style"
    TRANSLATE = "translate"
    SEGMENT = "segment"
    MATTE = "matte"
    INPAINT = "inpaint"
    COLOURISE = "colourise"
    GENERATE = "generate"
    ENCODE_DECODE = "encode_decode"
    TWO_IMAGE = "two_image"
    INTERPOLATE = "interpolate"
    FILTER = "filter"


Layout = Literal["NCHW", "NHWC", "CHW", "HWC"]
# L, Y: luma (BT.601); an answer in Y takes its colour from the picture. Lab_L: lightness of CIE Lab, 0..255 for 0..100.
# MRGB, RGBM: the mask of an inpainting network, or a trimap, as a fourth channel of the picture. RGBN: the number of a
# parameter as a fourth channel, YN: the same behind the luma. RGBRGB, RGBRGBN: the picture, the second picture, and a
# number in one tensor.
ChannelOrder = Literal["RGB", "BGR", "L", "Y", "Lab_L", "RGBA", "MRGB", "RGBM", "RGBN", "YN", "RGBRGB", "RGBRGBN"]
InputRole = Literal[
    "image",
    "image2",
    "style",
    "mask",
    "hints",  # colours that a person painted, with alpha; nothing where there are none
    "latent",
    "noise",
    "label",
    "words",  # numbers of the words of a text parameter, counted from 1, with 0 after the last; as many as `shape` says
    "scalar",
    "choice",
    "timestep",
    "embedding",
    "points",  # x, y in pixels of what the encoder was fed
    "point_labels",  # 1 inside, 0 outside, 2 and 3 the corners of a box, -1 no point
    "mask_input",  # an earlier mask in logits, or a rough one of a person; zeros where there is none
    "has_mask_input",  # 1 where there is one, else 0
    "size",  # height and width of the picture
    "factors",  # what a Resize node wants: 1, 1, scale, scale
    "statistics",  # of the whole picture in 0..1: the mean of red, green, blue, then their standard deviation
]
OutputRole = Literal[
    "image", "mask", "classes", "ab", "curve", "grid", "flow", "latent", "embedding", "score", "ignore"
]
HALF = "_fp16"  # the part "main_fp16" stands in for "main" where half precision is fast

_CHANNELS = {
    "L": 1, "Y": 1, "Lab_L": 1, "YN": 2, "RGBA": 4, "MRGB": 4, "RGBM": 4, "RGBN": 4, "RGBRGB": 6, "RGBRGBN": 7
}  # fmt: skip
WITH_MASK, TWO_PICTURES = ("MRGB", "RGBM"), ("RGBRGB", "RGBRGBN")
JOINED = ("RGBN", "YN", *TWO_PICTURES)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the manifest; a key that nobody reads is a typing error and is refused."""


class Label(_Table, frozen=True, kw_only=True):
    """A class of a label map and the colour that stands for it, "#rrggbb"."""

    label: Name
    color: Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-f]{6}$")]


class Input(_Table, frozen=True, kw_only=True):
    """One tensor that the graph eats. Pictures: x = (p - mean) / std with p on 0..255.

    `size`: "any", a multiple that both sides must be of, or the fixed (height, width); a picture is brought to a fixed
    size by `fit`: stretched, or scaled until one side fits and padded with zeros at its right or bottom.
    A scalar, or a number joined to a picture, is fed by `param` (min..max mapped onto `range`), else it is `default`. A
    label is the number of a choice, or one-hot where the tensor has a place for each class.
    A latent or noise has the `shape` of one sample (without the batch) and is drawn from `distribution`, normal with
    standard deviation 1, or uniform in -1..1. `from` names the output of another part that feeds this input; an
    output of the same name in another part does so without being named.
    `hole`: what an inpainting network sees where the mask is white ("zero" after normalisation).
    `palette`: the picture is a label map; other colours are brought to the nearest, nothing to the first.
    """

    name: TensorName
    role: InputRole
    part: Name = "main"
    layout: Layout = "NCHW"
    order: ChannelOrder = "RGB"
    mean: list[float] = msgspec.field(default_factory=lambda: [0.0])
    std: list[float] = msgspec.field(default_factory=lambda: [255.0])
    size: Literal["any"] | int | tuple[int, int] = "any"  # an Annotated int in this union crashes msgspec's schema()
    polarity: Literal["white_is_selected", "white_is_kept"] = "white_is_selected"
    param: ParamId | None = None
    range: tuple[float, float] | None = None
    default: float | None = None
    shape: list[Count] | None = None
    distribution: Literal["normal", "uniform"] = "normal"
    source: TensorName | None = msgspec.field(default=None, name="from")
    fit: Literal["stretch", "pad"] = "stretch"
    hole: Literal["keep", "zero", "gray", "white"] = "keep"
    palette: list[Label] = []

    def __post_init__(self) -> None:
        _check_normalisation(self.name, self.order, self.mean, self.std)
        sides = self.size if isinstance(self.size, tuple) else (self.size,)
        if not all(side == "any" or 1 <= side <= SIDE_LIMIT for side in sides):
            raise ValueError(f"the sides of “{self.name}” must be 1 to {SIDE_LIMIT}")


class Output(_Table, frozen=True, kw_only=True):
    """One tensor that the graph returns; the picture is channels [first, stop) of it, p = x * std + mean.

    `size`: (height, width) of a picture that does not come from a picture; `shape` of a latent, without the batch.
    A curve is applied `iterations` times: v + a (v² - v), with maps of its own each time where it has enough channels;
    with `knots` it is the levels at (i / (knots - 1)) ** `bend`, straight between, one curve or one for each channel.
    With `saturates` a number follows the three curves: how many times as far from its luma each colour lies after them.
    `refine`: a click model's mask is brought to a larger picture along the picture's edges, not just enlarged.
    `border`: pixels that the answer lacks on each side, because the network does not pad; it is shown as much more.
    """

    name: TensorName
    role: OutputRole
    part: Name = "main"
    layout: Layout = "NCHW"
    order: ChannelOrder = "RGB"
    mean: list[float] = msgspec.field(default_factory=lambda: [0.0])
    std: list[float] = msgspec.field(default_factory=lambda: [255.0])
    channels: tuple[int, int] | None = None
    activation: Literal["none", "sigmoid", "softmax", "minmax"] = "none"
    class_index: int | None = msgspec.field(default=None, name="class")
    invert: bool = False
    size: tuple[Side, Side] | None = None
    shape: list[Count] | None = None
    iterations: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8
    knots: Annotated[int, msgspec.Meta(ge=2, le=1024)] | None = None
    bend: Positive = 1.0
    saturates: bool = False
    refine: bool = False
    border: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0

    def __post_init__(self) -> None:
        _check_normalisation(self.name, self.order, self.mean, self.std)
        if self.channels is None or self.role != "image":
            return
        first, stop = self.channels
        if first < 0 or stop - first != channels_of(self.order):
            raise ValueError(f"channels of “{self.name}” must name {channels_of(self.order)} channels for {self.order}")


class Tile(_Table, frozen=True, kw_only=True):
    """How the network may be cut, in input pixels: side with the halo, grid of its strides, radius it sees."""

    tile: Annotated[int, msgspec.Meta(ge=16, le=8192)]
    stride: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 1
    receptive_field: Annotated[int, msgspec.Meta(ge=0, le=4096)]

    def __post_init__(self) -> None:
        if self.tile < 2 * self.receptive_field + self.stride:
            raise ValueError("tile must be larger than twice the receptive_field plus the stride")


class Param(_Table, frozen=True, kw_only=True):
    """One control of the form and one --param of the command line. A text may hold the `words` listed, no others."""

    id: ParamId
    label: Name
    type: Literal["float", "int", "bool", "choice", "text"]
    default: ScalarValue
    min: float | None = None
    max: float | None = None
    step: Positive | None = None
    unit: str = ""
    choices: list[Name] = []
    words: list[Word] = []

    def __post_init__(self) -> None:
        checks = {"choice": self._check_choice, "bool": self._check_bool, "text": self._check_text}
        checks.get(self.type, self._check_number)()

    def _check_choice(self) -> None:
        if not self.choices or self.default not in self.choices:
            raise ValueError(f"the default of “{self.id}” must be one of its choices")

    def _check_bool(self) -> None:
        if not isinstance(self.default, bool):
            raise ValueError(f"the default of “{self.id}” must be true or false")

    def _check_text(self) -> None:
        if not self.words or len(set(self.words)) != len(self.words):
            raise ValueError(f"“{self.id}” needs its words, each once")
        if not isinstance(self.default, str):
            raise ValueError(f"the default of “{self.id}” must be a text")

    def _check_number(self) -> None:
        if self.min is None or self.max is None or not self.min < self.max:
            raise ValueError(f"“{self.id}” needs min and max, min below max")
        if not math.isfinite(self.max - self.min):
            raise ValueError(f"min and max of “{self.id}” must be finite numbers")
        if isinstance(self.default, bool | str) or not self.min <= self.default <= self.max:
            raise ValueError(f"the default of “{self.id}” must be a number from {self.min} to {self.max}")


class Metric(_Table, frozen=True, kw_only=True):
    data: Name
    metric: Name
    value: float
    baseline: str = ""
    baseline_value: float | None = None
    unit: str = ""


class Speed(_Table, frozen=True, kw_only=True):
    cpu_seconds_per_megapixel: Positive | None = None
    cpu: str = ""
    peak_memory_mb: Positive | None = None


class DataSource(_Table, frozen=True, kw_only=True):
    name: Name
    licence: Name


class MadeBy(_Table, frozen=True, kw_only=True):
    script: str = ""
    config: str = ""
    data: list[DataSource] = []
    commit: str = ""
    date: str = ""


class Golden(_Table, frozen=True, kw_only=True):
    """The model's own proof: `output` was computed by the training framework, not by the exported file.

    `input` is the picture it was computed from, `mask` what was masked in it, white in grey, `style` the picture whose
    manner it was given; `tensors` are .npy files for latents and noise, by tensor name; `points` are clicks: x, y,
    label.
    """

    output: Name
    input: Name | None = None
    mask: Name | None = None
    style: Name | None = None
    tensors: dict[Name, Name] = {}
    points: list[tuple[float, float, int]] = []
    tolerance: NotNegative
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
    params: dict[ParamId, ScalarValue] = {}


class Manifest(_Table, frozen=True, kw_only=True):
    format: Literal[1]
    id: ModelId
    title: Name
    task: Task
    version: Name
    licence: Name
    files: Annotated[dict[Name, Name], msgspec.Meta(min_length=1)]
    sha256: dict[Name, Sha256]
    inputs: Annotated[list[Input], msgspec.Meta(min_length=1)]
    outputs: Annotated[list[Output], msgspec.Meta(min_length=1)]
    description: str = ""
    source: str = ""
    icon: str = ""
    scale: Literal[1, 2, 3, 4, 8] = 1
    color_space: Literal["srgb"] = "srgb"
    blend: Literal["replace", "inside_mask", "keep_colour", "as_alpha"] = "replace"
    tile: Tile | None = None
    params: Annotated[list[Param], msgspec.Meta(max_length=PARAMS_TO)] = []
    metrics: list[Metric] = []
    speed: Speed = Speed()
    made_by: MadeBy = MadeBy()
    golden: Golden | None = None

    def __post_init__(self) -> None:
        if set(self.files) != set(self.sha256):
            raise ValueError("files and sha256 must name the same parts")
        _check_unique("param", [param.id for param in self.params])
        for part in self.files:
            if part.endswith(HALF) and part.removesuffix(HALF) not in self.files:
                raise ValueError(f"“{part}” is the half-precision form of a part that files does not name")
        known_params = {param.id for param in self.params}
        tensors: list[Input | Output] = [*self.inputs, *self.outputs]
        for tensor in tensors:
            if tensor.part not in self.files:
                raise ValueError(f"“{tensor.name}” belongs to the part “{tensor.part}”, which files does not name")
        for eaten in self.inputs:
            if eaten.param is not None and eaten.param not in known_params:
                raise ValueError(f"“{eaten.name}” is fed by “{eaten.param}”, which params does not name")

    @property
    def model_sha256(self) -> str:
        """One hash for the whole model: that of its only file, or of the list of all parts."""
        if len(self.sha256) == 1:
            return next(iter(self.sha256.values()))
        listed = "".join(f"{part}:{digest}\n" for part, digest in sorted(self.sha256.items()))
        return hashlib.sha256(listed.encode()).hexdigest()

    @property
    def parts(self) -> list[str]:
        """The parts that the tensors belong to, in the order of `files`; half-precision forms are not counted."""
        named = {spec.part for spec in self.inputs} | {spec.part for spec in self.outputs}
        return [part for part in self.files if part in named]

    def inputs_of(self, part: str) -> list[Input]:
        return [spec for spec in self.inputs if spec.part == part]

    def outputs_of(self, part: str) -> list[Output]:
        return [spec for spec in self.outputs if spec.part == part]

    def param(self, param_id: str) -> Param:
        return next(param for param in self.params if param.id == param_id)


def channels_of(order: ChannelOrder) -> int:
    return _CHANNELS.get(order, 3)


def load_manifest(folder: Path) -> Manifest:
    """Read and check `folder`/manifest.toml. UserError: missing, too large, not TOML, or a rule broken."""
    return parse_manifest(manifest_text(folder), folder / MANIFEST_NAME)


def manifest_text(folder: Path) -> bytes:
    """The text of `folder`/manifest.toml, not checked. UserError: missing, not readable, too large."""
    path = folder / MANIFEST_NAME
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise UserError("model.bad_manifest", path=path, reason="it is no file.")
        with path.open("rb") as file:
            text = file.read(MANIFEST_LIMIT_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError("model.no_manifest", folder=folder) from error
    except OSError as error:
        raise UserError("model.bad_manifest", path=path, reason=error.strerror or str(error)) from error
    if len(text) > MANIFEST_LIMIT_BYTES:
        raise UserError("model.bad_manifest", path=path, reason="it is larger than 1 MB.")
    return text


def parse_manifest(text: bytes, path: Path) -> Manifest:
    """Check the text of a manifest; `path` is only named in errors."""
    try:
        manifest = msgspec.toml.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError("model.bad_manifest", path=path, reason=f"{error}.") from error
    for name in manifest.files.values():
        if not _is_plain_onnx_name(name):
            raise UserError("model.bad_file_name", name=name)
    return manifest


def _is_plain_onnx_name(name: str) -> bool:
    return name.endswith(".onnx") and name == Path(name).name and not set(name) & set('/\\:*?"<>|\0')


def _check_normalisation(name: str, order: ChannelOrder, mean: list[float], std: list[float]) -> None:
    allowed = {1, channels_of(order)}
    if len(mean) not in allowed or len(std) not in allowed:
        raise ValueError(f"mean and std of “{name}” must have one number, or one for each channel of {order}")
    if not all(map(math.isfinite, (*mean, *std))):
        raise ValueError(f"mean and std of “{name}” must be finite numbers")
    if 0.0 in std:
        raise ValueError(f"std of “{name}” must not be 0")


def _check_unique(what: str, names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise ValueError(f"two {what}s have the same id")


def with_tile_side(manifest: Manifest, side: int | None) -> Manifest:
    """The manifest with tiles of another side, raised to what the halo needs; itself where the network is never cut."""
    tile = manifest.tile
    if side is None or tile is None:
        return manifest
    least = 2 * tile.receptive_field + tile.stride
    wanted = max(min(side, TILE_SIDES[1]) // tile.stride * tile.stride, least, TILE_SIDES[0])
    return msgspec.structs.replace(manifest, tile=msgspec.structs.replace(tile, tile=wanted))
