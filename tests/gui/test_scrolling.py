"""Wheel, touchpad, pinch, fingers and scroll bars move the view; the document stays as it is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionSlider

from desktop.core.geometry import Point
from tests.gui.conftest import Studio

PHASE = Qt.ScrollPhase
NO_KEY, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


def scroll(
    studio: Studio,
    *,
    pixels: tuple[int, int] = (0, 0),
    steps: int = 0,
    phase: PHASE = PHASE.NoScrollPhase,
    keys: Qt.KeyboardModifier = NO_KEY,
    at: tuple[int, int] = (300, 200),
    time_ms: int = 0,
) -> None:
    canvas, place = studio.window.canvas, QPointF(*at)
    none = Qt.MouseButton.NoButton
    event = QWheelEvent(place, canvas.mapToGlobal(place), QPoint(*pixels), QPoint(0, steps), none, keys, phase, False)
    event.setTimestamp(time_ms)
    QApplication.sendEvent(canvas, event)


def gesture(studio: Studio, kind: Qt.NativeGestureType, value: float = 0.0) -> None:
    place, device = QPointF(300, 200), QPointingDevice.primaryPointingDevice()
    event = QNativeGestureEvent(kind, device, 2, place, place, place, value, QPointF())
    QApplication.sendEvent(studio.window.canvas, event)


def test_fine_steps_of_a_wheel_add_up_and_hold_the_point(studio: Studio) -> None:
    studio.show_plain(3000, 2000)
    canvas = studio.window.canvas
    before = canvas.view.view_to_image(300, 200)
    for _ in range(40):
        scroll(studio, steps=15)
    after = canvas.view.view_to_image(300, 200)
    assert canvas.view.zoom == pytest.approx(1.2**5)
    assert abs(after.x - before.x) * canvas.view.zoom <= 0.51
    assert abs(after.y - before.y) * canvas.view.zoom <= 0.51


def test_a_wheel_at_the_end_of_the_range_turns_back_at_once(studio: Studio) -> None:
    studio.show_plain()
    for _ in range(60):
        scroll(studio, steps=120)
    assert studio.window.canvas.view.zoom == 64
    scroll(studio, steps=-120)
    assert studio.window.canvas.view.zoom == pytest.approx(64 / 1.2)


def test_a_touchpad_scrolls_by_pixels_and_zooms_with_ctrl(studio: Studio) -> None:
    studio.show_plain(3000, 2000)
    canvas = studio.window.canvas
    before = canvas.view
    scroll(studio, phase=PHASE.ScrollBegin)
    scroll(studio, pixels=(7, -13), steps=-26, phase=PHASE.ScrollUpdate, time_ms=16)
    assert (canvas.view.left - before.left, canvas.view.top - before.top) == (7, -13)
    scroll(studio, pixels=(0, 5), steps=10, phase=PHASE.ScrollUpdate, keys=CTRL, time_ms=32)
    assert canvas.view.zoom == pytest.approx(1.2 ** (10 / 120))


def test_steps_smaller_than_a_pixel_are_not_lost(studio: Studio) -> None:
    studio.show_plain(3000, 2000)
    before = studio.window.canvas.view
    for _ in range(40):
        scroll(studio, steps=1, keys=SHIFT)
    assert studio.window.canvas.view.left - before.left == 20


def test_a_fling_coasts_until_the_fingers_are_back(studio: Studio) -> None:
    studio.show_plain(6000, 4000)
    canvas = studio.window.canvas
    for place in range(6):
        scroll(studio, pixels=(0, -30), steps=-60, phase=PHASE.ScrollUpdate, time_ms=1000 + 16 * place)
    let_go = canvas.view.top
    scroll(studio, phase=PHASE.ScrollEnd, time_ms=1096)
    assert canvas.scrolling.coasting.is_moving
    studio.wait_for(lambda: canvas.view.top < let_go - 60)
    scroll(studio, phase=PHASE.ScrollBegin, time_ms=2000)
    assert not canvas.scrolling.coasting.is_moving


def test_a_touchpad_that_came_to_rest_does_not_coast(studio: Studio) -> None:
    studio.show_plain(6000, 4000)
    scroll(studio, pixels=(0, -30), steps=-60, phase=PHASE.ScrollUpdate, time_ms=1000)
    scroll(studio, pixels=(0, -30), steps=-60, phase=PHASE.ScrollUpdate, time_ms=1016)
    scroll(studio, phase=PHASE.ScrollEnd, time_ms=1400)
    assert not studio.window.canvas.scrolling.coasting.is_moving


def test_a_pinch_zooms_about_the_pointer_and_turns_only_when_meant(studio: Studio) -> None:
    studio.show_plain(3000, 2000)
    canvas = studio.window.canvas
    before = canvas.view.view_to_image(300, 200)
    for _ in range(3):
        gesture(studio, Qt.NativeGestureType.ZoomNativeGesture, 0.1)
        gesture(studio, Qt.NativeGestureType.RotateNativeGesture, 2.0)
    assert canvas.view.zoom == pytest.approx(1.1**3)
    assert canvas.view.rotation == 0
    gesture(studio, Qt.NativeGestureType.RotateNativeGesture, 32.0)
    assert canvas.view.rotation == pytest.approx(30)
    after = canvas.view.view_to_image(300, 200)
    assert (after.x, after.y) == pytest.approx((before.x, before.y), abs=0.01)
    gesture(studio, Qt.NativeGestureType.RotateNativeGesture, 59.0)
    assert canvas.view.rotation == pytest.approx(89)
    gesture(studio, Qt.NativeGestureType.EndNativeGesture)
    assert canvas.view.rotation == 90


def test_a_double_tap_of_a_touchpad_switches_between_100_percent_and_all(studio: Studio) -> None:
    studio.show_plain(3000, 2000)
    canvas = studio.window.canvas
    gesture(studio, Qt.NativeGestureType.SmartZoomNativeGesture)
    assert canvas.is_fitted
    gesture(studio, Qt.NativeGestureType.SmartZoomNativeGesture)
    assert canvas.view.zoom == 1.0


def test_one_finger_paints_and_two_move_zoom_and_turn(studio: Studio) -> None:
    studio.show_plain(600, 400)
    canvas, device = studio.window.canvas, QTest.createTouchDevice()
    start, end = studio.at((50, 50)), studio.at((150, 50))
    QTest.touchEvent(canvas, device).press(0, start, canvas)
    for share in (0.5, 1.0):
        QTest.touchEvent(canvas, device).move(0, start + (end - start) * share, canvas)
    QTest.touchEvent(canvas, device).release(0, end, canvas)
    assert studio.seen(100, 50)[:3] == (0, 0, 0)
    assert studio.names == ["New picture", "Brush stroke"]
    first, second = QPoint(300, 200), QPoint(400, 200)
    under = canvas.view.view_to_image(350, 200)
    QTest.touchEvent(canvas, device).press(0, first, canvas)
    QTest.touchEvent(canvas, device).move(0, first, canvas).press(1, second, canvas)
    QTest.touchEvent(canvas, device).move(0, QPoint(360, 110), canvas).move(1, QPoint(360, 310), canvas)
    assert canvas.view.zoom == pytest.approx(2.0)
    assert canvas.view.rotation == pytest.approx(82)
    now = canvas.view.view_to_image(360, 210)
    assert (now.x, now.y) == pytest.approx((under.x, under.y), abs=0.01)
    QTest.touchEvent(canvas, device).release(0, QPoint(360, 110), canvas).move(1, QPoint(360, 310), canvas)
    QTest.touchEvent(canvas, device).move(1, QPoint(200, 310), canvas)
    QTest.touchEvent(canvas, device).release(1, QPoint(200, 310), canvas)
    assert studio.names == ["New picture", "Brush stroke"]


def test_scroll_bars_follow_and_reach_beyond_the_edges(studio: Studio) -> None:
    bars = studio.window.scrolled
    assert not bars.across.isVisible()
    studio.show_plain(3000, 2000, level=200)
    canvas = studio.window.canvas
    assert bars.across.isVisible()
    assert -bars.across.value() == round(canvas.view.left)
    canvas.pan_by(-50, -70)
    assert (bars.across.value(), bars.down.value()) == (-round(canvas.view.left), -round(canvas.view.top))
    bars.down.setFocus()
    bars.down.setValue(bars.down.minimum())
    assert canvas.view.top > canvas.view_size.height / 2  # the picture may be pulled away from the edge
    option = QStyleOptionSlider()
    bars.down.initStyleOption(option)
    style, part = bars.down.style(), QStyle.SubControl.SC_ScrollBarSlider
    handle = style.subControlRect(QStyle.ComplexControl.CC_ScrollBar, option, part, bars.down).center()
    top = canvas.view.top
    left, none, far = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton, handle + QPoint(0, 60)
    for kind, place, button, held in (
        (QEvent.Type.MouseButtonPress, handle, left, left),
        (QEvent.Type.MouseMove, far, none, left),
        (QEvent.Type.MouseButtonRelease, far, left, none),
    ):  # not by QTest, whose idea of held buttons depends on the tests before
        there = QPointF(bars.down.mapToGlobal(place))
        event = QMouseEvent(kind, QPointF(place), there, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(bars.down, event)
    assert canvas.view.top < top - 60
    assert canvas.from_image(Point(0, 0)).y() == round(canvas.view.top)
    studio.window.perform("file.close")
    assert not bars.across.isVisible()
