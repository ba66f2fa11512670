"""Filling holes and giving colour: masks apart and joined, both polarities, ab planes, hints, luma kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.runtime.manifest import Task
from tests.corpus.kit import BYTE, F32, FLOAT, Case, Inputs, Levels, Net, decoded, encoded

FREE = (1, 3, "height", "width")
HOLES = (Task.INPAINT,)
FILL = np.array([200.0, 90.0, 30.0], F32)
FILL_SHARE = (FILL / 255).reshape(1, 3, 1, 1)


def filled(given: Inputs) -> Levels:
    """What the mask covers has the fill's colour, everything else stays."""
    share = (given["mask"].astype(F32) / 255)[..., None]
    return given["image"].astype(F32) * (1 - share) + FILL * share


def apart(
    name: str,
    side: int | None,
    code: str = "0..1",
    hole: str = "white",
    *,
    to: str | None = None,
    mask_code: str = "0..1",
    kind: int = FLOAT,
    names: tuple[str, str, str] = ("image", "mask", "output"),
    masked: bool = False,
    mask_channels: int = 1,
):  # type: ignore[no-untyped-def]
    """Picture and mask each on their own. `masked`: what lies under the mask must not show through."""

    def build(folder: Path) -> Path:
        net = Net()
        image, mask, out = names
        picture, share = image, mask
        if kind == BYTE:
            picture, share = net("Cast", image, to=FLOAT), net("Cast", mask, to=FLOAT)
        share = net("Clip", net("Mul", share, F32(1 / 255 if mask_code == "0..255" else 1)), F32(0), F32(1))
        if mask_channels > 1:
            share = net("ReduceMean", share, axes=[1], keepdims=1)
        if hole == "black":
            share = net("Sub", F32(1), share)
        rest = net("Sub", F32(1), share)
        kept = net("Mul", decoded(net, picture, code), rest)
        both = net("Add", kept, net("Mul", share, FILL_SHARE))
        answer = encoded(net, both, to or code)
        if kind == BYTE:
            net("Cast", net("Round", answer), to=BYTE, out=out)
        else:
            net("Identity", answer, out=out)
        sides: tuple[Any, Any] = (side, side) if side else ("h", "w")
        types = {image: kind, mask: kind, out: kind}
        inputs = {image: (1, 3, *sides), mask: (1, mask_channels, *sides)}
        return net.save(folder / f"{name}.onnx", inputs, {out: (1, 3, *sides)}, types=types)

    answers = {"range": code, "order": "RGB", "hole": hole}
    size = (side, side) if side else (157, 203)
    return Case(f"inpaint/{name}", build, filled, HOLES, answers, ("mask",), size=size)


def joined(name: str, side: int | None, hole: str, *, first: bool, centred: bool, code: str = "-1..1"):  # type: ignore[no-untyped-def]
    """Four channels: MAT and MI-GAN have 0.5 - mask before the picture, others the mask behind it."""

    def build(folder: Path) -> Path:
        net = Net()
        parts = [1, 3] if first else [3, 1]
        split = net("Split", "input", np.array(parts, np.int64), axis=1, count=2)
        mask, picture = split if first else split[::-1]
        share = net("Add", mask, F32(0.5)) if centred else mask
        share = net("Clip", share, F32(0), F32(1))
        if hole == "black":
            share = net("Sub", F32(1), share)
        kept = net("Mul", decoded(net, picture, code), net("Sub", F32(1), share))
        both = net("Add", kept, net("Mul", share, FILL_SHARE))
        encoded(net, both, code, out="output")
        sides: tuple[Any, Any] = (side, side) if side else ("h", "w")
        return net.save(folder / f"{name}.onnx", {"input": (1, 4, *sides)}, {"output": (1, 3, *sides)})

    answers = {"range": code, "order": "RGB", "hole": hole}
    size = (side, side) if side else (157, 203)
    return Case(f"inpaint/{name}", build, filled, HOLES, answers, ("mask",), size=size)


def _with_noise(folder: Path) -> Path:
    """Co-modulated: a latent beside the picture and the mask."""
    net = Net()
    zero = net("Mul", net("ReduceSum", "z", keepdims=0), F32(0))
    rest = net("Sub", F32(1), "mask")
    kept = net("Mul", decoded(net, "image", "-1..1"), rest)
    both = net("Add", net("Add", kept, net("Mul", "mask", FILL_SHARE)), zero)
    encoded(net, both, "-1..1", out="output")
    inputs = {"image": (1, 3, 256, 256), "mask": (1, 1, 256, 256), "z": (1, 64)}
    return net.save(folder / "comodgan_inpaint.onnx", inputs, {"output": (1, 3, 256, 256)})


# colour


def lab_of(levels: NDArray[Any]) -> NDArray[np.float32]:
    return cv2.cvtColor(levels.astype(F32) / 255, cv2.COLOR_RGB2LAB)


def coloured(given: Inputs) -> Levels:
    """The luma of the picture with the ab planes that the network makes of its lightness."""
    gray = given["image"].astype(F32) @ np.array([0.299, 0.587, 0.114], F32) / 255
    lightness = cv2.cvtColor(np.stack([gray] * 3, axis=-1), cv2.COLOR_RGB2LAB)[..., 0]
    lab = np.stack([lightness, 0.2 * lightness + 5, 10 - 0.3 * lightness], axis=-1)
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * 255


def ab_planes(net: Net, lightness: str) -> str:
    """From L of 0..100: a = 0.2 L + 5, b = 10 - 0.3 L."""
    weight = np.array([0.2, -0.3], F32).reshape(2, 1, 1, 1)
    return str(net("Conv", lightness, weight, np.array([5.0, 10.0], F32)))


def _zhang(name: str, side: int | None, small: int, scale: float = 1.0, level: float = 1.0, hints: bool = False):  # type: ignore[no-untyped-def]
    """Lightness in, ab out; siggraph17 has hints and their mask too."""

    def build(folder: Path) -> Path:
        net = Net()
        sides: tuple[Any, Any] = (side, side) if side else ("h", "w")
        inputs: dict[str, Any] = {"input_A" if hints else "l": (1, 1, *sides)}
        start = net("Clip", next(iter(inputs)), F32(0), F32(100 * level))
        start = net("Mul", start, F32(1 / level))
        if small > 1:
            start = net("AveragePool", start, kernel_shape=[small] * 2, strides=[small] * 2)
        planes = ab_planes(net, start)
        if hints:
            inputs |= {"input_B": (1, 2, *sides), "mask_B": (1, 1, *sides)}
            planes = net("Add", planes, net("Mul", "input_B", net("Mul", "mask_B", F32(1))))
        net("Mul", planes, F32(scale), out="ab")
        return net.save(folder / f"{name}.onnx", inputs, {"ab": (1, 2, "oh", "ow")})

    size = (side, side) if side else (157, 203)
    return Case(
        f"colour/{name}",
        build,
        coloured,
        (Task.COLOURISE,),
        {"range": "0..1" if level < 1 else "0..100"},
        size=size,
        tolerance=4.0 if small == 1 else 5.0,
    )


def _ddcolor(folder: Path) -> Path:
    """A grey picture of three channels in, ab out."""
    net = Net()
    gray = net("Conv", decoded(net, "input"), np.array([0.299, 0.587, 0.114], F32).reshape(1, 3, 1, 1))
    ab = net("Conv", gray, np.array([20.0, -30.0], F32).reshape(2, 1, 1, 1), np.array([5.0, 10.0], F32))
    net("Identity", ab, out="output")
    return net.save(folder / "ddcolor_artistic.onnx", {"input": (1, 3, 256, 256)}, {"output": (1, 2, 256, 256)})


def ddcoloured(given: Inputs) -> Levels:
    image = given["image"].astype(F32) / 255
    fed = image @ np.array([0.299, 0.587, 0.114], F32)
    lightness = cv2.cvtColor(np.stack([fed] * 3, axis=-1), cv2.COLOR_RGB2LAB)[..., 0]
    lab = np.stack([lightness, 20 * fed + 5, 10 - 30 * fed], axis=-1)
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * 255


def _deoldify(folder: Path) -> Path:
    """A picture in, a coloured one out; only its colour counts."""
    net = Net()
    gray = net("Conv", decoded(net, "input", "0..255"), np.array([0.299, 0.587, 0.114], F32).reshape(1, 3, 1, 1))
    tint = np.array([0.08, 0.0, -0.1], F32).reshape(1, 3, 1, 1)
    encoded(net, net("Add", gray, tint), "0..255", out="out")
    return net.save(folder / "deoldify_stable.onnx", {"input": (1, 3, 256, 256)}, {"out": (1, 3, 256, 256)})


def tinted(given: Inputs) -> Levels:
    """Luma kept, with less colour where it would leave 0..1."""
    luma = (given["image"].astype(F32) @ np.array([0.299, 0.587, 0.114], F32) / 255)[..., None]
    tint = np.array([0.08, 0.0, -0.1], F32)
    around = np.broadcast_to(tint - tint @ np.array([0.299, 0.587, 0.114], F32), (*luma.shape[:2], 3))
    room = np.where(around > 0, 1 - luma, luma)
    share = (room / np.maximum(np.abs(around), 1e-6)).min(axis=2, keepdims=True)
    return 255 * (luma + np.clip(share, 0, 1) * around)


CASES = (
    apart("lama_fp32", 256, to="0..255"),
    apart("lama_dynamic", None),
    apart("aot_gan", 256, "-1..1"),
    apart("deepfill_v2", 256, "-1..1", "white", names=("image", "mask", "inpainted_image")),
    apart("partial_conv_inpaint", 256, "0..1", "black", mask_channels=3),
    apart("black_hole", None, "0..1", "black", names=("img", "mask_in", "result")),
    apart(
        "migan_pipeline_v2", None, "0..255", "black", mask_code="0..255", kind=BYTE, names=("image", "mask", "result")
    ),
    apart("ffc_inpaint_u8", 256, "0..255", "white", mask_code="0..255", kind=BYTE),
    joined("migan_512_places2", 256, "black", first=True, centred=True),
    joined("mat_places512", 512, "black", first=True, centred=True),
    joined("edge_fill_rgbm", 256, "white", first=False, centred=False, code="0..1"),
    joined("erase_dynamic", None, "white", first=False, centred=False),
    joined("erase_first", None, "white", first=True, centred=False, code="0..1"),
    Case(
        "inpaint/comodgan",
        _with_noise,
        filled,
        HOLES,
        {"range": "-1..1", "order": "RGB", "hole": "white"},
        ("mask",),
        size=(256, 256),
    ),
    _zhang("colorization_zhang_eccv16", 256, 1),
    _zhang("colorizer_small_ab", 224, 4),
    _zhang("colorizer_unit", None, 1, scale=1 / 110, level=0.01),
    _zhang("siggraph17", 256, 1, hints=True),
    Case(
        "colour/ddcolor",
        _ddcolor,
        ddcoloured,
        (Task.COLOURISE,),
        {"range": "0..1", "order": "RGB"},
        size=(256, 256),
        tolerance=4.0,
    ),
    Case("colour/deoldify", _deoldify, tinted, (Task.COLOURISE,), {"range": "0..255", "order": "RGB"}, size=(256, 256)),
)
