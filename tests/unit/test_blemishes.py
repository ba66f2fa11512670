"""Scratches and dust: what is found of them, what is left alone, and the way from file to file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from desktop.cli import run_command_line
from desktop.core.blemishes import BlemishSettings, BlemishTone, blemishes
from desktop.core.color import Gray8, Pixels
from desktop.core.errors import UserError
from desktop.io.formats import ImageFile
from desktop.io.image_files import read_image, write_image


def print_of(height: int = 240, width: int = 320) -> Pixels:
    """A soft picture with the grain of paper."""
    rng = np.random.default_rng(0)
    shapes = cv2.resize(rng.uniform(60, 190, (5, 6)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    gray = np.clip(shapes + rng.normal(0, 2, shapes.shape), 0, 255).astype(np.uint8)
    return np.dstack([gray, gray, gray, np.full_like(gray, 255)])


def damaged(picture: Pixels) -> tuple[Pixels, Gray8]:
    """With three scratches and some dust; and where."""
    where = np.zeros(picture.shape[:2], np.uint8)
    for begin, end, level, wide in (
        ((20, 10), (60, 230), 250, 1), ((300, 40), (90, 90), 250, 2), ((150, 200), (310, 215), 5, 2),
    ):  # fmt: skip
        line = np.zeros_like(where)
        cv2.line(line, begin, end, 255, wide, cv2.LINE_AA)
        picture = paint(picture, line, level)
        where |= line
    for x, y, level in ((200, 30, 250), (250, 150, 8), (40, 100, 250), (120, 160, 250)):
        spot = np.zeros_like(where)
        cv2.circle(spot, (x, y), 2, 255, -1)
        picture = paint(picture, spot, level)
        where |= spot
    return picture, where


def paint(picture: Pixels, where: Gray8, level: int) -> Pixels:
    share = where[..., None] / 255
    colors = np.rint(picture[..., :3] * (1 - share) + level * share).astype(np.uint8)
    return np.dstack([colors, picture[..., 3]])


def test_scratches_and_dust_are_found_and_little_else() -> None:
    picture, where = damaged(print_of())
    found, core = blemishes(picture, BlemishSettings()) > 127, where > 200
    near = cv2.dilate(where, np.ones((9, 9), np.uint8)) > 0
    assert (found & core).sum() > 0.9 * core.sum()
    assert (found & ~near).sum() < 0.002 * found.size


def test_a_picture_without_damage_is_left_alone() -> None:
    assert (blemishes(print_of(), BlemishSettings()) > 0).mean() < 0.002


def test_depth_and_strips_change_nothing_that_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, _ = damaged(print_of())
    whole = blemishes(picture, BlemishSettings())
    deep = picture.astype(np.uint16) * 257
    assert np.array_equal(blemishes(deep, BlemishSettings()), whole)
    monkeypatch.setattr("desktop.core.blemishes.ROWS_AT_ONCE", 100)
    assert ((blemishes(picture, BlemishSettings()) > 127) != (whole > 127)).mean() < 0.002


def test_the_tone_says_what_counts() -> None:
    picture, where = damaged(print_of())
    light = blemishes(picture, BlemishSettings(tone=BlemishTone.LIGHT)) > 127
    dark = blemishes(picture, BlemishSettings(tone=BlemishTone.DARK)) > 127
    assert light[:100].any()
    assert not (dark[:100] & (where[:100] > 0)).any(), "the upper scratches are light"
    assert dark[200:220, 160:300].any()


def test_numbers_out_of_range_are_refused() -> None:
    for settings in (BlemishSettings(sensitivity=101), BlemishSettings(width_px=0.5)):
        with pytest.raises(UserError):
            blemishes(print_of(32, 32), settings)


def test_a_file_is_mended_and_its_mask_can_be_had(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clean = print_of()
    picture, where = damaged(clean)
    source, mask, target = (str(tmp_path / name) for name in ("in.png", "mask.png", "out.png"))
    write_image(Path(source), ImageFile(picture, has_alpha=False))
    assert run_command_line(["mend", source, mask, "--only-mask"]) == 0
    assert (read_image(Path(mask)).pixels[..., 0][where > 200] > 127).mean() > 0.9
    assert run_command_line(["mend", source, target]) == 0
    mended, core = read_image(Path(target)).pixels, where > 200
    before = np.abs(picture[core].astype(int) - clean[core]).mean()
    assert np.abs(mended[core].astype(int) - clean[core]).mean() < 0.15 * before
    untouched = read_image(Path(mask)).pixels[..., 0] == 0
    assert np.array_equal(mended[untouched], picture[untouched])
    write_image(Path(source), ImageFile(np.full((64, 64, 4), 255, np.uint8)))
    capsys.readouterr()
    assert run_command_line(["mend", source, str(tmp_path / "no.png")]) == 2
    assert "No scratches" in capsys.readouterr().err
    assert not (tmp_path / "no.png").exists()
