"""Selecting by colour, and with a line that follows edges, in the real window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.cli import run_command_line
from desktop.core.color_range import color_range
from desktop.core.geometry import Rect
from desktop.io.formats import ImageFile
from desktop.io.image_files import read_image, write_image
from tests.builders import document_with, raster_layer
from tests.gui.conftest import Studio

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


def patches() -> Any:
    """Red, orange and blue thirds."""
    pixels = np.zeros((120, 300, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[:, :100, :3], pixels[:, 100:200, :3], pixels[:, 200:, :3] = (200, 30, 30), (230, 120, 30), (30, 60, 200)
    return pixels


def levels(studio: Studio) -> Any:
    selection = studio.document.selection
    assert selection is not None
    return selection.read(studio.document.size.rect())[..., 0]


def test_likeness_is_soft_and_counts_alpha() -> None:
    ramp = np.zeros((1, 256, 4), np.uint8)
    ramp[0, :, :3], ramp[..., 3] = np.arange(256)[:, None], 255
    found = color_range(ramp, [(0.5, 0.5, 0.5)], 20.0)[0].astype(int)
    assert found[128] == 255
    assert found[0] == found[255] == 0
    assert len(np.unique(found)) > 30
    assert np.abs(np.diff(found)).max() < 12
    assert (color_range(ramp, [(0.5, 0.5, 0.5)], 20.0, inverted=True)[0] + found - 255 == 0).all()
    ramp[..., 3] = 100
    assert color_range(ramp, [(0.5, 0.5, 0.5)], 20.0).max() == 100
    wide = (ramp.astype(np.uint16)) * 257
    assert (
        np.abs(color_range(wide, [(0.5, 0.5, 0.5)], 20.0).astype(int) - color_range(ramp, [(0.5,) * 3], 20.0)).max()
        <= 1
    )


def test_colours_are_chosen_on_the_canvas_and_become_the_selection(studio: Studio) -> None:
    studio.show(document_with(raster_layer(1, patches()), width=300, height=120))
    studio.window.perform("tool.brush")
    studio.window.perform("select.color_range")
    dialog = studio.window.editing.ranges.dialog
    assert dialog is not None
    studio.wait_for(lambda: not dialog.preview.pixmap().isNull())
    studio.drag((50, 60), (50, 60))
    assert [round(part * 255) for part in dialog.colors[0]] == [200, 30, 30]
    studio.drag((250, 60), (250, 60), modifier=SHIFT)
    assert len(dialog.colors) == 2
    studio.drag((250, 60), (250, 60), modifier=ALT)
    assert len(dialog.colors) == 1
    studio.drag((250, 60), (250, 60), modifier=SHIFT)
    assert len(studio.names) == 1, "nothing was painted"
    dialog.slider.move_to_share(0.1)
    dialog.accept()
    studio.wait_for(lambda: studio.document.selection is not None)
    found = levels(studio)
    assert (found[:, :100] == 255).all()
    assert (found[:, 200:] == 255).all()
    assert found[:, 105:195].max() == 0
    studio.window.perform("edit.undo")
    assert studio.document.selection is None


def test_escape_selects_nothing_and_the_tool_is_back(studio: Studio) -> None:
    studio.show(document_with(raster_layer(1, patches()), width=300, height=120))
    studio.window.perform("select.color_range")
    studio.window.canvas.setFocus()
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Escape)
    assert studio.window.editing.ranges.dialog is None
    studio.window.perform("tool.brush")
    studio.drag((20, 20), (40, 20))
    assert studio.names[-1] == "Brush stroke"
    assert studio.document.selection is None


def disc() -> Any:
    pixels = np.full((200, 300, 4), (235, 235, 235, 255), np.uint8)
    cv2.circle(pixels, (150, 100), 60, (40, 60, 120, 255), -1, cv2.LINE_AA)
    return pixels


def click(studio: Studio, point: tuple[float, float]) -> None:
    studio.drag(point, point)
    studio.wait_for(lambda: not studio.window.selection.magnetic.is_at_work)


def test_the_magnetic_lasso_follows_an_edge_between_clicks(studio: Studio) -> None:
    studio.show(document_with(raster_layer(1, disc()), width=300, height=200))
    studio.window.perform("tool.magnetic")
    magnetic = studio.window.selection.magnetic
    for place in ((150, 41), (209, 100), (150, 159), (91, 100)):
        click(studio, place)
    studio.move((120, 60))
    assert len(studio.window.canvas.outline.points) > 60, "the wire is shown"
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Return)
    assert not magnetic.is_drawing
    found = levels(studio).astype(float) / 255
    y, x = np.mgrid[0:200, 0:300]
    inside = ((x - 150) ** 2 + (y - 100) ** 2 < 60**2).astype(float)
    overlap = np.minimum(found, inside).sum() / np.maximum(found, inside).sum()
    assert overlap > 0.95, overlap
    assert studio.names[-1] == "Selection"


def test_the_last_anchor_is_taken_back_and_escape_gives_up(studio: Studio) -> None:
    studio.show(document_with(raster_layer(1, disc()), width=300, height=200))
    studio.window.perform("tool.magnetic")
    magnetic = studio.window.selection.magnetic
    click(studio, (150, 41))
    click(studio, (209, 100))
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Backspace)
    studio.wait_for(lambda: not magnetic.is_at_work)
    assert magnetic.is_drawing
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Escape)
    assert not magnetic.is_drawing
    assert studio.document.selection is None
    assert studio.window.canvas.outline.points == ()


def test_a_click_on_the_first_anchor_closes_the_line(studio: Studio) -> None:
    studio.show(document_with(raster_layer(1, disc()), width=300, height=200))
    studio.window.perform("tool.magnetic")
    for place in ((150, 41), (209, 100), (150, 159), (91, 100), (151, 42)):
        click(studio, place)
    assert not studio.window.selection.magnetic.is_drawing
    selection = studio.document.selection
    assert selection is not None
    assert selection.read(Rect(150, 100, 1, 1))[0, 0, 0] == 255


def test_the_command_line_writes_the_same_levels_as_a_mask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "in.png", tmp_path / "mask.png"
    write_image(source, ImageFile(patches()))
    wanted = ["--color", "#c81e1e", "--color", "#1e3cc8", "--tolerance", "10"]
    assert run_command_line(["color-range", str(source), str(out), *wanted]) == 0
    colors = [(200 / 255, 30 / 255, 30 / 255), (30 / 255, 60 / 255, 200 / 255)]
    assert np.array_equal(read_image(out).pixels[..., 0], color_range(patches(), colors, 10.0))
    capsys.readouterr()
    for bad, words in (
        (["--color", "red"], "not a colour"),
        (["--color", "#ff0000", "--tolerance", "-1"], "tolerance"),
    ):
        assert run_command_line(["color-range", str(source), str(out), *bad]) == 2
        assert words in capsys.readouterr().err
