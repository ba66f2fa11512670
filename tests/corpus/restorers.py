"""Restorers, styles and translators: one picture in, one out, with levels, dials and shapes of many toolchains."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from desktop.runtime.manifest import Task
from tests.corpus.kit import (
    DOUBLE,
    F32,
    FLOAT,
    INT64,
    Case,
    Inputs,
    Levels,
    Net,
    decoded,
    encoded,
    enlarged,
    luma,
    needs_multiple,
    soft,
    softened,
    tone,
    toned,
    toned_levels,
)

FREE = (1, 3, "height", "width")
KEPT = (Task.RESTORE, Task.STYLE, Task.TRANSLATE, Task.FILTER)
WILD = (Task.STYLE, Task.TRANSLATE, Task.RESTORE, Task.FILTER)


def tone_of(given: Inputs) -> Levels:
    return toned_levels(given["image"])


def inverse_of(given: Inputs) -> Levels:
    return 255 - toned_levels(given["image"])


def one(
    name: str,
    code: str = "0..1",
    order: str = "RGB",
    layout: str = "NCHW",
    *,
    side: int | None = None,
    names: tuple[str, str] = ("input", "output"),
    to: str | None = None,
    multiple: int = 1,
    opset: int = 17,
    wild: bool = False,
    blur: bool = False,
    notes: Mapping[str, str] | None = None,
    tasks=None,
    words=None,
    tanh: bool = False,
):  # type: ignore[no-untyped-def]
    """A network of one picture. `wild`: it turns the picture into its negative, as no restorer would."""

    def build(folder: Path) -> Path:
        net = Net(opset)
        picture = decoded(net, names[0], code, order, layout)
        picture = tone(net, picture, order, layout)
        if wild:
            picture = net("Sub", F32(1), picture)
        if blur:
            picture = soft(net, picture)
        if multiple > 1:
            picture = needs_multiple(net, picture, multiple)
        if tanh:
            net("Tanh", net("Sub", net("Mul", picture, F32(3)), F32(1.5)), out=names[1])
        else:
            encoded(net, picture, to or code, order, layout, out=names[1])
        sides: tuple[Any, Any] = ("unk__1025", "unk__1026") if side is None else (side, side)
        shape = ("unk__1024", *sides, 3) if layout == "NHWC" else ("batch", 3, *sides)
        return net.save(folder / f"{words or name}.onnx", {names[0]: shape}, {names[1]: shape}, notes=notes)

    def expected(given: Inputs) -> Levels:
        levels = inverse_of(given) if wild else tone_of(given)
        if tanh:
            levels = np.tanh(levels / 85 - 1.5) * 127.5 + 127.5
        return softened(levels) if blur else levels

    answers = {"range": code, "order": order}
    size = (157, 203) if side is None else (side, side)
    return Case(f"picture/{name}", build, expected, tasks or (WILD if wild else KEPT), answers, size=size)


def _gray_denoiser(folder: Path) -> Path:
    net = Net()
    cut = net("Clip", "x", F32(0), F32(1))
    net("Add", net("Mul", cut, F32(0.9)), F32(0.05), out="y")
    return net.save(folder / "dncnn_gray.onnx", {"x": (1, 1, "h", "w")}, {"y": (1, 1, "h", "w")})


def gray_tone(given: Inputs) -> Levels:
    return luma(given["image"]) * 0.9 + 12.75


def dialled(
    name: str,
    shape: tuple[Any, ...],
    tensor: str,
    *,
    value: float,
    params: Mapping[str, Any],
    kind: int = FLOAT,
    strength: float = 1.0,
    words: str = "",
    side: int | None = None,
    code: str = "0..1",
):  # type: ignore[no-untyped-def]
    """A dial that fades the picture towards middle grey: the network's own number is `value`."""

    def build(folder: Path) -> Path:
        net = Net()
        dial = net("Cast", tensor, to=FLOAT) if kind != FLOAT else tensor
        if len(shape) == 4 and (shape[2] != 1 or shape[3] != 1):
            number = net("ReduceMean", dial, axes=[1], keepdims=1)  # a plane: every pixel its own
            if shape[2] == "h2":
                number = enlarged(net, number, 2)
        else:
            number = net("ReduceMean", dial, keepdims=0)
        share = net("Mul", number, F32(strength))
        picture = decoded(net, "input", code)
        faded = net("Add", picture, net("Mul", net("Sub", F32(0.5), picture), share))
        encoded(net, faded, code, out="output")
        picture_shape = FREE if side is None else (1, 3, side, side)
        types = {tensor: kind}
        return net.save(
            folder / f"{words or name}.onnx",
            {"input": picture_shape, tensor: shape},
            {"output": picture_shape},
            types=types,
        )

    def expected(given: Inputs) -> Levels:
        levels = given["image"].astype(F32)
        return levels + (127.5 - levels) * value * strength

    size = (157, 203) if side is None else (side, side)
    answers = {"range": code, "order": "RGB"}
    return Case(f"picture/{name}", build, expected, KEPT, answers, size=size, parameters=params)


def _joined_noise(folder: Path) -> Path:
    """DRUNet: the noise level is a fourth channel of the picture."""
    net = Net()
    colour, noise = net("Split", "input", np.array([3, 1], np.int64), axis=1, count=2)
    cut = net("Clip", colour, F32(0), F32(1))
    grey = net("Sub", F32(0.5), cut)
    net("Add", cut, net("Mul", grey, net("Mul", noise, F32(2))), out="output")
    return net.save(folder / "drunet_color.onnx", {"input": (1, 4, "h", "w")}, {"output": FREE})


def joined_noise(given: Inputs) -> Levels:
    levels = given["image"].astype(F32)
    return levels + (127.5 - levels) * 2 * 15 / 255


def _with_quality(folder: Path) -> Path:
    """FBCNN: the restored picture and a quality that it guessed."""
    net = Net()
    picture = toned(net, "input", out="output")
    net("Sigmoid", net("ReduceMean", picture, axes=[1, 2, 3], keepdims=0), out="qf")
    return net.save(folder / "fbcnn_color.onnx", {"input": FREE}, {"output": FREE, "qf": ("b",)})


def _many_stages(folder: Path) -> Path:
    """MPRNet: the best stage first, two blurrier ones after it."""
    net = Net()
    picture = toned(net, "input")
    net("Identity", picture, out="stage3")
    blurred = net("AveragePool", picture, kernel_shape=[5, 5], pads=[2] * 4, out="stage2")
    net("AveragePool", blurred, kernel_shape=[9, 9], pads=[4] * 4, out="stage1")
    return net.save(folder / "mprnet_deblur.onnx", {"input": FREE}, {"stage3": FREE, "stage2": FREE, "stage1": FREE})


def _illumination(folder: Path) -> Path:
    """SCI: the nicely named output is the illumination."""
    net = Net()
    picture = decoded(net, "input_image")
    net("AveragePool", picture, kernel_shape=[31, 31], pads=[15] * 4, out="output_image")
    net("Sqrt", picture, out="30")
    return net.save(folder / "sci_medium.onnx", {"input_image": FREE}, {"output_image": FREE, "30": FREE})


def rooted(given: Inputs) -> Levels:
    return np.sqrt(given["image"].astype(F32) / 255) * 255


def _curve(folder: Path) -> Path:
    """Zero-DCE: the picture and 24 curve maps."""
    net = Net()
    picture = decoded(net, "image")
    maps = net("Mul", net("Concat", *[picture] * 8, axis=1), F32(0))
    curve = net("Add", maps, F32(-0.3), out="curve_maps")
    del curve
    return net.save(folder / "zero_dce.onnx", {"image": FREE}, {"curve_maps": (1, 24, "h", "w")})


def curved(given: Inputs) -> Levels:
    value = given["image"].astype(F32) / 255
    for _ in range(8):
        value = value - 0.3 * (value * value - value)
    return value * 255


def _small_curve(folder: Path) -> Path:
    """Zero-DCE++: the picture made lighter and a curve; the picture is what is wanted."""
    net = Net()
    picture = decoded(net, "lowlight")
    curve = net("Add", net("Mul", picture, F32(0)), F32(-0.3), out="curve")
    for _ in range(8):
        square = net("Sub", net("Mul", picture, picture), picture)
        picture = net("Add", picture, net("Mul", curve, square))
    net("Identity", picture, out="enhanced")
    return net.save(folder / "zero_dce_extension.onnx", {"lowlight": FREE}, {"enhanced": FREE, "curve": FREE})


def _only_curve(folder: Path) -> Path:
    """One curve map of three channels at an eighth of the size."""
    net = Net()
    picture = decoded(net, "image")
    small = net("AveragePool", picture, kernel_shape=[8, 8], strides=[8, 8])
    net("Add", net("Mul", small, F32(0)), F32(-0.3), out="curve")
    return net.save(folder / "zero_dce_pp_curve.onnx", {"image": FREE}, {"curve": (1, 3, "h8", "w8")})


def _grid(folder: Path) -> Path:
    """Dewarping: places from -1 to 1 from the first pixel to the last; here the picture is stretched in width."""
    net = Net()
    y, x = np.meshgrid(np.linspace(-1, 1, 64, dtype=F32), np.linspace(-0.8, 0.8, 64, dtype=F32), indexing="ij")
    zero = net("Mul", net("ReduceMean", "image", keepdims=0), F32(0))
    net("Add", np.stack([x, y])[None], zero, out="grid")
    return net.save(folder / "dewarp.onnx", {"image": (1, 3, 256, 256)}, {"grid": (1, 2, 64, 64)})


def narrowed(given: Inputs) -> Levels:
    import cv2

    image = given["image"].astype(F32)
    height, width = image.shape[:2]
    rows, x = np.meshgrid(np.arange(height, dtype=F32), np.linspace(-0.8, 0.8, width, dtype=F32), indexing="ij")
    return cv2.remap(image, (x + 1) * ((width - 1) / 2), rows, cv2.INTER_LINEAR)


def _whole_numbers(folder: Path) -> Path:
    """A picture of bytes without a batch, and its sides as int64."""
    net = Net()
    start = net("Cast", "image", to=FLOAT)
    faded = net("Round", net("Sub", F32(255), start))
    zero = net("Mul", net("Cast", net("ReduceSum", "size", keepdims=0), to=FLOAT), F32(0))
    net("Cast", net("Add", faded, zero), to=2, out="result")
    inputs = {"image": ("h", "w", 3), "size": (2,)}
    types = {"image": 2, "result": 2, "size": INT64}
    return net.save(folder / "negative_u8.onnx", inputs, {"result": ("h", "w", 3)}, types=types)


def negative(given: Inputs) -> Levels:
    return 255 - given["image"].astype(F32)


def _weights_as_inputs(folder: Path) -> Path:
    """IR of 2018: weights are listed among the inputs."""
    import onnx
    from onnx import helper

    net = Net(opset=9)
    kernel = np.zeros((3, 3, 1, 1), F32)
    kernel[[0, 1, 2], [0, 1, 2], 0, 0] = 0.9
    net.weights["k"] = kernel
    net.weights["b"] = np.full(3, 12.0, F32)
    net.nodes.append(helper.make_node("Conv", ["data", "k", "b"], ["squeezed"]))
    path = net.save(folder / "candy9.onnx", {"data": FREE}, {"squeezed": FREE})
    model = onnx.load(path)
    model.graph.input.append(helper.make_tensor_value_info("k", 1, [3, 3, 1, 1]))
    model.graph.input.append(helper.make_tensor_value_info("b", 1, [3]))
    path.write_bytes(model.SerializeToString())
    return path


def faded(given: Inputs) -> Levels:
    return given["image"].astype(F32) * 0.9 + 12


def _sketch(folder: Path) -> Path:
    """Line drawing: three channels in, one out."""
    net = Net()
    picture = decoded(net, "input")
    grey = net("ReduceMean", picture, axes=[1], keepdims=1)
    net("Sub", F32(1), grey, out="output")
    return net.save(folder / "informative_drawings_sketch.onnx", {"input": FREE}, {"output": (1, 1, "h", "w")})


def sketched(given: Inputs) -> Levels:
    grey = 255 - given["image"].astype(F32).mean(axis=2)
    return np.repeat(grey[..., None], 3, axis=2)


def _sliced(folder: Path) -> Path:
    """Ten channels, of which 4, 5 and 6 are the picture."""
    net = Net()
    picture = toned(net, "image")
    flat = net("Mul", picture, F32(0.1))
    first = net("Slice", flat, np.array([0]), np.array([1]), np.array([1]))
    net("Concat", flat, first, picture, flat, axis=1, out="result")
    return net.save(folder / "multi_task.onnx", {"image": FREE}, {"result": (1, 10, "h", "w")})


def _turned(folder: Path) -> Path:
    """Channels first in, last out."""
    net = Net()
    net("Transpose", toned(net, "image"), perm=[0, 2, 3, 1], out="result")
    return net.save(folder / "mixed_layout.onnx", {"image": FREE}, {"result": (1, "h", "w", 3)})


def _batchless(folder: Path) -> Path:
    net = Net()
    batched = net("Unsqueeze", "img", np.array([0]))
    net("Squeeze", toned(net, batched), np.array([0]), out="out")
    return net.save(folder / "chw.onnx", {"img": (3, "h", "w")}, {"out": (3, "h", "w")})


def _shapeless(folder: Path) -> Path:
    """The file states no shapes at all."""
    net = Net()
    toned(net, "in", out="out")
    return net.save(folder / "noshape.onnx", {"in": None}, {"out": None})


def _half(folder: Path) -> Path:
    net = Net()
    net("Cast", toned(net, net("Cast", "input", to=FLOAT)), to=10, out="output")
    return net.save(folder / "nafnet_fp16.onnx", {"input": FREE}, {"output": FREE}, types={"input": 10, "output": 10})


def _statistics(folder: Path) -> Path:
    """An exposure that the file itself describes as a slider."""
    net = Net()
    net("Mul", decoded(net, "image"), "exposure", out="result")
    notes = {"param:exposure": "0,2,1"}
    inputs = {"image": FREE, "exposure": (1,)}
    return net.save(folder / "exposure.onnx", inputs, {"result": FREE}, notes=notes)


def same(given: Inputs) -> Levels:
    return given["image"].astype(F32)


def _eight_dials(folder: Path) -> Path:
    """Eight numbers, each its own input."""
    net = Net()
    picture = decoded(net, "image")
    names = [f"p{number}" for number in range(8)]
    total = net("Sum", *[net("ReduceSum", name, keepdims=0) for name in names])
    net("Mul", picture, net("Div", total, F32(8)), out="result")
    inputs = {"image": FREE, **dict.fromkeys(names, (1,))}
    notes = {f"param:{name}": "0,1,1" for name in names}
    return net.save(folder / "eight_dials.onnx", inputs, {"result": FREE}, notes=notes)


def _domain_label(folder: Path) -> Path:
    """StarGAN: a picture and one number for each attribute."""
    net = Net()
    picture = decoded(net, "x", "-1..1")
    zero = net("Mul", net("ReduceSum", "c", keepdims=0), F32(0))
    encoded(net, net("Add", net("Sub", F32(1), picture), zero), "-1..1", out="y")
    return net.save(folder / "stargan_celeba.onnx", {"x": (1, 3, 128, 128), "c": (1, 5)}, {"y": (1, 3, 128, 128)})


def _removed_and_mask(folder: Path) -> Path:
    """SLBR: the picture without its watermark, and where that was."""
    net = Net()
    picture = toned(net, "input", out="image_out")
    net("ReduceMean", picture, axes=[1], keepdims=1, out="mask_out")
    return net.save(folder / "watermark.onnx", {"input": FREE}, {"mask_out": (1, 1, "h", "w"), "image_out": FREE})


def _with_alpha(folder: Path) -> Path:
    """A sprite cleaner: eats and answers RGBA, its alpha untouched."""
    net = Net()
    colour, alpha = net("Split", "rgba", np.array([3, 1], np.int64), axis=1, count=2)
    net("Concat", toned(net, colour), alpha, axis=1, out="cleaned")
    shape = (1, 4, "h", "w")
    return net.save(folder / "sprites.onnx", {"rgba": shape}, {"cleaned": shape})


NOISE = {"range": "0..1", "order": "RGB"}
CASES = (
    one("nafnet_deblur", multiple=16, blur=True),
    one("dncnn_color", blur=True),
    one("scunet_color_real", multiple=64),
    one("restormer", multiple=8, names=("inp_img", "out_img")),
    one("srgb_0_255", "0..255"),
    one("deblurgan_v2", "-1..1", tanh=True, multiple=32),
    one("bgr_restorer", "0..1", "BGR"),
    one("mirnet_lowlight", "0..1", layout="NHWC", side=400, names=("input_1", "tf.math.add_63")),
    one("gfpgan_1.4", "-1..1", side=512),
    one("restoreformer", "-1..1", side=512),
    one("aodnet_dehaze", names=("input", "output")),
    one("funie_gan_underwater", "-1..1", tanh=True, layout="NHWC", side=256, names=("conv2d_input", "activation_1")),
    one("retinexformer", multiple=4),
    one("mosaic-9", "0..255", side=224, names=("input1", "output1"), opset=9 + 8, wild=True),
    one(
        "la_muse",
        "0..255",
        names=("inputImage", "outputImage"),
        notes={
            "Image.BitmapPixelFormat": "Bgr8",
            "Image.ColorSpaceGamma": "SRGB",
            "Image.NominalPixelRange": "NominalRange_0_255",
        },
        order="BGR",
        wild=True,
    ),
    one(
        "AnimeGANv2_Hayao",
        "-1..1",
        tanh=True,
        layout="NHWC",
        names=("generator_input:0", "generator/G_MODEL/out_layer/Tanh:0"),
        multiple=1,
    ),
    one("face_paint_512_v2", "-1..1", tanh=True, side=512),
    one("whitebox_cartoon", "-1..1", "BGR", "NHWC", side=256, names=("input_photo:0", "output:0")),
    one("cyclegan_horse2zebra", "-1..1", tanh=True, layout="NHWC", side=256, names=("input_1", "conv_out"), wild=True),
    one("pix2pix_facades", "-1..1", tanh=True, side=256, wild=True),
    one("photo2cartoon", "-1..1", tanh=True, side=256),
    one("imagenet_restorer", "imagenet", to="0..1"),
    one("imagenet_in_and_out", "imagenet"),
    one("to_bytes", "0..1", to="0..255"),
    one("signed_to_unit", "-1..1", to="0..1"),
    one("half_range", "-0.5..0.5", tasks=KEPT),
    Case("picture/dncnn_gray", _gray_denoiser, gray_tone, (Task.RESTORE,), {"range": "0..1"}, result="luma"),
    dialled("ffdnet_scalar", (1, 1, 1, 1), "sigma", value=15 / 255, params={"sigma": 15.0}, strength=2),
    dialled("ffdnet_plane", (1, 1, "h", "w"), "noise_map", value=15 / 255, params={"noise_map": 15.0}, strength=2),
    dialled("codeformer", (), "w", value=0.25, strength=0.5, params={"w": 0.25}, kind=DOUBLE, side=512, code="-1..1"),
    dialled(
        "codeformer_vector", (1,), "weight", value=0.25, strength=0.5, params={"weight": 0.25}, side=512, code="-1..1"
    ),
    dialled("fbcnn_qf", (1, 1), "qf_input", value=0.25, params={"qf_input": 0.25}, words="fbcnn_qf"),
    Case("picture/drunet", _joined_noise, joined_noise, KEPT, NOISE),
    Case("picture/rgba", _with_alpha, tone_of, KEPT, NOISE),
    Case("picture/fbcnn", _with_quality, tone_of, KEPT, NOISE),
    Case("picture/mprnet", _many_stages, tone_of, KEPT, NOISE),
    Case("picture/sci", _illumination, rooted, KEPT, NOISE),
    Case("picture/zero_dce", _curve, curved, KEPT, NOISE),
    Case("picture/zero_dce_pp", _small_curve, curved, KEPT, NOISE),
    Case("picture/zero_dce_curve", _only_curve, curved, KEPT, NOISE),
    Case("picture/dewarp", _grid, narrowed, KEPT, NOISE, tolerance=3.0),
    Case("picture/negative_u8", _whole_numbers, negative, WILD, {"order": "RGB"}),
    Case("picture/weights_as_inputs", _weights_as_inputs, faded, KEPT, {"range": "0..255"}),
    Case("picture/sketch", _sketch, sketched, WILD, NOISE),
    Case("picture/slice", _sliced, tone_of, KEPT, {**NOISE, "channels": "4..7"}),
    Case("picture/turned", _turned, tone_of, KEPT, NOISE),
    Case("picture/batchless", _batchless, tone_of, KEPT, NOISE),
    Case("picture/shapeless", _shapeless, tone_of, KEPT, NOISE),
    Case("picture/fp16", _half, tone_of, KEPT, NOISE),
    Case("picture/exposure", _statistics, same, (Task.FILTER,), NOISE),
    Case("picture/eight_dials", _eight_dials, same, (Task.FILTER,), NOISE),
    Case("picture/stargan", _domain_label, negative, WILD, {"range": "-1..1"}, size=(128, 128)),
    Case("picture/watermark", _removed_and_mask, tone_of, KEPT, NOISE),
)
