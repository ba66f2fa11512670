"""The Draw panel: a drawing is translated beside the canvas, dabs of colour are at hand, it goes to a layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop import paths
from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Rect, Size
from desktop.core.layers import RasterLayer
from desktop.runtime.catalog import Catalog
from desktop.runtime.manifest import load_manifest
from desktop.tools import live_tool
from desktop.ui.panels.live_panel import LivePanel
from desktop.ui.state import BrushOptions, Tool
from tests.generators import HereRunner
from tests.gui.conftest import OpenStudio, Studio
from tests.runtime_models import make_model

RED_PAPER = 'order = "RGBA"\nstd = [255.0]'


def red_where_drawn(folder: Path) -> Path:
    """Answers the drawing's alpha in red."""
    nodes = [
        helper.make_node("Constant", [], ["ends"], value=_ints([3, 1])),
        helper.make_node("Split", ["image", "ends"], ["color", "alpha"], axis=1),
        helper.make_node("Sub", ["alpha", "alpha"], ["nothing"]),
        helper.make_node("Constant", [], ["one"], value_float=1.0),
        helper.make_node("Add", ["nothing", "one"], ["all"]),
        helper.make_node("Concat", ["all", "nothing", "nothing", "alpha"], ["result"], axis=1),
    ]
    shape = [1, 4, "height", "width"]
    return make_model(folder, nodes, task="translate", image_spec=RED_PAPER, shape=shape, out_shape=shape)


def small_inverse(folder: Path) -> Path:
    shape = [1, 4, 16, 16]
    nodes = [helper.make_node("Identity", ["image"], ["result"])]
    size = '[16, 16]\nfit = "pad"'
    return make_model(folder, nodes, task="translate", image_spec=RED_PAPER, size=size, shape=shape, out_shape=shape)


def _ints(values: list[int]) -> object:
    return helper.make_tensor("ints", 7, [len(values)], values)


class Drawer:
    """A window over small translators, an empty layer to draw on, the Draw panel in front."""

    def __init__(self, studio: Studio, runner: HereRunner) -> None:
        self.studio, self.runner, self.window = studio, runner, studio.window
        self.live = self.window.live
        studio.show_plain(300, 200)
        self.window.perform("layer.new")
        self.window.panels.bring_to_front("live")
        panel = self.window.panels["live"]
        assert isinstance(panel, LivePanel)
        self.panel = panel
        self.window.state.choose_tool(Tool.BRUSH)
        self.settle()

    def settle(self) -> None:
        for _ in range(2):  # what a thread has posted as its last act is still to come
            self.studio.wait_for(lambda: self.live.is_settled and not self.window.background.is_busy)
            QApplication.processEvents()
            QApplication.processEvents()

    def draw(self, *points: tuple[float, float]) -> None:
        self.studio.drag(*points)
        self.settle()

    def beside(self) -> tuple[int, int, int, int]:
        """The commonest visible colour of the picture beside the canvas."""
        picture = self.live.picture
        assert picture is not None
        red, green, blue, alpha = np.median(picture[picture[..., 3] > 200], axis=0)
        return int(red), int(green), int(blue), int(alpha)


OpenDrawer = Callable[..., Drawer]


@pytest.fixture
def open_drawer(open_studio: OpenStudio, tmp_path: Path) -> OpenDrawer:
    def make(*makers: Callable[[Path], Path]) -> Drawer:
        folder = tmp_path / "translators"
        folder.mkdir()
        for maker in makers:
            maker(folder / maker.__name__.replace("_", "-"))
        runner = HereRunner(folder)
        return Drawer(open_studio(make_runner=lambda: runner, catalog=Catalog((folder,))), runner)

    return make


def test_a_stroke_is_translated_beside_the_canvas_and_put_under_the_lines(open_drawer: OpenDrawer) -> None:
    drawer = open_drawer(red_where_drawn)
    assert drawer.live.picture is None
    assert "Nothing is drawn" in drawer.panel.picture.text()

    drawer.draw((60, 60), (200, 120))
    assert drawer.beside()[:3] == (255, 0, 0)
    drawer.panel.keep.click()
    drawer.settle()

    drawing, made = drawer.studio.document.layers[2], drawer.studio.document.layers[1]
    assert isinstance(made, RasterLayer)
    assert made.recipe is not None
    assert (made.recipe.model_id, made.recipe.inputs) == ("red-where-drawn", (("image", drawing.id),))
    assert made.tiles.read(Rect(130, 90, 1, 1))[0, 0].tolist() == [255, 0, 0, 255]
    assert drawer.studio.seen(130, 90)[:3] == (0, 0, 0), "the line stays above"
    drawer.window.perform("edit.undo")
    assert len(drawer.studio.document.layers) == 2


def test_the_picture_follows_while_the_stroke_is_still_drawn(open_drawer: OpenDrawer) -> None:
    drawer = open_drawer(red_where_drawn)
    drawer.studio.press((40, 40))
    drawer.studio.move((120, 90))
    drawer.studio.wait_for(lambda: drawer.live.picture is not None)

    assert drawer.studio.window.state.is_editing
    drawer.studio.drag((120, 90), (122, 90))
    drawer.settle()


def test_putting_it_on_a_layer_again_renews_that_layer(open_drawer: OpenDrawer) -> None:
    drawer = open_drawer(red_where_drawn)
    drawer.draw((60, 60), (100, 100))
    drawer.panel.keep.click()
    drawer.settle()
    drawer.draw((200, 40), (240, 160))
    drawer.panel.keep.click()
    drawer.settle()

    assert len(drawer.studio.document.layers) == 3
    made = drawer.studio.document.layers[1]
    assert isinstance(made, RasterLayer)
    assert made.tiles.read(Rect(220, 100, 1, 1))[0, 0].tolist() == [255, 0, 0, 255]
    drawer.window.state.choose_layer(made.id)
    drawer.settle()
    assert drawer.live.picture is not None, "its drawing is shown, not the result again"


def test_a_dab_takes_the_brush_and_its_colour(open_drawer: OpenDrawer) -> None:
    drawer = open_drawer(red_where_drawn)
    drawer.window.state.choose_tool(Tool.MOVE)
    QTest.mouseClick(drawer.panel.dabs, Qt.MouseButton.LeftButton, pos=drawer.panel.dabs.cell(0).center())

    assert drawer.window.state.tool is Tool.BRUSH
    assert drawer.window.state.color == pytest.approx((0xEA / 255, 0x5A / 255, 0x47 / 255))


def test_a_model_of_one_size_says_so(open_drawer: OpenDrawer) -> None:
    drawer = open_drawer(red_where_drawn, small_inverse)
    combo = drawer.panel.models
    combo.setCurrentIndex(combo.findData("small-inverse"))
    combo.activated.emit(combo.currentIndex())
    drawer.draw((60, 60), (200, 120))

    assert drawer.live.picture is not None
    assert "16 × 16" in drawer.panel.about.text()
    assert drawer.panel.dabs.isHidden()
    drawer.panel.keep.click()
    drawer.settle()
    assert len(drawer.studio.document.layers) == 3


def test_a_photograph_is_no_drawing_and_its_lines_can_be_found(open_drawer: OpenDrawer) -> None:
    def line_art(folder: Path) -> Path:
        nodes = [helper.make_node("Identity", ["image"], ["result"])]
        return make_model(folder, nodes, task="filter", image_spec='order = "RGB"\nstd = [255.0]')

    drawer = open_drawer(red_where_drawn, line_art)
    drawer.studio.show_plain(level=90)
    drawer.settle()
    assert drawer.live.picture is None, "a photograph's dark places are no lines"
    assert "is a photograph" in drawer.panel.hint.text()
    assert drawer.panel.lines.isVisible()
    assert not drawer.panel.keep.isEnabled()

    drawer.panel.lines.click()
    drawer.settle()
    photograph, lines = drawer.studio.document.layers
    assert isinstance(lines, RasterLayer)
    assert lines.recipe is not None
    assert (lines.recipe.model_id, lines.recipe.inputs) == ("line-art", (("image", photograph.id),))
    assert drawer.window.state.active_layer == lines
    assert lines.tiles.read(Rect(10, 10, 1, 1))[0, 0].tolist() == [90, 90, 90, 255]
    drawer.window.perform("edit.undo")
    assert len(drawer.studio.document.layers) == 1


def test_nothing_is_read_before_somebody_looks(open_studio: OpenStudio, tmp_path: Path) -> None:
    red_where_drawn(tmp_path / "translators" / "red")
    runner = HereRunner(tmp_path / "translators")
    studio = open_studio(make_runner=lambda: runner, catalog=Catalog((tmp_path / "translators",)))
    studio.show_plain()
    studio.window.state.choose_tool(Tool.BRUSH)
    studio.drag((60, 60), (100, 100))
    studio.settle()

    assert not runner.requests


def test_a_drawing_is_read_in_a_square_around_its_lines(tmp_path: Path) -> None:
    manifest = load_manifest(red_where_drawn(tmp_path / "red"))
    document = Document(Size(400, 300))
    pixels = np.full((300, 400, 4), 255, np.uint8)
    pixels[100:140, 200:300, :3] = 0
    document = document.with_layer_inserted(new_layer_from_pixels(document, pixels, "Paper"))

    drawing = live_tool.read_drawing(document, document.layers[0].id, manifest, 61)

    assert drawing.is_on_paper
    assert drawing.rect.height == drawing.rect.width == 122
    assert drawing.rect.contains(Rect(200, 100, 100, 40))
    assert drawing.picture.shape == (61, 61, 4)


@pytest.mark.parametrize(("alpha", "place"), [(255, 1), (0, 0)])
def test_only_a_whole_picture_comes_over_its_sketch(tmp_path: Path, alpha: int, place: int) -> None:
    red_where_drawn(tmp_path / "translators/red")
    (model,) = Catalog((tmp_path / "translators",)).models()
    document = Document(Size(64, 64))
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[20:40, 20:40] = pixels[50:54, 50:54] = (10, 10, 10, 255)
    opened = OpenDocument(document.with_layer_inserted(new_layer_from_pixels(document, pixels, "Sketch")))
    drawing = live_tool.read_drawing(opened.document, opened.document.layers[0].id, model.manifest, 64)
    picture = np.full((drawing.rect.height, drawing.rect.width, 4), 200, np.uint8)
    picture[..., 3], picture[0, 0, 3] = 255, alpha

    layer_id = live_tool.land(opened, drawing, picture, model=model, parameters={}, name="Red")
    assert opened.document.layers[place].id == layer_id


PALETTE = """
[[inputs.palette]]
label = "Sky"
color = "#80c0ff"
[[inputs.palette]]
label = "Grass"
color = "#208020"
"""


def landscape(folder: Path) -> Path:
    """Answers the label map as it is fed."""
    shape = [1, 4, "height", "width"]
    nodes = [helper.make_node("Identity", ["image"], ["result"])]
    return make_model(
        folder, nodes, task="translate", image_spec=RED_PAPER, inputs=PALETTE, shape=shape, out_shape=shape
    )


def test_the_classes_of_a_label_map_are_painted_with_the_brush(open_drawer: OpenDrawer) -> None:
    drawer = open_drawer(landscape)
    assert [color.name for color in drawer.panel.dabs.colors] == ["Sky", "Grass"]
    assert drawer.panel.dabs_label.text() == "Classes"
    QTest.mouseClick(drawer.panel.dabs, Qt.MouseButton.LeftButton, pos=drawer.panel.dabs.cell(1).center())
    drawer.draw((60, 60), (200, 120))
    assert drawer.live.picture is not None
    assert {tuple(color) for color in drawer.live.picture.reshape(-1, 4)} == {(128, 192, 255, 255), (32, 128, 32, 255)}

    drawer.window.state.set_color((0.2, 0.3, 0.1))
    drawer.draw((60, 150), (200, 150))
    assert "colours that stand for no class" in drawer.panel.hint.text()


def shipped_drawer(open_studio: OpenStudio, model_id: str) -> Drawer:
    runner = HereRunner(paths.shipped_models_dir())
    catalog = Catalog((paths.shipped_models_dir(),))
    drawer = Drawer(open_studio(make_runner=lambda: runner, catalog=catalog), runner)
    combo = drawer.panel.models
    combo.setCurrentIndex(combo.findData(model_id))
    combo.activated.emit(combo.currentIndex())
    return drawer


def test_a_cat_drawn_with_the_line_brush_is_coloured_by_the_shipped_model(open_studio: OpenStudio) -> None:
    drawer = shipped_drawer(open_studio, "color-lines")
    drawer.window.state.set_color((0, 0, 0))
    drawer.window.state.set_brush(BrushOptions(size_px=4.0, hardness=100.0).with_pen_size(False))
    head = [(110, 80), (105, 30), (135, 55), (165, 55), (195, 30), (190, 80), (180, 130), (150, 150), (120, 130)]
    drawer.studio.drag(*head, head[0])
    drawer.settle()
    plain = drawer.live.picture
    assert plain is not None
    middle = plain.shape[0] // 2, plain.shape[1] // 2
    assert plain[middle][3] > 200, "an enclosed area is coloured"
    assert plain[1, 1, 3] < 40, "and nothing around it"

    QTest.mouseClick(drawer.panel.dabs, Qt.MouseButton.LeftButton, pos=drawer.panel.dabs.cell(1).center())
    drawer.window.state.change_brush(size_px=14.0)
    drawer.draw((145, 100), (155, 100))
    drawer.panel.keep.click()
    drawer.settle()

    made = drawer.studio.document.layers[1]
    assert isinstance(made, RasterLayer)
    assert made.recipe is not None
    assert made.recipe.model_id == "color-lines"
    wanted = np.array(drawer.panel.dabs.colors[1].levels)
    for place in ((150, 80), (125, 100), (175, 100), (150, 135)):
        pixel = made.tiles.read(Rect(*place, 1, 1))[0, 0]
        assert pixel[3] > 230
        assert np.abs(pixel[:3].astype(int) - wanted).max() < 30, "the dab decides for its whole area"


def test_a_flat_shape_is_shaded_by_the_shipped_model(open_studio: OpenStudio) -> None:
    drawer = shipped_drawer(open_studio, "solid-shapes")
    names = [color.name for color in drawer.panel.dabs.colors]
    assert names[0] == "Nothing"
    green = names.index("Green")
    QTest.mouseClick(drawer.panel.dabs, Qt.MouseButton.LeftButton, pos=drawer.panel.dabs.cell(green).center())
    drawer.window.state.set_brush(BrushOptions(size_px=80.0, hardness=100.0).with_pen_size(False))
    drawer.draw((140, 100), (160, 100))

    picture = drawer.live.picture
    assert picture is not None
    body = picture[picture[..., 3] == 255][:, :3].astype(int)
    off = np.abs(body - drawer.panel.dabs.colors[green].levels).max(axis=1)
    assert 3 < np.median(off) < 60, "the colour, shaded"
    assert picture[2, 2, 3] == 0
    assert "colours that stand for no class" not in drawer.panel.hint.text()
