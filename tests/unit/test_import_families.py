"""Families of foreign files that were once refused or misread."""

from __future__ import annotations

from pathlib import Path

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
