"""Profiles, EXIF, XMP, resolution and orientation survive reading and writing."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from desktop.io.image_files import read_image
from desktop.io.metadata import exif_for_picture, orientation_of
from desktop.io.pixel_forms import turned_upright
from desktop.io.profiles import convert_pixels, profile_name, srgb_profile
from tests.builders import noise
from tests.io_pictures import (
    ADOBE_RGB,
    DESCRIPTION,
    EXIF_IFD,
    GPS_IFD,
    GRAY_GAMMA,
    MAKER,
    MAKER_NOTE,
    XMP,
    exif_packet,
    picture,
    seen_by_pillow,
    written,
)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("order", ["II", "MM"])
def test_profile_exif_xmp_and_resolution_survive(tmp_path: Path, suffix: str, order: str) -> None:
    image = picture(icc_profile=ADOBE_RGB, exif=exif_packet(order=order), xmp=XMP, resolution_dpi=(300.0, 150.0))
    back = written(image, tmp_path / f"a{suffix}")
    assert back.icc_profile == ADOBE_RGB
    assert back.xmp == XMP.replace(b'"6"', b'"1"')
    if suffix != ".webp":  # its only field for it is EXIF, and that packet tells none
        assert back.resolution_dpi == (300.0, 150.0)
    exif = seen_by_pillow(tmp_path / f"a{suffix}").getexif()
    assert exif[MAKER] == "Camera works"
    assert exif.get_ifd(EXIF_IFD)[MAKER_NOTE] == b"maker's secret" * 9
    assert exif.get_ifd(GPS_IFD)[1] == "N"
    again = written(back, tmp_path / f"b{suffix}")
    assert again.exif == back.exif


def test_webp_keeps_a_resolution_without_exif(tmp_path: Path) -> None:
    assert written(picture(resolution_dpi=(300.0, 150.5)), tmp_path / "a.webp").resolution_dpi == (300.0, 150.5)


def test_exif_moves_between_formats(tmp_path: Path) -> None:
    image = picture(exif=exif_packet())
    for suffix in (".tif", ".png", ".jpg", ".webp", ".tif"):
        image = written(image, tmp_path / f"a{suffix}")
    exif = seen_by_pillow(tmp_path / "a.tif").getexif()
    assert exif[DESCRIPTION] == "A long enough description"
    assert exif.get_ifd(EXIF_IFD)[MAKER_NOTE] == b"maker's secret" * 9


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(tmp_path: Path, suffix: str, orientation: int) -> None:
    upright = np.zeros((48, 32, 3), np.uint8)
    upright[:16, :16] = (255, 0, 0)
    turn_back = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    stored = Image.fromarray(upright)
    stored = stored if turn_back is None else stored.transpose(Image.Transpose(turn_back))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a{suffix}"
    stored.save(
        path, exif=exif, **{".jpg": {"quality": 100, "subsampling": 0}, ".webp": {"lossless": True}}.get(suffix, {})
    )
    image = read_image(path)
    assert np.abs(image.pixels[..., :3].astype(int) - upright).max() <= 6
    assert orientation_of(image.exif) == 1
    again = written(image, path)
    assert again.pixels.shape == image.pixels.shape
    assert seen_by_pillow(path).getexif().get(0x0112, 1) == 1


def test_turning_upright_moves_every_pixel_to_its_place() -> None:
    pixels = noise(5, 3)
    assert np.array_equal(turned_upright(pixels, 5), pixels.transpose(1, 0, 2))
    assert np.array_equal(turned_upright(pixels, 7), pixels[::-1, ::-1].transpose(1, 0, 2))
    assert np.array_equal(turned_upright(pixels, 6), np.rot90(pixels, -1))
    assert np.array_equal(turned_upright(pixels, 8), np.rot90(pixels))


@pytest.mark.parametrize("order", ["II", "MM"])
def test_written_exif_tells_the_new_size_and_has_no_old_thumbnail(tmp_path: Path, order: str) -> None:
    packet = exif_packet(6, order=order, thumbnail=True)
    assert b"THUMB" in packet
    prepared = exif_for_picture(packet, 640, 480)
    assert prepared is not None
    assert b"THUMB" not in prepared
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + prepared)
    assert (exif.get_ifd(EXIF_IFD)[0xA002], exif.get_ifd(EXIF_IFD)[0xA003], exif[0x0112]) == (640, 480, 1)
    assert exif.get_ifd(EXIF_IFD)[MAKER_NOTE] == b"maker's secret" * 9
    assert prepared.index(b"maker's secret") == packet.index(b"maker's secret")


def test_nonsense_in_exif_does_no_harm(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    whole = exif_packet(6, thumbnail=True)
    for _ in range(200):
        packet = bytearray(whole[: rng.integers(1, len(whole))])
        for position in rng.integers(0, len(packet), 6):
            packet[position] = rng.integers(256)
        exif_for_picture(bytes(packet), 10, 10)
        assert 1 <= orientation_of(bytes(packet)) <= 8
    back = written(picture(has_alpha=False, exif=bytes(packet)), tmp_path / "a.tif")
    assert back.pixels.shape == (23, 37, 4)


def test_gray_profiles_are_applied_because_pixels_become_rgb(tmp_path: Path) -> None:
    half = Image.new("L", (8, 8), 128)
    for suffix in (".png", ".jpg", ".tif"):
        half.save(tmp_path / f"a{suffix}", icc_profile=GRAY_GAMMA)
        image = read_image(tmp_path / f"a{suffix}")
        assert image.icc_profile is None
        assert abs(int(image.pixels[4, 4, 0]) - 188) <= 2  # linear half is 188 in sRGB


def test_converting_between_profiles_keeps_alpha_and_depth() -> None:
    pixels = np.zeros((2, 2, 4), np.uint16)
    pixels[:] = (20_000, 50_000, 30_000, 1234)
    wide = convert_pixels(pixels, None, ADOBE_RGB)
    assert (wide[..., 3] == 1234).all()
    assert wide[0, 0, 0] > 25_000
    back = convert_pixels(wide, ADOBE_RGB, srgb_profile())
    assert np.abs(back.astype(int) - pixels).max() < 700
    assert convert_pixels(pixels, None, None) is pixels
    assert convert_pixels(pixels, b"no profile", None) is pixels
    assert (profile_name(None), profile_name(b"x")) == ("sRGB", "unknown profile")
    assert "Adobe" in profile_name(ADOBE_RGB)


def test_a_broken_profile_is_left_out(tmp_path: Path) -> None:
    plain = io.BytesIO()
    Image.new("RGB", (4, 4)).save(plain, "PNG", icc_profile=b"not a profile" * 30)
    (tmp_path / "a.png").write_bytes(plain.getvalue())
    assert read_image(tmp_path / "a.png").icc_profile is None
