"""The line around the selection: where it lies, that it marches, and that nothing else is painted again for it."""

from __future__ import annotations

import itertools
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from desktop.core.document import Guide
from desktop.core.geometry import Rect, Size
from desktop.core.tiles import TileMap
from desktop.ui.canvas.ants import SelectionLine
from desktop.ui.canvas.view import View
from tests.gui.conftest import Studio

GREY = 128
WITHIN = (300, 240)


def drawn(tiles: TileMap, view: View, size: Size, line: SelectionLine | None = None, width: int = 1) -> Any:
    """(240, 300) grey levels of a view with the line on grey."""
    line = line or SelectionLine()
    image = QImage(*WITHIN, QImage.Format.Format_Grayscale8)
    image.fill(GREY * 0x10101)
    line.find(tiles, view, size, WITHIN, width)
    painter = QPainter(image)
    line.draw(painter, QRect(0, 0, *WITHIN))
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(240, image.bytesPerLine())[:, :300].copy()


def marked(tiles: TileMap, view: View, size: Size) -> Any:
    return drawn(tiles, view, size) != GREY


@pytest.mark.parametrize("zoom", [0.25, 1.0, 3.0])
def test_the_line_lies_on_the_rim_of_a_rectangle(zoom: float) -> None:
    view = View(zoom, 20, 10)
    rect = Rect(16, 24, 64, 40) if zoom > 1 else Rect(64, 32, 160, 128)
    found = marked(TileMap.filled(rect, (255,)), view, Size(1000, 800))
    left, top, width, height = (round(one) for one in view.rect_in_view(rect))
    wanted = np.zeros_like(found)
    cv2.rectangle(as_bytes := wanted.astype(np.uint8), (left, top), (left + width - 1, top + height - 1), 1)
    assert (found == as_bytes.astype(bool)).all()


def test_a_soft_selection_is_lined_at_one_half_and_the_border_of_the_canvas_is_part_of_it() -> None:
    ramp = np.tile(np.linspace(0, 255, 200).astype(np.uint8), (100, 1))
    found = marked(TileMap.from_array(ramp), View(1.0, 30, 40), Size(200, 100))
    columns = np.flatnonzero(found[90])
    assert columns.tolist() == [30 + int((ramp[0] < 128).sum()), 229]
    assert found[40, 150], "the upper border"


def test_the_line_follows_a_turned_view() -> None:
    disc = cv2.circle(np.zeros((200, 200), np.uint8), (100, 100), 60, 255, -1)
    view = View(1.0, rotation=33).holding(View(1.0).view_to_image(100, 100), 150, 120)
    y, x = np.nonzero(marked(TileMap.from_array(disc), view, Size(200, 200)))
    assert np.abs(np.hypot(x + 0.5 - 150, y + 0.5 - 120) - 60).max() < 2
    assert len(x) > 300


def test_stripes_are_black_and_white_and_march() -> None:
    line, tiles, size = SelectionLine(), TileMap.filled(Rect(20, 20, 200, 150), (255,)), Size(300, 240)
    first = drawn(tiles, View(), size, line)
    assert set(np.unique(first)) == {0, GREY, 255}
    line.phase = 4
    second = drawn(tiles, View(), size, line)
    assert (second[first == 0] == 255).all()
    assert (second[first == 255] == 0).all()
    assert ((first == GREY) == (second == GREY)).all()


def test_what_is_painted_again_covers_the_line_and_not_the_inside() -> None:
    line, tiles = SelectionLine(), TileMap.filled(Rect(10, 10, 280, 220), (255,))
    found = drawn(tiles, View(), Size(300, 240), line) != GREY
    covered = np.zeros_like(found)
    for rect in line.region():
        covered[rect.top() : rect.bottom() + 1, rect.left() : rect.right() + 1] = True
    assert covered[found].all()
    assert not covered[100:120, 100:150].any()


def test_the_line_of_eight_thousand_pixels_of_noise_is_made_of_what_the_view_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Work is counted, not timed: no pixel more is looked at than the view has."""
    noise = np.random.default_rng(1).integers(0, 2, (256, 256), np.uint8) * 255
    tile = np.ascontiguousarray(noise[..., None])
    tiles = TileMap(1, tiles=dict.fromkeys(itertools.product(range(32), range(32)), tile))
    sizes: list[int] = []
    warp = cv2.warpAffine

    def counted(levels: Any, *more: Any, **named: Any) -> Any:
        sizes.append(levels.size)
        return warp(levels, *more, **named)

    monkeypatch.setattr(cv2, "warpAffine", counted)
    for zoom in (1 / 32, 0.12, 0.5, 1.0, 4.0):
        assert marked(tiles, View(zoom), Size(8192, 8192)).any()
    assert max(sizes) < 4.5 * WITHIN[0] * WITHIN[1]


def test_the_ants_march_in_the_window_and_can_be_put_away(studio: Studio) -> None:
    studio.show_plain(level=GREY)
    studio.window.perform("tool.rectangle")
    studio.drag((50, 40), (150, 120))
    seen = {studio.on_screen(50, 80)}
    studio.wait_for(lambda: seen.add(studio.on_screen(50, 80)) or len(seen) == 2)
    assert seen == {(0, 0, 0), (255, 255, 255)}
    studio.window.perform("view.selection_line")
    assert studio.on_screen(50, 80) == (GREY,) * 3
    assert studio.document.selection is not None
    studio.window.perform("view.selection_line")
    assert studio.on_screen(50, 80) in seen


def test_a_dragged_selection_snaps_to_guides(studio: Studio) -> None:
    studio.show_plain()
    studio.show(studio.document.changed(guides=(Guide(60.0, True), Guide(30.0, False))))
    studio.window.perform("tool.rectangle")
    studio.drag((57, 33), (150, 120))
    assert studio.document.selection is not None
    assert studio.document.selection.content_bounds() == Rect(60, 30, 90, 90)
