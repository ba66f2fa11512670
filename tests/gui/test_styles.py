"""The Styles panel: every style on the picture itself, a preview that follows, and programs that learn or paint."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication

from desktop.core.composite import flatten
from desktop.core.errors import UserError
from desktop.core.tiles import TileMap
from desktop.runtime.catalog import Catalog
from desktop.tools.ai_tool import Where
from desktop.training_programs import train_python
from desktop.ui.main_window import MainWindow
from desktop.ui.panels.style_panel import StylePanel
from desktop.ui.widgets.two_lines import lines_of
from desktop.ui.widgets.value_slider import ValueSlider
from tests.gui.conftest import OpenStudio, Studio
from tests.runtime_runs import RunnerHere
from tests.style_models import mean_color_style, shifting_style

PROGRAM = """
import json, pathlib, sys
out = pathlib.Path(sys.argv[3])
assert pathlib.Path(sys.argv[1]).is_file() and pathlib.Path(sys.argv[2]).is_file()
print(json.dumps({"step": 1, "of": 2, "picture": sys.argv[1]}), flush=True)
print("some other words", flush=True)
out.write_bytes(pathlib.Path(sys.argv[2]).read_bytes())
print(json.dumps({"step": 2, "of": 2}), flush=True)
"""
WAITING = "import time\ntime.sleep(600)\n"
FAILING = "import sys\nsys.exit('There is no picture in it.')\n"


class Gallery:
    """A window over a model of two styles, its Styles panel in front."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.window, self.styles = studio, studio.window, studio.window.styles
        self.styles._settled.setInterval(0)
        self.styles._follow.setInterval(0)
        studio.show_plain(120, 80, level=100)
        self.window.panels.bring_to_front("styles")
        panel = self.window.panels["styles"]
        assert isinstance(panel, StylePanel)
        self.panel = panel
        studio.wait_for(lambda: len(self.styles.thumbnails) == 2)
        self.settle()

    def settle(self) -> None:
        def is_still() -> bool:
            return not (self.styles.is_busy or self.window.ai.is_running or self.window.background.is_busy)

        for _ in range(2):
            self.studio.wait_for(is_still)
            QApplication.processEvents()
        self.studio.wait_for(lambda: is_still() and not self.panel._later.isActive())

    def choose(self, name: str) -> None:
        choice = next(choice for choice in self.styles.styles if choice.name == name)
        self.panel.tiles[choice.key].click()
        self.settle()

    def shown_color(self) -> list[int]:
        result = self.window.ai.result
        assert result is not None
        return result.layer.tiles.read(self.window.state.document.size.rect())[40, 60, :3].tolist()


@pytest.fixture
def gallery(open_studio: OpenStudio, tmp_path: Path) -> Gallery:
    folder = tmp_path / "models"
    shifting_style(folder / "two-styles")
    catalog = Catalog((folder,))
    return Gallery(open_studio(make_runner=lambda: RunnerHere(catalog), catalog=catalog))


def test_every_style_is_shown_on_the_picture_itself(gallery: Gallery) -> None:
    pictures = {key[1]: picture for key, picture in gallery.styles.thumbnails.items()}
    assert pictures["Red"][40, 60, :3].tolist() == [151, 100, 100]
    assert pictures["Blue"][40, 60, :3].tolist() == [100, 100, 151]
    assert all(tile.image is not None for tile in gallery.panel.tiles.values())


def test_a_click_shows_the_style_on_the_canvas_and_sliders_are_followed(gallery: Gallery) -> None:
    gallery.choose("Blue")
    assert gallery.window.ai.form.where is Where.ALL
    assert gallery.shown_color() == [100, 100, 151]
    form = gallery.panel.form
    assert form is not None
    assert form.controls["style"].isHidden()
    strength = form.controls["strength"]
    assert isinstance(strength, ValueSlider)
    strength.number.value_changed.emit(50.0)
    gallery.settle()
    assert gallery.shown_color()[2] in (125, 126)


def test_painting_it_and_keeping_it_makes_one_layer(gallery: Gallery) -> None:
    gallery.choose("Red")
    gallery.panel.paint.click()
    gallery.settle()
    gallery.window.perform("ai.keep")
    gallery.settle()
    document = gallery.window.state.document
    assert document is not None
    assert len(document.layers) == 2
    recipe = document.layers[1].recipe
    assert recipe is not None
    assert dict(recipe.parameters)["style"] == "Red"


def test_small_pictures_follow_the_picture(gallery: Gallery) -> None:
    before = next(iter(gallery.styles.thumbnails.values()))
    gallery.studio.show_plain(120, 80, level=30)
    gallery.settle()
    gallery.studio.wait_for(lambda: next(iter(gallery.styles.thumbnails.values())) is not before)
    gallery.settle()
    assert {int(picture[40, 60, 1]) for picture in gallery.styles.thumbnails.values()} == {30}


def test_a_model_chosen_elsewhere_takes_the_style_out_of_the_hand(open_studio: OpenStudio, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shifting_style(folder / "a-style")
    shifting_style(folder / "b-style")
    catalog = Catalog((folder,))
    studio = open_studio(make_runner=lambda: RunnerHere(catalog), catalog=catalog)
    styles = studio.window.styles
    assert len(styles.styles) == 4
    styles.choose(styles.styles[0])
    studio.window.ai.form.choose_model("b-style")
    assert styles.chosen is None


@pytest.fixture
def full_gallery(open_studio: OpenStudio, tmp_path: Path) -> Gallery:
    """Two styles, and a network that takes any from a picture."""
    folder = tmp_path / "models"
    shifting_style(folder / "two-styles")
    mean_color_style(folder / "any-style")
    catalog = Catalog((folder,))
    return Gallery(open_studio(make_runner=lambda: RunnerHere(catalog), catalog=catalog))


def painting(path: Path) -> Path:
    pixels = np.full((30, 40, 3), (200, 40, 90), np.uint8)
    pixels[:, ::2] += 20
    write_picture(path, pixels)
    return path


def test_a_style_is_taken_from_a_picture_of_ones_own(full_gallery: Gallery, tmp_path: Path) -> None:
    gallery, window = full_gallery, full_gallery.window
    path = painting(tmp_path / "painting.png")
    window.files.ask_picture = lambda: path
    assert not gallery.panel.pick.isHidden()
    gallery.panel.pick.click()
    gallery.settle()
    assert gallery.shown_color() == [210, 50, 100]
    assert gallery.styles.chosen is not None
    tile = gallery.panel.tiles[gallery.styles.chosen.key]
    assert tile.accessibleName() == "painting"
    assert tile.image is not None
    gallery.choose("Blue")
    assert gallery.shown_color() == [100, 100, 151]
    tile = gallery.panel.tiles[next(style.key for style in gallery.styles.styles if style.picture is not None)]
    tile.click()
    gallery.settle()
    assert gallery.shown_color() == [210, 50, 100]


@pytest.mark.parametrize("pixels", [np.zeros((1, 1, 3), np.uint8), np.full((30, 40, 3), 90, np.uint8)])
def test_a_picture_without_a_style_is_refused_when_it_is_chosen(
    full_gallery: Gallery, tmp_path: Path, pixels: np.ndarray
) -> None:
    gallery, errors = full_gallery, []
    path = tmp_path / "flat.png"
    write_picture(path, pixels)
    gallery.window.files.ask_picture = lambda: path
    gallery.window.ai.failed.connect(errors.append)
    gallery.window.perform("styles.pick")
    gallery.settle()
    assert len(errors) == 1
    assert errors[0].key.startswith("styles.picture")
    assert not gallery.styles.pictures


def test_a_second_style_inside_the_selection_is_a_layer_with_its_mask(full_gallery: Gallery, tmp_path: Path) -> None:
    gallery, window = full_gallery, full_gallery.window
    path = painting(tmp_path / "painting.png")
    window.files.ask_picture = lambda: path
    gallery.panel.pick.click()
    gallery.settle()
    gallery.choose("Red")
    names = [gallery.panel.inside.itemText(index) for index in range(gallery.panel.inside.count())]
    gallery.panel.inside.setCurrentIndex(names.index("painting"))
    gallery.panel.inside.activated.emit(names.index("painting"))
    errors: list[UserError] = []
    window.ai.failed.connect(errors.append)
    gallery.panel.paint.click()
    gallery.settle()
    assert [error.key for error in errors] == ["styles.no_inside"]
    select_left_half(window)
    window.ai.form.feather_px = 0.0
    gallery.panel.paint.click()
    gallery.settle()
    gallery.studio.wait_for(lambda: len(window.state.document.layers) == 3)
    document = window.state.document
    assert [layer.recipe is not None for layer in document.layers] == [False, True, True]
    assert document.layers[1].mask is None
    assert document.layers[2].mask is not None
    shown = flatten(document, document.size.rect())
    assert shown[40, 10, :3].tolist() == [210, 50, 100]
    assert shown[40, 100, :3].tolist() == [151, 100, 100]
    window.perform("edit.undo")
    assert len(window.state.document.layers) == 1


def select_left_half(window: MainWindow) -> None:
    opened = window.state.open_document
    assert opened is not None
    half = np.full((80, 60), 255, np.uint8)
    with opened.edit("Select") as edit:
        edit.set_selection(TileMap.from_array(half, 0, 0, default=0))


class Workbench:
    """Programs in place of PyTorch's, started as the real ones are."""

    def __init__(self, studio: Studio, folder: Path) -> None:
        self.studio, self.window, self.jobs = studio, studio.window, studio.window.styles.jobs
        self.folder = folder
        self.painting = folder / "painting.png"
        self.errors: list[UserError] = []
        self.jobs.failed.connect(self.errors.append)
        studio.show_plain(40, 30, level=100)
        write_picture(self.painting, np.full((30, 40, 3), (10, 200, 30), np.uint8))
        self.window.files.ask_picture = lambda: self.painting

    def run(self, program: str) -> None:
        path = self.folder / "program.py"
        path.write_text(f"import sys\nsys.argv[1:5] = []  # -m, the name, --side, 640\n{program}", encoding="utf-8")
        self.jobs.interpreter = lambda: [sys.executable, str(path)]
        self.window.perform("styles.slow")
        self.studio.wait_for(lambda: self.jobs._process is not None or not self.jobs.is_running)

    def wait(self) -> None:
        self.studio.wait_for(lambda: not self.jobs.is_running)


def write_picture(path: Path, pixels: np.ndarray) -> None:
    from desktop.io.formats import ImageFile
    from desktop.io.image_files import write_image

    write_image(path, ImageFile(np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])))


@pytest.fixture
def workbench(open_studio: OpenStudio, tmp_path: Path) -> Workbench:
    return Workbench(open_studio(), tmp_path)


def test_a_slowly_painted_picture_becomes_a_layer(workbench: Workbench) -> None:
    workbench.run(PROGRAM)
    workbench.wait()
    document = workbench.window.state.document
    assert document is not None
    assert len(document.layers) == 2
    assert document.layers[1].tiles.read(document.size.rect())[5, 5].tolist() == [10, 200, 30, 255]
    assert (workbench.jobs.step, workbench.jobs.of) == (2, 2)
    workbench.window.perform("edit.undo")
    assert len(workbench.window.state.document.layers) == 1


def test_what_the_program_says_last_is_shown_when_it_fails(workbench: Workbench) -> None:
    workbench.run(FAILING)
    workbench.wait()
    assert [error.key for error in workbench.errors] == ["styles.failed"]
    assert "There is no picture in it." in str(workbench.errors[0])
    assert len(workbench.window.state.document.layers) == 1


def test_a_python_without_the_packages_is_named_in_words(workbench: Workbench) -> None:
    workbench.run("import a_package_that_is_nowhere\n")
    workbench.wait()
    assert [error.key for error in workbench.errors] == ["styles.no_python"]


def test_a_cancelled_program_ends_and_leaves_nothing(workbench: Workbench) -> None:
    workbench.run(WAITING)
    assert workbench.jobs.is_running
    workbench.window.perform("styles.cancel")
    workbench.wait()
    assert not workbench.errors
    assert len(workbench.window.state.document.layers) == 1


def test_without_a_fitting_python_one_is_told_what_to_choose(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="preferences"):
        train_python(str(tmp_path / "no-python"))


def test_an_error_of_before_goes_when_the_next_program_works(workbench: Workbench) -> None:
    info = workbench.window.info
    workbench.run(FAILING)
    workbench.wait()
    assert "There is no picture in it." in info.text
    assert not info.is_ending
    workbench.run(WAITING)
    assert workbench.jobs.is_running
    assert info.is_ending
    workbench.window.perform("styles.cancel")
    workbench.wait()


def test_names_below_small_pictures_have_two_lines(gallery: Gallery) -> None:
    metrics = QFontMetrics(gallery.panel.font())
    width = metrics.horizontalAdvance("Stained gl")
    assert lines_of("Stained glass", metrics, width, 2) == ["Stained", "glass"]
    assert lines_of("Linocut", metrics, metrics.horizontalAdvance("Linocut"), 2) == ["Linocut"]
    first, second = lines_of("a-picture-of-a-long-name-without-end", metrics, width, 2)
    assert first.startswith("a-pic")
    assert second.endswith("…")
