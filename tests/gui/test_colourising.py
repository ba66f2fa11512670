"""Models that colour: hints on a layer, proposals by seed, and the result as a layer of colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from desktop.core.blend_modes import BlendMode
from desktop.core.layers import LayerId, RasterLayer
from desktop.core.tiles import TileMap
from desktop.runtime.catalog import Catalog
from desktop.tools.ai_tool import Where
from tests.gui.conftest import OpenStudio, Studio
from tests.runtime_parts import FLOAT, IMAGE, node, one_part

TABLES = (
    IMAGE
    + "size = [32, 32]\n"
    + '[[inputs]]\nname = "hints"\nrole = "hints"\norder = "RGBA"\nsize = [32, 32]\n'
    + '[[inputs]]\nname = "noise"\nrole = "noise"\nshape = [2]\n'
    + '[[inputs]]\nname = "variety"\nrole = "scalar"\nparam = "variety"\nrange = [0.0, 1.0]\n'
    + '[[outputs]]\nname = "result"\nrole = "ab"\nstd = [1.0]\n'
    + '[[params]]\nid = "variety"\nlabel = "Variety"\ntype = "float"\nmin = 0\nmax = 100\ndefault = 0\n'
)


def colouring_studio(open_studio: OpenStudio, folder: Path) -> Studio:
    inputs = {"image": (FLOAT, [1, 3, 32, 32]), "hints": (FLOAT, [1, 4, 32, 32])}
    inputs |= {"noise": (FLOAT, [1, 2]), "variety": (FLOAT, [1])}
    one_part(
        folder / "tints", "colourise", [node("Identity", "image", "result")], TABLES,
        inputs=inputs, outputs={"result": (FLOAT, None)},
    )  # fmt: skip
    studio = open_studio(catalog=Catalog((folder,)))
    studio.show_plain(level=120)
    studio.window.ai.form.set_where(Where.ALL)
    return studio


def add_hints(studio: Studio) -> LayerId:
    opened = studio.window.state.open_document
    assert opened is not None
    dab = np.zeros((60, 60, 4), np.uint8)
    dab[10:40, 10:40] = (200, 30, 30, 255)
    layer = RasterLayer(id=opened.document.next_layer_id(), name="Dabs", tiles=TileMap.from_array(dab))
    with opened.edit("hints") as edit:
        edit.insert_layer(layer)
    return layer.id


def test_without_hints_it_runs_and_lands_as_a_layer_of_colour(open_studio: OpenStudio, tmp_path: Path) -> None:
    studio = colouring_studio(open_studio, tmp_path / "onnx")
    panel = studio.window.panels.ai
    assert panel.second.isVisibleTo(panel)
    assert panel.second_label.text() == "Hints"
    assert panel.second.currentText() == "None"
    studio.run_model()
    assert "hints" not in studio.runner.requests[0].inputs
    studio.window.perform("ai.keep")
    layer = studio.document.layers[-1]
    assert isinstance(layer, RasterLayer)
    assert layer.blend_mode is BlendMode.COLOR


def test_hints_are_shown_to_the_model_and_are_no_part_of_the_picture(open_studio: OpenStudio, tmp_path: Path) -> None:
    studio = colouring_studio(open_studio, tmp_path / "onnx")
    hints = add_hints(studio)
    studio.window.ai.form.set_second_layer(hints)
    assert studio.window.panels.ai.second.currentText() == "Dabs"
    studio.run_model()
    inputs = studio.runner.requests[0].inputs
    assert tuple(inputs["hints"][20, 20]) == (200, 30, 30, 255)
    assert inputs["hints"][50, 50, 3] == 0
    assert (inputs["image"][..., :3] == 120).all(), "the dabs are not in the picture"
    studio.window.perform("ai.keep")
    assert not studio.document.layer(hints).visible, "they have done their work"
    kept = studio.document.layers[-1]
    assert isinstance(kept, RasterLayer)
    assert kept.recipe is not None
    assert dict(kept.recipe.inputs)["hints"] == hints
    studio.window.perform("edit.undo")
    assert studio.document.layer(hints).visible


def test_each_press_of_the_dice_is_another_proposal(open_studio: OpenStudio, tmp_path: Path) -> None:
    studio = colouring_studio(open_studio, tmp_path / "onnx")
    row = studio.window.panels.ai.seed_row
    assert row.isVisibleTo(studio.window.panels.ai)
    row.next.click()
    assert row.number.value == 1
    assert studio.window.ai.form.parameters()["variety"] == 50.0, "or all proposals were the same"
    row.next.click()
    studio.run_model()
    assert studio.runner.requests[0].seed == 2
    assert studio.runner.requests[0].parameters["variety"] == 50.0


def test_models_without_noise_have_no_seed(studio: Studio) -> None:
    studio.show_plain()
    assert not studio.window.panels.ai.seed_row.isVisibleTo(studio.window.panels.ai)
