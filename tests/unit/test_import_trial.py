"""What is found out about foreign files by running them: one small file for every trap that real files have set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from desktop.core.errors import UserError
from desktop.io.image_files import read_image
from desktop.runtime.catalog import Catalog
from desktop.runtime.importing.examine import examine
from desktop.runtime.importing.importer import Importer
from desktop.runtime.importing.inspection import Inspection
from desktop.runtime.importing.sandbox import SandboxLimits
from desktop.runtime.importing.trial_pictures import drawn_picture, trial_picture
from desktop.runtime.importing.verdict import verdict
from desktop.runtime.manifest import Task
from tests import foreign_models as foreign
from tests.corpus import holes
from tests.corpus.judging import SAMPLES
from tests.foreign_models import FREE, node

F32 = np.float32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "staging"
    made.mkdir()
    return made


def found_out(path: Path, folder: Path, **settings: str) -> Inspection:
    """The examination without its process: it is the same function."""
    return examine(lambda _step: None, path, folder, drawn_picture(), settings, frozenset())


def test_the_scale_is_what_a_run_gives_whatever_the_shapes_declare(tmp_path: Path, folder: Path) -> None:
    for scale in (2, 3, 4):
        found = found_out(foreign.enlarger(tmp_path / f"up{scale}.onnx", scale), folder)
        assert (found.manifest.task, found.manifest.scale) == (Task.UPSCALE, scale)


@pytest.mark.parametrize(("levels", "wanted"), [(1.0, [255.0]), (255.0, [1.0])])
def test_the_value_range_is_told_by_the_result(
    tmp_path: Path, folder: Path, levels: float, wanted: list[float]
) -> None:
    found = found_out(foreign.sharpener(tmp_path / "a.onnx", levels=levels), folder)
    assert found.manifest.inputs[0].std == wanted
    assert found.manifest.outputs[0].std == wanted


def test_signed_values_are_told_from_a_tanh_around_zero(tmp_path: Path, folder: Path) -> None:
    nodes = [node("Mul", ["image", "g"], "result")]
    weights = {"g": F32(1.02)}
    path = foreign.graph_file(
        tmp_path / "a.onnx", nodes, inputs={"image": FREE}, outputs={"result": FREE}, weights=weights
    )
    candidates = {entry.range: entry.output_range for entry in found_out(path, folder).candidates}
    assert candidates["-1..1"] == "-1..1"
    assert candidates["0..1"] == "0..1"


def test_notes_of_the_file_answer_order_range_and_licence(tmp_path: Path, folder: Path) -> None:
    notes = {
        "Image.BitmapPixelFormat": "Bgr8",
        "Image.NominalPixelRange": "NominalRange_0_255",
        "license": "MIT",
    }
    found = found_out(foreign.sharpener(tmp_path / "a.onnx", levels=255, notes=notes), folder)
    assert (found.manifest.inputs[0].order, found.manifest.inputs[0].std) == ("BGR", [1.0])
    assert found.manifest.licence == "MIT"
    assert found.questions == ()


def test_a_slider_of_the_file_becomes_a_slider_of_the_form(tmp_path: Path, folder: Path) -> None:
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        [node("Mul", ["image", "gain"], "result")],
        inputs={"image": FREE, "gain": (1,)},
        outputs={"result": FREE},
        notes={"param:gain": "0,2,1"},
    )
    manifest = found_out(path, folder).manifest
    (param,) = manifest.params
    assert (manifest.task, param.id, param.min, param.max, param.default) == (Task.FILTER, "gain", 0, 2, 1)
    assert manifest.inputs[1].range == (0, 2)


def test_layouts_of_input_and_output_may_differ(tmp_path: Path, folder: Path) -> None:
    nodes = [node("Transpose", ["image"], "t", perm=[0, 2, 3, 1]), node("Sqrt", ["t"], "result")]
    path = foreign.graph_file(tmp_path / "a.onnx", nodes, inputs={"image": FREE}, outputs={"result": (1, "h", "w", 3)})
    manifest = found_out(path, folder).manifest
    assert (manifest.inputs[0].layout, manifest.outputs[0].layout) == ("NCHW", "NHWC")


def test_the_picture_is_found_among_more_channels(tmp_path: Path, folder: Path) -> None:
    shifted = np.zeros((10, 3, 1, 1), F32)
    for channel in range(3):
        shifted[4 + channel, channel] = 1
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        [node("Conv", ["image", "w"], "result")],
        inputs={"image": FREE},
        outputs={"result": (1, 10, "h", "w")},
        weights={"w": shifted},
    )
    assert found_out(path, folder).manifest.outputs[0].channels == (4, 7)


def test_the_nicely_named_output_may_be_the_wrong_one(tmp_path: Path, folder: Path) -> None:
    nodes = [
        node("AveragePool", ["image"], "output_image", kernel_shape=[31, 31], pads=[15, 15, 15, 15]),
        node("Sqrt", ["image"], "30"),
    ]
    path = foreign.graph_file(
        tmp_path / "a.onnx", nodes, inputs={"image": FREE}, outputs={"output_image": FREE, "30": FREE}
    )
    manifest = found_out(path, folder).manifest
    assert manifest.outputs[0].name == "30"
    assert [output.role for output in manifest.outputs] == ["image", "ignore"]


def test_bytes_in_and_bytes_out_without_a_batch(tmp_path: Path, folder: Path) -> None:
    nodes = [
        node("Cast", ["image"], "f", to=TensorProto.FLOAT),
        node("Sub", ["white", "f"], "i"),
        node("Cast", ["i"], "o", to=TensorProto.UINT8),
        node("Squeeze", ["o", "axis"], "result"),
    ]
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        nodes,
        inputs={"image": (1, "h", "w", 3)},
        outputs={"result": ("h", "w", 3)},
        types={"image": TensorProto.UINT8, "result": TensorProto.UINT8},
        weights={"white": F32(255), "axis": np.array([0], np.int64)},
    )
    manifest = found_out(path, folder).manifest
    assert (manifest.inputs[0].layout, manifest.inputs[0].std) == ("NHWC", [1.0])
    assert (manifest.outputs[0].layout, manifest.outputs[0].std) == ("HWC", [1.0])


def test_half_precision_in_and_out(tmp_path: Path, folder: Path) -> None:
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        [node("Sqrt", ["image"], "result")],
        inputs={"image": FREE},
        outputs={"result": FREE},
        types={"image": TensorProto.FLOAT16, "result": TensorProto.FLOAT16},
    )
    assert found_out(path, folder).manifest.outputs[0].role == "image"


@pytest.mark.parametrize("multiple", [2, 8, 32])
def test_sides_that_must_be_multiples_are_found_by_trying(tmp_path: Path, folder: Path, multiple: int) -> None:
    nodes = [
        node("AveragePool", ["image"], "p", kernel_shape=[multiple] * 2, strides=[multiple] * 2),
        node("Resize", ["p", "", "s"], "r", mode="nearest"),
        node("Add", ["image", "r"], "a"),
        node("Mul", ["a", "half"], "result"),
    ]
    weights = {"s": np.array([1, 1, multiple, multiple], F32), "half": F32(0.5)}
    path = foreign.graph_file(
        tmp_path / "a.onnx", nodes, inputs={"image": FREE}, outputs={"result": FREE}, weights=weights
    )
    assert found_out(path, folder).manifest.inputs[0].size == multiple


def test_a_fixed_size_is_kept_and_other_pictures_are_fitted(tmp_path: Path, folder: Path) -> None:
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        [node("Sqrt", ["image"], "result")],
        inputs={"image": (1, 3, 224, 160)},
        outputs={"result": (1, 3, 224, 160)},
    )
    found = found_out(path, folder)
    assert found.manifest.inputs[0].size == (224, 160)
    assert found.manifest.tile is None
    assert found.preview is not None
    assert found.preview.shape[:2] == (247, 250), "the proof ran on another size"


def mask_network(path: Path, *, activation: str) -> Path:
    weight = np.array([[[[-1.5]], [[1.0]], [[0.8]]]], F32)
    nodes = [node("Conv", ["image", "w"], "c"), node(activation, ["c"], "result")]
    return foreign.graph_file(
        path, nodes, inputs={"image": (1, 3, 96, 96)}, outputs={"result": (1, 1, 96, 96)}, weights={"w": weight}
    )


@pytest.mark.parametrize(("activation", "wanted"), [("Sigmoid", "none"), ("Identity", "sigmoid")])
def test_a_mask_gets_the_activation_that_it_lacks(tmp_path: Path, folder: Path, activation: str, wanted: str) -> None:
    manifest = found_out(mask_network(tmp_path / "u2net.onnx", activation=activation), folder).manifest
    assert manifest.task is Task.MATTE
    assert (manifest.outputs[0].role, manifest.outputs[0].activation) == ("mask", wanted)


def test_class_scores_ask_for_the_class(tmp_path: Path, folder: Path) -> None:
    weight = np.random.default_rng(1).normal(size=(21, 3, 1, 1)).astype(F32)
    path = foreign.graph_file(
        tmp_path / "fcn.onnx",
        [node("Conv", ["image", "w"], "result")],
        inputs={"image": FREE},
        outputs={"result": (1, 21, "h", "w")},
        weights={"w": weight},
    )
    found = found_out(path, folder)
    assert found.manifest.task is Task.SEGMENT
    assert "class" in [question.key for question in found.questions]
    assert found_out(path, folder, **{"class": "7"}).manifest.outputs[0].class_index == 7


@pytest.mark.parametrize("hole", ["white", "black"])
def test_the_meaning_of_the_mask_is_seen_in_what_changes(tmp_path: Path, folder: Path, hole: str) -> None:
    kept, filled = ("rest", "mask") if hole == "white" else ("mask", "rest")
    nodes = [
        node("Sub", ["one", "mask"], "rest"),
        node("Mul", ["image", kept], "a"),
        node("Mul", [filled, "gray"], "b"),
        node("Add", ["a", "b"], "result"),
    ]
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        nodes,
        inputs={"image": (1, 3, 96, 96), "mask": (1, 1, 96, 96)},
        outputs={"result": (1, 3, 96, 96)},
        weights={"one": F32(1), "gray": F32(0.5)},
    )
    found = found_out(path, folder)
    wanted = "white_is_selected" if hole == "white" else "white_is_kept"
    assert (found.manifest.task, found.manifest.inputs[1].polarity) == (Task.INPAINT, wanted)
    assert "hole" in [question.key for question in found.questions]


@pytest.mark.parametrize("sample", ["neuschwanstein.jpg", "gateway-of-india.jpg"])
def test_the_guess_is_the_first_picture_of_the_strip(tmp_path: Path, folder: Path, sample: str) -> None:
    """Also where the meaning of the mask, which is found later, makes another order look better."""
    case = next(case for case in holes.CASES if case.name == "inpaint/black_hole")
    picture = trial_picture(read_image(SAMPLES / sample).pixels)
    path = case.build(tmp_path / "foreign")
    assert isinstance(path, Path)
    found = examine(lambda _step: None, path, folder, picture, {}, frozenset())
    first, choices = found.candidates[0], found.choices
    assert choices is not None
    assert (first.range, first.order, first.more["hole"]) == (choices.range, choices.order, choices.mask_hole)


def test_lightness_in_and_two_colour_channels_out(tmp_path: Path, folder: Path) -> None:
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        [node("Conv", ["image", "w", "b"], "result")],
        inputs={"image": (1, 1, 64, 64)},
        outputs={"result": (1, 2, 64, 64)},
        weights={"w": np.array([[[[0.3]]], [[[-0.2]]]], F32), "b": np.array([10, -10], F32)},
    )
    manifest = found_out(path, folder).manifest
    assert (manifest.task, manifest.inputs[0].order, manifest.outputs[0].role) == (Task.COLOURISE, "Lab_L", "ab")


def test_a_curve_is_applied_and_a_grid_moves_pixels(tmp_path: Path, folder: Path) -> None:
    nodes = [node("Sub", ["image", "half"], "d"), node("Mul", ["d", "gain"], "result")]
    path = foreign.graph_file(
        tmp_path / "zero_dce_curve.onnx",
        nodes,
        inputs={"image": FREE},
        outputs={"result": FREE},
        weights={"half": F32(0.5), "gain": F32(0.6)},
    )
    assert found_out(path, folder).manifest.outputs[0].role == "curve"
    y, x = np.meshgrid(np.linspace(-1, 1, 64, dtype=F32), np.linspace(-1, 1, 64, dtype=F32), indexing="ij")
    grid = np.stack([x, y], axis=-1)[None]
    nodes = [
        node("ReduceMean", ["image"], "mean", keepdims=0),
        node("Mul", ["mean", "nothing"], "zero"),
        node("Add", ["grid", "zero"], "result"),
    ]
    path = foreign.graph_file(
        tmp_path / "unwarp.onnx",
        nodes,
        inputs={"image": (1, 3, 64, 64)},
        outputs={"result": (1, 64, 64, 2)},
        weights={"grid": grid, "nothing": F32(0)},
    )
    assert found_out(path, folder).manifest.outputs[0].role == "grid"


def test_numbers_in_and_a_picture_out_is_a_generator(tmp_path: Path, folder: Path) -> None:
    weight = np.random.default_rng(1).normal(0, 0.3, (64, 3 * 16 * 24)).astype(F32)
    nodes = [
        node("MatMul", ["z", "w"], "m"),
        node("Tanh", ["m"], "t"),
        node("Reshape", ["t", "shape"], "result"),
    ]
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        nodes,
        inputs={"z": ("n", 64)},
        outputs={"result": ("n", 3, 16, 24)},
        weights={"w": weight, "shape": np.array([-1, 3, 16, 24], np.int64)},
    )
    manifest = found_out(path, folder).manifest
    assert (manifest.task, manifest.outputs[0].size, manifest.inputs[0].shape) == (Task.GENERATE, (16, 24), [64])
    assert manifest.outputs[0].std == [127.5], "a tanh gives -1..1"


def test_a_network_that_looks_everywhere_is_not_cut(tmp_path: Path, folder: Path) -> None:
    nodes = [
        node("GlobalAveragePool", ["image"], "mean"),
        node("Sub", ["image", "mean"], "d"),
        node("Add", ["d", "half"], "result"),
    ]
    path = foreign.graph_file(
        tmp_path / "a.onnx", nodes, inputs={"image": FREE}, outputs={"result": FREE}, weights={"half": F32(0.5)}
    )
    assert found_out(path, folder).manifest.tile is None


def test_the_halo_covers_what_was_seen_to_move(tmp_path: Path, folder: Path) -> None:
    kernel = np.zeros((3, 1, 61, 61), F32)
    kernel[:, 0] = 1 / 61**2
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        [node("Conv", ["image", "k"], "result", group=3, pads=[30, 30, 30, 30])],
        inputs={"image": FREE},
        outputs={"result": FREE},
        weights={"k": kernel},
    )
    tile = found_out(path, folder).manifest.tile
    assert tile is not None
    assert 30 <= tile.receptive_field <= 64


@pytest.mark.parametrize(
    ("inputs", "types", "word"),
    [
        ({"image": FREE, "scales7": (7,)}, {}, "7 numbers"),
        ({"data": ("n",)}, {"data": TensorProto.UINT8}, "JPEG"),
    ],
)
def test_inputs_without_a_known_meaning_are_named(
    tmp_path: Path, folder: Path, inputs: Mapping[str, Any], types: Mapping[str, int], word: str
) -> None:
    name = next(iter(inputs))
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        [node("Identity", [name], "result")],
        inputs=inputs,
        outputs={"result": inputs[name]},
        types={**types, "result": types.get(name, TensorProto.FLOAT)},
    )
    with pytest.raises(UserError, match=word):
        found_out(path, folder)


def test_answers_that_are_no_numbers_are_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(UserError, match="NaN"):
        found_out(foreign.not_a_number(tmp_path / "a.onnx"), folder)


def test_more_than_two_pictures_are_refused(tmp_path: Path, folder: Path) -> None:
    names = ("raw", "white_balanced", "contrast", "gamma")
    path = foreign.graph_file(
        tmp_path / "waternet.onnx",
        [foreign.node("Sum", names, "result")],
        inputs=dict.fromkeys(names, foreign.FREE),
        outputs={"result": foreign.FREE},
    )
    with pytest.raises(UserError, match="one or two pictures"):
        found_out(path, folder)


def test_detectors_and_classifiers_are_refused_with_what_they_give(tmp_path: Path, folder: Path) -> None:
    nodes = [node("GlobalAveragePool", ["image"], "p"), node("Flatten", ["p"], "result")]
    path = foreign.graph_file(tmp_path / "a.onnx", nodes, inputs={"image": (1, 3, 64, 64)}, outputs={"result": (1, 3)})
    with pytest.raises(UserError, match="no picture"):
        found_out(path, folder)
    stated = foreign.sharpener(tmp_path / "b.onnx", notes={"task": "detect"})
    with pytest.raises(UserError, match="detect"):
        found_out(stated, folder)


def test_own_answers_beat_the_guesses(tmp_path: Path, folder: Path) -> None:
    path = foreign.sharpener(tmp_path / "a.onnx")
    found = found_out(path, folder, range="-1..1", order="bgr", tile="256,16", title="Mine", id="mine", licence="MIT")
    manifest = found.manifest
    assert (manifest.inputs[0].std, manifest.inputs[0].order) == ([127.5], "BGR")
    assert (manifest.tile and manifest.tile.tile, manifest.title, manifest.id) == (256, "Mine", "mine")
    assert found.questions == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("range", "7"),
        ("order", "cmyk"),
        ("scale", "5"),
        ("task", "cook"),
        ("tile", "big"),
        ("size", "a"),
        ("colour", "x"),
        ("output", "nowhere"),
    ],
)
def test_a_wrong_answer_names_the_right_ones(tmp_path: Path, folder: Path, key: str, value: str) -> None:
    with pytest.raises(UserError, match=key):
        found_out(foreign.sharpener(tmp_path / "a.onnx"), folder, **{key: value})


def test_the_verdict_is_a_few_plain_sentences(tmp_path: Path, folder: Path) -> None:
    sentences = [str(sentence) for sentence in verdict(found_out(foreign.enlarger(tmp_path / "a.onnx", 4), folder))]
    assert "It gives a picture 4 times as wide and high." in sentences
    assert all(sentence.endswith(".") for sentence in sentences)


def test_the_users_picture_may_be_large_deep_or_tiny() -> None:
    for pixels in (
        np.zeros((3000, 40, 4), np.uint16),
        np.zeros((1, 1, 4), np.uint8),
        np.zeros((500, 700, 3), np.uint8),
    ):
        shown = trial_picture(pixels)
        assert shown.dtype == np.uint8
        assert shown.shape[2] == 3
        assert min(shown.shape[:2]) >= 96


# models in two files


@pytest.mark.parametrize("first", [0, 1])
def test_a_click_model_is_joined_whichever_file_comes_first(tmp_path: Path, folder: Path, first: int) -> None:
    files = foreign.click_pair(tmp_path)
    found = found_out(files[first], folder, second=str(files[1 - first]))
    manifest = found.manifest
    assert manifest.task is Task.ENCODE_DECODE
    assert list(manifest.files) == ["encoder", "decoder"]
    assert {spec.name: spec.role for spec in manifest.outputs} == {
        "image_embeddings": "embedding",
        "masks": "mask",
        "iou_predictions": "score",
        "low_res_masks": "ignore",
    }
    assert next(spec for spec in manifest.inputs if spec.role == "image").fit == "pad"
    assert found.candidates[0].preview.shape[2] == 3


def test_every_try_of_two_files_is_a_sign_of_life(tmp_path: Path, folder: Path) -> None:
    """Encoders of click models take seconds; all tries together may take longer than a child may be silent."""
    first, second = foreign.click_pair(tmp_path)
    steps: list[str] = []
    found = examine(steps.append, first, folder, drawn_picture(), {"second": str(second)}, frozenset())
    assert steps.count("judging") >= len(found.candidates) > 2


def test_a_style_network_and_its_predictor_are_joined(tmp_path: Path, folder: Path) -> None:
    predict, transform = foreign.style_pair(tmp_path)
    manifest = found_out(transform, folder, second=str(predict)).manifest
    assert manifest.task is Task.STYLE
    assert {spec.name: (spec.part, spec.role) for spec in manifest.inputs} == {
        "style_image": ("style", "style"),
        "content_image": ("main", "image"),
        "vector": ("main", "embedding"),
    }


def test_mapping_and_synthesis_are_a_generator(tmp_path: Path, folder: Path) -> None:
    mapping, synthesis = foreign.mapping_pair(tmp_path)
    manifest = found_out(synthesis, folder, second=str(mapping)).manifest
    assert (manifest.task, list(manifest.files)) == (Task.GENERATE, ["mapping", "synthesis"])


def test_half_a_model_asks_for_the_other_half(tmp_path: Path, folder: Path) -> None:
    for path in (*foreign.click_pair(tmp_path), foreign.style_pair(tmp_path)[1]):
        with pytest.raises(UserError, match="second=FILE"):
            found_out(path, folder)
    with pytest.raises(UserError, match="fit together"):
        found_out(foreign.click_pair(tmp_path)[0], folder, second=str(foreign.sharpener(tmp_path / "a.onnx")))


# the sandbox


@pytest.fixture
def importer(tmp_path: Path) -> Importer:
    folder = tmp_path / "models"
    limits = SandboxLimits(memory_bytes=1 << 30, silent_s=6, whole_s=60)
    return Importer(Catalog((folder,)), folder, limits=limits)


@pytest.mark.parametrize(
    "make",
    [
        foreign.endless,
        foreign.memory_bomb,
        lambda path: foreign.memory_bomb(path, "ConstantOfShape"),
        lambda path: foreign.memory_bomb(path, "Resize"),
        foreign.doubling,
    ],
    ids=["endless", "expand", "constant", "resize", "doubling"],
)
def test_attacks_end_in_the_sandbox_and_leave_nothing(
    importer: Importer, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    with pytest.raises(UserError, match=r"a\.onnx"), importer.examined(make(tmp_path / "a.onnx")):
        pass
    assert list((tmp_path / "models").iterdir()) == []


def test_an_import_lands_whole_with_its_card_and_runs_by_its_hash(importer: Importer, tmp_path: Path) -> None:
    with importer.examined(foreign.sharpener(tmp_path / "sharp.onnx")) as staged:
        model = importer.install(staged)
        assert model.id == "sharp"
    assert sorted(path.name for path in model.folder.iterdir()) == [
        "card.md",
        "manifest.toml",
        "model.onnx",
        "preview.webp",
    ]
    with importer.examined(foreign.sharpener(tmp_path / "sharp.onnx")) as again:
        assert again.inspection.manifest.id == "sharp-2"
    assert importer.remove("sharp") == model.folder
    assert not model.folder.exists()


def test_a_broken_model_can_be_removed_too(importer: Importer, tmp_path: Path) -> None:
    broken = tmp_path / "models" / "broken"
    broken.mkdir(parents=True)
    (broken / "manifest.toml").write_text("no toml at all")
    importer.remove("broken")
    assert not broken.exists()
    with pytest.raises(UserError, match="no model"):
        importer.remove("broken")
