"""Adjustments, filters and adjustment layers in the real window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.core.composite import flatten
from desktop.core.effect_table import EFFECTS
from desktop.core.geometry import Rect
from desktop.core.layers import AdjustmentLayer, EffectSettings, RasterLayer
from desktop.core.tiles import TileMap
from desktop.io.openraster import load_openraster, save_openraster
from desktop.tools.painting import Plane
from desktop.ui.action_set import handler_of
from desktop.ui.actions import action_spec
from desktop.ui.dialogs.effect_dialog import EffectDialog
from desktop.ui.i18n import set_language
from desktop.ui.panels.layer_painter import Part
from desktop.ui.widgets.curve_editor import CurveEditor
from desktop.ui.widgets.value_slider import ValueSlider
from tests.golden.effect_samples import inverting_cube
from tests.gui.conftest import Studio


def dialog_of(studio: Studio) -> EffectDialog:
    dialog = studio.window.effects.dialog
    assert dialog is not None
    return dialog


def open_effect(studio: Studio, action: str) -> EffectDialog:
    studio.window.perform(action)
    dialog = dialog_of(studio)
    wait_for_preview(studio)
    return dialog


def wait_for_preview(studio: Studio) -> None:
    studio.wait_for(lambda: studio.window.effects.dialog is None or not studio.window.effects.dialog.is_at_work)
    studio.settle()


def keep(studio: Studio) -> None:
    dialog_of(studio).accept()
    studio.wait_for(lambda: studio.window.effects.dialog is None)


def drag_slider(dialog: EffectDialog, name: str, value: float) -> None:
    slider = dialog.form.controls[name]
    assert isinstance(slider, ValueSlider)
    slider.move_to_share(slider.value_range.to_share(value))


def shown(studio: Studio) -> tuple[int, ...]:
    """What a pixel looks like in the version that is shown, kept or not."""
    opened = studio.window.state.open_document
    assert opened is not None
    return tuple(int(level) for level in flatten(opened.shown, Rect(20, 20, 1, 1), threads=1)[0, 0])


def test_a_filter_shows_on_the_canvas_and_becomes_one_step_of_the_history(studio: Studio) -> None:
    studio.show_plain(level=100)
    dialog = open_effect(studio, "adjust.exposure")
    drag_slider(dialog, "exposure", 1)
    wait_for_preview(studio)
    tried = studio.on_screen(20, 20)
    assert tried[0] > 120
    drag_slider(dialog, "exposure", 2)
    wait_for_preview(studio)
    assert studio.names == ["New picture"]
    keep(studio)
    assert studio.names == ["New picture", "exposure"]
    assert studio.seen(20, 20)[0] > tried[0]
    studio.window.perform("edit.undo")
    assert studio.seen(20, 20) == (100, 100, 100, 255)


def test_escape_brings_the_picture_back(studio: Studio) -> None:
    studio.show_plain(level=100)
    before = studio.document
    dialog = open_effect(studio, "adjust.brightness-contrast")
    drag_slider(dialog, "brightness", 80)
    wait_for_preview(studio)
    assert shown(studio)[0] > 120
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert studio.window.effects.dialog is None
    assert studio.document is before
    assert shown(studio) == (100, 100, 100, 255)
    assert not studio.window.state.is_editing


def test_the_preview_can_be_switched_off(studio: Studio) -> None:
    studio.show_plain(level=100)
    dialog = open_effect(studio, "adjust.posterise")
    drag_slider(dialog, "levels", 2)
    wait_for_preview(studio)
    assert shown(studio)[0] == 0
    dialog.preview.click()
    wait_for_preview(studio)
    assert shown(studio)[0] == 100
    keep(studio)
    assert studio.seen(20, 20)[0] == 0


def test_invert_needs_no_dialog_and_repeat_does_the_last_one_again(studio: Studio) -> None:
    studio.show_plain(level=100)
    studio.window.perform("filter.repeat")
    assert studio.names == ["New picture"]
    for action, level in (("adjust.invert", 155), ("filter.repeat", 100)):
        studio.window.perform(action)
        studio.wait_for(lambda: not studio.window.state.is_editing)
        assert studio.seen(20, 20)[0] == level
    assert studio.names == ["New picture", "invert", "invert"]


@pytest.mark.parametrize(
    ("key", "effect_id"),
    [(Qt.Key.Key_L, "levels"), (Qt.Key.Key_M, "curves"), (Qt.Key.Key_U, "hue-saturation")],
)
def test_the_usual_keys_open_the_usual_dialogs(studio: Studio, key: Qt.Key, effect_id: str) -> None:
    studio.show_plain()
    studio.window.canvas.setFocus()
    studio.key(key, Qt.KeyboardModifier.ControlModifier)
    assert dialog_of(studio).form._effect.id == effect_id
    dialog_of(studio).reject()


def test_a_filter_keeps_to_the_selection_and_the_tools_wait(studio: Studio) -> None:
    studio.show_plain(level=100)
    opened = studio.window.state.open_document
    assert opened is not None
    half = np.zeros((200, 300), np.uint8)
    half[:, :150] = 255
    with opened.edit("Selection") as edit:
        edit.set_selection(TileMap.from_array(half))
    dialog = open_effect(studio, "adjust.levels")
    drag_slider(dialog, "all_gamma", 3)
    wait_for_preview(studio)
    studio.drag((200, 100), (240, 100))
    studio.window.perform("layer.new")
    keep(studio)
    assert studio.names == ["New picture", "Selection", "levels"]
    assert studio.seen(20, 20)[0] > 150
    assert studio.seen(200, 20) == (100, 100, 100, 255)


def test_automatic_levels_and_contrast_work_at_once(studio: Studio) -> None:
    studio.show_plain(level=100)
    studio.window.state.set_color((0.2, 0.2, 0.2))
    studio.drag((40, 40), (200, 150))
    for action in ("adjust.auto_contrast", "adjust.auto_levels"):
        studio.window.perform(action)
        studio.wait_for(lambda: not studio.window.state.is_editing)
        assert studio.seen(5, 190)[0] == 255
    dialog = open_effect(studio, "adjust.levels")
    studio.wait_for(lambda: bool(dialog.histogram.before))
    dialog.auto.click()
    wait_for_preview(studio)
    dialog.reset.click()
    assert dialog.form.settings == EffectSettings(
        "levels", tuple((p.id, p.default) for p in dialog.form._effect.parameters)
    )
    dialog.reject()


def test_an_adjustment_layer_is_made_changed_and_painted_on(studio: Studio) -> None:
    studio.show_plain(level=100)
    dialog = open_effect(studio, "adjustment.levels")
    drag_slider(dialog, "all_low", 200)
    wait_for_preview(studio)
    assert studio.on_screen(20, 20)[0] > 200
    keep(studio)
    layer = studio.document.layers[-1]
    assert isinstance(layer, AdjustmentLayer)
    assert (layer.name, studio.window.state.layer_id, studio.window.state.plane) == ("Levels", layer.id, Plane.MASK)
    assert studio.names == ["New picture", "New adjustment layer"]
    studio.window.state.set_color((0.0, 0.0, 0.0))
    studio.drag((10, 20), (60, 20))
    assert studio.seen(20, 20)[0] < 110, "black in the mask hides the adjustment"
    assert studio.document.raster_layer(1).tiles.read(Rect(20, 20, 1, 1))[0, 0, 0] == 100


def test_a_double_click_on_the_sign_of_an_adjustment_opens_its_values(studio: Studio) -> None:
    studio.show_plain(level=100)
    studio.window.perform("adjustment.invert")
    dialog = open_effect(studio, "adjustment.exposure")
    keep(studio)
    rows = studio.window.panels.layers.list.rows
    studio.wait_for(lambda: rows._number_of(studio.document.layers[-1].id) is not None)
    number = rows._number_of(studio.document.layers[-1].id)
    assert number is not None
    place = rows.shape.thumbs(rows._rows[number], number)[Plane.PIXELS].center()
    assert rows._part_at(place) is Part.THUMB
    QTest.mouseDClick(rows, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    dialog = dialog_of(studio)
    before = studio.seen(20, 20)
    drag_slider(dialog, "exposure", -3)
    keep(studio)
    assert studio.names[-1] == "Change adjustment"
    assert studio.seen(20, 20)[0] < before[0]
    assert studio.window.actions_by_id["layer.adjustment"].isEnabled()


def test_a_new_adjustment_that_is_cancelled_was_never_there(studio: Studio) -> None:
    studio.show_plain(level=100)
    before, chosen = studio.document, studio.window.state.layer_id
    open_effect(studio, "adjustment.black-and-white")
    dialog_of(studio).reject()
    assert studio.document is before
    assert studio.window.state.layer_id == chosen


def test_adjustment_layers_come_back_from_a_file(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain(level=100)
    dialog = open_effect(studio, "adjustment.curves")
    editor = dialog.form.controls["all"]
    assert isinstance(editor, CurveEditor)
    QTest.mouseClick(editor, Qt.MouseButton.LeftButton, pos=editor.place_of((0.4, 0.8)).toPoint())
    wait_for_preview(studio)
    keep(studio)
    save_openraster(studio.document, tmp_path / "a.ora")
    loaded = load_openraster(tmp_path / "a.ora")
    assert loaded.layers[-1].changed(mask=None) == studio.document.layers[-1].changed(mask=None)
    assert np.array_equal(flatten(loaded), flatten(studio.document))


def test_a_painted_stroke_on_an_adjustment_itself_is_refused_with_a_sentence(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("adjustment.invert")
    studio.window.state.choose_layer(studio.document.layers[-1].id, Plane.PIXELS)
    studio.drag((10, 10), (50, 10))
    assert studio.names == ["New picture", "New adjustment layer"]
    assert "adjustment layer" in studio.window.info.text


def test_a_broken_table_of_colours_is_refused_and_a_whole_one_used(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain(level=100)
    dialog = open_effect(studio, "adjust.lut")
    dialog.accept()
    assert studio.window.effects.dialog is dialog, "nothing is kept without a table"
    broken = tmp_path / "broken.cube"
    broken.write_text("LUT_3D_SIZE 2\n0 0 0\n")
    studio.dialogs.file = broken
    dialog.form.lut_button.click()
    assert "whole .cube file" in studio.window.info.text
    broken.write_bytes(inverting_cube())
    dialog.form.lut_button.click()
    wait_for_preview(studio)
    keep(studio)
    assert studio.seen(20, 20) == (100, 155, 100, 255)


def test_another_document_gives_up_what_is_being_tried(studio: Studio) -> None:
    studio.show_plain(level=100)
    first = studio.window.state.current
    open_effect(studio, "filter.gaussian-blur")
    studio.show_plain(level=50)
    assert studio.window.effects.dialog is None
    assert first is not None
    assert not first.open_document.is_editing


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_dialog_opens_is_named_and_fits_its_texts(studio: Studio, language: str) -> None:
    set_language(language)
    studio.show_plain(level=100)
    for effect in EFFECTS:
        if effect.has_form:
            kind = "adjust" if effect.is_adjustment else "filter"
            studio.window.perform(f"{kind}.{effect.id}")
            dialog = dialog_of(studio)
            QApplication.processEvents()
            assert dialog.windowTitle()
            for name, control in dialog.form.controls.items():
                focus = control.focusProxy() or control
                assert focus.accessibleName() or getattr(control, "text", str)(), (effect.id, name)
                assert not control.isVisible() or control.width() >= control.minimumSizeHint().width(), (
                    effect.id,
                    name,
                )
            for slider in dialog.form.findChildren(ValueSlider):
                assert slider.label.width() >= slider.label.sizeHint().width(), (effect.id, slider.label.text())
                number = slider.number
                assert number.fontMetrics().horizontalAdvance(number.text()) <= number.width() - 16, number.text()
            assert dialog.height() < 700
            dialog.reject()


def test_every_effect_can_be_reached(studio: Studio) -> None:
    for effect in EFFECTS:
        kind = "adjust" if effect.is_adjustment else "filter"
        assert callable(handler_of(studio.window, action_spec(f"{kind}.{effect.id}")))
        assert action_spec(f"adjustment.{effect.id}").argument == effect.id


def test_colours_are_matched_to_a_layer_and_the_adjustment_keeps_them(studio: Studio) -> None:
    """A reference above, the picture below: as a new adjustment layer it takes the reference's colours, live."""
    studio.show_plain(level=100)
    window = studio.window
    document = studio.document
    orange = np.zeros((40, 40, 4), np.uint8)
    orange[:] = (200, 120, 40, 255)
    layer = RasterLayer(id=document.next_layer_id(), name="Orange", visible=False, tiles=TileMap.from_array(orange))
    with window.state.open_document.edit("layer") as edit:
        edit.insert_layer(layer)
    window.state.choose_layer(document.layers[0].id)
    dialog = open_effect(studio, "adjust.match-colours")
    assert dialog.form.settings is None, "nothing is chosen yet"
    names = [dialog.form.reference.itemText(index) for index in range(dialog.form.reference.count())]
    assert names[0] == "Orange"
    dialog.form.reference.activated.emit(0)
    wait_for_preview(studio)
    red, green, blue, _ = shown(studio)
    assert red > green + 40 > blue + 80
    drag_slider(dialog, "colour", 0)
    wait_for_preview(studio)
    assert np.ptp(shown(studio)[:3]) <= 2, "its lightness alone"
    drag_slider(dialog, "colour", 100)
    wait_for_preview(studio)
    keep(studio)
    assert studio.seen(20, 20)[0] > studio.seen(20, 20)[2] + 80
