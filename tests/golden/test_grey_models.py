"""The shipped networks for scientific grey, from a file of a scanner to 16 bits on disk."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from desktop import paths
from desktop.cli import run_command_line
from desktop.core.color import Pixels
from desktop.io.image_files import read_image
from tests.runtime_runs import run_request

pydicom_data = pytest.importorskip("pydicom.data")

SCAN = paths.shipped_models_dir() / "grey-scan"
TWICE = paths.shipped_models_dir() / "grey-scan-2x"


def scanned(name: str = "MR_small.dcm") -> Path:
    return Path(pydicom_data.get_testdata_file(name))


def run(model: Path, picture: Pixels, strength: float, contrast: float = 0.0) -> Pixels:
    return run_request(model, {"image": picture}, {"strength": strength, "contrast": contrast})[0]["image"]


@pytest.mark.parametrize(("model", "scale"), [(SCAN, 1), (TWICE, 2)])
def test_a_scan_stays_grey_and_in_sixteen_bits_from_file_to_file(model: Path, scale: int, tmp_path: Path) -> None:
    out = tmp_path / "clean.png"
    assert run_command_line(["run", model.name, str(scanned()), str(out)]) == 0
    before, after = read_image(scanned()).pixels, read_image(out).pixels
    assert after.dtype == np.uint16
    assert after.shape[:2] == (before.shape[0] * scale, before.shape[1] * scale)
    assert len(np.unique(after[..., 0])) > 256
    assert np.ptp(after[..., :3].astype(int), axis=2).max() == 0
    assert abs(after[..., 0].mean() - before[..., 0].mean()) < 65535 * 0.01


def test_strength_nothing_leaves_every_value_and_contrast_adds_to_it() -> None:
    picture = read_image(scanned("CT_small.dcm")).pixels
    untouched = run(SCAN, picture, 0.0)
    assert np.abs(untouched[..., :3].astype(int) - picture[..., :3]).max() <= 4  # of 65535
    raised = run(SCAN, picture, 0.0, 100.0)[..., 0].astype(float)
    assert raised.std() > picture[..., 0].std()


def test_counted_noise_goes_and_the_edge_stays() -> None:
    rng = np.random.default_rng(0)
    clean = np.where(np.arange(96) < 48, 0.25, 0.7)[None].repeat(96, axis=0)
    noisy = np.clip(rng.poisson(clean * 200) / 200, 0, 1)
    picture = np.full((96, 96, 4), 65535, np.uint16)
    picture[..., :3] = np.rint(noisy * 65535)[..., None]
    result = run(SCAN, picture, 50.0)[..., 0] / 65535
    assert np.square(result - clean).mean() < np.square(noisy - clean).mean() / 8
    assert result[:, 49].mean() - result[:, 46].mean() > 0.3


def test_a_clean_picture_is_left_nearly_as_it_is() -> None:
    photograph = cv2.imread(str(paths.resources_dir() / "samples" / "kingfisher.jpg"), cv2.IMREAD_GRAYSCALE)
    small = cv2.resize(photograph.astype(np.float32), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    picture = np.repeat(np.rint(small * 257).astype(np.uint16)[..., None], 3, axis=2)
    change = run(SCAN, picture, 50.0).astype(int) - picture
    assert np.abs(change).mean() <= 0.5 * 257, "half a level of 255"
