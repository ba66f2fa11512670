"""Values under the hand over ten layers, for bench_pauses: curves, radii, a free transform, painting below a blur."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

from tests.bench.bench_raster import layers_of
from tests.bench.event_slots import Script
from tests.builders import document_with

if TYPE_CHECKING:
    from tests.bench.bench_pauses import Hand


def curve_of_a_layer(hand: Hand) -> Script:
    """A point of an adjustment layer's curve is dragged, over ten layers; then one of the pixels of a layer."""
    yield from _ten_layers(hand)
    hand.window.state.choose_layer(10)
    yield from _drag_curve(hand, "adjustment.curves")


def transform_of_a_layer(hand: Hand) -> Script:
    """A layer in the middle of ten is scaled by its corner, moved and turned, each by one drag; then it is kept."""
    yield from _ten_layers(hand)
    hand.window.state.choose_layer(5)
    hand.window.perform("tool.transform")
    yield hand.is_quiet
    side = hand.files.side
    corner, middle, outside = (hand.at((side * part, side * part)) for part in (1.0, 0.5, 1.06))
    for start, step_x, step_y in ((corner, -1, -1), (middle, 1, 0), (outside, -1, 1)):
        places = (QPoint(start.x() + step * step_x, start.y() + step * step_y) for step in range(120))
        yield from hand.drag(hand.canvas, places)
        yield hand.is_quiet
    hand.window.editing.transform.keep()
    yield lambda: not hand.window.editing.transform.is_active
    yield hand.is_quiet


def curve_of_pixels(hand: Hand) -> Script:
    hand.window.state.choose_layer(9)
    yield from _drag_curve(hand, "adjust.curves")


def blur_of_pixels(hand: Hand) -> Script:
    """A radius up to 250 pixels is dragged, and given up."""
    hand.window.state.choose_layer(9)
    hand.window.perform("filter.gaussian-blur")
    dialog = hand.window.effects.dialog
    assert dialog is not None
    track = dialog.form.controls["radius"].track
    yield from hand.drag(track, (QPoint(20 + step % (track.width() - 20), 12) for step in range(150)))
    yield from (None for _ in range(100))
    hand.window.effects.give_up()
    yield hand.is_quiet


def paint_below_a_blur(hand: Hand) -> Script:
    hand.window.perform("adjustment.gaussian-blur")
    dialog = hand.window.effects.dialog
    assert dialog is not None
    dialog.accept()
    yield lambda: hand.window.effects.dialog is None
    yield hand.is_quiet
    hand.window.state.choose_layer(9)
    yield from hand.paint(60, 50)
    yield hand.is_quiet


def _ten_layers(hand: Hand) -> Script:
    if hand.window.state.title == "Ten":
        return
    side = hand.files.side
    hand.window.background.run(
        lambda: document_with(*layers_of(side, 10), width=side, height=side),
        on_done=lambda ten: hand.window.files.show(ten, None, "Ten"),
        on_error=hand.window.show_error,
    )
    yield lambda: hand.window.state.title == "Ten"
    yield hand.is_quiet


def _drag_curve(hand: Hand, action: str) -> Script:
    hand.window.perform(action)
    dialog = hand.window.effects.dialog
    assert dialog is not None
    editor = dialog.form.controls["all"]
    middle = editor.rect().center()
    places = (QPoint(middle.x(), middle.y() - 60 + abs(step % 120 - 60) * 2) for step in range(240))
    yield from hand.drag(editor, places)
    yield lambda: not dialog.is_at_work
    yield hand.is_quiet
    dialog.accept()
    yield lambda: hand.window.effects.dialog is None
    yield hand.is_quiet
