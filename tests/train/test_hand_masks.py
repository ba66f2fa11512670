"""Subjects outlined by hand: every mask has its photograph and says something, and both are read at one size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.common import hand_masks
from models.common.data import DataError

pytestmark = pytest.mark.train


def photo_file(path: Path, width: int, height: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ramp = np.broadcast_to(np.linspace(0, 255, width), (height, width))
    Image.fromarray(np.repeat(ramp[..., None], 3, axis=2).astype(np.uint8)).save(path)
    return path


def test_every_mask_has_a_photograph_and_a_word_in_the_list() -> None:
    names = {path.stem for path in hand_masks.FOLDER.glob("*.png")}
    assert names == set(hand_masks.PHOTOS)
    listed = (hand_masks.FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in listed for name in names)


def test_masks_hold_a_subject_with_a_soft_edge_and_something_around_it() -> None:
    for path in hand_masks.FOLDER.glob("*.png"):
        with Image.open(path) as picture:
            assert picture.mode == "L"
            alpha = np.asarray(picture)
        assert max(alpha.shape) <= hand_masks.LONG_SIDE_PX
        assert 0.005 < (alpha == 255).mean() < 0.9, path.name
        assert (alpha == 0).mean() > 0.1, path.name
        assert ((alpha > 20) & (alpha < 235)).any(), path.name


def test_a_photograph_is_brought_to_the_size_of_its_mask(tmp_path: Path) -> None:
    photo_file(tmp_path / hand_masks.PHOTOS["dandelion"], 1280, 720)
    found = hand_masks.hand_cut_photos(tmp_path)
    assert list(found) == ["dandelion"]
    assert found["dandelion"].picture.shape == (360, 640, 3)
    assert found["dandelion"].alpha.shape == (360, 640)
    smaller = hand_masks.hand_cut_photos(tmp_path, 320)["dandelion"]
    assert smaller.picture.shape[:2] == smaller.alpha.shape == (180, 320)


def test_rows_below_a_shorter_mask_are_left_out(tmp_path: Path) -> None:
    photo_file(tmp_path / hand_masks.PHOTOS["cat"], 451, 300)
    assert hand_masks.hand_cut_photos(tmp_path)["cat"].picture.shape == (216, 451, 3)


def test_a_photograph_that_the_mask_was_not_drawn_for_is_named(tmp_path: Path) -> None:
    photo_file(tmp_path / hand_masks.PHOTOS["bowl"], 640, 200)
    with pytest.raises(DataError, match="another picture"):
        hand_masks.hand_cut_photos(tmp_path)
