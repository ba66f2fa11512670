"""The parts of a codec model, encoder and decoder, run piece by piece in this process: pixels ↔ whole numbers.

The model's folder names both among its files; what the editor runs as an effect is another file of the same folder. For
the command line only: the window never waits for a network.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.catalog import Model
from desktop.runtime.session import OutOfMemory, Session, SessionKey

CELL_PX = 16
TILE_CELLS, HALO_CELLS = 32, 4  # a network sees two cells around at most
ENCODER, DECODER = "encoder", "decoder"

Planes = NDArray[np.float32]  # (3, rows, columns), 0..1
Symbols = NDArray[np.int32]  # (channels, rows of cells, columns of cells)
Groups = NDArray[np.uint8]  # (rates, channels): how spread the symbols of a channel are at a rate


class PictureCodec:
    """UserError when the model is no codec."""

    def __init__(self, model: Model, threads: int) -> None:
        if not {ENCODER, DECODER} <= set(model.manifest.files):
            raise UserError("codec.no_codec", model_id=model.id)
        self.model, self._threads = model, threads
        self._sessions: dict[str, Session] = {}

    def groups(self) -> Groups:
        """What the range coder is told, from the decoder's file itself."""
        channels = int(self._session(DECODER).inputs["symbols"].shape[1])
        feeds = {"symbols": np.zeros((1, channels, 1, 1), np.float32), "rate": np.zeros(1, np.float32)}
        groups: Groups = self._run(DECODER, "groups", feeds).astype(np.uint8)
        return groups

    def even_channels(self, groups: Groups) -> NDArray[np.uint8]:
        """1 where symbols are told from their neighbours: the last row of the table."""
        even: NDArray[np.uint8] = groups[-1]
        return even

    def encoded(self, pixels: Planes, rate: float) -> Symbols:
        """Sides multiples of a cell; rate 0..1."""
        rows, columns = pixels.shape[1] // CELL_PX, pixels.shape[2] // CELL_PX
        symbols: Symbols | None = None
        for wide, inner, place in _tiles(rows, columns):
            top, bottom, left, right = (edge * CELL_PX for edge in wide)
            feeds = {"image": pixels[None, :, top:bottom, left:right], "rate": np.array([rate], np.float32)}
            answer = self._run(ENCODER, "symbols", feeds)[0]
            if symbols is None:
                symbols = np.zeros((len(answer), rows, columns), np.int32)
            symbols[:, place[0], place[1]] = answer[:, inner[0], inner[1]]
        assert symbols is not None
        return symbols

    def decoded(self, symbols: Symbols, rate: float) -> Planes:
        rows, columns = symbols.shape[1:]
        pixels = np.empty((3, rows * CELL_PX, columns * CELL_PX), np.float32)
        for wide, inner, place in _tiles(rows, columns):
            top, bottom, left, right = wide
            cells = symbols[None, :, top:bottom, left:right].astype(np.float32)
            answer = self._run(DECODER, "result", {"symbols": cells, "rate": np.array([rate], np.float32)})[0]
            pixels[:, _pixels(place[0]), _pixels(place[1])] = answer[:, _pixels(inner[0]), _pixels(inner[1])]
        return pixels

    def _session(self, part: str) -> Session:
        if part not in self._sessions:
            model = self.model
            key = SessionKey(model.manifest.sha256[part], "cpu", self._threads)
            self._sessions[part] = Session(model.file(part).read_bytes(), key, model.id)
        return self._sessions[part]

    def _run(self, part: str, output: str, feeds: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        try:
            (answer,) = self._session(part).run([output], feeds, onnxruntime.RunOptions())
        except OutOfMemory as error:
            raise UserError("model.out_of_memory", model_id=self.model.id) from error
        return answer


Edges = tuple[int, int, int, int]  # top, bottom, left, right in cells


def _tiles(rows: int, columns: int) -> Iterator[tuple[Edges, tuple[slice, slice], tuple[slice, slice]]]:
    """(what the network sees, what of its answer counts, where that lies), all in cells."""
    for top in range(0, rows, TILE_CELLS):
        for left in range(0, columns, TILE_CELLS):
            bottom, right = min(top + TILE_CELLS, rows), min(left + TILE_CELLS, columns)
            above, before = max(0, top - HALO_CELLS), max(0, left - HALO_CELLS)
            wide = (above, min(rows, bottom + HALO_CELLS), before, min(columns, right + HALO_CELLS))
            inner = (slice(top - above, bottom - above), slice(left - before, right - before))
            yield wide, inner, (slice(top, bottom), slice(left, right))


def _pixels(cells: slice) -> slice:
    return slice(cells.start * CELL_PX, cells.stop * CELL_PX)
