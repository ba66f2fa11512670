"""Translation networks that eat and answer RGBA: what is not drawn on is seen, and the answer has its own alpha."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from desktop.run_commands import answers_alpha
from desktop.runtime.manifest import load_manifest
from tests.runtime_models import make_model
from tests.runtime_runs import run_here

DRAWN = 'order = "RGBA"\nstd = [255.0]'


def turned_round(folder: Path, *, sides: tuple[object, object] = ("height", "width"), size: str = '"any"') -> Path:
    """Answers 1 - x for all four channels: ink becomes nothing and nothing becomes ink."""
    shape = [1, 4, *sides]
    nodes = [
        helper.make_node("Constant", [], ["one"], value_float=1.0),
        helper.make_node("Sub", ["one", "image"], ["result"]),
    ]
    return make_model(folder, nodes, task="translate", image_spec=DRAWN, size=size, shape=shape, out_shape=shape)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_transparency_is_shown_to_the_network_and_taken_from_its_answer(tmp_path: Path, depth: type) -> None:
    top = np.iinfo(depth).max
    drawing = np.zeros((20, 30, 4), depth)
    drawing[5:9, 5:9] = (0, top // 5, 0, top)

    result, _, _ = run_here(turned_round(tmp_path / "turned"), drawing)

    assert result.shape == (20, 30, 4)
    assert (result[6, 6] == (top, top - top // 5, top, 0)).all()
    assert (result[0, 0] == top).all()


def test_an_opaque_picture_without_alpha_gets_one(tmp_path: Path) -> None:
    result, _, _ = run_here(turned_round(tmp_path / "turned"), np.full((8, 8, 3), 200, np.uint8))

    assert (result == (55, 55, 55, 0)).all()


def test_what_pads_a_fixed_size_is_transparent(tmp_path: Path) -> None:
    folder = turned_round(tmp_path / "turned", sides=(16, 16), size='[16, 16]\nfit = "pad"')

    result, _, _ = run_here(folder, np.full((16, 32, 4), 255, np.uint8))

    assert result.shape == (16, 32, 4)
    assert int(result.max()) <= 2, "the padding would show along the lower edge"


def test_the_command_line_knows_that_the_answer_has_alpha(tmp_path: Path) -> None:
    assert answers_alpha(load_manifest(turned_round(tmp_path / "turned")))


PALETTE = """
[[inputs.palette]]
label = "Sky"
color = "#80c0ff"
[[inputs.palette]]
label = "Grass"
color = "#208020"
"""


def test_a_label_map_is_brought_to_its_classes_and_that_is_said(tmp_path: Path) -> None:
    shape = [1, 4, "height", "width"]
    nodes = [helper.make_node("Identity", ["image"], ["result"])]
    folder = make_model(
        tmp_path / "labels", nodes, task="translate", image_spec=DRAWN, inputs=PALETTE, shape=shape, out_shape=shape
    )
    drawing = np.zeros((10, 10, 4), np.uint8)
    drawing[:5] = (0x20, 0x80, 0x20, 255)
    drawing[0] = (30, 120, 40, 255)

    result, done, _ = run_here(folder, drawing)

    assert (result[:5] == (0x20, 0x80, 0x20, 255)).all()
    assert (result[5:] == (0x80, 0xC0, 0xFF, 255)).all(), "what is not painted is the first class"
    assert [str(note) for note in done.notes] == [
        "10 % of the picture had colours that stand for no class; the nearest were taken."
    ]
    again, done, _ = run_here(folder, result)
    assert not done.notes
    assert (again == result).all()
