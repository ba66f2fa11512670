"""Weights out of ncnn's two files (.param says what, .bin holds the numbers): convolutions and slopes of PReLU."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.common.data import DataError

HALF_TAG = 0x01306B47  # before weights stored as float16
ELEMENT_BYTES = 4  # stored runs are padded to this


def read_ncnn(param: Path) -> dict[str, dict[str, Tensor]]:
    """Layer name → its tensors, as float32, in the order of the file; DataError when the two do not fit together."""
    try:
        lines = param.read_text(encoding="utf-8").splitlines()[2:]
        content = param.with_suffix(".bin").read_bytes()
    except OSError as error:
        raise DataError(f"{param} and its .bin cannot be read. Run `python -m models.fetch_data`.") from error
    reader = _Reader(content)
    try:
        layers = {name: tensors for name, tensors in _layers(lines, reader) if tensors}
    except (ValueError, IndexError) as error:
        raise DataError(f"{param} does not describe its .bin.") from error
    if reader.place != len(content):
        raise DataError(f"{param} leaves {len(content) - reader.place} bytes of its .bin unread.")
    return layers


def _layers(lines: list[str], reader: _Reader) -> Iterator[tuple[str, dict[str, Tensor]]]:
    for line in lines:
        kind, name, eaten, made, *rest = line.split()
        settings = dict(pair.split("=") for pair in rest[int(eaten) + int(made) :])
        if kind == "Convolution":
            channels, side, count = int(settings["0"]), int(settings["1"]), int(settings["6"])
            weight = reader.tagged(count).reshape(channels, count // (channels * side * side), side, side)
            yield name, {"weight": weight} | ({"bias": reader.plain(channels)} if settings.get("5") == "1" else {})
        elif kind == "PReLU":
            yield name, {"weight": reader.plain(int(settings["0"]))}
        elif kind == "MemoryData":
            sides = [int(settings[key]) for key in ("0", "1", "2") if key in settings]
            yield name, {"data": reader.plain(int(np.prod(sides)))}


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.place = 0

    def tagged(self, count: int) -> Tensor:
        """Numbers whose first four bytes say how they are stored."""
        tag = int(self._take(np.dtype("<u4"), 1)[0])
        if tag not in (0, HALF_TAG):
            raise ValueError(f"storage {tag:#x} is not known")
        return self._floats("<f2" if tag else "<f4", count)

    def plain(self, count: int) -> Tensor:
        return self._floats("<f4", count)

    def _floats(self, kind: str, count: int) -> Tensor:
        return torch.from_numpy(self._take(np.dtype(kind), count).astype(np.float32))

    def _take(self, kind: np.dtype, count: int) -> np.ndarray:
        taken = np.frombuffer(self.content, kind, count, self.place)
        self.place += -(-count * kind.itemsize // ELEMENT_BYTES) * ELEMENT_BYTES
        return taken
