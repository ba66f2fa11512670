"""Whatever is wrong with a file, one clear sentence comes out, and nothing else: no warning, no crash, no surprise."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from desktop.core.errors import UserError
from desktop.io import image_files
from desktop.io.documents import open_document_file
from desktop.io.image_files import ImageFile, read_image, write_image
from tests.builders import noise
from tests.io_pictures import ADOBE_RGB, XMP, exif_packet
from tests.unit.test_io_atomic import without_root_rights

FLIPPED_PER_FORMAT = 120
SMALL_ENOUGH_PIXELS = 1_000_000  # damage often makes a size large; that is tested by bombs, and slow


def by_us(suffix: str, **fields: Any) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        image = ImageFile(noise(24, 16), icc_profile=ADOBE_RGB, exif=exif_packet(6), xmp=XMP, **fields)
        write_image(path.with_suffix(suffix), image)
        path.with_suffix(suffix).rename(path)

    return make


def by_pillow(kind: str, mode: str, **options: Any) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        Image.fromarray(noise(24, 16, channels=3)).convert(mode).save(path, kind, **options)

    return make


def tiff_16(path: Path) -> None:
    tifffile.imwrite(path, noise(24, 16, depth=16), photometric="rgb", compression="lzw", tile=(16, 16))


SAMPLES: dict[str, Callable[[Path], None]] = {
    "png": by_us(".png"),
    "png palette": by_pillow("PNG", "P"),
    "jpeg": by_us(".jpg"),
    "jpeg progressive": by_pillow("JPEG", "RGB", progressive=True),
    "jpeg cmyk": by_pillow("JPEG", "CMYK"),
    "webp": by_us(".webp"),
    "webp lossless": by_pillow("WEBP", "RGB", lossless=True),
    "tiff": by_us(".tif"),
    "tiff 16 tiled": tiff_16,
    "tiff fax": by_pillow("TIFF", "1", compression="group4"),
    "bmp": by_us(".bmp"),
    "bmp palette": by_pillow("BMP", "P"),
}


def key_of(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        open_document_file(path)
    assert str(path) in str(caught.value)
    return caught.value.key


def only_a_user_error_may_come_out(path: Path, what: str) -> None:
    try:
        image = read_image(path, max_pixels=SMALL_ENOUGH_PIXELS)
    except UserError as error:
        assert error.key.startswith("file."), (what, error)  # noqa: PT017 - most of them open all the same
    else:
        assert image.pixels.shape[2] == 4


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "file.empty"),
        (b"x", "file.not_a_picture"),
        (b"hello, this is a text\n" * 9, "file.not_a_picture"),
        (b"BMW, a car\n" * 9, "file.not_a_picture"),
        (b"PK\x03\x04" + b"\0" * 60, "file.not_a_picture"),
        (b"GIF89a" + b"\0" * 60, "file.unsupported"),
        (b"8BPS" + b"\0" * 60, "file.unsupported"),
        (b"\0\0\0\x1cftypavif" + b"\0" * 60, "file.unsupported"),
        (b"\x89PNG\r\n\x1a\n", "file.damaged"),
        (b"\xff\xd8\xff", "file.truncated"),
        (b"II*\0\xff\xff\xff\x7f", "file.damaged"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path: Path, content: bytes, key: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    assert key_of(tmp_path / "a.png") == key


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    assert key_of(tmp_path / "no.png") == "file.missing"
    assert key_of(tmp_path / "no" / "a.png") == "file.missing"
    assert key_of(tmp_path) == "file.is_folder"
    (tmp_path / "a").write_text("x")
    assert key_of(tmp_path / "a" / "b.png") == "file.missing"
    assert key_of(tmp_path / ("a" * 300)) == "file.name_too_long"
    assert key_of(tmp_path / "a\0b") == "file.missing"


def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    by_us(".png")(path)
    for part in (tmp_path.parent.parent, tmp_path.parent, tmp_path):
        part.chmod(0o755)
    path.chmod(0)
    with without_root_rights():
        assert key_of(path) == "file.no_permission"


@pytest.mark.parametrize("name", [name for name in SAMPLES if "fax" not in name])
@pytest.mark.parametrize("part", [0.3, 0.6])
def test_a_cut_off_picture_is_called_cut_off(tmp_path: Path, name: str, part: float) -> None:
    path = tmp_path / "a"
    SAMPLES[name](path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    expected = {"file.truncated"} | ({"file.damaged"} if name.startswith("tiff") else set())
    assert key_of(path) in expected


def test_a_cut_off_big_jpeg_is_not_filled_up_with_gray(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    write_image(path, ImageFile(noise(300, 200), has_alpha=False))
    path.write_bytes(path.read_bytes()[:-2000])
    assert key_of(path) == "file.truncated"


# Bombs: small files that state enormous pictures


def png_stating(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 100_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg_stating(width: int, height: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8)).save(made, "JPEG")
    data = bytearray(made.getvalue())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def bmp_stating(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 1000, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


def tiff_stating(width: int, height: int) -> bytes:
    made = io.BytesIO()
    tifffile.imwrite(made, np.zeros((8, 8, 3), np.uint8), photometric="rgb", compression="zlib")
    data = bytearray(made.getvalue())
    for tag, value in ((256, width), (257, height), (278, height)):
        at = data.index(struct.pack("<HH", tag, 4))
        data[at + 8 : at + 12] = struct.pack("<I", value)
    return bytes(data)


@pytest.mark.parametrize("stating", [png_stating, jpeg_stating, bmp_stating, tiff_stating])
def test_a_bomb_is_refused_by_what_it_states(
    tmp_path: Path, stating: Callable[[int, int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(stating(60_000, 60_000))
    monkeypatch.setattr(image_files, "_decoded", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(UserError) as caught:
        read_image(path)
    assert caught.value.key == "file.too_many_pixels"
    assert "60000 × 60000" in str(caught.value)


def test_a_picture_for_which_there_is_no_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class LittleMemory:
        available = 20_000

    monkeypatch.setattr(image_files.psutil, "virtual_memory", LittleMemory)
    path = tmp_path / "a.png"
    write_image(path, ImageFile(noise(100, 80)))
    assert key_of(path) == "file.no_memory"


def test_the_stated_size_and_the_real_one_must_agree(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(png_stating(2000, 2000))
    assert key_of(path) in ("file.damaged", "file.truncated")


# Fuzzing: the same damage every time


@pytest.mark.parametrize("name", SAMPLES)
def test_random_damage_never_gets_past_the_border(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a"
    SAMPLES[name](path)
    whole = path.read_bytes()
    rng = np.random.default_rng(len(name))
    for round_number in range(FLIPPED_PER_FORMAT):
        damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)] if round_number % 3 == 0 else whole)
        for _ in range(rng.integers(1, 6) if round_number % 3 else 1):
            damaged[rng.integers(0, len(damaged))] = rng.integers(0, 256)
        path.write_bytes(damaged)
        only_a_user_error_may_come_out(path, f"{name}, round {round_number}")
    assert capfd.readouterr().err == ""


@pytest.mark.nightly
@pytest.mark.parametrize("name", SAMPLES)
def test_much_random_damage_never_gets_past_the_border(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a"
    SAMPLES[name](path)
    whole = path.read_bytes()
    rng = np.random.default_rng(int(os.environ.get("SCUMBLE_FUZZ_SEED", "1")))
    for round_number in range(20_000):
        damaged = bytearray(whole)
        start = int(rng.integers(0, len(damaged)))
        damaged[start : start + int(rng.integers(1, 9))] = rng.bytes(int(rng.integers(0, 9)))
        path.write_bytes(damaged or b"x")
        only_a_user_error_may_come_out(path, f"{name}, round {round_number}")
