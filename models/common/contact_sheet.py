"""Pictures for the card of a network that enlarges: before and after, and a sheet of crops beside its rivals."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from models.common.card import GAP_PX, before_and_after
from models.common.enlarge import bicubic
from models.common.enlarge_measure import FOREIGN_WEIGHTS, WORN, Enlarge, Rgb8, measured_pairs, untouched_networks
from models.common.export import cpu_session, embedded_manifest, run_graph

CROPS, CROP_PX, COLUMNS = 20, 168, 2
SHEET = "crops.webp"


def card_pictures(enlarge: Enlarge, shown: Rgb8, clean: dict[str, Rgb8], scale: int) -> dict[str, Rgb8]:
    """Name → picture; the sheet only where crops are given."""
    pictures = {"preview.webp": before_and_after(bicubic(shown, scale), enlarge(shown))}
    return pictures | ({SHEET: contact_sheet(enlarge, clean, scale)} if clean else {})


def contact_sheet(enlarge: Enlarge, clean: dict[str, Rgb8], scale: int) -> Rgb8:
    """Twenty worn crops enlarged by the bicubic filter, by foreign weights, by ENLARGE, and what they were, at 100 %.

    The crops are the busiest part of every picture, because a sky tells nothing.
    """
    rivals = [method for name, method in untouched_networks(scale, FOREIGN_WEIGHTS).items() if "ESRGAN" in name]
    methods = [lambda small: bicubic(small, scale), *rivals, enlarge]
    pairs = measured_pairs(WORN, clean, scale)
    chosen = [pairs[index] for index in np.linspace(0, len(pairs) - 1, min(CROPS, len(pairs))).round().astype(int)]
    rows = []
    for small, large in chosen:
        top, left = _busiest(large)
        whole = [*(method(small) for method in methods), large]
        rows.append(_side_by_side([picture[top : top + CROP_PX, left : left + CROP_PX] for picture in whole]))
    count = -(-len(rows) // COLUMNS)
    columns = [rows[start : start + count] for start in range(0, len(rows), count)]
    columns = [_stacked(column + [np.full_like(rows[0], 255)] * (count - len(column))) for column in columns]
    return _side_by_side(columns, 3 * GAP_PX)


def _busiest(picture: Rgb8) -> tuple[int, int]:
    """(top, left) of the crop with the most edges."""
    edges = np.abs(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.CV_32F))
    sums = cv2.boxFilter(edges, -1, (CROP_PX, CROP_PX), anchor=(0, 0), normalize=False)
    room = sums[: picture.shape[0] - CROP_PX + 1, : picture.shape[1] - CROP_PX + 1]
    top, left = np.unravel_index(int(room.argmax()), room.shape)
    return int(top), int(left)


def _side_by_side(pictures: list[Rgb8], gap: int = GAP_PX) -> Rgb8:
    parts = []
    for picture in pictures:
        parts += [picture, np.full((picture.shape[0], gap, 3), 255, np.uint8)]
    return np.concatenate(parts[:-1], axis=1)


def _stacked(pictures: list[Rgb8]) -> Rgb8:
    return _side_by_side([picture.transpose(1, 0, 2) for picture in pictures]).transpose(1, 0, 2)


def exported(folder: Path) -> Enlarge:
    session = cpu_session(folder / "model.onnx")
    manifest = embedded_manifest(session)
    return lambda small: run_graph(session, manifest, small, {})
