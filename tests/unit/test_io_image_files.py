"""Flat pictures go out and come back with their pixels, depth, alpha, profile and metadata."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from desktop.core.errors import UserError
from desktop.io import png_strips
from desktop.io.documents import document_from_image, flat_image, open_document_file
from desktop.io.image_files import FileFormat, ImageFile, Subsampling, read_image, write_image
from desktop.io.png_strips import STRIP_BYTES
from tests.builders import noise
from tests.io_pictures import (
    ADOBE_RGB,
    exif_packet,
    picture,
    seen_by_pillow,
    written,
)


def chunks_of_png(data: bytes) -> list[tuple[bytes, bytes]]:
    chunks, at = [], 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        chunks.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return chunks


def png_of_chunks(chunks: list[tuple[bytes, bytes]]) -> bytes:
    parts = [
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


# Pixels


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("has_alpha", [True, False])
def test_png_and_tiff_keep_depth_and_every_level(tmp_path: Path, suffix: str, depth: Any, has_alpha: bool) -> None:
    image = picture(depth, has_alpha=has_alpha)
    back = written(image, tmp_path / f"a{suffix}")
    assert back.pixels.dtype == image.pixels.dtype
    assert np.array_equal(back.pixels, image.pixels)
    assert (back.has_alpha, back.depth) == (has_alpha, depth)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("depth", [8, 16])
def test_other_decoders_agree_on_what_was_written(tmp_path: Path, suffix: str, depth: Any) -> None:
    image = picture(depth)
    path = tmp_path / f"a{suffix}"
    write_image(path, image)
    if depth == 8:
        theirs = np.asarray(seen_by_pillow(path))
    else:
        theirs = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3]]
    assert np.array_equal(theirs, image.pixels)


def test_a_png_of_many_strips_is_one_sound_stream(tmp_path: Path) -> None:
    pixels = noise(1000, 3 * STRIP_BYTES // 4000 + 7)
    back = written(ImageFile(pixels), tmp_path / "a.png")
    assert np.array_equal(back.pixels, pixels)
    assert np.array_equal(np.asarray(seen_by_pillow(tmp_path / "a.png")), pixels)


@pytest.mark.parametrize("damage", ["rows per strip", "one strip missing", "filter", "checksum"])
def test_a_png_whose_strips_are_not_what_they_say_is_left_to_libpng(tmp_path: Path, damage: str) -> None:
    """Nothing of it may be read wrongly: either libpng's answer or a sentence."""
    path = tmp_path / "a.png"
    pixels = noise(1000, 2 * STRIP_BYTES // 4000 + 9)
    write_image(path, ImageFile(pixels))
    chunks = chunks_of_png(path.read_bytes())
    if damage == "rows per strip":
        chunks = [(kind, b"\0\0\0\x63" if kind == b"stRP" else content) for kind, content in chunks]
    elif damage == "one strip missing":
        del chunks[next(index for index, (kind, _) in enumerate(chunks) if kind == b"IDAT") + 1]
    elif damage == "filter":
        rows = zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT"))
        unfiltered = b"".join(b"\0" + row.tobytes() for row in pixels)
        assert len(rows) == len(unfiltered)
        kept = [pair for pair in chunks if pair[0] != b"IDAT"]
        chunks = [*kept[:-1], (b"IDAT", zlib.compress(unfiltered)), kept[-1]]
    data = png_of_chunks(chunks)
    if damage == "checksum":
        at = data.index(b"IDAT") + 900
        data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    path.write_bytes(data)
    if damage in ("rows per strip", "filter"):
        assert np.array_equal(read_image(path).pixels, pixels)
    else:
        with pytest.raises(UserError, match="damaged"):
            read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_gray_stays_gray_until_somebody_paints_colour(tmp_path: Path, suffix: str) -> None:
    pixels = np.repeat(noise(20, 10, channels=1), 4, axis=2)
    pixels[..., 3] = 255
    gray = ImageFile(pixels, is_gray=True, has_alpha=False)
    back = written(gray, tmp_path / f"a{suffix}")
    assert back.is_gray
    assert seen_by_pillow(tmp_path / f"a{suffix}").mode == "L"
    painted = pixels.copy()
    painted[:, :9, 0] = 255 - painted[:, :9, 0]
    assert not written(replace(gray, pixels=painted), tmp_path / f"b{suffix}").is_gray


def test_lossless_webp_keeps_colour_under_full_transparency(tmp_path: Path) -> None:
    hidden = picture().pixels.copy()
    hidden[..., 3] = 0
    hidden[0, 0, 3] = 9
    back = written(ImageFile(hidden), tmp_path / "a.webp", lossless=True)
    assert np.array_equal(back.pixels, hidden)


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_formats_without_alpha_are_flattened_on_the_chosen_colour(tmp_path: Path, suffix: str) -> None:
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:, 8:] = (10, 20, 30, 255)
    for background in ((255, 255, 255), (0, 128, 0)):
        back = written(ImageFile(pixels), tmp_path / f"a{suffix}", background=background, quality=100)
        assert np.abs(back.pixels[4, 2, :3].astype(int) - background).max() <= 2
        assert np.abs(back.pixels[4, 13, :3].astype(int) - (10, 20, 30)).max() <= 2
        assert not back.has_alpha


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".bmp"])
def test_sixteen_bits_are_rounded_where_the_format_has_eight(tmp_path: Path, suffix: str) -> None:
    pixels = np.full((16, 16, 4), 40 * 257 + 100, np.uint16)
    pixels[..., 3] = 65535
    back = written(ImageFile(pixels, has_alpha=False), tmp_path / f"a{suffix}", quality=100)
    assert back.depth == 8
    assert np.abs(back.pixels[..., :3].astype(int) - 40).max() <= 1


def test_quality_and_subsampling_are_what_was_asked(tmp_path: Path) -> None:
    image = picture(has_alpha=False)
    sizes = []
    for quality in (1, 50, 100):
        write_image(tmp_path / "a.jpg", image, quality=quality)
        sizes.append((tmp_path / "a.jpg").stat().st_size)
    assert sizes == sorted(set(sizes))
    for subsampling, factor in ((Subsampling.FULL, (1, 1)), (Subsampling.QUARTER, (2, 2))):
        write_image(tmp_path / "a.jpg", image, subsampling=subsampling)
        assert seen_by_pillow(tmp_path / "a.jpg").layer[0][1:3] == factor


@pytest.mark.parametrize("quality", [0, 101])
def test_a_quality_out_of_range_is_refused(tmp_path: Path, quality: int) -> None:
    with pytest.raises(UserError, match="between 1 and 100"):
        write_image(tmp_path / "a.jpg", picture(), quality=quality)


def test_a_picture_too_wide_for_webp_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        write_image(tmp_path / "a.webp", ImageFile(np.zeros((1, 16_384, 4), np.uint8)))
    assert caught.value.key == "file.too_large_for_format"
    assert not list(tmp_path.iterdir())


# What other programs write


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_png_looks_as_pillow_sees_it(tmp_path: Path, mode: str) -> None:
    channels = 4 if "A" in mode else 3
    theirs = Image.fromarray(noise(19, 11, channels=channels)).convert(mode)
    theirs.save(tmp_path / "a.png")
    ours = read_image(tmp_path / "a.png")
    assert np.array_equal(ours.pixels, np.asarray(theirs.convert("RGBA")))
    assert ours.has_alpha == (mode in ("LA", "RGBA"))


@pytest.mark.parametrize(("mode", "transparency"), [("L", 7), ("RGB", (1, 2, 3)), ("P", 0)])
def test_a_transparent_colour_becomes_alpha(tmp_path: Path, mode: str, transparency: Any) -> None:
    levels = np.zeros((4, 6, 3), np.uint8) + 90
    levels[0] = 7 if mode == "L" else (1, 2, 3)
    theirs = Image.fromarray(levels).convert(mode)
    if mode == "P":
        transparency = theirs.getpixel((0, 0))
    theirs.save(tmp_path / "a.png", transparency=transparency)
    ours = read_image(tmp_path / "a.png")
    assert ours.has_alpha
    assert (ours.pixels[..., 3] == [[0]] * 1 + [[255]] * 3).all()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_16_bit_png_is_not_opened_as_8_bits(tmp_path: Path, channels: int) -> None:
    levels = noise(9, 5, depth=16, channels=channels)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(levels if channels > 1 else levels[..., 0]))
    ours = read_image(tmp_path / "a.png").pixels
    assert ours.dtype == np.uint16
    assert np.array_equal(ours[..., : min(channels, 3)], levels[..., : min(channels, 3)])


@pytest.mark.parametrize("progressive", [True, False])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_looks_as_pillow_sees_it(tmp_path: Path, mode: str, progressive: bool) -> None:
    Image.fromarray(noise(40, 30)).convert(mode).save(tmp_path / "a.jpg", progressive=progressive)
    ours = read_image(tmp_path / "a.jpg")
    theirs = np.asarray(seen_by_pillow(tmp_path / "a.jpg").convert("RGBA"))
    assert np.abs(ours.pixels.astype(int) - theirs).max() <= 1
    assert (ours.is_gray, ours.has_alpha, ours.format) == (mode == "L", False, FileFormat.JPEG)


def test_a_cmyk_jpeg_becomes_rgb(tmp_path: Path) -> None:
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[:, 8:] = (0, 255, 255, 0)
    Image.fromarray(inks, "CMYK").save(tmp_path / "a.jpg", quality=100)
    pixels = read_image(tmp_path / "a.jpg").pixels.astype(int)
    assert np.abs(pixels[8, 3] - (255, 255, 255, 255)).max() <= 3
    assert np.abs(pixels[8, 12] - (255, 0, 0, 255)).max() <= 3


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits", "zstd"])
@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_of_many_makes(tmp_path: Path, compression: Any, tile: Any, dtype: Any) -> None:
    levels = noise(50, 40, depth=np.dtype(dtype).itemsize * 8, channels=3)
    tifffile.imwrite(tmp_path / "a.tif", levels, photometric="rgb", compression=compression, tile=tile)
    ours = read_image(tmp_path / "a.tif")
    assert ours.pixels.dtype == dtype
    assert np.array_equal(ours.pixels[..., :3], levels)


def test_of_several_pages_the_first_is_read(tmp_path: Path) -> None:
    pages = noise(12, 10, seed=1, channels=3), noise(30, 20, seed=2, channels=3)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for page in pages:
            tiff.write(page, photometric="rgb")
    assert np.array_equal(read_image(tmp_path / "a.tif").pixels[..., :3], pages[0])


def test_planar_inverted_and_premultiplied_tiff(tmp_path: Path) -> None:
    planes = noise(12, 10, channels=3)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.moveaxis(planes, -1, 0), photometric="rgb", planarconfig="separate")
    assert np.array_equal(read_image(path).pixels[..., :3], planes)
    tifffile.imwrite(path, planes[..., 0], photometric="miniswhite")
    assert np.array_equal(read_image(path).pixels[..., 0], 255 - planes[..., 0])
    premultiplied = np.full((4, 4, 4), 50, np.uint8)
    premultiplied[..., 3] = 100
    tifffile.imwrite(path, premultiplied, photometric="rgb", extrasamples=["assocalpha"])
    assert (read_image(path).pixels == (128, 128, 128, 100)).all()


@pytest.mark.parametrize("mode", ["1", "P", "L", "CMYK"])
def test_odd_tiffs_look_as_pillow_sees_them(tmp_path: Path, mode: str) -> None:
    Image.fromarray(noise(20, 12, channels=3)).convert(mode).save(tmp_path / "a.tif")
    theirs = np.asarray(seen_by_pillow(tmp_path / "a.tif").convert("RGB")).astype(int)
    assert np.abs(read_image(tmp_path / "a.tif").pixels[..., :3] - theirs).max() <= 1


def test_jpeg_inside_tiff_is_read(tmp_path: Path) -> None:
    smooth = cv2.resize(noise(4, 3, channels=3), (64, 48), interpolation=cv2.INTER_CUBIC)
    path = tmp_path / "a.tif"
    Image.fromarray(smooth).save(path, compression="jpeg", quality=95)
    assert np.abs(read_image(path).pixels[..., :3].astype(int) - smooth).mean() < 4


def test_colours_that_are_not_read_are_named(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", noise(8, 8, channels=3), photometric="cielab")
    with pytest.raises(UserError, match="CIELAB"):
        read_image(tmp_path / "a.tif")


def test_float_tiff_becomes_16_bits(tmp_path: Path) -> None:
    levels = np.array([[0.0, 0.5, 1.0, 7.0, np.nan]], np.float32)
    tifffile.imwrite(tmp_path / "a.tif", levels, photometric="minisblack")
    assert read_image(tmp_path / "a.tif").pixels[0, :, 0].tolist() == [0, 32768, 65535, 65535, 0]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_bmp_looks_as_pillow_sees_it(tmp_path: Path, mode: str) -> None:
    Image.fromarray(noise(21, 12)).convert(mode).save(tmp_path / "a.bmp", dpi=(150, 150))
    ours = read_image(tmp_path / "a.bmp")
    assert np.array_equal(ours.pixels, np.asarray(seen_by_pillow(tmp_path / "a.bmp").convert("RGBA")))
    assert ours.resolution_dpi == (150.0, 150.0)


def test_an_animated_webp_shows_its_first_picture(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 10), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    assert (read_image(tmp_path / "a.webp").pixels == (255, 0, 0, 255)).all()


def test_the_content_tells_the_kind_whatever_the_name(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", picture())
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert read_image(tmp_path / "a.jpg").format is FileFormat.PNG


def test_pixels_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        written(picture(), tmp_path / "a.png").pixels[0, 0] = 0


# Documents


def test_a_picture_becomes_a_document_and_back(tmp_path: Path) -> None:
    image = picture(16, icc_profile=ADOBE_RGB, exif=exif_packet(), xmp=b"<x/>", resolution_dpi=(300.0, 300.0))
    write_image(tmp_path / "a.tif", image)
    document = open_document_file(tmp_path / "a.tif")
    assert (document.size.width, document.size.height, document.depth) == (37, 23, 16)
    assert [layer.name for layer in document.layers] == ["Background"]
    flat = flat_image(document)
    visible = image.pixels[..., 3] > 0
    assert np.abs(flat.pixels[visible].astype(int) - image.pixels[visible]).max() <= 1
    assert (flat.icc_profile, flat.xmp, flat.resolution_dpi) == (ADOBE_RGB, b"<x/>", (300.0, 300.0))
    assert flat.has_alpha
    assert not flat.is_gray


def test_an_opaque_gray_document_is_written_without_alpha_and_colour() -> None:
    pixels = np.full((5, 5, 4), 77, np.uint8)
    pixels[..., 3] = 255
    flat = flat_image(document_from_image(ImageFile(pixels)))
    assert (flat.has_alpha, flat.is_gray) == (False, True)


def test_pngs_are_the_same_pictures_without_isa_l(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = picture(16)
    write_image(tmp_path / "a.png", image)
    monkeypatch.setattr(png_strips, "deflater", zlib)
    assert np.array_equal(read_image(tmp_path / "a.png").pixels, image.pixels)
    assert np.array_equal(written(image, tmp_path / "b.png").pixels, image.pixels)
    assert np.array_equal(imagecodecs.png_decode((tmp_path / "b.png").read_bytes()), image.pixels)
