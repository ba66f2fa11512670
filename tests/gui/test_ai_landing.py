"""What becomes of results that are no layer over the picture, and models that want a further picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.core.geometry import Rect
from desktop.core.layers import RasterLayer
from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import RunnerLimits, WorkerRunner
from desktop.tools.ai_tool import Landing, Source, Where
from tests.gui.conftest import OpenStudio, Studio
from tests.runtime_models import doubling_model, tile_table
from tests.runtime_parts import FIRST, FLOAT, IMAGE, MASK, PLANES, RESULT, SLICE, node, one_part

STYLE = '[[inputs]]\nname = "style"\nrole = "style"\n'


@pytest.fixture
def studio(open_studio: OpenStudio, tmp_path: Path) -> Studio:
    """A window over a worker with a network of each kind: red as a matte, twice as large, lighter of two, style."""
    folder = tmp_path / "onnx"
    one_part(folder / "red", "matte", FIRST, IMAGE + MASK, outputs={"result": (FLOAT, None)}, constants=SLICE)
    doubling_model(folder / "double")
    tables = IMAGE + '[[inputs]]\nname = "other"\nrole = "image2"\n' + RESULT + tile_table(64, 8)
    lighter = [node("Max", "image other", "result")]
    one_part(folder / "lighter", "two_image", lighter, tables, inputs={"image": PLANES, "other": PLANES})
    mean = [
        node("ReduceMean", "style axes", "mean"),
        node("Mul", "image zero", "none"),
        node("Add", "none mean", "result"),
    ]
    styled = {"image": PLANES, "style": (FLOAT, [1, 3, "sh", "sw"])}
    constants = {"axes": np.array([2, 3]), "zero": np.float32([0])}
    one_part(folder / "style", "style", mean, IMAGE + STYLE + RESULT, inputs=styled, constants=constants)
    catalog = Catalog((folder,))
    runner = WorkerRunner(catalog, RunnerLimits(idle_s=30, grace_s=1))
    made = open_studio(make_runner=lambda: runner, catalog=catalog)
    made.show_plain(level=40)
    return made


def fill_half(studio: Studio) -> None:
    """The left half of a new layer becomes red 200."""
    studio.window.perform("layer.new")
    studio.window.state.set_color((200 / 255, 0.0, 0.0))
    studio.window.perform("tool.brush")
    studio.window.state.change_brush(size_px=200.0, hardness=100.0)
    studio.drag((40, 0), (40, 400))


def run(studio: Studio, model: str) -> None:
    studio.window.ai.form.choose_model(model)
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()


def test_a_matte_becomes_a_selection_as_one_entry(studio: Studio) -> None:
    fill_half(studio)
    entries = len(studio.names)
    run(studio, "red")
    selection = studio.document.selection
    assert selection is not None
    assert selection.read(Rect(40, 100, 1, 1))[0, 0, 0] == 200, "soft, as the network said"
    assert selection.read(Rect(280, 100, 1, 1))[0, 0, 0] == 40
    assert len(studio.names) == entries + 1
    studio.window.perform("edit.undo")
    assert studio.document.selection is None


def test_a_matte_becomes_the_mask_of_the_active_layer(studio: Studio) -> None:
    panel = studio.window.panels.ai
    studio.window.ai.form.choose_model("red")
    assert panel.landing.isVisible()
    assert not panel.quick.isVisible(), "a mask cannot be looked at first"
    QTest.mouseClick(panel.landing.button(Landing.MASK.value), Qt.MouseButton.LeftButton)
    studio.run_model()
    mask = studio.document.layers[0].mask
    assert mask is not None
    assert mask.tiles.read(Rect(20, 20, 1, 1))[0, 0, 0] == 40
    assert studio.seen(20, 20) == (40, 40, 40, 40)


def test_a_matte_becomes_a_grey_layer(studio: Studio) -> None:
    fill_half(studio)
    studio.window.ai.form.choose_model("red")
    studio.window.ai.form.set_landing(Landing.LAYER)
    studio.run_model()
    assert studio.seen(40, 100) == (200, 200, 200, 255)
    assert studio.document.layers[-1].recipe is not None  # type: ignore[union-attr]


def test_an_enlarged_picture_is_a_document_of_its_own(studio: Studio) -> None:
    studio.show_plain(24, 16, level=200)
    size = studio.document.size
    first = studio.window.state.current
    panel = studio.window.panels.ai
    studio.window.ai.form.choose_model("double")
    assert not panel.where.isVisible()
    studio.run_model()
    assert studio.window.state.current is not first
    assert (studio.document.size.width, studio.document.size.height) == (2 * size.width, 2 * size.height)
    assert studio.seen(40, 20) == (200, 200, 200, 255)
    assert studio.window.state.current is not None
    assert studio.window.state.current.open_document.is_modified, "it has no file yet"


def test_the_panel_says_what_enlarging_takes_and_refuses_what_does_not_fit(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, size = studio.window.panels.ai, studio.document.size
    studio.window.ai.form.choose_model("red")
    assert not panel.need.isVisible()
    studio.window.ai.form.choose_model("double")
    assert f"{2 * size.width} × {2 * size.height}" in panel.need.text()
    assert "GB" in panel.need.text()
    monkeypatch.setattr("desktop.ui.commands.enlarging_need.available_bytes", lambda: 1_000_000)
    studio.run_model()
    assert "GB" in studio.window.info.text
    assert studio.document.size == size


def test_a_model_of_two_pictures_asks_for_the_second_and_takes_a_layer(studio: Studio) -> None:
    fill_half(studio)
    bottom, top = studio.document.layers
    panel = studio.window.panels.ai
    run(studio, "lighter")
    assert "second picture" in studio.window.info.text
    assert panel.second.isVisible()
    assert [panel.second.itemText(index) for index in range(2)] == [top.name, bottom.name]
    panel.second.setCurrentIndex(0)
    panel.second.activated.emit(0)
    studio.window.state.choose_layer(bottom.id)
    studio.window.ai.form.set_source(Source.LAYER)
    studio.run_model()
    studio.window.perform("ai.keep")
    made = studio.document.layers[1]
    assert isinstance(made, RasterLayer)
    assert tuple(made.tiles.read(Rect(40, 100, 1, 1))[0, 0]) == (200, 40, 40, 255)


def test_a_style_comes_from_a_file(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "style.png"
    style = Image.new("RGB", (30, 20), (0, 210, 20))
    style.paste((20, 230, 40), (15, 0, 30, 20))
    style.save(path)
    monkeypatch.setattr(studio.window.dialogs, "ask_open", lambda _folder: [path])
    panel = studio.window.panels.ai
    studio.window.ai.form.choose_model("style")
    last = panel.second.count() - 1
    panel.second.setCurrentIndex(last)
    panel.second.activated.emit(last)
    studio.wait_for(lambda: studio.window.ai.form.second_path == path)
    assert panel.second.currentText() == "style.png"
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()
    studio.window.perform("ai.keep")
    assert studio.seen(40, 100) == (10, 220, 30, 255)


def test_a_second_picture_that_cannot_be_read_is_refused(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\nno")
    studio.window.ai.form.choose_model("style")
    studio.window.ai.form.set_second_file(path)
    studio.wait_for(lambda: "broken.png" in studio.window.info.text)
    assert studio.window.ai.form.second is None


def test_a_model_is_found_in_the_list_by_typing(studio: Studio) -> None:
    picker = studio.window.panels.ai.picker
    assert picker.card is not None
    QTest.mouseClick(picker.card, Qt.MouseButton.LeftButton)
    assert picker.list.isVisible()
    QTest.keyClicks(picker.list.search, "light")
    QTest.keyClick(picker.list.search, Qt.Key.Key_Return)
    assert not picker.list.isVisible()
    assert picker.card is not None
    assert picker.card.accessibleName() == "Test lighter"
    assert studio.window.ai.form.model is not None
    assert studio.window.ai.form.model.id == "lighter"


def test_the_list_is_walked_with_the_arrow_keys(studio: Studio) -> None:
    picker = studio.window.panels.ai.picker
    assert picker.card is not None
    QTest.keyClick(picker.card, Qt.Key.Key_Space)
    first = picker.list.entries.currentItem().text()
    QTest.keyClick(picker.list.search, Qt.Key.Key_Down)
    second = picker.list.entries.currentItem().text()
    QTest.keyClick(picker.list.search, Qt.Key.Key_Return)
    assert first != second
    assert picker.card is not None
    assert picker.card.accessibleName() == second


def test_nothing_found_is_said_and_leaves_no_trace(studio: Studio) -> None:
    studio.show_plain(level=0)
    entries = studio.names
    run(studio, "red")
    assert "found nothing" in studio.window.info.text
    assert studio.names == entries
