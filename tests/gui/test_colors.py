"""The colour panel: wheel, sliders in four models, hex and names, recent colours and swatches."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.settings import SWATCHES
from desktop.ui.panels.color_panel import ColorPanel
from desktop.ui.panels.color_sliders import ColorModel, Unit
from tests.gui.conftest import OpenStudio, Studio


@pytest.fixture
def panel(studio: Studio) -> ColorPanel:
    studio.show_plain()
    studio.window.panels.bring_to_front("color")
    QApplication.processEvents()
    return studio.window.panels.colors


def choose(panel: ColorPanel, model: ColorModel, unit: Unit = Unit.EIGHT_BIT) -> None:
    panel.unit.setCurrentIndex(list(Unit).index(unit))
    panel.models.button(model.value).click()


def enter(panel: ColorPanel, row: int, text: str) -> None:
    field = panel.sliders.rows[row].number
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_the_ring_chooses_the_hue_and_shows_it(studio: Studio, panel: ColorPanel) -> None:
    studio.window.state.set_color((1.0, 0.0, 0.0))
    place = panel.wheel.place_of_hue(1 / 3).toPoint()
    shown = panel.wheel.grab().toImage().pixelColor(place)
    assert shown.green() > 240
    assert shown.red() < 40
    QTest.mouseClick(panel.wheel, Qt.MouseButton.LeftButton, pos=place)
    red, green, blue = studio.window.state.color
    assert green == 1.0
    assert red < 0.05
    assert blue < 0.05


def test_the_square_chooses_saturation_and_value_and_keys_do_too(studio: Studio, panel: ColorPanel) -> None:
    studio.window.state.set_color((0.0, 0.0, 1.0))
    square = panel.wheel.square()
    QTest.mouseClick(panel.wheel, Qt.MouseButton.LeftButton, pos=square.center().toPoint())
    assert studio.window.state.color == pytest.approx((0.25, 0.25, 0.5), abs=0.02)
    panel.wheel.setFocus()
    for _ in range(60):
        QTest.keyClick(panel.wheel, Qt.Key.Key_Down)
    assert studio.window.state.color == (0.0, 0.0, 0.0)
    for _ in range(60):
        QTest.keyClick(panel.wheel, Qt.Key.Key_Up)
        QTest.keyClick(panel.wheel, Qt.Key.Key_Right)
    assert studio.window.state.color == pytest.approx((0, 0, 1)), "black kept its hue"


@pytest.mark.parametrize(("unit", "text"), [(Unit.EIGHT_BIT, "51"), (Unit.SIXTEEN_BIT, "13107"), (Unit.PERCENT, "20")])
def test_rgb_is_typed_in_the_unit_that_was_chosen(studio: Studio, panel: ColorPanel, unit: Unit, text: str) -> None:
    choose(panel, ColorModel.RGB, unit)
    enter(panel, 0, text)
    assert studio.window.state.color == pytest.approx((0.2, 0, 0), abs=1e-6)
    assert panel.hex.text() == "#330000"


def test_grey_has_one_slider_and_keeps_the_brightness(studio: Studio, panel: ColorPanel) -> None:
    studio.window.state.set_color((1.0, 1.0, 1.0))
    choose(panel, ColorModel.GRAY)
    assert [row.value for row in panel.sliders.rows] == [255]
    enter(panel, 0, "128")
    assert studio.window.state.color == pytest.approx((128 / 255,) * 3)


def test_a_colour_that_srgb_does_not_have_is_marked_and_the_nearest_is_taken(studio: Studio, panel: ColorPanel) -> None:
    choose(panel, ColorModel.OKLCH)
    for row, text in enumerate(("70", "0.05", "150")):
        enter(panel, row, text)
    assert not panel.gamut.isVisible()
    enter(panel, 1, "0.39")
    assert panel.gamut.isVisible()
    assert all(0 <= level <= 1 for level in studio.window.state.color)
    assert [row.value for row in panel.sliders.rows] == pytest.approx([70, 0.39, 150]), "the numbers stay"


@pytest.mark.parametrize(
    ("text", "name"),
    [("#f80", "#ff8800"), ("336699", "#336699"), ("Tomato", "#ff6347"), ("light blue", "#add8e6"), ("#12", "#000000")],
)
def test_the_field_takes_digits_and_names(panel: ColorPanel, text: str, name: str) -> None:
    panel.hex.setFocus()
    panel.hex.selectAll()
    QTest.keyClicks(panel.hex, text)
    QTest.keyClick(panel.hex, Qt.Key.Key_Return)
    assert panel.hex.text() == name


def test_painted_colours_become_recent_and_the_old_one_can_be_had_back(studio: Studio, panel: ColorPanel) -> None:
    studio.window.state.set_color((1.0, 0.0, 0.0))
    assert panel.recent.colors == ()
    studio.drag((40, 40), (80, 40))
    studio.window.state.set_color((0.0, 0.0, 1.0))
    assert [entry.hex for entry in panel.recent.colors] == ["#ff0000"]
    assert panel.old.shown_color == QColor("#ff0000")
    assert panel.new.shown_color == QColor("#0000ff")
    QTest.mouseClick(panel.old, Qt.MouseButton.LeftButton)
    assert studio.window.state.color == (1.0, 0.0, 0.0)


def test_swatches_are_added_renamed_removed_and_kept(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.window.panels.bring_to_front("color")
    QApplication.processEvents()
    panel = studio.window.panels.colors
    first = len(panel.swatches.colors)
    studio.window.state.set_color((0.2, 0.4, 0.6))
    panel.add.click()
    panel.add.click()
    assert len(panel.swatches.colors) == first + 1, "once"
    panel.swatches.setFocus()
    panel.swatches.current = first
    studio.dialogs.name = "Sea"
    QTest.keyClick(panel.swatches, Qt.Key.Key_F2)
    assert studio.window.settings.get(SWATCHES)[-1] == "#336699 Sea"
    studio.window.state.set_color((0.0, 0.0, 0.0))
    cell = panel.swatches.cell(first).center()
    assert panel.swatches.grab().toImage().pixelColor(cell).name() == "#336699"
    QTest.mouseClick(panel.swatches, Qt.MouseButton.LeftButton, pos=QPoint(cell))
    assert studio.window.state.color == pytest.approx((0.2, 0.4, 0.6))
    again = open_studio().window.panels.colors
    assert again.swatches.colors[-1].name == "Sea"
    QTest.keyClick(panel.swatches, Qt.Key.Key_Delete)
    assert len(panel.swatches.colors) == first


def test_palettes_are_exported_imported_and_bad_ones_refused(studio: Studio, panel: ColorPanel, tmp_path: Path) -> None:
    before = panel.swatches.colors
    studio.dialogs.file = tmp_path / "mine"
    panel.save.click()
    studio.dialogs.file = tmp_path / "mine.gpl"
    assert studio.dialogs.file.read_text().startswith("GIMP Palette\n")
    for _ in before:
        panel.swatches.current = 0
        panel.remove.click()
    assert panel.swatches.colors == ()
    panel.load.click()
    assert [color.levels for color in panel.swatches.colors] == [color.levels for color in before]
    studio.dialogs.file.write_text("not a palette")
    panel.load.click()
    assert "is not a palette" in studio.window.info.text
    assert len(panel.swatches.colors) == len(before)
