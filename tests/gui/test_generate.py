"""The Generate panel: seeds, classes, the ways to other pictures, encoding; layers that stay editable; stamps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.geometry import Rect, Size
from desktop.core.layers import AiRecipe, RasterLayer
from desktop.core.tiles import TileMap
from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import WorkerRunner
from desktop.runtime.latents import draw
from desktop.runtime.manifest import Input
from desktop.tools.generate_tool import Fit
from desktop.ui import i18n
from desktop.ui.commands import generate_walk
from desktop.ui.commands.generate_explorer import Page, Slot
from desktop.ui.panels.generate_panel import GeneratePanel
from desktop.ui.widgets.value_slider import ValueSlider
from tests.generators import (
    HereRunner,
    color_autoencoder,
    color_of,
    mixing_generator,
    plain_generator,
    shape_generator,
)
from tests.gui.conftest import OpenStudio, Studio
from tests.videos import video_frames

Z = Input(name="z", role="latent", shape=[3])


def seed_color(seed: int, place: int = 0) -> tuple[int, ...]:
    return color_of(draw(Z, place, seed, (3,)))


class Workshop:
    """A window over small generators, its Generate panel in front."""

    def __init__(self, studio: Studio, runner: HereRunner) -> None:
        self.studio, self.runner = studio, runner
        self.window = studio.window
        self.generate, self.explorer = self.window.generate, self.window.explorer
        self.explorer._later.setInterval(0)  # a test has no hand to wait for
        self.seeds = iter(range(1, 1000))
        self.generate.new_seed = lambda: next(self.seeds)
        studio.show_plain(300, 200, level=200)
        self.window.panels.bring_to_front("generate")
        panel = self.window.panels["generate"]
        assert isinstance(panel, GeneratePanel)
        self.panel = panel
        self.settle()

    def settle(self) -> None:
        """Until the picture in hand, the page and the document are what was asked for."""

        def is_still() -> bool:
            generate = self.generate
            is_shown = generate.error is not None or generate.shown == generate.sample
            timers = (self.panel._later, self.panel._look, self.explorer._later)
            is_quiet = not any(timer.isActive() for timer in timers)
            return is_shown and not generate.runs.is_busy and not self.window.background.is_busy and is_quiet

        for _ in range(2):  # what a thread has posted as its last act is still to come
            self.studio.wait_for(is_still)
            QApplication.processEvents()
            QApplication.processEvents()
        self.studio.wait_for(is_still)

    def choose(self, model_id: str) -> None:
        combo = self.panel.models
        combo.setCurrentIndex(combo.findData(model_id))
        combo.activated.emit(combo.currentIndex())
        self.settle()

    def show(self, page: Page) -> None:
        self.panel.choice.button(page.value).click()
        self.settle()

    def place(self) -> RasterLayer:
        self.panel.place.click()
        self.settle()
        layer = self.window.state.active_layer
        assert isinstance(layer, RasterLayer)
        return layer

    def press(self, widget: QWidget, x: float, y: float) -> None:
        """The mouse on a widget, in parts of its width and height."""
        QTest.mouseClick(
            widget, Qt.MouseButton.LeftButton, pos=QPoint(round(x * widget.width()), round(y * widget.height()))
        )
        self.settle()

    def choose_class(self, name: str) -> None:
        box = self.panel.label.list
        box.activated.emit(box.findData(name))

    def preview_seed(self) -> int:
        assert self.generate.shown is not None
        return self.generate.shown.seed

    def preview_color(self) -> tuple[int, ...]:
        image = self.panel.preview.image
        assert image is not None
        color = image.pixelColor(image.width() // 2, image.height() // 2)
        return color.red(), color.green(), color.blue()


OpenWorkshop = Callable[..., Workshop]


@pytest.fixture
def open_workshop(open_studio: OpenStudio, tmp_path: Path) -> OpenWorkshop:
    def make(*makers: Callable[[Path], Path]) -> Workshop:
        folder = tmp_path / "generators"
        folder.mkdir()
        for maker in makers:
            maker(folder / maker.__name__.replace("_", "-"))
        runner = HereRunner(folder)
        return Workshop(open_studio(make_runner=lambda: runner, catalog=Catalog((folder,))), runner)

    return make


@pytest.fixture
def plain(open_workshop: OpenWorkshop) -> Workshop:
    return open_workshop(plain_generator)


def test_the_panel_shows_the_picture_of_a_seed_and_places_it(plain: Workshop) -> None:
    assert plain.preview_color() == seed_color(1)
    layer = plain.place()
    assert plain.studio.names == ["New picture", "Place generated picture"]
    assert layer.name == "Test plain-generator"
    assert plain.studio.seen(150, 100) == (*seed_color(1), 255)
    assert plain.studio.on_screen(150, 100) == seed_color(1)
    assert plain.studio.seen(20, 20) == (200, 200, 200, 255)
    assert layer.recipe is not None
    assert (layer.recipe.model_id, layer.recipe.seed, layer.recipe.latent) == ("plain-generator", 1, ())
    assert layer.recipe.model_sha256 == plain.generate.models[0].sha256
    plain.window.perform("edit.undo")
    assert len(plain.studio.document.layers) == 1


def test_nothing_is_computed_before_somebody_looks(open_studio: OpenStudio, tmp_path: Path) -> None:
    plain_generator(tmp_path / "generators" / "plain")
    runner = HereRunner(tmp_path / "generators")
    studio = open_studio(make_runner=lambda: runner, catalog=Catalog((tmp_path / "generators",)))
    studio.show_plain()
    QTest.qWait(50)
    assert runner.requests == []


def test_without_a_generator_the_panel_says_what_to_do(studio: Studio) -> None:
    studio.window.panels.bring_to_front("generate")
    QApplication.processEvents()
    panel = studio.window.panels["generate"]
    assert isinstance(panel, GeneratePanel)
    assert panel.empty.isVisible()
    assert "import an ONNX generator" in panel.empty.text()
    panel.bring.click()
    assert studio.dialogs.asked == ["model"]
    assert not panel.place.isVisible()


class TestSeeds:
    def test_the_dice_takes_another_seed_unless_it_is_locked(self, plain: Workshop) -> None:
        plain.panel.dice.click()
        plain.settle()
        assert plain.preview_color() == seed_color(2)
        plain.panel.lock.click()
        plain.settle()
        assert not plain.panel.dice.isEnabled()
        plain.window.perform("generate.dice")
        plain.settle()
        assert plain.generate.sample is not None
        assert plain.generate.sample.seed == 2

    def test_a_typed_seed_is_its_picture(self, plain: Workshop) -> None:
        plain.panel.seed.setFocus()
        plain.panel.seed.selectAll()
        QTest.keyClicks(plain.panel.seed, "4294967295")
        QTest.keyClick(plain.panel.seed, Qt.Key.Key_Return)
        plain.settle()
        assert plain.preview_color() == seed_color(2**32 - 1)

    def test_a_further_picture_has_a_new_seed_and_the_first_stays(self, plain: Workshop) -> None:
        first = plain.place()
        second = plain.place()
        assert second.id != first.id
        assert second.recipe is not None
        assert second.recipe.seed == 2
        assert plain.studio.document.raster_layer(first.id) is first

    def test_with_the_seed_locked_a_further_picture_is_the_same(self, plain: Workshop) -> None:
        plain.panel.lock.click()
        first, second = plain.place(), plain.place()
        assert first.recipe == second.recipe
        assert first.tiles.same_pixels(second.tiles)


class TestPlaces:
    def test_it_fits_inside_the_painted_region(self, plain: Workshop) -> None:
        plain.window.state.region.set_tiles(TileMap.filled(Rect(20, 30, 80, 40), (255,)))
        layer = plain.place()
        assert layer.tiles.content_bounds() == Rect(40, 30, 40, 40)
        assert layer.mask is None
        assert plain.window.state.region.is_empty

    def test_filling_covers_the_selection_and_is_cut_to_it(self, plain: Workshop) -> None:
        opened = plain.window.state.open_document
        assert opened is not None
        with opened.edit("Selection") as edit:
            edit.set_selection(TileMap.filled(Rect(20, 30, 80, 40), (255,)))
        plain.panel.fit.button(Fit.FILL.value).click()
        plain.place()
        for x, y in ((21, 31), (98, 68)):
            assert plain.studio.seen(x, y) == (*seed_color(1), 255)
        for x, y in ((60, 28), (60, 72), (18, 50), (102, 50)):
            assert plain.studio.seen(x, y) == (200, 200, 200, 255)

    def test_alpha_is_kept(self, open_workshop: OpenWorkshop) -> None:
        shop = open_workshop(shape_generator)
        shop.choose_class("ring")
        shop.settle()
        shop.window.state.region.set_tiles(TileMap.filled(Rect(50, 50, 96, 96), (255,)))
        layer = shop.place()
        assert layer.name == "Test shape-generator: ring"
        assert shop.studio.seen(98, 98) == (200, 200, 200, 255), "the hole of the ring"
        assert shop.studio.seen(98, 98 - 30) == (*seed_color(1), 255)
        assert shop.studio.seen(52, 52) == (200, 200, 200, 255)

    def test_without_a_picture_nothing_can_be_placed(self, plain: Workshop) -> None:
        assert plain.panel.place.isEnabled()
        plain.window.perform("file.close")
        plain.settle()
        assert not plain.panel.place.isEnabled()

    def test_in_16_bits_too(self, plain: Workshop) -> None:
        document = Document(Size(100, 100), depth=16)
        pixels = np.full((100, 100, 4), 65535, np.uint16)
        plain.studio.show(document.with_layer_inserted(new_layer_from_pixels(document, pixels, "White")))
        plain.place()
        assert plain.studio.seen(50, 50) == (*(level * 257 for level in seed_color(1)), 65535)


class TestEditingOn:
    def test_changes_go_to_the_placed_layer_as_one_entry(self, plain: Workshop) -> None:
        plain.place()
        for _ in range(3):
            plain.panel.dice.click()
            plain.settle()
        assert plain.studio.seen(150, 100) == (*seed_color(4), 255)
        assert plain.studio.names == ["New picture", "Place generated picture", "Change generated picture"]
        plain.window.perform("edit.undo")
        plain.settle()
        assert plain.studio.seen(150, 100) == (*seed_color(1), 255)
        assert plain.preview_color() == seed_color(1), "the panel goes back with the layer"
        plain.window.perform("edit.redo")
        plain.settle()
        assert plain.preview_color() == seed_color(4)

    def test_a_new_picture_is_announced_where_it_lies_only(self, plain: Workshop) -> None:
        """On a large document a slider must not have everything composited again."""
        plain.studio.show_plain(900, 700)
        plain.window.state.region.set_tiles(TileMap.filled(Rect(10, 10, 40, 40), (255,)))
        plain.place()
        opened = plain.window.state.open_document
        assert opened is not None
        rects: list[Rect] = []
        opened.changed.connect(lambda _layer_id, rect: rects.append(rect))
        plain.panel.dice.click()
        plain.settle()
        assert rects
        assert all(Rect(0, 0, 256, 256).contains(rect) for rect in rects)

    def test_dragging_a_slider_changes_the_canvas_and_is_one_entry(self, plain: Workshop) -> None:
        plain.place()
        plain.show(Page.DIRECTIONS)
        slider = plain.panel.directions.sliders[0]
        track = slider.track
        QTest.mousePress(track, Qt.MouseButton.LeftButton, pos=QPoint(10, 8))
        for x in range(10, track.width() - 10, 6):
            QTest.mouseMove(track, QPoint(x, 8))
            QApplication.processEvents()
        QTest.mouseRelease(track, Qt.MouseButton.LeftButton, pos=QPoint(track.width() - 10, 8))
        plain.settle()
        assert plain.generate.sample is not None
        assert slider.value > 2
        expected = color_of(plain.generate.sample.latent)
        assert plain.studio.seen(150, 100) == (*expected, 255)
        assert plain.studio.on_screen(150, 100) == expected
        assert plain.studio.names[2:] == ["Change generated picture"]

    def test_going_back_at_once_leaves_the_layer_as_the_panel_shows_it(self, plain: Workshop) -> None:
        plain.place()
        plain.generate.set_seed(50)
        plain.studio.wait_for(lambda: plain.preview_seed() == 50)
        plain.generate.set_seed(1)
        plain.settle()
        assert plain.preview_color() == seed_color(1)
        assert plain.studio.seen(150, 100) == (*seed_color(1), 255)

    def test_another_layer_is_left_alone_and_coming_back_goes_on(self, plain: Workshop) -> None:
        placed = plain.place()
        plain.window.state.choose_layer(plain.studio.document.layers[0].id)
        plain.settle()
        plain.panel.dice.click()
        plain.settle()
        assert plain.studio.document.raster_layer(placed.id) is placed
        plain.window.state.choose_layer(placed.id)
        plain.settle()
        assert plain.preview_color() == seed_color(1)
        assert "Changes layer" in plain.panel.status.toolTip() + plain.panel.status.text()

    def test_letting_go_starts_another_picture(self, plain: Workshop) -> None:
        placed = plain.place()
        plain.panel.detach.click()
        plain.panel.dice.click()
        plain.settle()
        assert plain.studio.document.raster_layer(placed.id) is placed
        plain.panel.detach.click()
        plain.settle()
        assert plain.preview_color() == seed_color(1), "the layer is in hand again"

    def test_another_model_leaves_the_layer_alone_also_after_letting_go(self, open_workshop: OpenWorkshop) -> None:
        shop = open_workshop(plain_generator, shape_generator)
        shop.choose("plain-generator")
        placed = shop.place()
        shop.panel.detach.click()
        shop.choose("shape-generator")
        shop.window.state.document_renamed.emit()
        shop.settle()
        assert shop.generate.model is not None
        assert shop.generate.model.id == "shape-generator"
        assert shop.studio.document.raster_layer(placed.id) is placed

    def test_a_moved_layer_changes_where_it_is(self, plain: Workshop) -> None:
        plain.place()
        plain.window.perform("tool.move")
        plain.studio.drag((150, 100), (230, 60))
        plain.settle()
        plain.panel.dice.click()
        plain.settle()
        assert plain.studio.seen(230, 60) == (*seed_color(2), 255)
        assert plain.studio.seen(150, 100) == (200, 200, 200, 255)

    def test_a_locked_layer_is_not_changed_and_says_so(self, plain: Workshop) -> None:
        placed = plain.place()
        plain.window.perform("layer.lock_pixels")
        plain.panel.dice.click()
        plain.settle()
        assert "is locked" in plain.window.info.text
        assert plain.studio.document.raster_layer(placed.id).tiles.same_pixels(placed.tiles)

    def test_a_picture_that_comes_in_the_middle_of_a_stroke_waits(self, plain: Workshop) -> None:
        placed = plain.place()
        plain.window.perform("tool.brush")
        plain.runner.gate.clear()
        plain.panel.dice.click()
        plain.studio.press((20, 20))
        plain.studio.move((40, 20))
        plain.runner.gate.set()
        plain.studio.wait_for(lambda: plain.generate.shown == plain.generate.sample)
        QTest.qWait(60)
        assert plain.studio.document.raster_layer(placed.id) is placed
        QTest.mouseRelease(plain.window.canvas, Qt.MouseButton.LeftButton, pos=plain.studio.at((40, 20)))
        plain.studio.wait_for(lambda: plain.studio.seen(150, 100) == (*seed_color(2), 255))

    def test_a_layer_of_a_model_that_is_gone_keeps_its_pixels_and_the_panel_says_so(self, plain: Workshop) -> None:
        placed = plain.place()
        opened = plain.window.state.open_document
        assert opened is not None
        with opened.edit("Test") as edit:
            edit.replace_layer(placed.changed(recipe=AiRecipe("lost", "0" * 64)))
        plain.settle()
        assert "“lost”, which is not installed" in plain.panel.status.toolTip() + plain.panel.status.text()
        assert plain.studio.seen(150, 100) == (*seed_color(1), 255)


class TestWays:
    def test_a_neighbour_is_taken_by_a_click_and_more_are_made_around_it(self, plain: Workshop) -> None:
        tiles = plain.panel.neighbours.tiles
        images = [tile.image for tile in tiles]
        assert all(image is not None for image in images)
        plain.press(tiles[5], 0.5, 0.5)
        made = plain.explorer.neighbours[5]
        assert plain.preview_color() == color_of(made.sample.latent) == tuple(made.picture[0, 0])
        assert [tile.image for tile in tiles] == images, "the others stay"
        plain.panel.neighbours.more.click()
        plain.settle()
        assert [tile.image for tile in tiles] != images
        near = [np.subtract(other.sample.latent, made.sample.latent) for other in plain.explorer.neighbours]
        assert max(np.linalg.norm(step) for step in near) < 4
        plain.panel.reset.click()
        plain.settle()
        assert plain.preview_color() == seed_color(1)

    def test_the_map_is_the_plane_and_dragging_in_it_chooses(self, plain: Workshop) -> None:
        plain.show(Page.MAP)
        shown = plain.panel.map.map
        assert shown.has_pictures
        reach, directions = plain.explorer.reach, plain.explorer.directions
        assert directions is not None
        QTest.mousePress(shown, Qt.MouseButton.LeftButton, pos=shown.rect().center())
        box = shown._inner()
        QTest.mouseMove(shown, QPoint(round(box.right()), round(box.top())))
        QTest.mouseRelease(shown, Qt.MouseButton.LeftButton, pos=QPoint(round(box.right()), round(box.top())))
        plain.settle()
        assert plain.explorer.places()[:2] == pytest.approx([reach, reach], abs=0.1)
        corner = plain.explorer.map[6]
        assert np.abs(corner[0, 0].astype(int) - plain.preview_color()).max() <= 12, "the picture under the pointer"

    def test_the_map_can_be_walked_with_keys(self, plain: Workshop) -> None:
        plain.show(Page.MAP)
        shown = plain.panel.map.map
        shown.set_place(0, 0)
        QTest.keyClick(shown, Qt.Key.Key_Right)
        QTest.keyClick(shown, Qt.Key.Key_Up)
        plain.settle()
        assert plain.explorer.places()[:2] == pytest.approx([0.15, 0.15], abs=0.01)

    def test_a_blend_goes_from_one_picture_to_the_other(self, plain: Workshop) -> None:
        plain.show(Page.BLEND)
        page = plain.panel.blend
        assert not page.share.isEnabled()
        page.ends[Slot.A].click()
        plain.panel.dice.click()
        plain.settle()
        page.ends[Slot.B].click()
        plain.settle()
        for share, color in ((0.0, seed_color(1)), (1.0, seed_color(2))):
            page.share.move_to_share(share)
            plain.settle()
            assert plain.preview_color() == color
        page.share.move_to_share(0.5)
        plain.settle()
        assert plain.preview_color() not in (seed_color(1), seed_color(2))

    def test_levels_of_one_picture_are_taken_into_another(self, open_workshop: OpenWorkshop) -> None:
        shop = open_workshop(mixing_generator)
        shop.show(Page.BLEND)
        page = shop.panel.blend
        assert [button.text() for button in page.levels.values()] == ["Coarse"]
        page.ends[Slot.A].click()
        shop.panel.dice.click()
        shop.settle()
        page.ends[Slot.B].click()
        shop.settle()
        page.levels["coarse"].click()
        shop.settle()
        sample = shop.generate.sample
        assert sample is not None
        assert dict(sample.parameters)["coarse"] == 1.0
        ends = [draw(Z, 0, seed, (3,)) for seed in (1, 2)]
        np.testing.assert_array_equal(np.array(sample.latent, np.float32), np.concatenate(ends))
        layer = shop.place()
        assert layer.recipe is not None
        assert layer.recipe.latent == sample.latent
        page.levels["coarse"].click()
        shop.settle()
        assert not page.levels["coarse"].isChecked()

    def test_named_directions_have_sliders_on_their_own_page(self, open_workshop: OpenWorkshop) -> None:
        shop = open_workshop(mixing_generator)
        assert shop.panel.form is not None
        assert not shop.panel.form.isVisible()
        shop.show(Page.DIRECTIONS)
        assert shop.panel.form.isVisible()
        assert not any(slider.isVisible() for slider in shop.panel.directions.sliders)
        before = shop.preview_color()
        slider = shop.panel.form.controls["redder"]
        assert isinstance(slider, ValueSlider)
        slider.move_to_share(0.0)
        shop.settle()
        assert shop.preview_color()[0] < before[0]

    def test_a_named_direction_stays_in_the_hand_while_pictures_come(self, open_workshop: OpenWorkshop) -> None:
        shop = open_workshop(mixing_generator)
        shop.show(Page.DIRECTIONS)
        assert shop.panel.form is not None
        slider = shop.panel.form.controls["redder"]
        assert isinstance(slider, ValueSlider)
        track, values = slider.track, []
        QTest.mousePress(track, Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
        for x in (30, 50, 70):
            QTest.mouseMove(track, QPoint(x, 10))
            shop.settle()
            values.append(slider.value)
            assert shop.panel.form is not None
            assert shop.panel.form.controls["redder"] is slider
        QTest.mouseRelease(track, Qt.MouseButton.LeftButton, pos=QPoint(70, 10))
        assert values == sorted(set(values))
        assert shop.generate.sample is not None
        shop.generate.set_parameter("redder", slider.value_range.minimum)  # not by the form: it shows that too
        shop.settle()
        assert shop.panel.form is not None
        again = shop.panel.form.controls["redder"]
        assert isinstance(again, ValueSlider)
        assert again.value == again.value_range.minimum

    @pytest.mark.parametrize("name", ["walk.gif", "walk", "walk.mp4"])
    def test_a_walk_is_saved_as_an_animation(
        self, open_workshop: OpenWorkshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        shop = open_workshop(shape_generator)
        shop.show(Page.BLEND)
        assert not shop.panel.blend.walk.isEnabled()
        shop.panel.blend.ends[Slot.A].click()
        shop.panel.dice.click()
        shop.settle()
        shop.choose_class("box")
        shop.settle()
        shop.panel.blend.ends[Slot.B].click()
        shop.settle()
        monkeypatch.setattr(shop.window.dialogs, "ask_new_file", lambda *_: tmp_path / name)
        monkeypatch.setattr(generate_walk, "FRAMES", 8)
        monkeypatch.setattr(generate_walk, "SMALLEST_SIDE", 32)
        shop.studio.wait_for(lambda: shop.window.actions_by_id["generate.walk"].isEnabled())
        shop.panel.blend.walk.click()
        written = tmp_path / (name if "." in name else f"{name}.webp")
        shop.studio.wait_for(written.exists)
        shop.settle()
        if written.suffix == ".mp4":
            assert len(video_frames(written)) == 8
            return
        with Image.open(written) as read:
            assert 4 < read.n_frames <= 8  # equal ones in a row are one
            assert read.size == (32, 32)

    def test_truncation_draws_the_picture_in(self, plain: Workshop) -> None:
        plain.show(Page.DIRECTIONS)
        plain.panel.directions.truncation.move_to_share(0.0)
        plain.settle()
        assert plain.preview_color() == color_of(draw(Z, 0, 1, (3,)) * np.float32(0.1))

    def test_a_class_is_chosen_and_the_seed_stays(self, open_workshop: OpenWorkshop) -> None:
        shop = open_workshop(plain_generator, shape_generator)
        shop.choose("shape-generator")
        seed = shop.panel.seed.text()
        shop.choose_class("box")
        shop.settle()
        assert shop.panel.seed.text() == seed
        assert shop.generate.picture is not None
        assert shop.generate.picture[2, 2, 3] == 0
        assert shop.generate.picture[3, 3, 3] == 255

    def test_classes_are_called_as_the_language_calls_them(
        self, open_workshop: OpenWorkshop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        texts = i18n.texts_of("zh_CN") | {"model.shape-generator.choice.box": "方块"}
        monkeypatch.setattr(i18n, "texts_of", lambda _language: texts)
        shop = open_workshop(shape_generator)
        assert shop.panel.label.list.findText("方块") == shop.panel.label.list.findData("box")
        shop.choose_class("box")
        shop.settle()
        assert shop.generate.sample is not None
        assert dict(shop.generate.sample.parameters)["kind"] == "box"
        assert shop.panel.label.list.currentText() == "方块"
        assert shop.place().name.endswith(": 方块")

    def test_only_the_newest_of_many_wishes_is_computed(self, plain: Workshop) -> None:
        plain.show(Page.BLEND)
        before = len(plain.runner.requests)
        plain.runner.gate.clear()
        for seed in range(100, 150):
            plain.generate.set_seed(seed)
            QApplication.processEvents()
        plain.runner.gate.set()
        plain.settle()
        assert plain.preview_color() == seed_color(149)
        assert [request.seed for request in plain.runner.requests[before:]] == [100, 149]


class TestEncoding:
    def test_a_picture_becomes_a_latent_is_changed_and_placed_where_it_was(self, open_workshop: OpenWorkshop) -> None:
        shop = open_workshop(color_autoencoder)
        document = Document(Size(300, 200))
        pixels = np.full((200, 300, 4), 255, np.uint8)
        shop.studio.show(document.with_layer_inserted(new_layer_from_pixels(document, pixels, "White")))
        shop.window.perform("layer.new")
        patch = TileMap.filled(Rect(40, 60, 50, 50), (204, 102, 51, 255))
        opened = shop.window.state.open_document
        layer = shop.window.state.active_layer
        assert opened is not None
        assert layer is not None
        with opened.edit("Patch") as edit:
            edit.replace_layer(layer.changed(tiles=patch))
        shop.panel.encode.click()
        shop.settle()
        assert shop.preview_color() == pytest.approx((204, 102, 51), abs=1)
        shop.show(Page.DIRECTIONS)
        shop.panel.directions.sliders[0].move_to_share(1.0)
        shop.settle()
        changed = shop.preview_color()
        assert changed != pytest.approx((204, 102, 51), abs=9)
        placed = shop.place()
        assert placed.tiles.content_bounds() == Rect(40, 60, 50, 50)
        assert shop.studio.seen(60, 80) == (*changed, 255)

    def test_models_without_an_encoder_have_no_such_button(self, plain: Workshop) -> None:
        assert not plain.panel.encode.isVisible()


class TestFiles:
    def test_a_latent_is_saved_as_the_command_line_reads_it_and_loaded_again(
        self, plain: Workshop, tmp_path: Path
    ) -> None:
        plain.studio.dialogs.file = tmp_path / "kept.npy"
        plain.panel.save.click()
        np.testing.assert_array_equal(np.load(tmp_path / "kept.npy"), draw(Z, 0, 1, (3,))[None])
        plain.panel.dice.click()
        plain.settle()
        plain.panel.load.click()
        plain.settle()
        assert plain.preview_color() == seed_color(1)

    @pytest.mark.parametrize(
        ("numbers", "message"), [([1, 2], "each latent of this model has 3 numbers"), ([1, "NaN", 3], "not finite")]
    )
    def test_what_is_no_latent_is_refused_in_a_sentence(
        self, plain: Workshop, tmp_path: Path, numbers: list, message: str
    ) -> None:
        path = tmp_path / "bad.npy"
        np.save(path, np.array(numbers, np.float32))
        plain.studio.dialogs.file = path
        plain.panel.load.click()
        assert message in plain.window.info.text
        assert plain.preview_color() == seed_color(1)


class TestStamps:
    def test_a_stroke_scatters_pictures_of_different_seeds_as_one_entry(self, open_workshop: OpenWorkshop) -> None:
        shop = open_workshop(shape_generator)
        shop.panel.stamp.click()
        shop.settle()
        assert len(shop.explorer.stamps) > 9
        exact = {"size_px": 32.0, "spacing": 150.0, "scatter": 0.0, "size_jitter": 0.0, "turn_degrees": 0.0}
        shop.window.state.change_options(stamp=type(shop.window.state.options.stamp)(**exact))
        shop.window.perform("layer.new")
        shop.studio.drag((40, 100), (240, 100))
        assert shop.studio.names[-1] == "Stamp generated pictures"
        seen = [shop.studio.seen(40 + 48 * index, 100)[:3] for index in range(5)]
        assert seen == [seed_color(1 + index) for index in range(5)]
        assert shop.studio.seen(64, 100) == (200, 200, 200, 255), "nothing between them"
        shop.window.perform("edit.undo")
        assert shop.studio.seen(40, 100) == (200, 200, 200, 255)

    def test_the_context_bar_changes_the_size_of_the_stamps(self, open_workshop: OpenWorkshop) -> None:
        shop = open_workshop(shape_generator)
        shop.window.perform("tool.stamp")
        shop.settle()
        bar = shop.window.context.bars[shop.window.state.tool]
        bar.sliders["size_px"].number.value_changed.emit(120.0)
        shop.window.perform("layer.new")
        shop.studio.drag((150, 100), (151, 100))
        layer = shop.window.state.active_layer
        assert isinstance(layer, RasterLayer)
        bounds = layer.tiles.content_bounds()
        assert 60 < max(bounds.width, bounds.height) < 130

    def test_the_pointer_shows_the_size_and_the_brackets_change_it(self, open_workshop: OpenWorkshop) -> None:
        shop = open_workshop(shape_generator)
        brush = shop.window.state.brush.size_px
        shop.window.perform("tool.stamp")
        shop.settle()
        sizes = []
        for _ in range(2):
            rect = shop.window.canvas._scene.outline_rect(0.0, 0.0)
            assert rect is not None
            sizes.append(rect[2] - rect[0])
            shop.window.perform("brush.larger")
        assert sizes[0] == pytest.approx(96, abs=16)
        assert sizes[1] > sizes[0] + 10
        assert shop.window.state.brush.size_px == brush

    def test_without_a_generator_the_stamp_brush_says_why(self, studio: Studio) -> None:
        studio.show_plain()
        studio.window.perform("tool.stamp")
        studio.drag((50, 50), (80, 50))
        assert "No generator is installed" in studio.window.info.text
        assert studio.names == ["New picture"]


def test_a_model_that_fails_says_so_once_and_nothing_is_lost(open_workshop: OpenWorkshop, tmp_path: Path) -> None:
    shop = open_workshop(plain_generator)
    (tmp_path / "generators" / "plain-generator" / "main.onnx").write_bytes(b"altered")
    shop.panel.dice.click()
    shop.settle()
    assert "is not the file that the model" in shop.window.info.text
    assert not shop.panel.place.isEnabled()
    assert len(shop.studio.document.layers) == 1


def test_the_real_worker_gives_the_same_picture(open_studio: OpenStudio, tmp_path: Path) -> None:
    folder = plain_generator(tmp_path / "generators" / "plain-generator").parent
    catalog = Catalog((folder,))
    shop = Workshop(open_studio(make_runner=lambda: WorkerRunner(catalog), catalog=catalog), HereRunner(folder))
    assert shop.preview_color() == seed_color(1)
