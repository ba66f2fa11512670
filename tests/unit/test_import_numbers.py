"""Vectors, switches and whole numbers of foreign graphs, and names that say more than one look at the result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from desktop.core.errors import UserError
from desktop.runtime.importing.examine import examine
from desktop.runtime.importing.inspection import Inspection
from desktop.runtime.importing.trial_pictures import drawn_picture
from desktop.runtime.manifest import Task
from tests.foreign_models import FREE, graph_file, node


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "staging"
    made.mkdir()
    return made


def found_out(path: Path, folder: Path, **settings: str) -> Inspection:
    return examine(lambda _step: None, path, folder, drawn_picture(), settings, frozenset())


def vector_beside(path: Path, name: str, count: int) -> Path:
    """The picture, lighter by a weighted sum of the numbers."""
    weights = {"w": np.linspace(0, 0.2, count, dtype=np.float32).reshape(count, 1)}
    nodes = [node("MatMul", [name, "w"], "sum"), node("Add", ["image", "sum"], "result")]
    return graph_file(path, nodes, inputs={"image": FREE, name: (1, count)}, outputs={"result": FREE}, weights=weights)


@pytest.mark.parametrize(("name", "count"), [("input", 2), ("code", 4), ("x", 12)])
def test_numbers_alone_that_become_a_picture_are_a_latent(tmp_path: Path, folder: Path, name: str, count: int) -> None:
    weights = {"w": np.full((count, 3 * 16 * 16), 0.1, np.float32), "s": np.array([-1, 3, 16, 16])}
    nodes = [node("MatMul", [name, "w"], "flat"), node("Tanh", ["flat"], "t"), node("Reshape", ["t", "s"], "result")]
    path = graph_file(
        tmp_path / "g.onnx", nodes, inputs={name: ("b", count)}, outputs={"result": ("b", 3, 16, 16)}, weights=weights
    )
    manifest = found_out(path, folder).manifest
    assert manifest.task is Task.GENERATE
    assert (manifest.inputs[0].role, manifest.inputs[0].shape) == ("latent", [count])


def test_a_vector_of_styles_beside_a_picture_is_a_list(tmp_path: Path, folder: Path) -> None:
    manifest = found_out(vector_beside(tmp_path / "multistyle.onnx", "style_weights", 16), folder).manifest
    (param,) = manifest.params
    assert (param.type, len(param.choices)) == ("choice", 16)


@pytest.mark.parametrize(("name", "count"), [("stats", 6), ("mean_std", 4)])
def test_measured_numbers_are_not_taken_for_a_list(tmp_path: Path, folder: Path, name: str, count: int) -> None:
    with pytest.raises(UserError, match=f"“{name}” is not known, because it wants {count} numbers"):
        found_out(vector_beside(tmp_path / "a.onnx", name, count), folder)


def test_a_fixed_batch_of_several_pictures_is_refused_with_what_helps(tmp_path: Path, folder: Path) -> None:
    shape = (4, 3, "h", "w")
    path = graph_file(tmp_path / "a.onnx", [node("Relu", ["x"], "y")], inputs={"x": shape}, outputs={"y": shape})
    with pytest.raises(UserError, match="wants 4 pictures at once; export the network for one"):
        found_out(path, folder)


def test_whole_numbers_and_switches_keep_their_kind(tmp_path: Path, folder: Path) -> None:
    nodes = [
        node("Cast", ["mode"], "m", to=TensorProto.FLOAT),
        node("Cast", ["on"], "o", to=TensorProto.FLOAT),
        node("Add", ["m", "o"], "sum"),
        node("Mul", ["sum", "little"], "more"),
        node("Add", ["image", "more"], "result"),
    ]
    path = graph_file(
        tmp_path / "a.onnx",
        nodes,
        inputs={"image": FREE, "mode": (1,), "on": (1,)},
        outputs={"result": FREE},
        weights={"little": np.float32(0.02)},
        types={"mode": TensorProto.INT64, "on": TensorProto.BOOL},
        notes={"param:mode": "0,3,0"},
    )
    mode, switch = found_out(path, folder).manifest.params
    assert (mode.id, mode.type, mode.min, mode.max, mode.default) == ("mode", "int", 0, 3, 0)
    assert (switch.id, switch.type, switch.default) == ("on", "bool", False)


@pytest.mark.parametrize(("name", "task"), [("deblur_tf.onnx", Task.RESTORE), ("cartoon.onnx", Task.STYLE)])
def test_what_the_name_says_beats_one_look_at_the_result(tmp_path: Path, folder: Path, name: str, task: Task) -> None:
    """The same strong blur: a look at it alone would say style in both."""
    kernel = np.full((3, 1, 15, 15), 1 / 225, np.float32)
    nodes = [node("Conv", ["image", "k"], "result", group=3, pads=[7, 7, 7, 7])]
    path = graph_file(tmp_path / name, nodes, inputs={"image": FREE}, outputs={"result": FREE}, weights={"k": kernel})
    assert found_out(path, folder).manifest.task is task


def test_reasons_are_sentences_that_a_window_can_translate(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(UserError) as caught:
        found_out(vector_beside(tmp_path / "a.onnx", "stats", 6), folder)
    assert isinstance(caught.value.values["reason"], UserError)


def test_the_answer_may_have_another_order_than_the_picture(tmp_path: Path, folder: Path) -> None:
    nodes = [node("Gather", ["image", "turned"], "result", axis=1)]
    path = graph_file(
        tmp_path / "bgr_in.onnx",
        nodes,
        inputs={"image": FREE},
        outputs={"result": FREE},
        weights={"turned": np.array([2, 1, 0])},
    )
    manifest = found_out(path, folder, order="BGR", output_order="rgb").manifest
    assert (manifest.inputs[0].order, manifest.outputs[0].order) == ("BGR", "RGB")
    with pytest.raises(UserError, match="output_order"):
        found_out(path, folder, output_order="GRB")
