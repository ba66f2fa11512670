"""Guides and snapping as gestures, without any window."""

from __future__ import annotations

import numpy as np
import pytest

from desktop.core.document import Document, Guide
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Point
from desktop.core.layers import GroupLayer
from desktop.tools.filling import GradientSettings, drag_gradient
from desktop.tools.gestures import Gesture, Modifier, PointerEvent, RunningGesture
from desktop.tools.grid import Grid
from desktop.tools.guides import (
    add_guide,
    clear_guides,
    drag_guide,
    drag_new_guide,
    drag_origin,
    guide_near,
    place_guide,
    remove_guide,
)
from desktop.tools.moving import move
from desktop.tools.painting import Plane
from desktop.tools.snapping import SnapKind, SnapLine, Snapping, SnapTargets, no_snapping, snap_lines
from desktop.ui.fill_options import GradientOptions
from tests.builders import document_with, raster_layer


def square(layer_id: int, x: int, y: int, side: int = 20) -> object:
    return raster_layer(layer_id, np.full((side, side, 4), 255, np.uint8), x=x, y=y)


def opened(*guides: Guide) -> OpenDocument:
    document = document_with(square(1, 10, 10), square(2, 60, 50), width=200, height=100)  # type: ignore[arg-type]
    return OpenDocument(document.changed(guides=guides))


def inside(point: Point) -> bool:
    return 0 <= point.x < 200 and 0 <= point.y < 100


def drag(gesture: Gesture, *points: tuple[float, float], modifiers: Modifier = Modifier.NONE) -> RunningGesture:
    """Press, move, release."""
    running = RunningGesture(gesture)
    for x, y in points:
        running.send(PointerEvent(Point(x, y), modifiers=modifiers))
    release = PointerEvent(Point(*points[-1]), pressed=False, modifiers=modifiers)
    running.send(release)
    while running.has_more:
        running.send(release)
    assert not running.is_running
    return running


def names(open_document: OpenDocument) -> list[str]:
    return [str(entry.name) for entry in open_document.history.entries[1:]]


def at_guides(document: Document) -> Snapping:
    return Snapping(SnapTargets(snap_lines(document, [SnapKind.GUIDES])))


def test_a_guide_pulled_from_a_ruler_is_one_step_and_lies_on_a_whole_pixel() -> None:
    document = opened()
    drag(drag_new_guide(document, no_snapping(), inside, is_vertical=True), (-5, 30), (20, 31), (41.4, 33))
    assert document.document.guides == (Guide(41.0, True),)
    assert names(document) == ["New guide"]
    document.undo()
    assert document.document.guides == ()


def test_a_guide_let_go_over_the_ruler_leaves_no_trace() -> None:
    document = opened()
    drag(drag_new_guide(document, no_snapping(), inside, is_vertical=False), (30, -5), (30, 40), (30, -3))
    assert document.document.guides == ()
    assert names(document) == []


def test_a_moved_guide_keeps_the_distance_to_the_pointer() -> None:
    document = opened(Guide(5.0, False), Guide(50.5, True))
    drag(drag_guide(document, 1, no_snapping(), inside), (52, 20), (62, 20))
    assert document.document.guides == (Guide(5.0, False), Guide(60.0, True))
    assert names(document) == ["Move guide"]


def test_a_guide_that_was_only_clicked_stays_between_pixels() -> None:
    document = opened(Guide(50.5, True))
    drag(drag_guide(document, 0, no_snapping(), inside), (52, 20), (52, 20))
    assert document.document.guides == (Guide(50.5, True),)
    assert names(document) == []


def test_a_guide_dragged_out_is_deleted_in_one_step() -> None:
    document = opened(Guide(5.0, False), Guide(50.0, True))
    drag(drag_guide(document, 1, no_snapping(), inside), (50, 20), (20, 20), (-4, 20))
    assert document.document.guides == (Guide(5.0, False),)
    assert names(document) == ["Delete guide"]


def test_a_broken_off_drag_brings_the_guide_back() -> None:
    document = opened(Guide(50.0, True))
    running = RunningGesture(drag_guide(document, 0, no_snapping(), inside))
    running.send(PointerEvent(Point(50, 20)))
    running.send(PointerEvent(Point(90, 20)))
    assert document.shown.guides == (Guide(90.0, True),)
    running.cancel()
    assert document.document.guides == (Guide(50.0, True),)
    assert names(document) == []


def test_guides_are_announced_while_they_move_and_by_undo() -> None:
    document = opened(Guide(50.0, True))
    heard: list[tuple[Guide, ...]] = []
    document.guides_changed.connect(lambda: heard.append(document.shown.guides))
    drag(drag_guide(document, 0, no_snapping(), inside), (50, 20), (60, 20), (70, 20))
    document.undo()
    assert list(dict.fromkeys(heard)) == [(Guide(60.0, True),), (Guide(70.0, True),), (Guide(50.0, True),)]


def test_the_same_guide_is_not_made_twice() -> None:
    document = opened(Guide(50.0, True))
    with pytest.raises(UserError, match="There is a guide here already"):
        add_guide(document, Guide(50.0, True))
    add_guide(document, Guide(50.0, False))
    place_guide(document, 0, Guide(33.3, True))
    place_guide(document, 0, Guide(33.3, True))
    remove_guide(document, 1)
    clear_guides(document)
    clear_guides(document)
    assert names(document) == ["New guide", "Move guide", "Delete guide", "Clear guides"]


def test_the_nearest_guide_in_reach_is_taken() -> None:
    guides = (Guide(10.0, True), Guide(14.0, True), Guide(90.0, False))
    assert guide_near(guides, Point(11, 50), 4) == 0
    assert guide_near(guides, Point(13, 50), 4) == 1
    assert guide_near(guides, Point(50, 87), 4) == 2
    assert guide_near(guides, Point(50, 50), 4) is None
    assert guide_near((), Point(0, 0), 4) is None


def test_the_origin_comes_back_when_its_drag_is_broken_off() -> None:
    shown: list[Point] = []
    running = RunningGesture(drag_origin(Point(3, 4), no_snapping(), shown.append))
    running.send(PointerEvent(Point(20.2, 30.7)))
    assert shown == [Point(20, 31)]
    running.cancel()
    assert shown[-1] == Point(3, 4)


def test_a_moved_layer_snaps_its_edges_and_its_middle_to_guides() -> None:
    document = opened(Guide(100.0, True), Guide(70.0, False))
    drag(move(document, [1], at_guides(document.document)), (15, 15), (87, 60))
    assert document.document.raster_layer(1).tiles.content_bounds().left == 80, "the right edge is on the guide"
    assert document.document.raster_layer(1).tiles.content_bounds().top == 50, "the lower edge too"
    document.undo()
    drag(move(document, [1], at_guides(document.document)), (15, 15), (97, 15))
    assert document.document.raster_layer(1).tiles.content_bounds().left == 90, "its middle is on the guide"


def test_ctrl_suspends_snapping_and_shift_keeps_the_resting_axis() -> None:
    document = opened(Guide(100.0, True), Guide(12.0, False))
    drag(move(document, [1], at_guides(document.document)), (15, 15), (87, 15), modifiers=Modifier.CTRL)
    assert document.document.raster_layer(1).tiles.content_bounds().left == 82
    document.undo()
    drag(move(document, [1], at_guides(document.document)), (15, 15), (87, 15), modifiers=Modifier.SHIFT)
    bounds = document.document.raster_layer(1).tiles.content_bounds()
    assert (bounds.left, bounds.top) == (80, 10)


def test_a_press_without_a_move_does_not_make_a_layer_jump() -> None:
    document = opened(Guide(12.0, True))
    drag(move(document, [1], at_guides(document.document)), (15, 15), (15, 15))
    assert names(document) == []


def test_layers_attract_others_but_not_themselves_nor_what_is_hidden() -> None:
    hidden = square(3, 150, 80).changed(visible=False)  # type: ignore[attr-defined]
    group = GroupLayer(id=4, name="Group", children=(square(2, 60, 50),))  # type: ignore[arg-type]
    document = document_with(square(1, 10, 10), group, hidden, width=200, height=100)  # type: ignore[arg-type]
    kinds = [SnapKind.LAYERS]
    assert {line.position_px for line in snap_lines(document, kinds, moved=[1]) if line.is_vertical} == {60, 70, 80}
    assert {line.position_px for line in snap_lines(document, kinds, moved=[4]) if not line.is_vertical} == {10, 20, 30}
    canvas = snap_lines(document, [SnapKind.CANVAS])
    assert {(line.position_px, line.is_vertical) for line in canvas} == {
        (0, True), (100, True), (200, True), (0, False), (50, False), (100, False),
    }  # fmt: skip


def test_the_held_lines_are_shown_and_gone_at_the_end() -> None:
    document = opened(Guide(100.0, True))
    shown: list[tuple[SnapLine, ...]] = []
    snapping = Snapping(SnapTargets(snap_lines(document.document, [SnapKind.GUIDES])), show=shown.append)
    drag(move(document, [1], snapping), (15, 15), (40, 40), (87, 15))
    assert shown[-2] == (SnapLine(100.0, True, SnapKind.GUIDES),)
    assert shown[-1] == ()


def test_a_guide_beats_a_line_of_the_grid_in_the_same_place() -> None:
    line = SnapLine(64.0, True, SnapKind.GUIDES)
    pull = SnapTargets([line], Grid()).pull(62.0, is_vertical=True, scale=1.0, tolerance=8.0)
    assert pull is not None
    assert pull.line is line


def test_both_ends_of_a_gradient_snap() -> None:
    document = opened(Guide(20.0, True), Guide(120.0, True))
    ends: list[tuple[float, float]] = []

    def note(line: object) -> None:
        if line is not None:
            ends.append((line.start.x, line.end.x))  # type: ignore[attr-defined]

    settings: GradientSettings = GradientOptions().settings((0, 0, 0), (1, 1, 1))
    snapping = at_guides(document.document)
    drag(drag_gradient(document, 1, Plane.PIXELS, settings, note, snapping), (16, 50), (70, 50), (126, 50))
    assert ends[-1] == (20.0, 120.0)
    assert names(document) == ["Gradient"]
