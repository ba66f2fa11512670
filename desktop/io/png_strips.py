"""The pixels of a PNG in strips of rows that are packed and unpacked by several threads.

Each strip is filtered with "up" and deflated on its own by ISA-L, ending on a byte border, so that all of them join
into one zlib stream, as pigz does it: any program reads it. A private chunk tells this reader how many rows each has.
ISA-L may pack the same rows into other bytes another time: 18 of 1,148 savings of one document did in one process.
"""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from desktop.core.color import Pixels
from desktop.io.pixel_rows import RowSource

deflater: Any
try:
    from isal import isal_zlib as deflater
except ImportError:  # no ISA-L for this machine: five times slower, same pictures
    deflater = zlib

STRIP_BYTES = 1 << 20  # of filtered rows: large enough to pack well, small enough to share out between threads
PACKERS = min(8, os.cpu_count() or 1)
STRIPS_AHEAD = 2 * PACKERS  # keeps them busy; more would only take memory
STRIP_CHUNK = b"stRP"  # ancillary, private, not to be copied by editors that change pixels
ZLIB_HEADER = b"\x78\x01"  # of a fast stream with a 32 KiB window
CHECKSUM_BYTES = 4

_LEVEL = 1
_UP_FILTER = 2


def rows_per_strip(row_bytes: int) -> int:
    return max(1, STRIP_BYTES // row_bytes)


def packed_strips(source: RowSource, pool: ThreadPoolExecutor) -> Iterator[tuple[Pixels, bytes, bool]]:
    """Filtered rows and their deflated form, in order; only a few strips are in memory at once."""
    step = rows_per_strip(source.width * source.dtype.itemsize * source.channels)
    waiting: deque[tuple[Future[tuple[Pixels, bytes]], bool]] = deque()
    for top in range(0, source.height, step):
        bottom = min(top + step, source.height)
        waiting.append((pool.submit(_pack_strip, source, top, bottom), bottom == source.height))
        if len(waiting) > STRIPS_AHEAD:
            future, is_last = waiting.popleft()
            yield (*future.result(), is_last)
    while waiting:
        future, is_last = waiting.popleft()
        yield (*future.result(), is_last)


def unpacked_strips(strips: Sequence[memoryview], step: int, height: int, row_bytes: int) -> Pixels | None:
    """The unfiltered bytes (height, row_bytes); None if the strips are not what they are said to be."""
    if len(strips) != -(-height // step):
        return None
    levels = np.empty((height, row_bytes), np.uint8)
    tops = range(0, height, step)
    with ThreadPoolExecutor(PACKERS, thread_name_prefix="png") as pool:
        sound = list(pool.map(lambda strip, top: _unpack_strip(strip, levels[top : top + step]), strips, tops))
        if not all(sound):
            return None
        above = np.zeros(row_bytes, np.uint8)
        carried = []
        for top in tops:
            carried.append((levels[top : top + step], above))
            above = levels[min(top + step, height) - 1] + above
        list(pool.map(lambda pair: np.add(pair[0], pair[1], out=pair[0]), carried[1:]))
    return levels


def bands_of_strips(
    strips: Sequence[memoryview], step: int, row_bytes: int, heights: Sequence[int]
) -> Iterator[Pixels]:
    """The unfiltered bytes in bands of these heights (rows, row_bytes); ValueError if the strips are not ours."""
    above = np.zeros(row_bytes, np.uint8)
    left = sum(heights)
    if len(strips) != -(-left // step):
        raise ValueError("strips are missing")
    waiting = iter(strips)
    rows = np.empty((0, row_bytes), np.uint8)
    for height in heights:
        band, filled = np.empty((height, row_bytes), np.uint8), 0
        while filled < height:
            if not len(rows):
                rows = np.empty((min(step, left), row_bytes), np.uint8)
                left -= len(rows)
                if not _unpack_strip(next(waiting), rows):
                    raise ValueError("a strip is damaged")
                rows += above
                above = rows[-1]
            count = min(len(rows), height - filled)
            band[filled : filled + count] = rows[:count]
            rows, filled = rows[count:], filled + count
        yield band


def _pack_strip(source: RowSource, top: int, bottom: int) -> tuple[Pixels, bytes]:
    first = max(top - 1, 0)  # "up" looks at the row above
    levels = np.ascontiguousarray(source.rows(first, bottom), source.dtype.newbyteorder(">"))
    above = levels.reshape(bottom - first, -1).view(np.uint8)
    rows = np.empty((bottom - top, above.shape[1] + 1), np.uint8)
    rows[:, 0] = _UP_FILTER
    if top == 0:
        rows[0, 1:] = above[0]
    np.subtract(above[1:], above[:-1], out=rows[1 if top == 0 else 0 :, 1:])
    packer = deflater.compressobj(_LEVEL, deflater.DEFLATED, -15)
    packed: bytes = packer.compress(rows)
    packed += packer.flush(deflater.Z_FINISH if bottom == source.height else deflater.Z_SYNC_FLUSH)
    return rows, packed


def _unpack_strip(strip: memoryview, levels: Pixels) -> bool:
    """Inflates a strip and adds its rows up from its own first one; False if it is not one of ours."""
    height, row_bytes = levels.shape
    expected = height * (row_bytes + 1)
    try:
        inflated = deflater.decompressobj(wbits=-15).decompress(strip, expected + 1)
    except (zlib.error, deflater.error):
        return False
    if len(inflated) != expected:
        return False
    rows = np.frombuffer(inflated, np.uint8).reshape(height, row_bytes + 1)
    if not (rows[:, 0] == _UP_FILTER).all():
        return False
    levels[0] = rows[0, 1:]
    for index in range(1, height):
        np.add(levels[index - 1], rows[index, 1:], out=levels[index])
    return True
