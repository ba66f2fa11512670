"""Generators, pairs of files, two pictures, the picture between two, and files that must be refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper

from desktop.runtime.manifest import Task
from tests.corpus.kit import BYTE, F32, FLOAT, INT64, Case, Inputs, Levels, Net, Refusal, decoded, encoded

FREE = (1, 3, "height", "width")
MAKES = (Task.GENERATE,)


def latent_of(given: Inputs) -> NDArray[Any]:
    """The networks below paint every pixel with the first three numbers of the latent."""
    numbers = given["latent"].reshape(-1)[:3].astype(F32)
    return np.tanh(numbers) * 127.5 + 127.5


def painted(side: int | tuple[int, int], gray: bool = False):  # type: ignore[no-untyped-def]
    height, width = (side, side) if isinstance(side, int) else side

    def expected(given: Inputs) -> NDArray[Any]:
        colour = latent_of(given)
        colour = np.repeat(colour[:1], 3) if gray else colour
        return np.broadcast_to(colour, (height, width, 3))

    return expected


def generator(
    name: str,
    latent: tuple[Any, ...],
    side: int,
    code: str = "-1..1",
    *,
    layout: str = "NCHW",
    extra: dict[str, Any] | None = None,
    types: dict[str, int] | None = None,
    tensor: str = "z",
    answers: dict[str, str] | None = None,
    gray: bool = False,
    flat: bool = False,
):  # type: ignore[no-untyped-def]
    def build(folder: Path) -> Path:
        net = Net()
        count = int(np.prod([part for part in latent[1:] if isinstance(part, int)]))
        if len(latent) == 3:
            count = latent[2]
            first = net("Slice", tensor, np.array([0]), np.array([1]), np.array([1]))
        else:
            first = tensor
        numbers = net("Reshape", first, np.array([1, count], np.int64))
        three = net("Tanh", net("Slice", numbers, np.array([0]), np.array([1 if gray else 3]), np.array([1])))
        unit = net("Add", net("Mul", three, F32(0.5)), F32(0.5))
        channels = 1 if gray else 3
        shape = [1, 1, 1, channels] if layout == "NHWC" else [1, channels, 1, 1]
        picture = net("Reshape", unit, np.array(shape, np.int64))
        if not gray:
            picture = encoded(net, picture, code, layout=layout)
        elif code == "-1..1":
            picture = net("Sub", net("Mul", picture, F32(2)), F32(1))
        for other, sides in (extra or {}).items():
            value = net("Cast", other, to=FLOAT) if (types or {}).get(other) else other
            zero = net("Mul", net("ReduceSum", value, keepdims=0), F32(0))
            picture = net("Add", picture, zero)
            del sides
        big = [1, side, side, channels] if layout == "NHWC" else [1, channels, side, side]
        last = net("Expand", picture, np.array(big, np.int64))
        if flat:
            net("Reshape", last, np.array([1, side * side], np.int64), out="image")
        else:
            net("Identity", last, out="image")
        out = (1, side * side) if flat else ("batch", *big[1:])
        inputs = {tensor: latent, **(extra or {})}
        return net.save(folder / f"{name}.onnx", inputs, {"image": out}, types=types)

    return Case(
        f"generate/{name}", build, painted(side, gray), MAKES, answers or {}, ("latent",), "images", (side, side)
    )


def _stylegan_pair(folder: Path, layers: int | None, wide: bool) -> tuple[Path, Path]:
    """Mapping and synthesis. `layers`: the style has an axis of layers; `wide`: the mapping makes only one of them."""
    net = Net()
    mapped = net("Mul", "z", F32(0.5))
    if layers and not wide:
        mapped = net("Expand", net("Unsqueeze", mapped, np.array([1])), np.array([1, layers, 64], np.int64))
    net("Identity", mapped, out="w")
    made = (1, layers, 64) if layers and not wide else (1, 64)
    mapping = net.save(folder / "mapping.onnx", {"z": (1, 64)}, {"w": made})
    net = Net()
    taken = net("ReduceMean", "w", axes=[1], keepdims=0) if layers else "w"
    three = net("Tanh", net("Mul", net("Slice", taken, np.array([0]), np.array([3]), np.array([1])), F32(2)))
    picture = net("Reshape", three, np.array([1, 3, 1, 1], np.int64))
    net("Expand", picture, np.array([1, 3, 32, 32], np.int64), out="img")
    shape = (1, layers, 64) if layers else (1, 64)
    synthesis = net.save(folder / "synthesis.onnx", {"w": shape}, {"img": (1, 3, 32, 32)})
    return mapping, synthesis


def _vae_pair(folder: Path) -> tuple[Path, Path]:
    """An encoder of pictures and its decoder."""
    net = Net()
    small = net("AveragePool", decoded(net, "sample", "-1..1"), kernel_shape=[8, 8], strides=[8, 8])
    first = net("Slice", small, np.array([0]), np.array([1]), np.array([1]))
    net("Concat", small, first, axis=1, out="latent")
    encoder = net.save(folder / "vae_encoder.onnx", {"sample": (1, 3, 64, 64)}, {"latent": (1, 4, 8, 8)})
    net = Net()
    three = net("Slice", "latent_sample", np.array([0]), np.array([3]), np.array([1]))
    from tests.corpus.kit import enlarged

    encoded(net, enlarged(net, three, 8), "-1..1", out="sample")
    decoder = net.save(folder / "vae_decoder.onnx", {"latent_sample": (1, 4, 8, 8)}, {"sample": (1, 3, 64, 64)})
    return encoder, decoder


def averaged(given: Inputs) -> Levels:
    image = given["image"].astype(F32)
    height, width = image.shape[:2]
    small = image.reshape(height // 8, 8, width // 8, 8, 3).mean(axis=(1, 3))
    return np.repeat(np.repeat(small, 8, axis=0), 8, axis=1)


def _latent_decoder(folder: Path) -> Path:
    net = Net()
    three = net("Tanh", net("Slice", "latent_sample", np.array([0]), np.array([3]), np.array([1])))
    from tests.corpus.kit import enlarged

    enlarged(net, three, 8, out="sample")
    return net.save(folder / "vae_decoder_alone.onnx", {"latent_sample": (1, 4, 8, 8)}, {"sample": (1, 3, 64, 64)})


def blocks(given: Inputs) -> NDArray[Any]:
    latent = given["latent"].reshape(4, 8, 8)[:3].astype(F32)
    colour = (np.tanh(latent) * 127.5 + 127.5).transpose(1, 2, 0)
    return np.repeat(np.repeat(colour, 8, axis=0), 8, axis=1)


# clicks


def clicks(name: str, *, encoder: str, decoder: str, side: int = 64):  # type: ignore[no-untyped-def]
    """Where the picture is as red as it is at the click (of three decoder dialects and three of encoders)."""

    def build(folder: Path) -> tuple[Path, Path]:
        code = "imagenet" if encoder == "plain" else "0..255" if encoder == "bytes" else "0..1"
        net = Net()
        image = {"plain": "images", "bytes": "input_image", "batched": "batched_images"}[encoder]
        start = image
        if encoder == "bytes":  # (H, W, 3) of any size, scaled inside
            start = net("Unsqueeze", net("Transpose", image, perm=[2, 0, 1]), np.array([0]))
            start = net("Resize", start, "", "", np.array([1, 3, side, side], np.int64), mode="linear")
        picture = decoded(net, start, code)
        weight = np.zeros((16, 3, 4, 4), F32)
        weight[:, 0] = 1 / 16
        net("Conv", picture, weight, strides=[4, 4], out="image_embeddings")
        shape = {"plain": (1, 3, side, side), "bytes": ("h", "w", 3), "batched": (1, 3, side, side)}[encoder]
        quarter = side // 4
        space = 1024 if encoder == "bytes" else side  # what clicks are counted in
        made = (1, 16, quarter, quarter)
        first = net.save(folder / "encoder.onnx", {image: shape}, {"image_embeddings": made})
        net = Net()
        red = net("ReduceMean", "image_embeddings", axes=[1], keepdims=1)
        points = {"sam": "point_coords", "edge": "point_coords", "efficient": "batched_point_coords"}[decoder]
        labels = {"sam": "point_labels", "edge": "point_labels", "efficient": "batched_point_labels"}[decoder]
        if decoder == "efficient":
            coordinates = net("Squeeze", points, np.array([0, 1]))
        else:
            coordinates = net("Squeeze", points, np.array([0]))
        first_point = net("Slice", coordinates, np.array([0]), np.array([1]), np.array([0]))
        place = net("Cast", net("Floor", net("Mul", first_point, F32(quarter / space))), to=INT64)
        yx = net("Gather", place, np.array([1, 0]), axis=1)
        flat = net("Squeeze", red, np.array([0, 1]))
        own = net("GatherND", flat, yx)
        label_zero = net("Mul", net("ReduceSum", net("Cast", labels, to=FLOAT), keepdims=0), F32(0))
        apart = net("Abs", net("Sub", red, net("Reshape", own, np.array([1, 1, 1, 1], np.int64))))
        score = net("Mul", net("Sub", F32(0.15), apart), F32(60))
        low = net("Add", score, label_zero)
        inputs: dict[str, Any] = {"image_embeddings": made}
        outputs: dict[str, Any] = {}
        if decoder == "sam":
            inputs |= {points: (1, "n", 2), labels: (1, "n"), "mask_input": (1, 1, quarter, quarter)}
            inputs |= {"has_mask_input": (1,), "orig_im_size": (2,)}
            nothing = net("Mul", net("ReduceSum", "mask_input", keepdims=0), F32(0))
            nothing = net("Add", nothing, net("Mul", net("ReduceSum", "has_mask_input", keepdims=0), F32(0)))
            low = net("Add", low, nothing)
            net("Identity", low, out="low_res_masks")
            sides = net("Cast", "orig_im_size", to=INT64)
            size = net("Concat", np.array([1, 1], np.int64), sides, axis=0)
            net("Resize", low, "", "", size, mode="linear", out="masks")
            net("ReduceMean", low, axes=[2, 3], keepdims=0, out="iou_predictions")
            outputs = {"masks": (1, 1, "h", "w"), "iou_predictions": (1, 1), "low_res_masks": (1, 1, quarter, quarter)}
        elif decoder == "edge":
            inputs |= {points: (1, "n", 2), labels: (1, "n")}
            bad = net("Mul", low, F32(-1))
            net("Concat", bad, low, bad, bad, axis=1, out="masks")
            best = net("Mul", net("Reshape", label_zero, np.array([1, 1], np.int64)), F32(1))
            net(
                "Add",
                net("Concat", best, best, best, best, axis=1),
                np.array([[0.1, 0.9, 0.2, 0.3]], F32),
                out="scores",
            )
            outputs = {"scores": (1, 4), "masks": (1, 4, quarter, quarter)}
        else:
            inputs |= {points: (1, 1, "n", 2), labels: (1, 1, "n"), "orig_im_size": (2,)}
            sides = net("Cast", "orig_im_size", to=INT64)
            big = net("Resize", low, "", "", net("Concat", np.array([1, 1], np.int64), sides, axis=0), mode="linear")
            bad = net("Mul", big, F32(-1))
            net("Unsqueeze", net("Concat", big, bad, bad, axis=1), np.array([1]), out="output_masks")
            best = net("Reshape", label_zero, np.array([1, 1, 1], np.int64))
            rates = np.array([[[0.9, 0.1, 0.2]]], F32)
            net("Add", net("Concat", best, best, best, axis=2), rates, out="iou_predictions")
            outputs = {"output_masks": (1, 1, 3, "h", "w"), "iou_predictions": (1, 1, 3)}
        types = {"orig_im_size": INT64} if decoder == "efficient" else {}
        second = net.save(folder / "decoder.onnx", inputs, outputs, types=types)
        return first, second

    answers = {"range": {"plain": "imagenet", "bytes": "0..255", "batched": "0..1"}[encoder], "order": "RGB"}
    return Case(
        f"click/{name}", build, clicked, (Task.ENCODE_DECODE,), answers, ("points",), "mask", (side, side), 16.0
    )


def clicked(given: Inputs) -> NDArray[Any]:
    red = given["image"][..., 0].astype(F32) / 255
    height, width = red.shape
    small = red.reshape(height // 4, 4, width // 4, 4).mean(axis=(1, 3))
    x, y = given["points"][0, :2]
    own = small[int(y // 4), int(x // 4)]
    import cv2

    scores = (0.15 - np.abs(small - own)) * 60
    return 255 / (1 + np.exp(-cv2.resize(scores, (width, height), interpolation=cv2.INTER_LINEAR)))


# two pictures


def half_of_both(given: Inputs, other: str) -> Levels:
    import cv2

    image, second = given["image"].astype(F32), given[other].astype(F32)
    if second.shape != image.shape:
        second = cv2.resize(second, image.shape[1::-1], interpolation=cv2.INTER_AREA)
    return (image + second) / 2


def _between(name: str, form: str, code: str = "0..1", layout: str = "NCHW"):  # type: ignore[no-untyped-def]
    """RIFE, FILM, IFRNet and CAIN: the mixture of both at a time of one half."""

    def build(folder: Path) -> Path:
        net = Net()
        inputs: dict[str, Any] = {}
        time: str | np.floating[Any] = F32(0.5)
        if form in ("six", "seven"):
            count = {"six": 6, "seven": 7}[form]
            parts = [3, 3] if count == 6 else [3, 3, 1]
            split = net("Split", "input", np.array(parts, np.int64), axis=1, count=len(parts))
            inputs["input"] = (1, count, "h", "w")
            first, second = split[:2]
            time = split[2] if count == 7 else time
        else:
            names = {
                "rife": ("img0", "img1"),
                "film": ("x0", "x1"),
                "plain": ("frame1", "frame2"),
                "ifr": ("img0", "img1"),
            }
            first, second = names[form]
            sides = (1, "h", "w", 3) if layout == "NHWC" else FREE
            inputs |= {first: sides, second: sides}
            if form == "film":
                inputs["time"] = (1, 1)
                time = net("ReduceMean", "time", keepdims=0)
            elif form == "rife":
                inputs["timestep"] = (1, 1, "h", "w")
                time = "timestep"
            elif form == "ifr":
                inputs["embt"] = (1, 1, 1, 1)
                time = "embt"
        a, b = decoded(net, first, code, layout=layout), decoded(net, second, code, layout=layout)
        mixed = net("Add", a, net("Mul", net("Sub", b, a), time))
        encoded(net, mixed, code, layout=layout, out="output")
        sides = (1, "h", "w", 3) if layout == "NHWC" else FREE
        return net.save(folder / f"{name}.onnx", inputs, {"output": sides})

    answers = {"range": code, "order": "RGB"}
    expected = lambda given: half_of_both(given, "image2")  # noqa: E731
    return Case(f"between/{name}", build, expected, (Task.INTERPOLATE,), answers, ("image2",))


def _styled(name: str, code: str, layout: str, names: tuple[str, str], side: int | None, extra: bool = False):  # type: ignore[no-untyped-def]
    """Content and style in one graph: the picture moved half of the way to the mean colour of the style."""

    def build(folder: Path) -> Path:
        net = Net()
        content, style = (decoded(net, name_, code, layout=layout) for name_ in names)
        axes = [1, 2] if layout == "NHWC" else [2, 3]
        mean = net("ReduceMean", style, axes=axes, keepdims=1)
        share: Any = "alpha" if extra else F32(0.5)
        mixed = net("Add", content, net("Mul", net("Sub", mean, content), share))
        encoded(net, mixed, code, layout=layout, out="stylized")
        sides: tuple[Any, Any] = (side, side) if side else ("h", "w")
        others: tuple[Any, Any] = (side, side) if side else ("sh", "sw")
        first = (1, *sides, 3) if layout == "NHWC" else (1, 3, *sides)
        second = (1, *others, 3) if layout == "NHWC" else (1, 3, *others)
        inputs: dict[str, Any] = {names[0]: first, names[1]: second}
        if extra:
            inputs["alpha"] = (1,)
        return net.save(folder / f"{name}.onnx", inputs, {"stylized": first})

    def expected(given: Inputs) -> Levels:
        style = given["style"].astype(F32).mean(axis=(0, 1))
        share = 1.0 if extra else 0.5
        return given["image"].astype(F32) * (1 - share) + style * share

    size = (side, side) if side else (157, 203)
    answers = {"range": code, "order": "RGB"}
    kinds = (Task.STYLE, Task.TWO_IMAGE)
    return Case(f"two/{name}", build, expected, kinds, answers, ("style", "image2"), size=size, tolerance=2.0)


def _style_pair(folder: Path) -> tuple[Path, Path]:
    """Magenta: a style network that makes a vector, a transformer that takes it."""
    net = Net()
    net("ReduceMean", decoded(net, "style_image", layout="NHWC"), axes=[1, 2], keepdims=1, out="style_bottleneck")
    first = net.save(
        folder / "style_predict.onnx", {"style_image": (1, "sh", "sw", 3)}, {"style_bottleneck": (1, 1, 1, 3)}
    )
    net = Net()
    both = net("Add", decoded(net, "content_image", layout="NHWC"), "style_bottleneck")
    net("Mul", both, F32(0.5), out="stylized")
    shapes = {"content_image": (1, "h", "w", 3), "style_bottleneck": (1, 1, 1, 3)}, {"stylized": (1, "h", "w", 3)}
    return first, net.save(folder / "style_transform.onnx", *shapes)


def pair_styled(given: Inputs) -> Levels:
    return (given["image"].astype(F32) + given["style"].astype(F32).mean(axis=(0, 1))) / 2


def _fused(folder: Path) -> Path:
    """Exposure fusion: two pictures of the same thing."""
    net = Net()
    both = net("Add", decoded(net, "under"), decoded(net, "over"))
    net("Mul", both, F32(0.5), out="fused")
    return net.save(folder / "exposure_fusion.onnx", {"under": FREE, "over": FREE}, {"fused": FREE})


CASES = (
    generator("dcgan_faces", (1, 100, 1, 1), 64, tensor="input"),
    generator("stylegan2_ffhq", (1, 512), 64),
    generator("generator_nhwc", ("batch", 128), 32, layout="NHWC", tensor="input_1"),
    generator("gan_bytes", (1, 128), 32, "0..255"),
    generator("gan_unit", (1, 128), 32, "0..1"),
    generator("cgan_label", (1, 100), 32, extra={"label": (1,)}, types={"label": INT64}),
    generator("cgan_onehot", (1, 100), 32, extra={"labels": (1, 10)}),
    generator("biggan_128", (1, 128), 32, extra={"class_vector": (1, 1000), "truncation": ()}),
    generator("stylegan2_psi", (1, 512), 32, extra={"truncation_psi": (1,)}),
    generator("stylegan_noises", (1, 512), 32, extra={"noise_0": (1, 1, 4, 4), "noise_1": (1, 1, 8, 8)}),
    generator("stylegan_wplus", (1, 18, 64), 32, tensor="latent"),
    generator("mnist_gan", (1, 64), 28, gray=True),
    generator("vae_digits", (1, 20), 28, "0..1", gray=True, flat=True),
    Case("generate/vae_decoder", _latent_decoder, blocks, MAKES, {}, ("latent",), "images", (64, 64)),
    Case(
        "pair/stylegan",
        lambda folder: _stylegan_pair(folder, None, False),
        painted(32),
        MAKES,
        {},
        ("latent",),
        "images",
    ),
    Case(
        "pair/stylegan_layers",
        lambda folder: _stylegan_pair(folder, 8, False),
        painted(32),
        MAKES,
        {},
        ("latent",),
        "images",
    ),
    Case(
        "pair/stylegan_broadcast",
        lambda folder: _stylegan_pair(folder, 8, True),
        painted(32),
        MAKES,
        {},
        ("latent",),
        "images",
    ),
    Case("pair/vae", _vae_pair, averaged, (Task.ENCODE_DECODE,), {"range": "-1..1", "order": "RGB"}, size=(64, 64)),
    Case(
        "pair/style",
        _style_pair,
        pair_styled,
        (Task.STYLE,),
        {"range": "0..1", "order": "RGB"},
        ("style",),
        tolerance=2.0,
    ),
    clicks("sam", encoder="plain", decoder="sam"),
    clicks("mobile_sam", encoder="bytes", decoder="sam"),
    clicks("edge_sam", encoder="plain", decoder="edge"),
    clicks("efficient_sam", encoder="batched", decoder="efficient"),
    _between("rife46", "rife"),
    _between("film_net", "film", layout="NHWC"),
    _between("ifrnet_s", "ifr"),
    _between("cain", "plain"),
    _between("rife_six", "six"),
    _between("rife_v4_seven", "seven"),
    _styled("adain", "0..1", "NCHW", ("content", "style"), None),
    _styled("arbitrary_image_stylization", "0..1", "NHWC", ("placeholder", "placeholder_1"), None),
    _styled("sanet_512", "0..255", "NCHW", ("content_input", "style_input"), 256),
    _styled("adain_alpha", "0..1", "NCHW", ("content", "style"), None, extra=True),
    Case(
        "two/fusion",
        _fused,
        lambda given: half_of_both(given, "image2"),
        (Task.TWO_IMAGE, Task.STYLE),
        {"range": "0..1", "order": "RGB"},
        ("image2", "style"),
    ),
)


# refusals


def _detector(folder: Path) -> Path:
    net = Net()
    pooled = net("Flatten", net("AveragePool", "images", kernel_shape=[32, 32], strides=[32, 32]))
    net("Reshape", net("Tile", pooled, np.array([1, 7], np.int64)), np.array([1, 84, -1], np.int64), out="output0")
    return net.save(folder / "yolov8n.onnx", {"images": (1, 3, 640, 640)}, {"output0": (1, 84, "n")})


def _classifier(folder: Path) -> Path:
    net = Net()
    pooled = net("Flatten", net("GlobalAveragePool", "data"))
    net("MatMul", pooled, np.ones((3, 1000), F32), out="logits")
    return net.save(folder / "resnet50.onnx", {"data": (1, 3, 224, 224)}, {"logits": (1, 1000)})


def _words(folder: Path) -> Path:
    net = Net()
    net("Gather", np.ones((100, 8), F32), "input_ids", out="hidden")
    return net.save(folder / "bert.onnx", {"input_ids": (1, "n")}, {"hidden": (1, "n", 8)}, types={"input_ids": INT64})


def _jpeg(folder: Path) -> Path:
    net = Net()
    net("Cast", "image_bytes", to=FLOAT, out="y")
    return net.save(folder / "jpeg_in.onnx", {"image_bytes": ("n",)}, {"y": ("n",)}, types={"image_bytes": BYTE})


def _extension(folder: Path) -> Path:
    net = Net()
    net.nodes.append(helper.make_node("DecodeImage", ["b"], ["y"], domain="ai.onnx.contrib"))
    return net.save(folder / "decode_image.onnx", {"b": ("n",)}, {"y": ("h", "w", 3)}, types={"b": BYTE, "y": BYTE})


REFUSALS = (
    Refusal("refuse/detector", _detector, "no picture"),
    Refusal("refuse/classifier", _classifier, "no picture"),
    Refusal("refuse/words", _words, "no picture"),
    Refusal("refuse/jpeg", _jpeg, "JPEG"),
    Refusal("refuse/extension", _extension, "DecodeImage"),
)
