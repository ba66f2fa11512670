"""Pictures in the colours of the screen: exact pixels, only what is drawn, untouched without a profile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from desktop.core.edits import OpenDocument
from desktop.io.screen_colors import ScreenTransform, screen_transform
from desktop.settings import SCREEN_PROFILE
from desktop.ui.canvas import screen_tiles
from desktop.ui.canvas.picture import Picture
from desktop.ui.commands.screen_commands import ScreenCommands
from tests.builders import document_with, noise, raster_layer
from tests.gui.conftest import Studio
from tests.gui.pixels import painted

WHITE = (0.3127, 0.3290, 1.0)
RED, GREEN, BLUE = (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)


def profile_of(*primaries: tuple[float, float]) -> bytes:
    flat = tuple(part for primary in primaries for part in primary)
    return bytes(imagecodecs.cms_profile("rgb", whitepoint=WHITE, primaries=flat, gamma=2.2))


PLAIN = profile_of(RED, GREEN, BLUE)
SWAPPED = profile_of(BLUE, GREEN, RED)  # a screen whose red wire is plugged into blue


@pytest.fixture
def swapped(tmp_path: Path) -> Path:
    path = tmp_path / "swapped.icc"
    path.write_bytes(SWAPPED)
    return path


def show_color(studio: Studio, *color: int, alpha: int = 255) -> None:
    """A picture of one colour whose profile is the plain one."""
    pixels = np.zeros((200, 300, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = color, alpha
    studio.show(replace(document_with(raster_layer(1, pixels), width=300, height=200), icc_profile=PLAIN))
    studio.window.perform("tool.hand")


def use(studio: Studio, path: Path) -> None:
    studio.dialogs.file = path
    studio.window.perform("screen.file")


def test_the_screen_shows_the_colours_of_its_profile(studio: Studio, swapped: Path) -> None:
    show_color(studio, 200, 90, 60)
    assert studio.on_screen(100, 100) == (200, 90, 60)
    use(studio, swapped)
    assert studio.on_screen(100, 100) == (60, 90, 200)
    assert studio.seen(100, 100) == (200, 90, 60, 255)  # the document is what it was
    studio.window.canvas.zoom_to(0.3)
    assert studio.on_screen(100, 100) == (60, 90, 200)
    assert studio.window.settings.get(SCREEN_PROFILE) == str(swapped)
    assert studio.window.actions_by_id["screen.file"].isChecked()
    studio.window.perform("screen.off")
    assert studio.on_screen(100, 100) == (200, 90, 60)
    assert len(studio.names) == 1


def test_a_stroke_is_converted_where_it_changed_the_picture(
    studio: Studio, swapped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show_color(studio, 200, 90, 60)
    use(studio, swapped)
    studio.settle()
    converted: list[int] = []
    apply = ScreenTransform.apply
    monkeypatch.setattr(ScreenTransform, "apply", lambda self, part: converted.append(part.size) or apply(self, part))
    studio.window.perform("tool.brush")
    studio.window.state.change_brush(size_px=12.0, hardness=100.0)
    studio.window.state.set_color((1.0, 90 / 255, 0.0))
    studio.drag((50, 50), (90, 50))
    studio.window.perform("tool.hand")
    studio.settle()
    assert converted
    assert max(converted) < 100 * 40 * 4  # the stroke's rectangle, not its tile
    monkeypatch.undo()
    shown = painted(studio.window.canvas)
    left, top = int(studio.window.canvas.view.left), int(studio.window.canvas.view.top)
    assert shown[top + 50, left + 70].tolist() == [0, 90, 255]
    assert shown[top + 90, left + 70].tolist() == [60, 90, 200]


def test_transparent_colours_are_converted_as_if_they_were_opaque() -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:] = (60 * 128 // 255, 90 * 128 // 255, 200 * 128 // 255, 128)  # blue, green, red, alpha
    pixels[0] = 0
    transform = screen_transform(PLAIN, SWAPPED)
    assert transform is not None
    converted = transform.apply(pixels)
    assert converted[0].max() == 0
    assert np.abs(converted[1:].astype(int) - pixels[1:, :, [2, 1, 0, 3]]).max() <= 1


def test_without_a_profile_the_compositors_own_bytes_are_drawn() -> None:
    tiles = screen_tiles.ScreenTiles()
    tile = noise(256, 256, seed=1)
    assert tiles.shown((0, 0, 0), tile) is tile
    tiles.set_document(PLAIN)
    tiles.set_screen(PLAIN)
    assert tiles.shown((0, 0, 0), tile) is tile
    tiles.set_screen(SWAPPED)
    assert tiles.shown((0, 0, 0), tile) is not tile
    assert tiles.shown((0, 0, 0), tile) is tiles.shown((0, 0, 0), tile)


def test_a_changed_profile_of_the_document_converts_anew() -> None:
    document = replace(document_with(raster_layer(1, np.full((9, 9, 4), 255, np.uint8)), width=9, height=9))
    opened = OpenDocument(document)
    picture = Picture(opened)
    picture.set_screen_profile(SWAPPED)
    picture.pixels(document.size.rect())
    with opened.edit("Profile") as edit:
        edit.replace_document(replace(document, icc_profile=SWAPPED))
    assert np.array_equal(picture.pixels(document.size.rect()), np.full((9, 9, 4), 255, np.uint8))
    picture.close()


def test_a_file_that_is_no_profile_is_refused_and_changes_nothing(studio: Studio, tmp_path: Path) -> None:
    show_color(studio, 200, 90, 60)
    use(studio, tmp_path / "missing.icc")
    assert "missing.icc" in studio.window.info.text
    for place, content in enumerate((b"", b"no profile", PLAIN[:200], PLAIN[:16] + b"CMYK" + PLAIN[20:])):
        path = tmp_path / f"broken{place}.icc"
        path.write_bytes(content)
        use(studio, path)
        assert path.name in studio.window.info.text
    assert studio.on_screen(100, 100) == (200, 90, 60)
    assert studio.window.settings.get(SCREEN_PROFILE) == "system"


def test_a_profile_that_is_gone_is_told_at_the_start(studio: Studio, tmp_path: Path) -> None:
    studio.window.settings.set(SCREEN_PROFILE, str(tmp_path / "gone.icc"))
    ScreenCommands(studio.window)
    QApplication.processEvents()
    assert "gone.icc" in studio.window.info.text
    show_color(studio, 200, 90, 60)
    assert studio.on_screen(100, 100) == (200, 90, 60)
