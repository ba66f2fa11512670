"""Upscalers: ESRGAN, SRVGG, waifu2x with its borders, sub-pixel luma, fixed sizes, bytes, pyramids."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from desktop.runtime.manifest import Task
from tests.corpus.kit import (
    BYTE,
    F32,
    FLOAT,
    HALF,
    Case,
    Inputs,
    Levels,
    Net,
    decoded,
    encoded,
    enlarged,
    larger,
    luma,
    needs_multiple,
    toned,
    toned_levels,
)

FREE = (1, 3, "height", "width")


def larger_toned(scale: int):  # type: ignore[no-untyped-def]
    def expected(given: Inputs) -> Levels:
        return larger(toned_levels(given["image"]), scale)

    return expected


def larger_luma(scale: int):  # type: ignore[no-untyped-def]
    """Luma faded and enlarged by repeating; the colour around it is enlarged smoothly by the editor."""

    def expected(given: Inputs) -> Levels:
        gray = luma(given["image"])
        return larger(gray * 0.9 + 12.75, scale)

    return expected


def free(name: str, scale: int, code: str = "0..1", order: str = "RGB", tensors: tuple[str, str] = ("input", "output")):  # type: ignore[no-untyped-def]
    """ESRGAN and its kin: the output is declared with the sides of the input."""

    def build(folder: Path) -> Path:
        net = Net()
        enlarged(net, toned(net, tensors[0], code, order=order), scale, out=tensors[1])
        return net.save(folder / f"{name}.onnx", {tensors[0]: FREE}, {tensors[1]: FREE})

    answers = {"range": code, "order": order}
    return Case(f"upscale/{name}", build, larger_toned(scale), (Task.UPSCALE,), answers)


def _fixed(name: str, side: int, scale: int, layout: str, code: str, kind: int = FLOAT):  # type: ignore[no-untyped-def]
    def build(folder: Path) -> Path:
        net = Net()
        start = net("Cast", "image", to=FLOAT) if kind == BYTE else "image"
        picture = enlarged(net, toned(net, start, code, layout=layout), scale, layout)
        if kind == BYTE:
            net("Cast", net("Round", picture), to=BYTE, out="upscaled_image")
        else:
            net("Identity", picture, out="upscaled_image")
        big = side * scale
        shape = (1, side, side, 3) if layout == "NHWC" else (1, 3, side, side)
        out = (1, big, big, 3) if layout == "NHWC" else (1, 3, big, big)
        types = {"image": kind, "upscaled_image": kind}
        return net.save(folder / f"{name}.onnx", {"image": shape}, {"upscaled_image": out}, types=types)

    answers = {"range": code, "order": "RGB"}
    return Case(f"upscale/{name}", build, larger_toned(scale), (Task.UPSCALE,), answers, size=(side, side))


def _bordered(name: str, scale: int, border: int, multiple: int = 1):  # type: ignore[no-untyped-def]
    """waifu2x: no padding inside, so the answer lacks a border of `border` output pixels."""

    def build(folder: Path) -> Path:
        net = Net()
        picture = toned(net, "x", "0..1")
        if multiple > 1:
            picture = needs_multiple(net, picture, multiple)
        big = enlarged(net, picture, scale) if scale > 1 else picture
        net("Slice", big, np.array([border] * 2), np.array([-border] * 2), np.array([2, 3]), out="y")
        return net.save(folder / f"{name}.onnx", {"x": ("b", 3, "h", "w")}, {"y": ("b", 3, "h2", "w2")})

    tasks = (Task.UPSCALE,) if scale > 1 else (Task.RESTORE,)
    return Case(f"upscale/{name}", build, larger_toned(scale), tasks, {"range": "0..1", "order": "RGB"})


def _luma(name: str, scale: int, side: int | None, code: str = "0..1"):  # type: ignore[no-untyped-def]
    def build(folder: Path) -> Path:
        net = Net(opset=13)
        level = 255.0 if code == "0..255" else 1.0
        cut = net("Clip", "input", F32(0), F32(level))
        faded = net("Add", net("Mul", cut, F32(0.9)), F32(0.05 * level))
        enlarged(net, faded, scale, out="output")
        if side is None:
            return net.save(folder / f"{name}.onnx", {"input": (1, 1, "h", "w")}, {"output": (1, 1, "h2", "w2")})
        shape, out = ("batch_size", 1, side, side), ("batch_size", 1, side * scale, side * scale)
        return net.save(folder / f"{name}.onnx", {"input": shape}, {"output": out})

    size = (157, 203) if side is None else (side, side)
    answers = {"range": code}
    return Case(f"upscale/{name}", build, larger_luma(scale), (Task.UPSCALE,), answers, result="luma", size=size)


def _half(folder: Path) -> Path:
    net = Net()
    start = net("Cast", "input", to=FLOAT)
    net("Cast", enlarged(net, toned(net, start), 2), to=HALF, out="output")
    types = {"input": HALF, "output": HALF}
    return net.save(folder / "realesr_x2_fp16.onnx", {"input": FREE}, {"output": FREE}, types=types)


def _pyramid(folder: Path) -> Path:
    """LapSRN: the answer at 2× on the way to that at 4×."""
    net = Net()
    picture = toned(net, "lr")
    enlarged(net, picture, 2, out="hr2")
    enlarged(net, picture, 4, out="hr4")
    return net.save(folder / "lapsrn.onnx", {"lr": FREE}, {"hr2": FREE, "hr4": FREE})


def _shuffled(folder: Path) -> Path:
    """A real 3×3 network with pixel shuffle and a skip, as SRVGGNetCompact."""
    net = Net()
    picture = toned(net, "input")
    weight = np.zeros((12, 3, 3, 3), F32)
    for channel in range(3):
        weight[channel * 4 : channel * 4 + 4, channel, 1, 1] = 0.02
    features = net("Relu", net("Conv", picture, weight, pads=[1] * 4))
    shuffled = net("DepthToSpace", features, blocksize=2, mode="CRD")
    net("Add", enlarged(net, net("Mul", picture, F32(0.98)), 2), shuffled, out="output")
    return net.save(folder / "realesr-general-x2v3.onnx", {"input": FREE}, {"output": (1, 3, "oh", "ow")})


def _windows(folder: Path) -> Path:
    """SwinIR without its padding: sides must be multiples of 8."""
    net = Net()
    enlarged(net, needs_multiple(net, toned(net, "lq"), 8), 4, out="sr")
    return net.save(folder / "swinir_classical_x4.onnx", {"lq": (1, 3, "a", "b")}, {"sr": (1, 3, "4a", "4b")})


def _rgba(folder: Path) -> Path:
    """Colour in, colour with an alpha of its own out."""
    net = Net()
    picture = toned(net, "image")
    opaque = net("Add", net("Mul", net("ReduceMean", picture, axes=[1], keepdims=1), F32(0)), F32(1))
    net("Concat", picture, opaque, axis=1, out="rgba")
    return net.save(folder / "sprite_cleaner.onnx", {"image": FREE}, {"rgba": (1, 4, "h", "w")})


def _factor_input(folder: Path) -> Path:
    """The Resize factors are an input, as some converters leave them."""
    net = Net()
    picture = toned(net, "image")
    modes = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    net("Resize", picture, "", "scales", out="result", **modes)
    return net.save(folder / "fsrcnn_rgb.onnx", {"image": FREE, "scales": (4,)}, {"result": (1, 3, "a", "b")})


def _meaned(folder: Path) -> Path:
    """EDSR: 0..255, the mean taken off and put on inside."""
    net = Net()
    enlarged(net, toned(net, "input_0", "0..255"), 3, out="output_0")
    return net.save(folder / "edsr_x3.onnx", {"input_0": (-1, 3, -1, -1)}, {"output_0": (-1, 3, -1, -1)})


def _quantised(folder: Path) -> Path:
    """QDQ: every tensor squeezed through 8 bits."""
    net = Net()
    scale, zero = F32(1 / 255), np.uint8(0)
    squeezed = net("DequantizeLinear", net("QuantizeLinear", toned(net, "input"), scale, zero), scale, zero)
    enlarged(net, squeezed, 2, out="output")
    return net.save(folder / "span_x2_int8.onnx", {"input": FREE}, {"output": FREE})


def _centred(folder: Path) -> Path:
    """Signed answers for a signed input, at twice the size."""
    net = Net()
    picture = decoded(net, "input", "-1..1")
    enlarged(net, encoded(net, picture, "-1..1"), 2, out="output")
    return net.save(folder / "bsrgan_tanh.onnx", {"input": FREE}, {"output": FREE})


def plain_larger(scale: int):  # type: ignore[no-untyped-def]
    return lambda given: larger(given["image"].astype(F32), scale)


KNOWN = {"range": "0..1", "order": "RGB"}
UP = (Task.UPSCALE,)
CASES = (
    free("RealESRGAN_x4plus", 4),
    free("4x-UltraSharp", 4, tensors=("input.1", "1895")),
    free("model", 2, "0..255", "BGR"),
    free("compact_2x_bgr", 2, "0..1", "BGR"),
    free("lapsrn_x8", 8),
    _fixed("real_esrgan_general_x4v3", 128, 4, "NCHW", "0..1"),
    _fixed("esrgan-tf2", 50, 4, "NHWC", "0..255"),
    _fixed("quicksrnet_w8a8", 64, 2, "NHWC", "0..255", BYTE),
    _fixed("xlsr_64", 64, 3, "NCHW", "0..1"),
    _bordered("waifu2x_upconv7_scale2x", 2, 14),
    _bordered("waifu2x_vgg7_noise1", 1, 7),
    _bordered("real-cugan_up2x", 2, 36),
    _bordered("waifu2x_swin_unet_scale2x", 2, 16, 4),
    _luma("super-resolution-10", 3, 224),
    _luma("espcn_x2", 2, None),
    _luma("fsrcnn_x3", 3, None, "0..255"),
    Case("upscale/fp16", _half, larger_toned(2), UP, KNOWN),
    Case("upscale/lapsrn", _pyramid, larger_toned(4), UP, KNOWN),
    Case("upscale/srvgg", _shuffled, larger_toned(2), UP, KNOWN),
    Case("upscale/swinir", _windows, larger_toned(4), UP, KNOWN),
    Case("upscale/rgba_answer", _rgba, larger_toned(1), (Task.RESTORE, Task.STYLE), KNOWN),
    Case("upscale/factors", _factor_input, larger_toned(2), UP, KNOWN),
    Case("upscale/edsr", _meaned, larger_toned(3), UP, {"range": "0..255", "order": "RGB"}),
    Case("upscale/int8", _quantised, larger_toned(2), UP, KNOWN),
    Case("upscale/signed", _centred, plain_larger(2), UP, {"range": "-1..1"}),
)
