"""Brushes in the real window: presets, editor, pen, symmetry, straight lines, size by dragging."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QInputDevice, QMouseEvent, QPointingDevice, QPointingDeviceUniqueId, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.core.dynamics import Curve, Sensor, Target
from desktop.core.geometry import Point
from desktop.core.stabilizer import StabilizerSettings, Steadying
from desktop.core.symmetry import Symmetry, SymmetryKind
from desktop.io.brush_tips import read_tip
from desktop.paths import resources_dir
from desktop.ui.canvas import pointer
from desktop.ui.state import PEN_SIZE, BrushOptions, Tool
from tests.gui.conftest import Studio

NO_PEN = BrushOptions(size_px=20.0, hardness=100.0).with_pen_size(False)
SHIFT = Qt.KeyboardModifier.ShiftModifier


class Pen:
    """A tablet's pen over the canvas, at image points."""

    def __init__(self, studio: Studio, kind: QPointingDevice.PointerType = QPointingDevice.PointerType.Pen) -> None:
        self._studio, self._kind = studio, kind
        self._device = QPointingDevice(
            "pen",
            7,
            QInputDevice.DeviceType.Stylus,
            kind,
            QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
            1,
            3,
            "",
            QPointingDeviceUniqueId.fromNumericId(7),
        )

    def send(self, kind: QEvent.Type, point: tuple[float, float], pressure: float, tilt: float = 0.0) -> bool:
        canvas = self._studio.window.canvas
        local = QPointF(self._studio.at(point))
        is_down = kind != QEvent.Type.TabletRelease
        event = QTabletEvent(
            kind,
            self._device,
            local,
            QPointF(canvas.mapToGlobal(local)),
            pressure,
            tilt,
            0.0,
            0.0,
            0.0,
            0.0,
            Qt.KeyboardModifier.NoModifier,
            Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else Qt.MouseButton.LeftButton,
            Qt.MouseButton.LeftButton if is_down else Qt.MouseButton.NoButton,
        )
        QApplication.sendEvent(canvas, event)
        return event.isAccepted()

    def hover(self, point: tuple[float, float]) -> None:
        """Above the tablet: a move without a button."""
        canvas = self._studio.window.canvas
        local, none = QPointF(self._studio.at(point)), Qt.MouseButton.NoButton
        place = QPointF(canvas.mapToGlobal(local))
        keys = Qt.KeyboardModifier.NoModifier
        kind = QEvent.Type.TabletMove
        event = QTabletEvent(kind, self._device, local, place, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, keys, none, none)
        QApplication.sendEvent(canvas, event)

    def stroke(self, *samples: tuple[tuple[float, float], float]) -> None:
        (first, pressure), *rest = samples
        assert self.send(QEvent.Type.TabletPress, first, pressure)
        for point, force in rest[:-1]:
            assert self.send(QEvent.Type.TabletMove, point, force)
        assert self.send(QEvent.Type.TabletRelease, rest[-1][0], rest[-1][1])


def dark(studio: Studio, x: int, y: int) -> bool:
    return studio.seen(x, y)[0] < 60


def height_of_paint(studio: Studio, x: int) -> int:
    return sum(dark(studio, x, y) for y in range(200))


def test_the_pens_pressure_counts_from_the_first_dab_to_the_last(studio: Studio) -> None:
    studio.show_plain()
    studio.window.state.set_brush(BrushOptions(size_px=60.0, hardness=100.0))
    Pen(studio).stroke(((50, 100), 0.5), ((100, 100), 0.5), ((150, 100), 0.5), ((200, 100), 0.5))
    assert height_of_paint(studio, 50) == pytest.approx(30, abs=2), "the first dab"
    assert height_of_paint(studio, 200) == pytest.approx(30, abs=2), "the last dab, at the release"
    assert studio.names == ["New picture", "Brush stroke"]


def test_a_release_without_pressure_ends_with_the_last_pressure(studio: Studio) -> None:
    studio.show_plain()
    studio.window.state.set_brush(BrushOptions(size_px=60.0, hardness=100.0))
    Pen(studio).stroke(((50, 100), 1.0), ((150, 100), 1.0), ((200, 100), 0.0))
    assert height_of_paint(studio, 200) == pytest.approx(60, abs=2)


def test_tilt_reaches_the_brush(studio: Studio) -> None:
    studio.show_plain()
    brush = BrushOptions(size_px=60.0, hardness=100.0)
    by_tilt = replace(PEN_SIZE, sensor=Sensor.TILT)
    studio.window.state.set_brush(replace(brush, more=replace(brush.more, dynamics=(by_tilt,))))
    pen = Pen(studio)
    pen.send(QEvent.Type.TabletPress, (100, 100), 1.0, tilt=30.0)
    pen.send(QEvent.Type.TabletRelease, (100, 100), 1.0, tilt=30.0)
    assert height_of_paint(studio, 100) == pytest.approx(30, abs=2)


def test_the_eraser_end_erases(studio: Studio) -> None:
    studio.show_plain()
    Pen(studio, QPointingDevice.PointerType.Eraser).stroke(((50, 100), 1.0), ((100, 100), 1.0), ((150, 100), 1.0))
    assert studio.seen(100, 100)[3] == 0
    assert studio.names[-1] == "Erase"
    assert studio.window.state.tool is Tool.BRUSH, "the tool in hand stays"


def test_no_sample_is_lost_between_two_frames(studio: Studio) -> None:
    studio.show_plain()
    studio.window.state.set_brush(NO_PEN)
    studio.press((40, 40))
    for point in ((250, 40), (250, 150), (40, 150)):
        studio.move(point)  # faster than a frame: no event loop runs in between
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=studio.at((40, 150)))
    assert all(dark(studio, x, y) for x, y in ((150, 40), (250, 100), (150, 150)))


def test_moves_of_one_frame_are_painted_once(studio: Studio) -> None:
    studio.show_plain()
    studio.window.state.set_brush(NO_PEN)
    announced: list[object] = []
    opened = studio.window.state.open_document
    assert opened is not None
    studio.press((40, 40))
    opened.changed.connect(lambda _layer, rect: announced.append(rect))
    for step in range(1, 21):
        studio.move((40 + 5 * step, 40))
    studio.window.canvas.pointer.flush()
    assert len(announced) == 1
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=studio.at((140, 40)))


def test_shift_joins_the_last_stroke_by_a_straight_line(studio: Studio) -> None:
    studio.show_plain()
    studio.window.state.set_brush(NO_PEN)
    studio.drag((40, 40))
    studio.drag((240, 140), modifier=SHIFT)
    assert dark(studio, 140, 90)
    assert studio.names == ["New picture", "Brush stroke", "Brush stroke"]
    studio.window.perform("edit.undo")
    assert not dark(studio, 140, 90)
    assert dark(studio, 40, 40)


def test_shift_while_dragging_keeps_to_an_axis(studio: Studio) -> None:
    studio.show_plain()
    studio.window.state.set_brush(NO_PEN)
    canvas = studio.window.canvas
    studio.press((40, 100), SHIFT)
    for x in range(50, 241, 10):
        local = QPointF(studio.at((x, 100 + (x - 40) // 5)))
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            local,
            QPointF(canvas.mapToGlobal(local)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            SHIFT,
        )
        QApplication.sendEvent(canvas, move)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, SHIFT, studio.at((240, 140)))
    assert dark(studio, 230, 100)
    assert not dark(studio, 230, 138)


@pytest.mark.parametrize(
    ("kind", "places"),
    [
        (SymmetryKind.VERTICAL, {(60, 50), (240, 50)}),
        (SymmetryKind.HORIZONTAL, {(60, 50), (60, 150)}),
        (SymmetryKind.BOTH, {(60, 50), (240, 50), (60, 150), (240, 150)}),
        (SymmetryKind.RADIAL, {(60, 50), (240, 150)}),
    ],
)
def test_symmetry_paints_every_copy_in_one_entry(
    studio: Studio, kind: SymmetryKind, places: set[tuple[int, int]]
) -> None:
    studio.show_plain()
    studio.window.state.set_brush(NO_PEN)
    studio.window.perform(f"symmetry.{kind.value}")
    studio.window.state.change_options(symmetry=replace(studio.window.state.options.symmetry, spokes=2))
    studio.drag((60, 50), (62, 50))
    corners = {(60, 50), (240, 50), (60, 150), (240, 150)}
    assert {place for place in corners if dark(studio, *place)} == places
    for x, y in places:
        assert studio.on_screen(x, y) == (0, 0, 0)
    assert studio.names == ["New picture", "Brush stroke"]


def test_the_axis_is_shown_and_moves(studio: Studio) -> None:
    studio.show_plain()
    state = studio.window.state
    state.change_options(symmetry=Symmetry(SymmetryKind.VERTICAL, Point(100.0, 50.0)))
    column = [studio.on_screen(100, y) for y in range(20, 60)]
    assert any(color != (255, 255, 255) for color in column)
    studio.window.context.brush_bar.open_symmetry()
    popover = studio.window.context.brush_bar.symmetry
    assert popover is not None
    popover.center.click()
    assert state.symmetry_center() == Point(150.0, 100.0)
    assert studio.on_screen(100, 30) == (255, 255, 255)
    popover.close()


def test_a_stabilised_stroke_reaches_the_place_of_release(studio: Studio) -> None:
    studio.show_plain()
    steady = StabilizerSettings(Steadying.STRING, 60)
    studio.window.state.set_brush(replace(NO_PEN, more=replace(NO_PEN.more, stabilizer=steady)))
    studio.press((40, 100))
    studio.move((200, 100))
    studio.settle()
    assert studio.on_screen(190, 100) == (255, 255, 255)
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=studio.at((200, 100)))
    assert dark(studio, 199, 100)


def test_alt_and_the_right_button_drag_size_and_hardness(studio: Studio) -> None:
    studio.show_plain()
    studio.window.state.set_brush(replace(NO_PEN, hardness=50.0))
    canvas, alt = studio.window.canvas, Qt.KeyboardModifier.AltModifier
    QTest.mousePress(canvas, Qt.MouseButton.RightButton, alt, studio.at((100, 100)))
    QTest.mouseMove(canvas, studio.at((120, 80)))
    assert studio.window.state.brush.size_px == pytest.approx(60, abs=1)
    assert studio.window.state.brush.hardness == pytest.approx(60, abs=1)
    QTest.mouseRelease(canvas, Qt.MouseButton.RightButton, alt, studio.at((120, 80)))
    studio.move((150, 80))
    assert studio.window.state.brush.size_px == pytest.approx(60, abs=1)
    assert studio.names == ["New picture"]


@pytest.mark.parametrize("level", [0, 128, 255])
def test_the_outline_shows_on_every_ground_at_true_size(studio: Studio, level: int) -> None:
    studio.show_plain(level=level)
    studio.window.state.set_brush(replace(NO_PEN, size_px=80.0))
    studio.move((20, 20))
    studio.move((150, 100))
    studio.settle()
    image = studio.window.canvas.grab().toImage()
    row = [image.pixelColor(studio.at((x, 100))).lightness() for x in range(100, 200)]
    differing = [100 + i for i, lightness in enumerate(row) if abs(lightness - level) > 40]
    assert min(differing) == pytest.approx(110, abs=3)
    assert max(differing) == pytest.approx(190, abs=3)


def frame_of(shown: np.ndarray, ground: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what differs from the ground."""
    rows, columns = np.nonzero(np.abs(shown.astype(int) - ground).max(axis=2) > 40)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def canvas_pixels(studio: Studio) -> np.ndarray:
    """(H, W, 3), without the rim where the picture ends and scroll bars lie."""
    studio.settle()
    image = studio.window.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return pixels[40:-40, 120 : 3 * (image.width() - 40)].reshape(image.height() - 80, -1, 3).copy()


@pytest.mark.parametrize("zoom", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("tip", ["round", "leaves"])
def test_the_outline_is_where_a_turned_and_squashed_brush_will_paint(studio: Studio, tip: str, zoom: float) -> None:
    studio.show_plain(3000, 2400)
    picture = None if tip == "round" else read_tip(resources_dir() / "brushes" / "tips" / f"{tip}.png")
    more = replace(NO_PEN.more, tip=picture, angle=30.0, roundness=0.5)
    studio.window.state.set_brush(replace(NO_PEN, size_px=160 / zoom, more=more))
    canvas = studio.window.canvas
    canvas.zoom_to(zoom)
    middle = canvas.rect().center()
    QTest.mouseMove(canvas, middle - QPoint(3, 3))
    QTest.mouseMove(canvas, middle)
    outline = frame_of(canvas_pixels(studio), 255)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=middle)
    studio.window.state.choose_tool(Tool.HAND)
    canvas.hover_at(None)
    painted = frame_of(canvas_pixels(studio), 255)
    assert outline == pytest.approx(painted, abs=5), "the outline leaves out what is nearly clear"


def test_choosing_a_brush_by_its_picture_paints_with_it(studio: Studio) -> None:
    studio.show_plain()
    bar = studio.window.context.brush_bar
    bar.open_picker()
    assert bar.picker is not None
    shown = bar.picker.panel.list
    studio.wait_for(lambda: shown.is_complete)
    item = next(shown.item(row) for row in range(shown.count()) if shown.item(row).text() == "Chalk")
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=shown.visualItemRect(item).center())
    assert not bar.picker.isVisible()
    assert studio.window.state.brush.preset == "chalk"
    studio.drag((60, 100), (240, 100))
    levels = {studio.seen(x, 100)[0] for x in range(80, 220)}
    assert len(levels) > 10, "grain"


def test_pictures_of_brushes_differ(studio: Studio) -> None:
    studio.window.panels.bring_to_front("brushes")
    shown = studio.window.panels["brushes"].list  # type: ignore[attr-defined]
    studio.wait_for(lambda: shown.is_complete)
    pictures = {shown.item(row).icon().pixmap(116, 40).toImage().bits().tobytes() for row in range(shown.count())}
    assert len(pictures) >= shown.count() - 1, "only the soft brush and the soft eraser may look alike"


def test_a_brush_is_saved_renamed_and_deleted_from_the_panel(studio: Studio) -> None:
    window = studio.window
    studio.show_plain()
    window.brushes.choose(window.brushes.library.presets()[0])
    buttons = window.panels["brushes"].buttons  # type: ignore[attr-defined]
    assert not buttons["brush.delete"].isEnabled(), "the program's own brushes stay"
    studio.brush_dialogs.name = "My own"
    window.perform("brush.save")
    assert window.state.brush.preset == "my-own"
    studio.brush_dialogs.name = "Renamed"
    window.perform("brush.rename")
    assert window.brushes.library.presets()[-1].name == "Renamed"
    assert buttons["brush.delete"].isEnabled()
    window.perform("brush.delete")
    assert all(preset.is_shipped for preset in window.brushes.library.presets())


def test_gimp_brushes_are_imported_and_broken_ones_refused(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain()
    bad = tmp_path / "bad.gbr"
    bad.write_bytes(b"\0\0\0\x1c\0\0\0\x02\0\0\0\x09\0\0\0\x09\0\0\0\x01GIMP\0\0\0\x10")
    studio.brush_dialogs.files = [bad]
    studio.window.perform("brush.import")
    assert studio.window.info.isVisible()
    assert studio.window.state.brush.preset == ""
    good = tmp_path / "good.png"
    shutil.copy(resources_dir() / "brushes" / "tips" / "leaves.png", good)
    studio.window.info.hide()
    studio.brush_dialogs.files = [good, bad]
    studio.window.perform("brush.import")
    assert "bad.gbr" in studio.window.info.text, "the good one is there all the same"
    assert studio.window.state.brush.more.tip is not None
    studio.drag((150, 100), (160, 100))
    assert np.mean([studio.seen(x, 100)[0] for x in range(100, 200, 5)]) < 250


def test_the_editor_changes_the_brush_and_its_preview(studio: Studio) -> None:
    studio.show_plain()
    bar = studio.window.context.brush_bar
    bar.open_editor()
    editor = bar.editor
    assert editor is not None
    studio.wait_for(lambda: not editor.preview.pixmap().isNull())
    before = editor.preview.pixmap().toImage()
    editor.sliders["roundness"].move_to_share(0.1)
    assert studio.window.state.brush.more.roundness == pytest.approx(0.145, abs=0.01)
    studio.wait_for(lambda: editor.preview.pixmap().toImage() != before)
    editor.steadying.button("string").click()
    assert studio.window.state.brush.more.stabilizer.kind is Steadying.STRING
    editor.close()


def test_a_curve_is_drawn_by_hand(studio: Studio) -> None:
    studio.show_plain()
    bar = studio.window.context.brush_bar
    bar.open_editor()
    assert bar.editor is not None
    dynamics, state = bar.editor.dynamics, studio.window.state
    dynamics.target.setCurrentIndex(dynamics.target.findData(Target.FLOW.value))
    dynamics.add.click()
    curve = dynamics.curve
    start, end = curve.place_of((0.5, 0.5)).toPoint(), curve.place_of((0.5, 0.9)).toPoint()
    QTest.mousePress(curve, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(curve, end)
    QTest.mouseRelease(curve, Qt.MouseButton.LeftButton, pos=end)
    added = state.brush.more.dynamics[-1]
    assert (added.sensor, added.target) == (Sensor.PRESSURE, Target.FLOW)
    assert added.curve.value(0.5) == pytest.approx(0.9, abs=0.03)
    QTest.mouseClick(curve, Qt.MouseButton.RightButton, pos=end)
    assert state.brush.more.dynamics[-1].curve == Curve()
    dynamics.remove.click()
    assert state.brush.more.dynamics == (PEN_SIZE,)
    bar.editor.close()


def test_a_pen_whose_release_was_lost_ends_its_stroke_when_it_comes_back(studio: Studio) -> None:
    studio.show_plain()
    pen = Pen(studio)
    assert pen.send(QEvent.Type.TabletPress, (50, 50), 0.5)
    assert pen.send(QEvent.Type.TabletMove, (80, 50), 0.5)
    pen.hover((200, 150))
    assert studio.names == ["New picture", "Brush stroke"]
    assert studio.on_screen(70, 50) != (255, 255, 255)
    assert studio.on_screen(150, 110) == (255, 255, 255)
    studio.drag((100, 100), (150, 100))
    assert studio.names == ["New picture", "Brush stroke", "Brush stroke"]


def test_a_pen_whose_release_was_lost_gives_way_to_the_mouse(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.show_plain()
    monkeypatch.setattr(pointer, "PEN_SILENT_S", 0.0)
    assert Pen(studio).send(QEvent.Type.TabletPress, (50, 50), 0.5)
    studio.drag((100, 100), (150, 100))
    assert studio.names == ["New picture", "Brush stroke", "Brush stroke"]
    assert studio.on_screen(125, 100) == (0, 0, 0)
