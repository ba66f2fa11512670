"""Extending a picture: what is new, what stays, and what cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop.cli import run_command_line
from desktop.core.composite import flatten
from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.core.remove import RemoveMethod, RemoveSettings
from desktop.io.image_files import ImageFile, read_image, write_image
from desktop.tools.extending import Sides, extended, grows, length_px


def sky_over_ground(width: int = 96, height: int = 80) -> np.ndarray:
    """Blue above, a brown grain below, opaque."""
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[: height // 2, :, :3] = (90, 140, 220)
    grain = np.random.default_rng(1).integers(0, 40, (height - height // 2, width, 1))
    pixels[height // 2 :, :, :3] = np.array((110, 80, 50)) + grain
    return pixels


def document_of(pixels: np.ndarray) -> Document:
    document = Document(Size(pixels.shape[1], pixels.shape[0]))
    return document.with_layer_inserted(new_layer_from_pixels(document, pixels, "Photo"))


def test_what_is_new_goes_on_where_it_is_as_high_and_the_old_keeps_its_bytes() -> None:
    before = sky_over_ground()
    document = extended(document_of(before), Rect(-20, -16, 150, 96), RemoveSettings(), "Extension")
    after = flatten(document)
    assert after.shape == (96, 150, 4)
    assert (after[..., 3] == 255).all()
    assert np.array_equal(after[16:, 20:116], before)
    for part in (after[30:45, 120:150], after[2:12, 40:100], after[30:45, :18]):
        assert np.abs(part[..., :3].mean((0, 1)) - (90, 140, 220)).max() < 12
    assert np.abs(after[70:90, 120:150, :3].mean((0, 1)) - (130, 100, 70)).max() < 16
    assert [layer.name for layer in document.layers] == ["Photo", "Extension"]


def test_pixels_that_a_layer_has_beyond_the_canvas_come_into_sight() -> None:
    document = Document(Size(60, 50))
    document = document.with_layer_inserted(new_layer_from_pixels(document, sky_over_ground(96, 50), "Wide"))
    after = extended(document, Rect(0, 0, 90, 50), RemoveSettings(), "Extension")
    assert len(after.layers) == 1
    assert np.array_equal(flatten(after), sky_over_ground(96, 50)[:, :90])


def test_a_transparent_picture_stays_transparent() -> None:
    clear = np.zeros((40, 50, 4), np.uint8)
    after = extended(document_of(clear), Rect(0, 0, 70, 40), RemoveSettings(), "Extension")
    assert not flatten(after)[..., 3].any()


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (200, 1)])
def test_tiny_pictures_grow_or_say_that_nothing_is_left_to_take_from(size: tuple[int, int]) -> None:
    document = document_of(np.full((size[1], size[0], 4), 200, np.uint8))
    after = extended(document, Rect(-2, -2, size[0] + 5, size[1] + 5), RemoveSettings(), "Extension")
    assert after.size == Size(size[0] + 5, size[1] + 5)
    assert (flatten(after)[2 : 2 + size[1], 2 : 2 + size[0]] == 200).all()


def test_other_methods_extend_too() -> None:
    for method in (RemoveMethod.PATCHES, RemoveMethod.TELEA):
        document = extended(document_of(sky_over_ground()), Rect(0, 0, 110, 80), RemoveSettings(method), "Extension")
        assert (flatten(document)[..., 3] == 255).all()


@pytest.mark.parametrize(
    ("text", "expected"), [("120", 120), ("120px", 120), ("25%", 25), ("12.5 %", 13), ("0", 0), (" 7 ", 7)]
)
def test_lengths_are_pixels_or_percent(text: str, expected: int) -> None:
    assert length_px(text, 100) == expected


@pytest.mark.parametrize("text", ["", "-5", "10cm", "1e3", "%"])
def test_what_is_no_length_is_one_sentence(text: str) -> None:
    with pytest.raises(UserError) as caught:
        length_px(text, 100)
    assert caught.value.key == "extend.bad_length"


def test_nothing_and_too_much_are_refused() -> None:
    with pytest.raises(UserError) as caught:
        Sides().canvas(Size(10, 10))
    assert caught.value.key == "extend.nothing"
    with pytest.raises(UserError) as caught:
        Sides(right=10**6).canvas(Size(10, 10))
    assert caught.value.key == "document.bad_size"
    assert Sides(left=1, top=2, right=3, bottom=4).canvas(Size(10, 10)) == Rect(-1, -2, 14, 16)
    assert grows(Rect(-1, 0, 5, 5), Size(9, 9))
    assert not grows(Rect(1, 0, 5, 5), Size(9, 9))


def test_the_command_line_extends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_image(tmp_path / "in.png", ImageFile(sky_over_ground(), has_alpha=False))
    arguments = ["extend", str(tmp_path / "in.png"), str(tmp_path / "out.png")]
    assert run_command_line([*arguments, "--right", "25%", "--top", "8"]) == 0
    found = read_image(tmp_path / "out.png").pixels
    assert found.shape[:2] == (88, 120)
    assert np.array_equal(found[8:, :96], sky_over_ground())
    (tmp_path / "out.png").unlink()
    assert run_command_line(arguments) == 2
    assert run_command_line([*arguments, "--left", "far"]) == 2
    assert not (tmp_path / "out.png").exists()
    said = capsys.readouterr().err
    assert "give at least one side a length" in said
    assert "is no length" in said
