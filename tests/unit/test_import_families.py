"""Families of foreign files that were once refused or misread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop.core.errors import UserError
from desktop.runtime.importing.examine import examine
from desktop.runtime.importing.inspection import Inspection
from desktop.runtime.importing.trial_pictures import drawn_picture
from desktop.runtime.manifest import Task
from tests.foreign_models import FREE, graph_file, node


def found_out(path: Path, folder: Path) -> Inspection:
    folder.mkdir()
    return examine(lambda _step: None, path, folder, drawn_picture(), {}, frozenset())


def test_the_time_between_two_pictures_is_a_slider(tmp_path: Path) -> None:
    nodes = [
        node("Sub", ["img1", "img0"], "way"),
        node("Mul", ["way", "timestep"], "part"),
        node("Add", ["img0", "part"], "out"),
    ]
    inputs = {"img0": FREE, "img1": FREE, "timestep": (1,)}
    path = graph_file(tmp_path / "rife.onnx", nodes, inputs=inputs, outputs={"out": FREE})
    manifest = found_out(path, tmp_path / "staging").manifest
    assert manifest.task is Task.INTERPOLATE
    assert [(param.id, param.default) for param in manifest.params] == [("time", 0.5)]


def test_a_latent_of_a_few_numbers_is_a_generator_and_its_encoder_asks_for_the_other_half(tmp_path: Path) -> None:
    weight = np.random.default_rng(1).normal(0, 1, (6, 768)).astype(np.float32)
    nodes = [node("MatMul", ["latent", "w"], "m"), node("Reshape", ["m", "shape"], "picture")]
    path = graph_file(
        tmp_path / "decoder.onnx",
        nodes,
        inputs={"latent": ("n", 6)},
        outputs={"picture": (1, 3, 16, 16)},
        weights={"w": weight, "shape": np.array([1, 3, 16, 16], np.int64)},
    )
    assert found_out(path, tmp_path / "staging").manifest.task is Task.GENERATE
    nodes = [node("GlobalAveragePool", ["picture"], "mean"), node("Flatten", ["mean"], "latent")]
    path = graph_file(tmp_path / "encoder.onnx", nodes, inputs={"picture": FREE}, outputs={"latent": (1, 3)})
    with pytest.raises(UserError, match="one half"):
        found_out(path, tmp_path / "other")


def test_red_comes_first_where_nobody_can_see_a_difference(tmp_path: Path) -> None:
    path = graph_file(
        tmp_path / "model.onnx",
        [node("Resize", ["x", "", "s"], "y", mode="nearest")],
        inputs={"x": FREE},
        outputs={"y": FREE},
        weights={"s": np.array([1, 1, 2, 2], np.float32)},
    )
    assert found_out(path, tmp_path / "staging").manifest.inputs[0].order == "RGB"
