"""`scumble encode` and `scumble decode`: pictures as small files by a learned codec, and pictures out of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from desktop import paths
from desktop.commands import Printer, check_target, flat_picture, write_picture
from desktop.core.color import Pixels, to_depth8
from desktop.core.errors import UserError
from desktop.core.symbol_kernels import decode_symbols, encode_symbols
from desktop.io.formats import SUFFIXES, ImageFile
from desktop.io.scm import LARGEST_AREA, MOST_RATE, SUFFIX, CodedPicture, read_coded, write_coded
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.codec import CELL_PX, DECODER, ENCODER, PictureCodec, Planes
from desktop.runtime.device import thread_count

MODEL_BYTES = 16  # of its hash
LARGEST_SYMBOL = 1 << 12


def encode(source: Path, target: Path, rate: float, model_id: str | None, tell: Printer) -> int:
    """RATE 0..100, in steps of five; folders as source and target: every picture of one into the other.

    UserError for what cannot be read, coded or written.
    """
    if not 0 <= rate <= 100:
        raise UserError("codec.bad_rate", rate=f"{rate:g}")
    jobs = list(_pictures(source, target)) if source.is_dir() else [(source, target)]
    for _, file in jobs:
        _check_coded_target(file)
    codec, step = PictureCodec(_codec_model(model_id), thread_count()), round(rate / 100 * MOST_RATE)
    facts = [_encode_one(codec, one, file, step) for one, file in jobs]
    if not source.is_dir():
        (only,) = facts
        tell(only, f"{target}: {only['bytes']:,} bytes, {only['bits_per_pixel']:.3f} bits a pixel")
        return 0
    size = sum(one["bytes"] for one in facts)
    tell({"pictures": facts}, f"{target}: {len(facts)} pictures, {size:,} bytes")
    return 0


def _pictures(source: Path, target: Path) -> Iterator[tuple[Path, Path]]:
    sources = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
    if not sources:
        raise UserError("cli.no_pictures", sources=str(source))
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError("file.cannot_write", path=target, reason=error.strerror or str(error)) from error
    for path in sources:
        yield path, target / f"{path.stem}{SUFFIX}"


def _check_coded_target(target: Path) -> None:
    if target.suffix.lower() != SUFFIX:
        raise UserError("codec.bad_suffix", suffix=SUFFIX, path=target)
    if target.is_dir():
        raise UserError("file.is_folder", path=target)
    if not target.parent.is_dir():
        raise UserError("file.no_folder", folder=target.parent)


def _encode_one(codec: PictureCodec, source: Path, target: Path, step: int) -> dict[str, Any]:
    picture, started = flat_picture(source), time.perf_counter()
    height, width = picture.pixels.shape[:2]
    if width * height > LARGEST_AREA:
        raise UserError("codec.too_large", width=width, height=height)
    pixels, groups = to_depth8(picture.pixels), codec.groups()
    symbols = codec.encoded(_planes(pixels), step / MOST_RATE)
    content = np.empty(symbols.size * 4 + 64, np.uint8)
    length = encode_symbols(symbols, groups[step], codec.even_channels(groups), content)
    coded = CodedPicture(
        width,
        height,
        step,
        bytes.fromhex(codec.model.sha256)[:MODEL_BYTES],
        content[:length].tobytes(),
        pixels[..., 3] if picture.has_alpha else None,
        picture.icc_profile,
    )
    size = write_coded(target, coded)
    return {
        "input": str(source),
        "output": str(target),
        "width": width,
        "height": height,
        "bytes": size,
        "bits_per_pixel": round(size * 8 / (width * height), 4),
        "rate": step * 100 // MOST_RATE,
        "model": codec.model.id,
        "sha256": codec.model.sha256,
        "seconds": round(time.perf_counter() - started, 3),
    }


def decode(source: Path, target: Path, tell: Printer) -> int:
    """UserError for a file that is none, is damaged, or was coded by a model that is not installed."""
    check_target(target)
    coded = read_coded(source)
    codec = PictureCodec(_model_of(coded.model), thread_count())
    groups, started = codec.groups(), time.perf_counter()
    rows, columns = -(-coded.height // CELL_PX), -(-coded.width // CELL_PX)
    symbols = np.zeros((groups.shape[1], rows, columns), np.int32)
    content = np.frombuffer(coded.symbols, np.uint8)
    if decode_symbols(content, groups[coded.rate], codec.even_channels(groups), symbols) != len(content):
        raise UserError("file.damaged", path=source)
    if int(np.abs(symbols).max()) > LARGEST_SYMBOL:
        raise UserError("file.damaged", path=source)
    planes = codec.decoded(symbols, coded.rate / MOST_RATE)[:, : coded.height, : coded.width]
    color = np.rint(planes.transpose(1, 2, 0) * 255).astype(np.uint8)
    alpha = np.full(color.shape[:2], 255, np.uint8) if coded.alpha is None else coded.alpha
    pixels = np.dstack([color, alpha])
    write_picture(target, ImageFile(pixels, icc_profile=coded.icc_profile, has_alpha=coded.alpha is not None))
    facts = {"input": str(source), "output": str(target), "width": coded.width, "height": coded.height}
    seconds = time.perf_counter() - started
    facts |= {"model": codec.model.id, "seconds": round(seconds, 3)}
    tell(facts, f"{target}: {coded.width} × {coded.height} pixels")
    return 0


def _planes(pixels: Pixels) -> Planes:
    """(3, H, W) in 0..1, mirrored to whole cells."""
    height, width = pixels.shape[:2]
    edge = cv2.BORDER_REFLECT if min(height, width) >= CELL_PX else cv2.BORDER_REPLICATE
    wide = cv2.copyMakeBorder(pixels, 0, -height % CELL_PX, 0, -width % CELL_PX, edge)
    return np.ascontiguousarray(wide[..., :3].transpose(2, 0, 1), np.float32) / 255


def _codec_model(model_id: str | None) -> Model:
    """The one that was named, else the first installed. UserError when there is none."""
    catalog = Catalog(paths.model_folders())
    if model_id is not None:
        return catalog.verified(model_id)
    for model in catalog.models():
        if {ENCODER, DECODER} <= set(model.manifest.files) and "main" in model.manifest.files:
            return catalog.verified(model.id)
    raise UserError("codec.none_installed")


def _model_of(beginning: bytes) -> Model:
    catalog = Catalog(paths.model_folders())
    for model in catalog.models():
        if bytes.fromhex(model.sha256)[:MODEL_BYTES] == beginning:
            return catalog.verified(model.id)
    raise UserError("codec.other_model")
