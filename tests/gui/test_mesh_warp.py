"""The warp of the free transform: the mesh's arithmetic, its pixels, and the window."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect
from desktop.core.mesh_warp import SIDE, WarpMesh, meshed_later
from desktop.core.resample import Resampling
from desktop.core.tiles import TileMap
from tests.builders import document_with, raster_layer
from tests.gui.conftest import Studio

RECT = Rect(40, 30, 300, 260)
STILL = np.eye(3)


def smooth(depth: Any = 8) -> TileMap:
    """A picture without steps, over a tile's border."""
    y, x = np.mgrid[0 : RECT.height, 0 : RECT.width]
    waves = np.stack([np.sin(x / 31) + np.cos(y / 23), np.sin(y / 41), np.cos(x / 53)], axis=-1)
    top = 255 if depth == 8 else 65535
    pixels = np.zeros((RECT.height, RECT.width, 4), np.uint8 if depth == 8 else np.uint16)
    pixels[..., :3] = np.rint((waves / 4 + 0.5) * top)
    pixels[..., 3] = top
    return TileMap.from_array(pixels, RECT.x, RECT.y)


@pytest.mark.parametrize("depth", [8, 16])
def test_a_mesh_that_is_not_pulled_changes_no_level_by_more_than_one(depth: Any) -> None:
    tiles = smooth(depth)
    out = meshed_later(tiles, WarpMesh.over(RECT, STILL), Resampling.BICUBIC).settled()
    off = np.abs(out.read(RECT).astype(int) - tiles.read(RECT).astype(int))
    assert off.max() <= (1 if depth == 8 else 300)
    assert out.content_bounds() == RECT


def test_pixels_go_where_the_patch_says_without_a_seam_between_tiles() -> None:
    mesh = WarpMesh.over(RECT, STILL).with_point(5, 40, 25).with_point(10, -20, 30)
    out = meshed_later(smooth(), mesh, Resampling.BILINEAR).settled()
    shares = np.array([0.2, 0.45, 0.5, 0.63, 0.8])
    places = [np.array(part) for part in mesh._at(shares, shares[::-1])]
    for u, v, x, y in zip(shares, shares[::-1], *places, strict=True):
        source = smooth().read(Rect(int(RECT.x + u * RECT.width), int(RECT.y + v * RECT.height), 1, 1))[0, 0]
        found = out.read(Rect(int(x), int(y), 1, 1))[0, 0]
        assert np.abs(found.astype(int) - source).max() <= 9
    row = out.read(Rect(200, 150, 120, 1))[0, :, :3].astype(int)
    steps = np.abs(np.diff(row, axis=0)).max(axis=1)
    assert steps[256 - 200 - 1] <= steps.max(initial=0, where=np.arange(119) != 55) + 1


def test_rims_are_soft_and_nothing_is_left_outside() -> None:
    mesh = WarpMesh.over(RECT, STILL).with_point(1, 0, 60).with_point(2, 0, 60)
    out = meshed_later(smooth(), mesh, Resampling.BICUBIC).settled()
    assert out.read(Rect(190, 34, 1, 1))[0, 0, 3] == 0
    assert out.read(Rect(190, 120, 1, 1))[0, 0, 3] == 255
    assert len(np.unique(out.read(Rect(40, 30, 300, 60))[..., 3])) > 20


def test_an_absurd_mesh_is_refused() -> None:
    with pytest.raises(UserError, match="larger"):
        WarpMesh.over(RECT, STILL).with_point(5, 1e6, 0).bounds()


def test_a_corner_takes_its_neighbours_along() -> None:
    mesh = WarpMesh.over(RECT, STILL)
    moved = mesh.with_point(0, -10, -20)
    changed = [number for number in range(SIDE * SIDE) if moved.points[number] != mesh.points[number]]
    assert changed == [0, 1, 4, 5]


def show_disc(studio: Studio) -> None:
    pixels = np.zeros((100, 100, 4), np.uint8)
    cv2.circle(pixels, (50, 50), 45, (200, 40, 40, 255), -1, cv2.LINE_AA)
    studio.show(document_with(raster_layer(1, pixels, x=60, y=40), width=300, height=200))


def test_pulling_a_point_shows_at_once_and_enter_keeps_it_as_one_step(studio: Studio) -> None:
    show_disc(studio)
    before = studio.document
    studio.window.perform("tool.transform")
    transform = studio.window.editing.transform
    studio.window.context.bars[studio.window.state.tool].warp.click()  # type: ignore[union-attr]
    assert transform.mesh is not None
    grasped = transform.mesh.points[7]
    studio.drag((grasped.x, grasped.y), (grasped.x + 60, grasped.y))
    assert transform.mesh.points[7] == Point(grasped.x + 60, grasped.y)
    assert studio.on_screen(165, 76)[0] > 150, "shown while it is open"
    assert studio.document is before
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Return)
    studio.wait_for(lambda: not transform.is_active)
    assert studio.names[-1] == "Transform"
    assert studio.seen(165, 76)[3] > 200
    studio.window.perform("edit.undo")
    assert studio.document is before


def test_escape_discards_a_warp_and_the_button_leads_back_to_the_frame(studio: Studio) -> None:
    show_disc(studio)
    before = studio.document
    studio.window.perform("tool.transform")
    transform = studio.window.editing.transform
    transform.switch_mesh()
    assert transform.overlay.quad is None
    transform.switch_mesh()
    assert transform.mesh is None
    assert transform.overlay.quad is not None
    transform.switch_mesh()
    studio.drag((110, 90), (130, 100))
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Escape)
    assert studio.document is before
    assert transform.mesh is None
    assert transform.net.mesh is None
