"""Files of further toolchains: transformers' exports, quantised mobile files, names of TensorFlow, odd multiples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop.runtime.manifest import Task
from tests.corpus.enlargers import larger_toned
from tests.corpus.holes import coloured
from tests.corpus.kit import (
    BYTE,
    DOUBLE,
    F32,
    FLOAT,
    HALF,
    INT64,
    Case,
    Inputs,
    Net,
    decoded,
    enlarged,
    needs_multiple,
    tone,
    toned,
)
from tests.corpus.restorers import KEPT, WILD, inverse_of, one, tone_of

MASKS = (Task.MATTE, Task.SEGMENT)
FREE = ("batch", 3, "height", "width")
PLAIN = {"range": "0..1", "order": "RGB"}


# enlargers


def _windowed(name: str, multiple: int, scale: int, tensors: tuple[str, str], declared: tuple[Any, ...]):  # type: ignore[no-untyped-def]
    """Window attention without its padding, at multiples that are no power of two."""

    def build(folder: Path) -> Path:
        net = Net()
        picture = tone(net, decoded(net, needs_multiple(net, tensors[0], multiple)))
        enlarged(net, picture, scale, out=tensors[1])
        return net.save(folder / f"{name}.onnx", {tensors[0]: declared}, {tensors[1]: declared})

    return Case(f"upscale/{name}", build, larger_toned(scale), (Task.UPSCALE,), PLAIN)


def _padded(folder: Path) -> Path:
    """Padded to a multiple of 8 inside and not cropped again: the answer is larger than the picture says."""
    net = Net()
    sides = net("Slice", net("Shape", "pixel_values"), np.array([2]), np.array([4]), np.array([0]))
    rest = net(
        "Mod",
        net("Sub", np.array([8, 8], np.int64), net("Mod", sides, np.array([8, 8], np.int64))),
        np.array([8, 8], np.int64),
    )
    pads = net("Concat", np.zeros(6, np.int64), rest, axis=0)
    picture = tone(net, decoded(net, net("Pad", "pixel_values", pads, mode="reflect")))
    enlarged(net, picture, 2, out="reconstruction")
    shape = ("batch_size", "num_channels", "height", "width")
    return net.save(folder / "swin2sr_padded.onnx", {"pixel_values": shape}, {"reconstruction": shape})


def _four_channels(folder: Path) -> Path:
    """A sprite enlarger: RGBA in, RGBA out at twice the size."""
    net = Net()
    colour, alpha = net("Split", "input", np.array([3, 1], np.int64), axis=1, count=2)
    faded = net("Add", net("Mul", toned(net, colour), alpha), net("Mul", toned(net, colour), net("Sub", F32(1), alpha)))
    enlarged(net, net("Concat", faded, alpha, axis=1), 2, out="output")
    shape = ("batch", 4, "h", "w")
    return net.save(folder / "2x_sprites_rgba.onnx", {"input": shape}, {"output": shape})


def _byte_upscaler(folder: Path) -> Path:
    """Bytes, blue first, channels last: a converter's wrapper around a network."""
    net = Net()
    first = net("Transpose", net("Cast", "image", to=FLOAT), perm=[0, 3, 1, 2])
    picture = toned(net, first, "0..255", order="BGR")
    bytes_ = net("Cast", net("Round", enlarged(net, picture, 2)), to=BYTE)
    net("Transpose", bytes_, perm=[0, 2, 3, 1], out="upscaled")
    types = {"image": BYTE, "upscaled": BYTE}
    return net.save(
        folder / "wrapped_2x.onnx", {"image": (1, "h", "w", 3)}, {"upscaled": (1, "H", "W", 3)}, types=types
    )


def _quantised_bytes(folder: Path) -> Path:
    """Mobile files of eight bits: bytes in and out with their own scale and zero point."""
    net = Net()
    scale, zero = F32(1 / 255), np.uint8(0)
    picture = toned(net, net("DequantizeLinear", "image", scale, zero))
    net("QuantizeLinear", enlarged(net, picture, 3), scale, zero, out="upscaled_image")
    types = {"image": BYTE, "upscaled_image": BYTE}
    return net.save(
        folder / "sesr_m5_w8a8.onnx", {"image": (1, 3, 64, 64)}, {"upscaled_image": (1, 3, 192, 192)}, types=types
    )


# pictures


def _gray_with_level(folder: Path) -> Path:
    """DRUNet for grey pictures: luma and the noise level as two channels."""
    net = Net()
    gray, noise = net("Split", "input", np.array([1, 1], np.int64), axis=1, count=2)
    cut = net("Clip", gray, F32(0), F32(1))
    net("Add", cut, net("Mul", net("Sub", F32(0.5), cut), net("Mul", noise, F32(2))), out="output")
    return net.save(folder / "drunet_gray.onnx", {"input": (1, 2, "h", "w")}, {"output": (1, 1, "h", "w")})


def gray_level(given: Inputs) -> NDArray[Any]:
    gray = given["image"].astype(F32) @ np.array([0.299, 0.587, 0.114], F32)
    return gray + (127.5 - gray) * 2 * 15 / 255


def _noise_first(folder: Path) -> Path:
    """CBDNet: the noise of each channel comes before the clean picture."""
    net = Net()
    picture = decoded(net, "noisy")
    small = net("AveragePool", picture, kernel_shape=[15, 15], pads=[7] * 4)
    net("Mul", net("Sub", picture, small), F32(0.1), out="noise_level_est")
    toned(net, "noisy", out="denoised")
    return net.save(folder / "cbdnet.onnx", {"noisy": FREE}, {"noise_level_est": FREE, "denoised": FREE})


def _growing(folder: Path) -> Path:
    """MIMO-UNet: the answer at a quarter, at half and at the full size, the smallest first."""
    net = Net()
    picture = toned(net, needs_multiple(net, "input", 4))
    outputs: dict[str, Any] = {}
    for number, small in enumerate((4, 2)):
        name = f"out{number}"
        net("AveragePool", picture, kernel_shape=[small] * 2, strides=[small] * 2, out=name)
        outputs[name] = (1, 3, "h", "w")
    net("Identity", picture, out="out2")
    return net.save(folder / "mimo_unet_deblur.onnx", {"input": FREE}, {**outputs, "out2": FREE})


def _candy(folder: Path) -> Path:
    """Windows' sample of a style: "None" as the batch, no batch in the answer."""
    net = Net(opset=9)
    picture = net("Sub", F32(1), tone(net, net("Clip", net("Mul", "inputImage", F32(1 / 255)), min=0.0, max=1.0)))
    net("Squeeze", net("Mul", picture, F32(255)), out="outputImage", axes=[0])
    return net.save(folder / "FNS-Candy.onnx", {"inputImage": ("None", 3, 256, 256)}, {"outputImage": (3, 256, 256)})


def _tensorflow_names(folder: Path) -> Path:
    """tf2onnx: long names with colons, channels last, a fixed size that is no square."""
    net = Net(13)
    name, out = "serving_default_input_1:0", "StatefulPartitionedCall:0"
    toned(net, name, layout="NHWC", out=out)
    return net.save(
        folder / "tbefn_180x320.onnx", {name: (1, 180, 320, 3)}, {out: (1, 180, 320, 3)}, producer="tf2onnx"
    )


def _stated_sliders(folder: Path) -> Path:
    """Strength as a whole number and an exponent as a double."""
    net = Net()
    level = net("Mul", net("Cast", net("ReduceSum", "strength", keepdims=0), to=FLOAT), F32(0.0))
    weight = net("Mul", net("Cast", net("ReduceSum", "w", keepdims=0), to=FLOAT), F32(0.0))
    net("Add", toned(net, "x"), net("Add", level, weight), out="y")
    return net.save(
        folder / "restore_sliders.onnx",
        {"x": FREE, "strength": (1,), "w": ()},
        {"y": FREE},
        types={"strength": INT64, "w": DOUBLE},
    )


def _half_types(folder: Path) -> Path:
    """Sixteen bits inside, thirty-two outside."""
    net = Net()
    small = net("Cast", decoded(net, "lq"), to=HALF)
    faded = net(
        "Add",
        net("Mul", small, np.array([0.9, 1, 0.8], np.float16).reshape(1, 3, 1, 1)),
        np.array([0.1, 0, 0.05], np.float16).reshape(1, 3, 1, 1),
    )
    net("Cast", faded, to=FLOAT, out="output")
    return net.save(folder / "nafnet_fp16_keep_io.onnx", {"lq": FREE}, {"output": FREE})


def _with_branch(folder: Path) -> Path:
    """torch.jit.script leaves an If: pad where the sides are odd, or do nothing."""
    from onnx import TensorProto, helper

    net = Net()
    height = net("Squeeze", net("Slice", net("Shape", "image"), np.array([2]), np.array([3]), np.array([0])))
    is_small = net("Less", height, np.int64(8))
    then = helper.make_graph(
        [helper.make_node("Neg", ["image"], ["t"])],
        "then",
        [],
        [helper.make_tensor_value_info("t", TensorProto.FLOAT, None)],
    )
    other = helper.make_graph(
        [helper.make_node("Identity", ["image"], ["e"])],
        "else",
        [],
        [helper.make_tensor_value_info("e", TensorProto.FLOAT, None)],
    )
    toned(net, net("If", is_small, then_branch=then, else_branch=other), out="restored")
    return net.save(folder / "scripted_restore.onnx", {"image": FREE}, {"restored": FREE})


# colour


def _signed_lab(folder: Path) -> Path:
    """pix2pix on Lab: lightness of -1..1 in, ab of -1..1 out of a tanh."""
    net = Net()
    lightness = net("Mul", net("Add", net("Clip", "L", F32(-1), F32(1)), F32(1)), F32(50))
    weight = np.array([0.2, -0.3], F32).reshape(2, 1, 1, 1)
    ab = net("Conv", lightness, weight, np.array([5.0, 10.0], F32))
    net("Mul", ab, F32(1 / 110), out="ab")
    return net.save(folder / "colorize_lab_gan.onnx", {"L": (1, 1, 256, 256)}, {"ab": (1, 2, 256, 256)})


CASES = (
    _windowed("srformer_24", 24, 2, ("input", "output"), (1, 3, "8*h", "8*w")),
    _windowed("hat_w12", 12, 4, ("x", "y"), ("-1", 3, "-1", "-1")),
    _windowed("swin_w7", 7, 2, ("pixel_values", "reconstruction"), ("b", "num_channels", "height", "width")),
    Case("upscale/padded", _padded, larger_toned(2), (Task.UPSCALE,), PLAIN),
    Case("upscale/sprites_rgba", _four_channels, larger_toned(2), (Task.UPSCALE,), PLAIN),
    Case("upscale/bytes_blue_first", _byte_upscaler, larger_toned(2), (Task.UPSCALE,), {"order": "BGR"}),
    Case(
        "upscale/quantised_bytes", _quantised_bytes, larger_toned(3), (Task.UPSCALE,), {"order": "RGB"}, size=(64, 64)
    ),
    Case("picture/drunet_gray", _gray_with_level, gray_level, (Task.RESTORE,), {"range": "0..1"}, result="luma"),
    Case("picture/cbdnet", _noise_first, tone_of, KEPT, PLAIN),
    Case("picture/mimo_unet", _growing, tone_of, KEPT, PLAIN),
    Case("picture/fns_candy", _candy, inverse_of, WILD, {"range": "0..255", "order": "RGB"}, size=(256, 256)),
    Case("picture/tensorflow_names", _tensorflow_names, tone_of, KEPT, PLAIN, size=(180, 320)),
    Case("picture/whole_and_double", _stated_sliders, tone_of, (*KEPT,), PLAIN),
    Case("picture/half_inside", _half_types, tone_of, KEPT, PLAIN),
    Case("picture/branch", _with_branch, tone_of, KEPT, PLAIN),
    one(
        "AnimeGANv3_PortraitSketch_25",
        "-1..1",
        "RGB",
        "NHWC",
        names=("AnimeGANv3_input:0", "generator_1/main/out_layer:0"),
        wild=True,
    ),
    one("face_portrait_v2", "-1..1"),
    one("1x_NoiseToner_remover", "0..1"),
    one("background_cartoon", "0..1"),
    one("dehaze_640x360", "0..1"),
    one("uformer_b_128", "0..1", multiple=128),
    one("dat_10", "0..1", multiple=10),
    Case(
        "colour/signed_lab",
        _signed_lab,
        coloured,
        (Task.COLOURISE,),
        {"range": "-1..1"},
        size=(256, 256),
        tolerance=4.0,
    ),
)
