"""Cutting out and segmenting: masks, scores, maps of numbers, trimaps, states of video networks, depth, edges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop.runtime.manifest import Task
from tests.corpus.kit import BYTE, F32, FLOAT, HALF, INT64, Case, Inputs, Net, decoded, enlarged, toned

FREE = (1, 3, "height", "width")
MASKS = (Task.MATTE, Task.SEGMENT)
WEIGHTS = np.array([6.0, 0.0, -6.0], F32)  # red against blue
CLASS_ROWS = np.array([[0, 2.0, 0], [6, 0, 0], [0, 0, 6.2], [2, 2, 2]], F32)


def reddish(given: Inputs) -> NDArray[Any]:
    shares = given["image"].astype(F32) / 255
    return 255 / (1 + np.exp(-(shares @ WEIGHTS)))


def scores_of(given: Inputs) -> NDArray[Any]:
    return given["image"].astype(F32) / 255 @ CLASS_ROWS.T


def share_of_class(number: int):  # type: ignore[no-untyped-def]
    def expected(given: Inputs) -> NDArray[Any]:
        scores = scores_of(given)
        powers = np.exp(scores - scores.max(axis=2, keepdims=True))
        return 255 * powers[..., number] / powers.sum(axis=2)

    return expected


def is_class(number: int):  # type: ignore[no-untyped-def]
    return lambda given: 255.0 * (scores_of(given).argmax(axis=2) == number)


def logits(net: Net, picture: str, layout: str = "NCHW", order: str = "RGB") -> str:
    weights = WEIGHTS[::-1].copy() if order == "BGR" else WEIGHTS
    if layout == "NHWC":
        return str(net("MatMul", picture, weights.reshape(3, 1)))
    return str(net("Conv", picture, weights.reshape(1, 3, 1, 1)))


def class_scores(net: Net, picture: str) -> str:
    return str(net("Conv", picture, CLASS_ROWS.reshape(4, 3, 1, 1)))


def one(
    name: str,
    code: str,
    side: int | None = 320,
    order: str = "RGB",
    layout: str = "NCHW",
    *,
    ready: bool = True,
    more: int = 0,
    names: tuple[str, str] = ("input", "output"),
    drop: int = 0,
    multiple: int = 1,
):  # type: ignore[no-untyped-def]
    """One soft mask; `ready` with its sigmoid inside; `more` other masks beside it; `drop` axes without a batch."""

    def build(folder: Path) -> Path:
        from tests.corpus.kit import needs_multiple

        net = Net()
        picture = decoded(net, names[0], code, order, layout)
        if multiple > 1:
            picture = needs_multiple(net, picture, multiple)
        mask = logits(net, picture, layout, order)
        if ready:
            mask = net("Sigmoid", mask)
        if drop:
            mask = net("Squeeze", mask, np.arange(drop))
        net("Identity", mask, out=names[1])
        sides: tuple[Any, Any] = (side, side) if side else ("h", "w")
        shape = (1, *sides, 3) if layout == "NHWC" else (1, 3, *sides)
        out = ((1, *sides, 1) if layout == "NHWC" else (1, 1, *sides))[drop:]
        outputs: dict[str, Any] = {names[1]: out}
        for number in range(more):
            blurred = net("AveragePool", mask, kernel_shape=[9, 9], pads=[4] * 4)
            net("Identity", blurred, out=f"d{number + 1}")
            outputs[f"d{number + 1}"] = out
        return net.save(folder / f"{name}.onnx", {names[0]: shape}, outputs)

    size = (side, side) if side else (157, 203) if multiple == 1 else (160, 192)
    return Case(f"mask/{name}", build, reddish, MASKS, {"range": code, "order": order}, result="mask", size=size)


def _scores(name: str, side: int | None, code: str = "imagenet", *, small: int = 1, more: bool = False):  # type: ignore[no-untyped-def]
    def build(folder: Path) -> Path:
        net = Net()
        picture = decoded(net, "input", code)
        if small > 1:
            picture = net("AveragePool", picture, kernel_shape=[small] * 2, strides=[small] * 2)
        scores = class_scores(net, picture)
        net("Identity", scores, out="out")
        sides: tuple[Any, Any] = (side, side) if side else ("h", "w")
        outputs: dict[str, Any] = {"out": (1, 4, "oh", "ow")}
        if more:
            net("Mul", scores, F32(0.1), out="aux")
            outputs["aux"] = (1, 4, "oh", "ow")
        return net.save(folder / f"{name}.onnx", {"input": (1, 3, *sides)}, outputs)

    size = (side, side) if side else (157, 203)
    answers = {"range": code, "order": "RGB", "class": "2"}
    tolerance = 1.5 if small == 1 else 8.0
    expected = share_of_class(2)
    return Case(f"mask/{name}", build, expected, MASKS, answers, result="mask", size=size, tolerance=tolerance)


def _numbers(name: str, kind: int, shape: str, input_kind: int = FLOAT, layout: str = "NCHW"):  # type: ignore[no-untyped-def]
    """A map of class numbers: ArgMax is inside the graph."""

    def build(folder: Path) -> Path:
        net = Net()
        start = net("Cast", "image", to=FLOAT) if input_kind == BYTE else "image"
        code = "0..255" if input_kind == BYTE else "0..1"
        if layout == "NHWC":
            start = net("Transpose", start, perm=[0, 3, 1, 2])
        scores = class_scores(net, decoded(net, start, code))
        found = net("ArgMax", scores, axis=1, keepdims=1 if shape == "1chw" else 0)
        if shape == "hw":
            found = net("Squeeze", found, np.array([0]))
        net("Cast", found, to=kind, out="classes")
        sides = (1, "h", "w", 3) if layout == "NHWC" else FREE
        out = {"1chw": (1, 1, "h", "w"), "1hw": (1, "h", "w"), "hw": ("h", "w")}[shape]
        types = {"image": input_kind, "classes": kind}
        return net.save(folder / f"{name}.onnx", {"image": sides}, {"classes": out}, types=types)

    answers = {"range": "0..255" if input_kind == BYTE else "0..1", "order": "RGB", "class": "2"}
    return Case(f"mask/{name}", build, is_class(2), MASKS, answers, result="mask", tolerance=0.5)


def _two_class(folder: Path) -> Path:
    """PP-HumanSeg: background and person."""
    net = Net()
    mask = net("Sigmoid", logits(net, decoded(net, "x", "-1..1")))
    net("Concat", net("Sub", F32(1), mask), mask, axis=1, out="softmax_0.tmp_0")
    return net.save(
        folder / "human_pp_humansegv2_lite_192x192.onnx", {"x": (1, 3, 192, 192)}, {"softmax_0.tmp_0": (1, 2, 192, 192)}
    )


def _trimap(folder: Path) -> Path:
    """Deep matting: the picture and a trimap, alpha out."""
    net = Net()
    mask = net("Sigmoid", logits(net, decoded(net, "image")))
    unknown = net("Sub", F32(1), net("Abs", net("Mul", net("Sub", "trimap", F32(0.5)), F32(2))))
    sure = net("Cast", net("Greater", "trimap", F32(0.9)), to=FLOAT)
    net("Add", net("Mul", mask, unknown), sure, out="alpha")
    return net.save(
        folder / "deep_image_matting.onnx",
        {"image": FREE, "trimap": (1, 1, "height", "width")},
        {"alpha": (1, 1, "h", "w")},
    )


def _joined_trimap(folder: Path) -> Path:
    """ViTMatte: the trimap is a fourth channel."""
    net = Net()
    colour, trimap = net("Split", "pixel_values", np.array([3, 1], np.int64), axis=1, count=2)
    mask = net("Sigmoid", logits(net, decoded(net, colour, "-1..1")))
    scaled = net("Clip", trimap, F32(0), F32(1))
    unknown = net("Sub", F32(1), net("Abs", net("Mul", net("Sub", scaled, F32(0.5)), F32(2))))
    sure = net("Cast", net("Greater", scaled, F32(0.9)), to=FLOAT)
    net("Add", net("Mul", mask, unknown), sure, out="alphas")
    return net.save(folder / "vitmatte_small.onnx", {"pixel_values": (1, 4, "h", "w")}, {"alphas": (1, 1, "h", "w")})


def trimapped(given: Inputs) -> NDArray[Any]:
    """Where the mask says unknown (128) the network decides; white is foreground, black background."""
    trimap = given["mask"].astype(F32) / 255
    unknown = 1 - np.abs((trimap - 0.5) * 2)
    return np.clip(reddish(given) * unknown + 255 * (trimap > 0.9), 0, 255)


def _recurrent(folder: Path) -> Path:
    """Robust video matting: four states in and out, foreground and alpha."""
    net = Net()
    picture = decoded(net, "src")
    states = [net("ReduceSum", f"r{number}i", keepdims=0) for number in range(1, 5)]
    zero = net("Mul", net("Sum", *states, net("ReduceSum", "downsample_ratio", keepdims=0)), F32(0))
    net("Identity", toned(net, "src"), out="fgr")
    net("Add", net("Sigmoid", logits(net, picture)), zero, out="pha")
    outputs: dict[str, Any] = {"fgr": FREE, "pha": (1, 1, "h", "w")}
    for number in range(1, 5):
        net("Add", np.zeros((1, 16, 8, 8), F32), zero, out=f"r{number}o")
        outputs[f"r{number}o"] = (1, 16, "a", "b")
    inputs: dict[str, Any] = {"src": FREE}
    inputs |= {f"r{number}i": ("batch", f"c{number}", f"h{number}", f"w{number}") for number in range(1, 5)}
    inputs["downsample_ratio"] = (1,)
    return net.save(folder / "rvm_mobilenetv3_fp32.onnx", inputs, outputs)


def _background(folder: Path) -> Path:
    """BackgroundMattingV2: the picture and its empty background."""
    net = Net()
    zero = net("Mul", net("ReduceSum", "bgr", keepdims=0), F32(0))
    net("Add", net("Sigmoid", logits(net, decoded(net, "src"))), zero, out="pha")
    toned(net, "src", out="fgr")
    return net.save(folder / "bgmv2_resnet50.onnx", {"src": FREE, "bgr": FREE}, {"pha": (1, 1, "h", "w"), "fgr": FREE})


def _depth(folder: Path) -> Path:
    """MiDaS: numbers without a bound and without a channel axis."""
    net = Net()
    depth = net("ReduceSum", decoded(net, "0", "imagenet"), np.array([1]), keepdims=0)
    net("Mul", depth, F32(700), out="797")
    return net.save(folder / "midas_v21_small_256.onnx", {"0": (1, 3, 256, 256)}, {"797": (1, 256, 256)})


def depth_of(given: Inputs) -> NDArray[Any]:
    total = given["image"].astype(F32).sum(axis=2)
    return 255 * (total - total.min()) / (total.max() - total.min())


def _edges(folder: Path) -> Path:
    """HED: five sides and their fusion, 0..255 blue first."""
    net = Net()
    mask = net("Sigmoid", logits(net, decoded(net, "input", "0..255", "BGR"), order="BGR"))
    outputs = {}
    net("Identity", mask, out="fused")
    outputs["fused"] = (1, 1, "h", "w")
    for number in range(5):
        net("AveragePool", mask, kernel_shape=[2 * number + 3] * 2, pads=[number + 1] * 4, out=f"side{number}")
        outputs[f"side{number}"] = (1, 1, "h", "w")
    return net.save(folder / "hed_edges.onnx", {"input": FREE}, outputs)


def _parsing(folder: Path) -> Path:
    """BiSeNet: three outputs of scores, the first is the best."""
    net = Net()
    scores = class_scores(net, decoded(net, "input", "imagenet"))
    net("Identity", scores, out="out0")
    for number in (1, 2):
        net("AveragePool", scores, kernel_shape=[17, 17], pads=[8] * 4, out=f"out{number}")
    shape = (1, 4, 512, 512)
    return net.save(
        folder / "face_parsing_resnet18.onnx",
        {"input": (1, 3, 512, 512)},
        {"out0": shape, "out1": shape, "out2": shape},
    )


def _half(folder: Path) -> Path:
    net = Net()
    picture = decoded(net, net("Cast", "input_image", to=FLOAT), "imagenet")
    net("Cast", net("Sigmoid", logits(net, picture)), to=HALF, out="output_image")
    types = {"input_image": HALF, "output_image": HALF}
    shapes = {"input_image": (1, 3, 320, 320)}, {"output_image": (1, 1, 320, 320)}
    return net.save(folder / "birefnet_lite_fp16.onnx", *shapes, types=types)


def _last_scores(folder: Path) -> Path:
    """DeepLab of TensorFlow: scores last, at an eighth of the size, bytes in 0..255 NHWC."""
    net = Net()
    first = net("Transpose", "sub_7", perm=[0, 3, 1, 2])
    small = net("AveragePool", decoded(net, first, "-1..1"), kernel_shape=[8, 8], strides=[8, 8])
    net("Transpose", class_scores(net, small), perm=[0, 2, 3, 1], out="ResizeBilinear_2")
    shapes = {"sub_7": (1, 256, 256, 3)}, {"ResizeBilinear_2": (1, 32, 32, 4)}
    return net.save(folder / "deeplabv3_257_mv_gpu.onnx", *shapes)


del enlarged
CLASSES = {"order": "RGB", "class": "2"}
CASES = (
    one("u2net", "imagenet", more=6, names=("input.1", "1959")),
    one("u2netp", "0..1"),
    one("isnet-general-use", "-0.5..0.5", 1024, names=("input", "output")),
    one("modnet_photographic_portrait_matting", "-1..1", None, multiple=32),
    one("rmbg_1.4", "-0.5..0.5", 512),
    one("birefnet_general", "imagenet", 512, ready=False, names=("input_image", "output_image")),
    one("selfie_segmentation", "0..1", 256, layout="NHWC", names=("input_1", "activation_10")),
    one("silueta_saliency", "imagenet", 320, drop=2),
    one("skyseg", "imagenet", 320),
    one("ppmatting_bgr", "0..1", None, "BGR"),
    one("unet_road_segmentation", "0..255", 256, ready=False),
    _scores("deeplabv3_resnet50", None, more=True),
    _scores("fcn_segmentation_bytes", 256, "0..255"),
    _scores("segformer_b0_ade", 512, small=4),
    _numbers("deeplab_uint8_segmentation", INT64, "1hw", BYTE, "NHWC"),
    _numbers("bisenet_argmax", 6, "1chw"),
    _numbers("parsing_classmap_u8", BYTE, "hw"),
    Case(
        "mask/two_class",
        _two_class,
        reddish,
        MASKS,
        {"range": "-1..1", "order": "RGB", "class": "1"},
        result="mask",
        size=(192, 192),
    ),
    Case("mask/trimap", _trimap, trimapped, MASKS, {"range": "0..1", "order": "RGB"}, ("mask",), "mask"),
    Case("mask/vitmatte", _joined_trimap, trimapped, MASKS, {"range": "-1..1", "order": "RGB"}, ("mask",), "mask"),
    Case("mask/rvm", _recurrent, reddish, MASKS, {"range": "0..1", "order": "RGB"}, (), "mask"),
    Case("mask/bgmv2", _background, reddish, MASKS, {"range": "0..1", "order": "RGB"}, ("image2",), "mask"),
    Case("mask/midas", _depth, depth_of, MASKS, {"range": "imagenet", "order": "RGB"}, (), "mask", (256, 256)),
    Case("mask/hed", _edges, reddish, MASKS, {"range": "0..255", "order": "BGR"}, (), "mask"),
    Case(
        "mask/face_parsing",
        _parsing,
        share_of_class(2),
        MASKS,
        {"range": "imagenet", **CLASSES},
        (),
        "mask",
        (512, 512),
    ),
    Case("mask/fp16", _half, reddish, MASKS, {"range": "imagenet", "order": "RGB"}, (), "mask", (320, 320)),
    Case(
        "mask/deeplab_tf",
        _last_scores,
        share_of_class(2),
        MASKS,
        {"range": "-1..1", **CLASSES},
        (),
        "mask",
        (256, 256),
        8.0,
    ),
)
