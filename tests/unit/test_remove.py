"""Taking objects out: what fills the hole, what stays, and every odd mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from desktop.cli import run_command_line
from desktop.core.errors import UserError
from desktop.core.membrane import membrane
from desktop.core.remove import Imagine, Imagined, RemoveMethod, RemoveSettings, Watch, removed
from desktop.io.image_files import ImageFile, read_image, write_image
from tests.builders import noise


def stripes(width: int = 120, height: int = 96, depth: int = 8) -> Any:
    """A woven pattern that repeats every 8 pixels, opaque."""
    y, x = np.mgrid[0:height, 0:width]
    top = 255 if depth == 8 else 65535
    pixels = np.empty((height, width, 4), np.uint8 if depth == 8 else np.uint16)
    pixels[..., 0] = np.where((x // 4 + y // 4) % 2, 0.85, 0.2) * top
    pixels[..., 1] = np.where(y % 8 < 4, 0.6, 0.3) * top
    pixels[..., 2] = np.where(x % 8 < 4, 0.4, 0.5) * top
    pixels[..., 3] = top
    return pixels


def hole(width: int = 120, height: int = 96, *, inside: tuple[int, int, int, int] = (40, 30, 70, 60)) -> Any:
    mask = np.zeros((height, width), np.uint8)
    left, top, right, bottom = inside
    mask[top:bottom, left:right] = 255
    return mask


@pytest.mark.parametrize("depth", [8, 16])
def test_a_pattern_is_continued_through_the_hole(depth: int) -> None:
    picture, mask = stripes(depth=depth), hole()
    spoilt = picture.copy()
    spoilt[mask > 0, :3] = 0
    found = removed(spoilt, mask)
    assert found.dtype == picture.dtype
    wrong = np.abs(found.astype(float) - picture)[mask > 0, :3].mean() / np.iinfo(picture.dtype).max
    assert wrong < 0.02, wrong
    assert np.array_equal(found[mask == 0], spoilt[mask == 0])


def imagining(level: float) -> Imagine:
    """A network that sees one grey everywhere."""

    def imagine(pixels: Any, unknown: Any, watch: Watch) -> Imagined:
        return Imagined(np.full((*unknown.shape, 3), level, np.float32), 1.0)

    return imagine


@pytest.mark.parametrize("method", list(RemoveMethod))
def test_everything_outside_the_soft_mask_keeps_its_bytes(method: RemoveMethod) -> None:
    picture = noise(90, 70, seed=2)
    mask = np.zeros((70, 90), np.uint8)
    mask[20:40, 30:55] = noise(25, 20, channels=1, seed=3)[..., 0]
    found = removed(picture, mask, RemoveSettings(method), imagine=imagining(0.4))
    assert np.array_equal(found[mask == 0], picture[mask == 0])
    assert not np.array_equal(found[mask > 128], picture[mask > 128])


@pytest.mark.parametrize("method", [RemoveMethod.TELEA, RemoveMethod.NAVIER_STOKES])
@pytest.mark.parametrize("depth", [8, 16])
def test_the_smooth_ways_go_on_with_a_gradient(method: RemoveMethod, depth: int) -> None:
    top = 255 if depth == 8 else 65535
    picture = np.full((60, 60, 4), top, np.uint8 if depth == 8 else np.uint16)
    picture[..., :3] = (np.linspace(0.3, 0.7, 60) * top).astype(picture.dtype)[None, :, None]
    mask = hole(60, 60, inside=(20, 20, 40, 40))
    spoilt = picture.copy()
    spoilt[mask > 0, :3] = 0
    found = removed(spoilt, mask, RemoveSettings(method))
    assert np.abs(found.astype(float) - picture).max() < 0.06 * top


def test_half_a_mask_mixes_half() -> None:
    picture = np.full((64, 64, 4), 255, np.uint8)
    picture[20:40, 20:40, :3] = 0
    mask = np.zeros((64, 64), np.uint8)
    mask[20:40, 20:40] = 128
    assert abs(int(removed(picture, mask)[30, 30, 0]) - 128) <= 2


def test_equal_seeds_give_equal_bytes() -> None:
    picture, mask = noise(80, 60, seed=4), hole(80, 60, inside=(30, 20, 50, 40))
    one = removed(picture, mask, RemoveSettings(seed=7))
    assert np.array_equal(one, removed(picture, mask, RemoveSettings(seed=7)))
    assert not np.array_equal(one, removed(picture, mask, RemoveSettings(seed=8)))


@pytest.mark.parametrize(
    ("mask", "key"),
    [(np.zeros((40, 50), np.uint8), "remove.empty"), (np.full((40, 50), 255, np.uint8), "remove.everything")],
)
def test_masks_that_make_no_sense_are_one_sentence(mask: Any, key: str) -> None:
    with pytest.raises(UserError) as caught:
        removed(noise(50, 40), mask)
    assert caught.value.key == key


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        removed(noise(50, 40), np.full((40, 51), 255, np.uint8))
    assert caught.value.key == "remove.mask_size"


@pytest.mark.parametrize("size", [(50, 40), (3, 3), (2, 1), (200, 5)])
def test_holes_of_one_pixel_and_tiny_pictures(size: tuple[int, int]) -> None:
    picture, mask = noise(*size, seed=5), np.zeros(size[::-1], np.uint8)
    mask[-1, -1] = 255
    found = removed(picture, mask)
    assert np.array_equal(found[mask == 0], picture[mask == 0])


def test_a_hole_that_touches_all_borders_is_filled() -> None:
    picture = stripes()
    mask = np.full(picture.shape[:2], 255, np.uint8)
    mask[30:60, 40:80] = 0
    found = removed(picture, mask)
    assert np.array_equal(found[mask == 0], picture[mask == 0])
    assert (found[..., 3] == 255).all()
    cross = np.zeros_like(mask)
    cross[40:50], cross[:, 55:65] = 255, 255
    wrong = np.abs(removed(picture, cross).astype(float) - picture)[cross > 0].mean()
    assert wrong < 10, wrong


def test_where_only_scattered_pixels_are_left_they_are_taken_one_by_one() -> None:
    picture = stripes(40, 30)
    mask = np.full((30, 40), 255, np.uint8)
    mask[::3, ::3] = 0
    found = removed(picture, mask)
    assert np.array_equal(found[mask == 0], picture[mask == 0])
    assert len(np.unique(found[..., 0])) > 1


def test_a_transparent_picture_stays_transparent() -> None:
    picture = np.zeros((60, 80, 4), np.uint8)
    found = removed(picture, hole(80, 60, inside=(30, 20, 50, 40)))
    assert not found.any()
    picture[:, :, 3] = 128
    found = removed(picture, hole(80, 60, inside=(30, 20, 50, 40)))
    assert np.abs(found[..., 3].astype(int) - 128).max() <= 1


def test_holes_apart_are_filled_without_taking_from_each_other() -> None:
    picture = stripes(300, 96)
    mask = hole(300, 96) | hole(300, 96, inside=(220, 30, 250, 60))
    spoilt = picture.copy()
    spoilt[mask > 0, :3] = (255, 0, 255)
    found = removed(spoilt, mask)
    assert np.abs(found.astype(float) - picture)[mask > 0].mean() < 6


def test_a_guide_says_what_the_hole_looks_like() -> None:
    """Left of the picture is dark, right of it light; the hole lies between, the guide says light."""
    picture = np.full((80, 160, 4), 255, np.uint8)
    picture[..., :3] = noise(160, 80, channels=3, seed=1) // 16
    picture[:, 80:, :3] += 200
    mask = hole(160, 80, inside=(60, 20, 100, 60))
    settings = RemoveSettings(RemoveMethod.GUIDED)
    dark, light = (
        removed(picture, mask, settings, imagine=imagining(level))[25:55, 65:95, :3].mean() for level in (0.03, 0.82)
    )
    assert light > dark + 60


def test_a_network_alone_fills_the_hole_and_meets_the_colours_at_the_rim() -> None:
    picture, mask = np.full((80, 100, 4), 200, np.uint8), hole(100, 80)
    picture[..., 3] = 255
    found = removed(picture, mask, RemoveSettings(RemoveMethod.NETWORK), imagine=imagining(0.5))
    assert np.abs(found[..., :3].astype(int) - 200).max() <= 1  # even grey is nothing but an offset
    assert np.array_equal(found[mask == 0], picture[mask == 0])


@pytest.mark.parametrize("method", [RemoveMethod.GUIDED, RemoveMethod.NETWORK])
def test_methods_of_a_network_say_when_there_is_none(method: RemoveMethod) -> None:
    with pytest.raises(UserError) as caught:
        removed(noise(60, 50), hole(60, 50, inside=(20, 20, 30, 30)), RemoveSettings(method))
    assert caught.value.key == "remove.no_network"


@pytest.mark.parametrize("method", [RemoveMethod.GUIDED, RemoveMethod.NETWORK])
def test_a_network_fills_transparent_pictures_too(method: RemoveMethod) -> None:
    picture, mask = noise(80, 60, seed=6), hole(80, 60, inside=(30, 20, 50, 40))
    picture[..., 3] = 128
    found = removed(picture, mask, RemoveSettings(method), imagine=imagining(0.3))
    assert np.abs(found[..., 3].astype(int) - 128).max() <= 1


def test_it_can_be_broken_off() -> None:
    class BrokenOffError(Exception):
        pass

    shares: list[float] = []

    def watch(share: float) -> None:
        shares.append(share)
        if share > 0.3:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        removed(stripes(), hole(), watch=watch)
    assert shares == sorted(shares)


def test_a_membrane_joins_on_smoothly() -> None:
    y, x = np.mgrid[0:40, 0:50].astype(np.float32)
    plane = (0.3 * x + 0.1 * y)[..., None]
    mask = hole(50, 40, inside=(10, 8, 40, 33))
    spoilt = np.where(mask[..., None] > 0, np.float32(99), plane)
    assert np.abs(membrane(spoilt, mask) - plane).max() < 0.1


def test_the_command_line_removes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, mask = stripes(depth=16), hole()
    write_image(tmp_path / "in.png", ImageFile(picture, has_alpha=False))
    grey = np.stack([mask, mask, mask, np.full_like(mask, 255)], axis=2)
    write_image(tmp_path / "mask.png", ImageFile(grey, has_alpha=False))
    arguments = ["remove", str(tmp_path / "in.png"), str(tmp_path / "out.png"), "--mask", str(tmp_path / "mask.png")]
    assert run_command_line(arguments) == 0
    found = read_image(tmp_path / "out.png").pixels
    assert found.dtype == np.uint16
    assert np.array_equal(found[mask == 0], picture[mask == 0])
    assert run_command_line([*arguments, "--method", "telea"]) == 0
    assert run_command_line([*arguments[:2], str(tmp_path / "bad.png"), "--mask", str(tmp_path / "in.png")]) == 2
    assert not (tmp_path / "bad.png").exists()
    assert run_command_line([*arguments, "--seed", "-1"]) == 2
    assert "Everything is marked" in capsys.readouterr().err
