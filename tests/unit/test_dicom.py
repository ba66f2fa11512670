"""DICOM files, those that pydicom ships and some that are made of them: values, windows, coders, and nonsense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")

from pydicom.data import get_testdata_file  # noqa: E402

from desktop.cli import run_command_line  # noqa: E402
from desktop.core.composite import flatten  # noqa: E402
from desktop.core.errors import UserError  # noqa: E402
from desktop.core.layers import AdjustmentLayer  # noqa: E402
from desktop.io.documents import open_document_file  # noqa: E402
from desktop.io.image_files import read_image  # noqa: E402


def shipped(name: str) -> Path:
    return Path(str(get_testdata_file(name, download=False)))


def changed(tmp_path: Path, name: str = "CT_small.dcm", **values: Any) -> Path:
    dataset = pydicom.dcmread(shipped(name))
    for key, value in values.items():
        setattr(dataset, key, value)
    dataset.save_as(tmp_path / "changed.dcm")
    return tmp_path / "changed.dcm"


def hounsfield() -> np.ndarray:
    dataset = pydicom.dcmread(shipped("CT_small.dcm"))
    return dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)


def test_every_measured_value_of_a_scan_is_a_level_of_its_own() -> None:
    image = read_image(shipped("CT_small.dcm"))
    measured, values = hounsfield(), image.values
    assert image.pixels.dtype == np.uint16
    assert (image.is_gray, image.has_alpha) == (True, False)
    assert values is not None
    assert (values.low, values.high) == (measured.min(), measured.max())
    found = values.low + image.pixels[..., 0] / 65535 * (values.high - values.low)
    assert np.abs(found - measured).max() < 0.05
    assert image.resolution_dpi == pytest.approx((25.4 / 0.661468, 25.4 / 0.661468))


@pytest.mark.parametrize("coder", ["RLE", "bigendian", "implicit", "expb", "jp2klossless", "jpeg_ls_lossless"])
def test_a_scan_is_the_same_however_it_was_coded(coder: str) -> None:
    plain, coded = read_image(shipped("MR_small.dcm")), read_image(shipped(f"MR_small_{coder}.dcm"))
    assert np.array_equal(plain.pixels, coded.pixels)
    assert plain.values == coded.values


def test_the_window_of_the_file_is_what_is_seen(tmp_path: Path) -> None:
    path = changed(tmp_path, WindowCenter=[40, 300], WindowWidth=[400, 1500])
    expected = np.clip((hounsfield() - 39.5) / 399 + 0.5, 0, 1) * 65535  # PS3.3, C.11.2.1.2.1
    assert np.abs(read_image(path).pixels[..., 0] - expected).max() <= 4, "of 65,535"


def test_a_document_keeps_all_values_under_a_window_that_can_be_moved(tmp_path: Path) -> None:
    path = changed(tmp_path, WindowCenter=40, WindowWidth=400)
    document = open_document_file(path)
    scan, window = document.layers
    assert isinstance(window, AdjustmentLayer)
    assert window.name == "Window 399, level 39.5"
    assert np.array_equal(scan.tiles.read(document.size.rect()), read_image(shipped("CT_small.dcm")).pixels)
    assert np.abs(flatten(document).astype(int) - read_image(path).pixels).max() <= 1


def test_black_and_white_change_places_where_the_file_says_so(tmp_path: Path) -> None:
    plain = read_image(changed(tmp_path, WindowCenter=40, WindowWidth=400)).pixels.astype(int)
    path = changed(tmp_path, WindowCenter=40, WindowWidth=400, PhotometricInterpretation="MONOCHROME1")
    assert np.abs(65535 - plain[..., :3] - read_image(path).pixels[..., :3]).max() <= 6
    assert np.abs(flatten(open_document_file(path)).astype(int) - read_image(path).pixels).max() <= 1


def test_a_window_is_chosen_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, flat, layered = str(shipped("CT_small.dcm")), tmp_path / "ct.png", tmp_path / "ct.ora"
    for target in (flat, layered):
        assert run_command_line(["convert", source, str(target), "--window", "400", "--level", "40"]) == 0
    pixels = read_image(flat).pixels
    assert np.abs(pixels[..., 0] - np.clip((hounsfield() + 160) / 400, 0, 1) * 65535).max() <= 4
    assert len(np.unique(pixels[..., 0])) > 256
    assert np.abs(flatten(open_document_file(layered)).astype(int) - pixels).max() <= 1
    assert b"CompressedSamples" not in flat.read_bytes(), "the patient's name is not taken over"
    for wrong in (["--window", "400"], ["--window", "0", "--level", "40"]):
        assert run_command_line(["convert", source, str(tmp_path / "no.png"), *wrong]) == 2
    assert run_command_line(["convert", str(flat), str(tmp_path / "no.png"), "--window", "9", "--level", "4"]) == 2
    assert "no measured values" in capsys.readouterr().err
    assert not (tmp_path / "no.png").exists()


@pytest.mark.parametrize(
    ("name", "shape", "depth"),
    [
        ("SC_rgb_rle_16bit_2frame.dcm", (100, 100, 4), np.uint16),
        ("SC_ybr_full_422_uncompressed.dcm", (100, 100, 4), np.uint8),
        ("SC_rgb_jpeg_dcmtk.dcm", (100, 100, 4), np.uint8),
        ("JPGExtended.dcm", (1024, 256, 4), np.uint16),
        ("examples_palette.dcm", (350, 800, 4), np.uint16),
        ("rtdose.dcm", (10, 10, 4), np.uint16),
    ],
)
def test_first_frames_of_other_kinds_open(name: str, shape: tuple[int, ...], depth: type) -> None:
    image = read_image(shipped(name))
    assert image.pixels.shape == shape
    assert image.pixels.dtype == depth


@pytest.mark.parametrize("name", ["rtplan.dcm", "MR_truncated.dcm", "badVR.dcm", "reportsi.dcm", "waveform_ecg.dcm"])
def test_what_holds_no_picture_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(UserError):
        read_image(shipped(name))


def test_nonsense_in_a_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    whole, path = shipped("CT_small.dcm").read_bytes(), tmp_path / "spoilt.dcm"
    rng = np.random.default_rng(0)
    for _ in range(40):
        spoilt = bytearray(whole)
        for place in rng.integers(132, 2000, 12):
            spoilt[place] = rng.integers(256)
        path.write_bytes(spoilt[: rng.integers(140, len(spoilt))])
        with pytest.raises(UserError):
            read_image(path)
    with pytest.raises(UserError, match="megapixels"):
        read_image(changed(tmp_path, Rows=65535, Columns=65535))
