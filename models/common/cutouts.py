"""Cut-outs with alpha, read from folders once and packed; colours under soft edges are continued from inside."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

from models.common.data import DataError

Rgba8 = NDArray[np.uint8]  # (H, W, 4), straight

LONG_SIDE_PX = 320  # as large as the network looks; most packaged cut-outs are smaller
SHORTEST_LONG_SIDE_PX = 80  # what is smaller would be a blur when it is pasted
LARGEST_PX = 50_000_000  # posters of clip art take longer to read than all the rest
COVERED = (0.06, 0.93)  # share of its box that a subject covers: thin lines teach noise, full boxes are no cut-outs
OPAQUE_SHARE = 0.25  # of the subject, at least: smoke and shadows are no subjects
SURE_ALPHA = 242  # from here on the colour is the subject's own


@dataclass(frozen=True)
class Cutout:
    """`rgba` is cropped to its subject, the colour of soft pixels continued from inside; `touches_bottom`: a bust."""

    name: str
    rgba: Rgba8
    touches_bottom: bool


def load_cutouts(folders: Sequence[Path], cache: Path) -> list[Cutout]:
    """All usable cut-outs below the folders, packed on first use. DataError when there is none."""
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in (".png", ".webp"))
    if not paths:
        names = ", ".join(str(folder) for folder in folders)
        raise DataError(f"No cut-outs in {names}. Run `python -m models.fetch_data` or name a folder of your own.")
    identity = "\n".join(f"{path.parent.name}/{path.name} {path.stat().st_size}" for path in paths)
    settings = f"{LONG_SIDE_PX} {SHORTEST_LONG_SIDE_PX} {COVERED} {OPAQUE_SHARE} {SURE_ALPHA}\n"
    packed = cache / f"cutouts-{hashlib.sha256((settings + identity).encode()).hexdigest()[:16]}.npz"
    if not packed.exists():
        _pack(paths, packed)
    with np.load(packed) as file:
        names, busts = [str(name) for name in file["names"]], file["touches_bottom"]
        found = [Cutout(name, file[f"p{i}"], bool(busts[i])) for i, name in enumerate(names)]
    if not found:
        raise DataError(f"None of the {len(paths)} pictures is a subject cut out with alpha.")
    return found


def split_cutouts(cutouts: Sequence[Cutout], held_out: Sequence[str]) -> tuple[list[Cutout], list[Cutout]]:
    """(training, held out): a cut-out is held out when its name, package/folder-file, holds one of these words."""
    is_out = [any(word in cutout.name for word in held_out) for cutout in cutouts]
    return (
        [cutout for cutout, out in zip(cutouts, is_out, strict=True) if not out],
        [cutout for cutout, out in zip(cutouts, is_out, strict=True) if out],
    )


def generated_cutouts(count: int, seed: int = 0) -> list[Cutout]:
    """Soft-edged blobs of two colours, for `--smoke` and for tests."""
    rng = np.random.default_rng(seed)
    made = []
    for index in range(count):
        noise = cv2.GaussianBlur(rng.standard_normal((96, 96)).astype(np.float32), (0, 0), 12)
        rows, columns = np.mgrid[-1:1:96j, -1:1:96j].astype(np.float32)
        alpha = 1 / (1 + np.exp(-30 * (0.6 - np.hypot(rows, columns) + 4 * noise)))
        colours = rng.integers(0, 256, (2, 3))
        rgb = np.where(columns[..., None] > 0, colours[0], colours[1])
        rgba = np.dstack([rgb, alpha * 255]).astype(np.uint8)
        made.append(Cutout(f"generated/{index}", rgba, touches_bottom=False))
    return made


def decontaminated(rgba: Rgba8) -> Rgba8:
    """The same alpha; where it is soft, the nearest sure colour instead of one mixed with an old background."""
    sure = rgba[..., 3] >= SURE_ALPHA
    if sure.all() or not sure.any():
        return rgba
    weight = sure.astype(np.float32)
    colour = rgba[..., :3].astype(np.float32) * weight[..., None]
    result, have = rgba[..., :3].astype(np.float32), sure.copy()
    for sigma in (1.0, 2.0, 4.0, 8.0, 16.0):
        near = cv2.GaussianBlur(weight, (0, 0), sigma)
        mean = cv2.GaussianBlur(colour, (0, 0), sigma) / np.maximum(near, 1e-6)[..., None]
        fill = ~have & (near > 0.02)
        result[fill] = mean[fill]
        have |= fill
    return np.dstack([np.clip(np.rint(result), 0, 255).astype(np.uint8), rgba[..., 3]])


def read_cutout(path: Path) -> Cutout | None:
    """None for a picture that is no cut-out, and for a file that is no picture."""
    try:
        with Image.open(path) as file:
            if file.mode not in ("RGBA", "LA", "PA", "P") or file.width * file.height > LARGEST_PX:
                return None
            rgba = np.asarray(file.convert("RGBA"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError):
        return None  # clip art has damaged files; whoever has only such is told that nothing is usable
    rows, columns = (np.flatnonzero((rgba[..., 3] > 12).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    touches_bottom = bool((rgba[-1, :, 3] > 128).sum() > 0.2 * rgba.shape[1])
    rgba = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if not _is_subject(rgba):
        return None
    return Cutout(f"{path.parent.name}/{path.name}", decontaminated(_shrunk(rgba)), touches_bottom)


def _shrunk(rgba: Rgba8) -> Rgba8:
    """To the longest side that is of use, by premultiplied averages."""
    share = LONG_SIDE_PX / max(rgba.shape[:2])
    if share >= 1:
        return rgba
    size = (max(round(rgba.shape[1] * share), 1), max(round(rgba.shape[0] * share), 1))
    alpha = rgba[..., 3].astype(np.float32)
    colour = rgba[..., :3] * (alpha / np.float32(255))[..., None]
    small_alpha = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(colour, size, interpolation=cv2.INTER_AREA) * (255 / np.maximum(small_alpha, 1))[..., None]
    return np.clip(np.rint(np.dstack([small, small_alpha])), 0, 255).astype(np.uint8)


def _is_subject(rgba: Rgba8) -> bool:
    alpha = rgba[..., 3]
    if max(alpha.shape) < SHORTEST_LONG_SIDE_PX or min(alpha.shape) < SHORTEST_LONG_SIDE_PX // 4:
        return False
    covered = float(alpha.mean()) / 255
    opaque = float((alpha > 250).mean())
    return COVERED[0] < covered < COVERED[1] and opaque > OPAQUE_SHARE * covered


def _pack(paths: list[Path], packed: Path) -> None:
    found = [cutout for path in tqdm(paths, desc="Packing cut-outs", unit="picture") if (cutout := read_cutout(path))]
    packed.parent.mkdir(parents=True, exist_ok=True)
    aside = packed.with_suffix(f".{os.getpid()}.tmp")
    with aside.open("wb") as file:
        np.savez(
            file,
            names=np.array([cutout.name for cutout in found]),
            touches_bottom=np.array([cutout.touches_bottom for cutout in found]),
            **{f"p{index}": cutout.rgba for index, cutout in enumerate(found)},
        )
    aside.replace(packed)
