"""Masks, holes, generators, clicks and refusals of further toolchains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop.runtime.manifest import Task
from tests.corpus.holes import FILL_SHARE, filled
from tests.corpus.kit import (
    BYTE,
    F32,
    FLOAT,
    HALF,
    INT32,
    INT64,
    Case,
    Inputs,
    Net,
    Refusal,
    decoded,
    encoded,
    needs_multiple,
)
from tests.corpus.makers import clicked, half_of_both, painted
from tests.corpus.masks import class_scores, depth_of, is_class, logits, reddish, share_of_class

MASKS = (Task.MATTE, Task.SEGMENT)
FREE = ("batch", 3, "height", "width")
PLAIN = {"range": "0..1", "order": "RGB"}


# masks


def _depth_anything(folder: Path) -> Path:
    """Patches of 14 pixels, free sides, no channel axis in the answer."""
    net = Net()
    picture = decoded(net, needs_multiple(net, "pixel_values", 14), "imagenet")
    net("ReduceSum", picture, np.array([1]), keepdims=0, out="predicted_depth")
    shape = ("batch_size", 3, "height", "width")
    return net.save(
        folder / "depth_anything_v2_small.onnx", {"pixel_values": shape}, {"predicted_depth": ("batch_size", "h", "w")}
    )


def _fixed_inside(folder: Path) -> Path:
    """States free sides, but its positions are for one size only."""
    net = Net()
    picture = decoded(net, "pixel_values", "imagenet")
    places = net("Add", picture, np.zeros((1, 3, 518, 518), F32))
    net("Sigmoid", logits(net, places), out="alphas")
    return net.save(
        folder / "rmbg_positions.onnx",
        {"pixel_values": ("batch_size", "num_channels", "height", "width")},
        {"alphas": ("batch_size", 1, "height", "width")},
    )


def _byte_mask(folder: Path) -> Path:
    """Bytes in, a soft mask of bytes out."""
    net = Net()
    first = net("Transpose", net("Cast", "image", to=FLOAT), perm=[0, 3, 1, 2])
    mask = net("Sigmoid", logits(net, decoded(net, first, "0..255")))
    net("Cast", net("Round", net("Mul", mask, F32(255))), to=BYTE, out="alpha_u8")
    types = {"image": BYTE, "alpha_u8": BYTE}
    return net.save(folder / "cutout_u8.onnx", {"image": (1, "h", "w", 3)}, {"alpha_u8": (1, 1, "h", "w")}, types=types)


def _sure_mask(folder: Path) -> Path:
    """True and false."""
    net = Net()
    net("Greater", logits(net, decoded(net, "image")), F32(0), out="mask")
    return net.save(folder / "person_mask_bool.onnx", {"image": FREE}, {"mask": (1, 1, "h", "w")}, types={"mask": 9})


def sure(given: Inputs) -> NDArray[Any]:
    return 255.0 * (reddish(given) > 127.5)


def _clothes(folder: Path) -> Path:
    """Three outputs of four classes each, as for clothes."""
    net = Net()
    scores = class_scores(net, decoded(net, "input.1", "-1..1"))
    net("Identity", scores, out="output")
    outputs: dict[str, Any] = {"output": (1, 4, 256, 256)}
    for name in ("2035", "2036"):
        net("AveragePool", scores, kernel_shape=[17, 17], pads=[8] * 4, out=name)
        outputs[name] = (1, 4, 256, 256)
    return net.save(folder / "u2net_cloth_seg.onnx", {"input.1": (1, 3, 256, 256)}, outputs)


def _street(folder: Path) -> Path:
    """A street scene: fixed sides that are no square, scores at an eighth."""
    net = Net()
    picture = net("AveragePool", decoded(net, "image"), kernel_shape=[8, 8], strides=[8, 8])
    net("Identity", class_scores(net, picture), out="mask")
    return net.save(folder / "ddrnet23_slim_cityscapes.onnx", {"image": (1, 3, 128, 256)}, {"mask": (1, 4, 16, 32)})


def _paddle(folder: Path) -> Path:
    """Paddle: -1 everywhere, ArgMax inside, whole numbers of 32 bits."""
    net = Net(11)
    scores = class_scores(net, decoded(net, "x", "-1..1"))
    net("Cast", net("ArgMax", scores, axis=1, keepdims=0), to=INT32, out="save_infer_model/scale_0.tmp_1")
    return net.save(
        folder / "pp_liteseg_cityscapes.onnx",
        {"x": (-1, 3, -1, -1)},
        {"save_infer_model/scale_0.tmp_1": (-1, -1, -1)},
        types={"save_infer_model/scale_0.tmp_1": INT32},
    )


def _half_holes(folder: Path) -> Path:
    """Picture and mask of sixteen bits."""
    net = Net()
    share = net("Clip", net("Cast", "mask", to=FLOAT), F32(0), F32(1))
    kept = net("Mul", decoded(net, net("Cast", "image", to=FLOAT)), net("Sub", F32(1), share))
    net("Cast", net("Add", kept, net("Mul", share, FILL_SHARE)), to=HALF, out="painted_image")
    types = {"image": HALF, "mask": HALF, "painted_image": HALF}
    shapes = {"image": (1, 3, 256, 256), "mask": (1, 1, 256, 256)}, {"painted_image": (1, 3, 256, 256)}
    return net.save(folder / "lama_dilated_fp16.onnx", *shapes, types=types)


def _last_holes(folder: Path) -> Path:
    """Channels last, bytes of the picture, a mask of one channel."""
    net = Net()
    picture = net("Transpose", "input_image", perm=[0, 3, 1, 2])
    share = net("Clip", net("Transpose", "input_mask", perm=[0, 3, 1, 2]), F32(0), F32(1))
    kept = net("Mul", decoded(net, picture, "-1..1"), net("Sub", F32(1), share))
    both = encoded(net, net("Add", kept, net("Mul", share, FILL_SHARE)), "-1..1")
    net("Transpose", both, perm=[0, 2, 3, 1], out="Identity:0")
    shapes = {"input_image": (1, 256, 256, 3), "input_mask": (1, 256, 256, 1)}
    return net.save(folder / "generative_inpainting_tf.onnx", shapes, {"Identity:0": (1, 256, 256, 3)})


# makers


def _two_sizes(folder: Path) -> Path:
    """FastGAN: a small picture first, then the large one."""
    net = Net()
    three = net("Tanh", net("Slice", "z", np.array([0]), np.array([3]), np.array([1])))
    picture = net("Reshape", three, np.array([1, 3, 1, 1], np.int64))
    net("Expand", picture, np.array([1, 3, 16, 16], np.int64), out="small")
    net("Expand", picture, np.array([1, 3, 64, 64], np.int64), out="large")
    return net.save(folder / "fastgan.onnx", {"z": (1, 256)}, {"small": (1, 3, 16, 16), "large": (1, 3, 64, 64)})


def _byte_maker(folder: Path) -> Path:
    """TensorFlow's StyleGAN: bytes, channels last."""
    net = Net()
    three = net("Tanh", net("Slice", "latents", np.array([0]), np.array([3]), np.array([1])))
    levels = net("Add", net("Mul", three, F32(127.5)), F32(127.5))
    picture = net("Cast", net("Round", net("Reshape", levels, np.array([1, 1, 1, 3], np.int64))), to=BYTE)
    net("Expand", picture, np.array([1, 32, 32, 3], np.int64), out="images")
    return net.save(
        folder / "stylegan_tf.onnx", {"latents": (1, 512)}, {"images": (1, 32, 32, 3)}, types={"images": BYTE}
    )


def _half_maker(folder: Path) -> Path:
    net = Net()
    three = net("Tanh", net("Slice", net("Cast", "z", to=FLOAT), np.array([0]), np.array([3]), np.array([1])))
    picture = net("Reshape", three, np.array([1, 3, 1, 1], np.int64))
    net("Cast", net("Expand", picture, np.array([1, 3, 32, 32], np.int64)), to=HALF, out="img")
    types = {"z": HALF, "img": HALF}
    return net.save(folder / "gan_fp16.onnx", {"z": (1, 128)}, {"img": (1, 3, 32, 32)}, types=types)


def _sam2(folder: Path) -> tuple[Path, Path]:
    """Three maps of features, two of them fine; three masks with scores."""
    net = Net()
    picture = decoded(net, "image", "imagenet")
    outputs: dict[str, Any] = {}
    for name, step, channels in (("high_res_feats_0", 2, 32), ("high_res_feats_1", 4, 64), ("image_embed", 4, 256)):
        weight = np.zeros((channels, 3, step, step), F32)
        weight[:, 0] = 1 / step**2
        net("Conv", picture, weight, strides=[step, step], out=name)
        outputs[name] = (1, channels, 64 // step, 64 // step)
    first = net.save(folder / "sam2_hiera_tiny.encoder.onnx", {"image": (1, 3, 64, 64)}, outputs)
    net = Net()
    red = net("ReduceMean", "image_embed", axes=[1], keepdims=1)
    fine = [net("ReduceSum", name, keepdims=0) for name in ("high_res_feats_0", "high_res_feats_1")]
    unused = [net("ReduceSum", name, keepdims=0) for name in ("mask_input", "has_mask_input", "point_labels")]
    zero = net("Mul", net("Sum", *fine, *unused), F32(0))
    place = net(
        "Cast",
        net(
            "Floor",
            net(
                "Mul",
                net(
                    "Slice", net("Squeeze", "point_coords", np.array([0])), np.array([0]), np.array([1]), np.array([0])
                ),
                F32(0.25),
            ),
        ),
        to=INT64,
    )
    own = net("GatherND", net("Squeeze", red, np.array([0, 1])), net("Gather", place, np.array([1, 0]), axis=1))
    apart = net("Abs", net("Sub", red, net("Reshape", own, np.array([1, 1, 1, 1], np.int64))))
    low = net("Add", net("Mul", net("Sub", F32(0.15), apart), F32(60)), zero)
    bad = net("Mul", low, F32(-1))
    net("Concat", bad, low, bad, axis=1, out="masks")
    net(
        "Add", net("Reshape", zero, np.array([1, 1], np.int64)), np.array([[0.1, 0.9, 0.2]], F32), out="iou_predictions"
    )
    inputs = {**outputs, "point_coords": ("num_labels", "num_points", 2), "point_labels": ("num_labels", "num_points")}
    inputs |= {"mask_input": ("num_labels", 1, 16, 16), "has_mask_input": ("num_labels",)}
    ordered = {
        name: inputs[name] for name in ("image_embed", "high_res_feats_0", "high_res_feats_1", *list(inputs)[3:])
    }
    answers = {"masks": ("num_labels", "m", 16, 16), "iou_predictions": ("num_labels", "m")}
    return first, net.save(folder / "sam2_hiera_tiny.decoder.onnx", ordered, answers)


def _slim_sam(folder: Path) -> tuple[Path, Path]:
    """transformers' SAM: places of the features come along, points have an axis of their own, whole labels."""
    net = Net()
    weight = np.zeros((32, 3, 4, 4), F32)
    weight[:, 0] = 1 / 16
    net("Conv", decoded(net, "pixel_values", "imagenet"), weight, strides=[4, 4], out="image_embeddings")
    net("Mul", "image_embeddings", F32(0), out="image_positional_embeddings")
    made = ("batch_size", 32, 16, 16)
    shapes = {"image_embeddings": made, "image_positional_embeddings": made}
    first = net.save(folder / "vision_encoder.onnx", {"pixel_values": ("batch_size", 3, 64, 64)}, shapes)
    net = Net()
    red = net("ReduceMean", "image_embeddings", axes=[1], keepdims=1)
    labels = net("ReduceSum", net("Cast", "input_labels", to=FLOAT), keepdims=0)
    zero = net("Mul", net("Add", net("ReduceSum", "image_positional_embeddings", keepdims=0), labels), F32(0))
    point = net("Slice", net("Squeeze", "input_points", np.array([0, 1])), np.array([0]), np.array([1]), np.array([0]))
    place = net("Cast", net("Floor", net("Mul", point, F32(0.25))), to=INT64)
    own = net("GatherND", net("Squeeze", red, np.array([0, 1])), net("Gather", place, np.array([1, 0]), axis=1))
    apart = net("Abs", net("Sub", red, net("Reshape", own, np.array([1, 1, 1, 1], np.int64))))
    low = net("Add", net("Mul", net("Sub", F32(0.15), apart), F32(60)), zero)
    bad = net("Mul", low, F32(-1))
    rates = net("Add", net("Reshape", zero, np.array([1, 1, 1], np.int64)), np.array([[[0.9, 0.1, 0.2]]], F32))
    net("Identity", rates, out="iou_scores")
    net("Unsqueeze", net("Concat", low, bad, bad, axis=1), np.array([1]), out="pred_masks")
    inputs = {
        "input_points": ("batch_size", "point_batch_size", "nb_points_per_image", 2),
        "input_labels": ("batch_size", "point_batch_size", "nb_points_per_image"),
        **shapes,
    }
    answers = {"iou_scores": ("b", "p", 3), "pred_masks": ("b", "p", 3, 16, 16)}
    types = {"input_labels": INT64}
    return first, net.save(folder / "prompt_encoder_mask_decoder.onnx", inputs, answers, types=types)


def _time_vector(folder: Path) -> Path:
    """Two frames and the time as a row of one number."""
    net = Net()
    first, second = decoded(net, "img0"), decoded(net, "img1")
    net("Add", first, net("Mul", net("Sub", second, first), "timestep"), out="output")
    return net.save(folder / "rife_v4_vector.onnx", {"img0": FREE, "img1": FREE, "timestep": (1,)}, {"output": FREE})


CLASSES = {"order": "RGB", "class": "2"}
CASES = (
    Case(
        "mask/depth_anything",
        _depth_anything,
        depth_of,
        MASKS,
        {"range": "imagenet", "order": "RGB"},
        (),
        "mask",
        (168, 224),
    ),
    Case(
        "mask/one_size_inside",
        _fixed_inside,
        reddish,
        MASKS,
        {"range": "imagenet", "order": "RGB"},
        (),
        "mask",
        (518, 518),
    ),
    Case("mask/soft_bytes", _byte_mask, reddish, MASKS, {"order": "RGB"}, (), "mask"),
    Case("mask/true_and_false", _sure_mask, sure, MASKS, PLAIN, (), "mask"),
    Case("mask/clothes", _clothes, share_of_class(2), MASKS, {"range": "-1..1", **CLASSES}, (), "mask", (256, 256)),
    Case("mask/street", _street, share_of_class(2), MASKS, {"range": "0..1", **CLASSES}, (), "mask", (128, 256), 8.0),
    Case("mask/paddle", _paddle, is_class(2), MASKS, {"range": "-1..1", **CLASSES}, (), "mask", tolerance=0.5),
    Case("inpaint/half", _half_holes, filled, (Task.INPAINT,), {**PLAIN, "hole": "white"}, ("mask",), size=(256, 256)),
    Case(
        "inpaint/channels_last",
        _last_holes,
        filled,
        (Task.INPAINT,),
        {"range": "-1..1", "order": "RGB", "hole": "white"},
        ("mask",),
        size=(256, 256),
    ),
    Case("generate/two_sizes", _two_sizes, painted(64), (Task.GENERATE,), {}, ("latent",), "images", (64, 64)),
    Case("generate/bytes_last", _byte_maker, painted(32), (Task.GENERATE,), {}, ("latent",), "images", (32, 32)),
    Case("generate/fp16", _half_maker, painted(32), (Task.GENERATE,), {}, ("latent",), "images", (32, 32)),
    Case(
        "click/sam2",
        _sam2,
        clicked,
        (Task.ENCODE_DECODE,),
        {"range": "imagenet", "order": "RGB"},
        ("points",),
        "mask",
        (64, 64),
        16.0,
    ),
    Case(
        "click/slim_sam",
        _slim_sam,
        clicked,
        (Task.ENCODE_DECODE,),
        {"range": "imagenet", "order": "RGB"},
        ("points",),
        "mask",
        (64, 64),
        16.0,
    ),
    Case(
        "between/time_vector",
        _time_vector,
        lambda given: half_of_both(given, "image2"),
        (Task.INTERPOLATE,),
        PLAIN,
        ("image2",),
    ),
)


# refusals


def _instances(folder: Path) -> Path:
    """YOLO with masks: boxes with coefficients and prototypes at a quarter of the size."""
    net = Net()
    pooled = net("AveragePool", "images", kernel_shape=[4, 4], strides=[4, 4])
    net("Conv", pooled, np.ones((32, 3, 1, 1), F32), out="output1")
    boxes = net("Flatten", net("AveragePool", "images", kernel_shape=[64, 64], strides=[64, 64]))
    net("Reshape", net("Tile", boxes, np.array([1, 29], np.int64)), np.array([1, 116, -1], np.int64), out="output0")
    shapes = {"images": (1, 3, 256, 256)}, {"output0": (1, 116, "n"), "output1": (1, 32, 64, 64)}
    return net.save(folder / "yolov8n-seg.onnx", *shapes, notes={"task": "segment", "stride": "32"})


def _flow(folder: Path) -> Path:
    """Optical flow: two frames in, where every pixel went out."""
    net = Net()
    apart = net("Sub", "image1", "image2")
    net("Conv", apart, np.ones((2, 3, 1, 1), F32), out="flow_up")
    shapes = {"image1": (1, 3, 128, 128), "image2": (1, 3, 128, 128)}, {"flow_up": (1, 2, 128, 128)}
    return net.save(folder / "raft_small.onnx", *shapes)


def _frames(folder: Path) -> Path:
    """A network for video: five frames in one array of five axes."""
    net = Net()
    net("ReduceMean", "frames", axes=[1], keepdims=0, out="output")
    return net.save(folder / "edvr.onnx", {"frames": (1, 5, 3, 64, 64)}, {"output": (1, 3, 64, 64)})


def _features(folder: Path) -> Path:
    net = Net()
    small = net("AveragePool", "pixel_values", kernel_shape=[14, 14], strides=[14, 14])
    flat = net("Reshape", small, np.array([1, 3, -1], np.int64))
    net("Tile", net("Transpose", flat, perm=[0, 2, 1]), np.array([1, 1, 128], np.int64), out="last_hidden_state")
    return net.save(folder / "dinov2.onnx", {"pixel_values": (1, 3, 224, 224)}, {"last_hidden_state": (1, 256, 384)})


REFUSALS = (
    Refusal("refuse/instances", _instances, "boxes"),
    Refusal("refuse/flow", _flow, "no picture"),
    Refusal("refuse/frames", _frames, "5 axes"),
    Refusal("refuse/features", _features, "no picture"),
)
