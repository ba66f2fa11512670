"""History and pictures within their budgets: small here, in full size in the night."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from desktop.core.brush import BrushSettings, Stroke
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point
from desktop.core.history import LiveLimit, StoreTile
from desktop.core.tiles import is_mapped
from desktop.io.journal_values import document_digest
from desktop.io.mapped_tiles import MappedTiles
from desktop.io.scratch import ScratchFile
from tests.builders import document_with, noise, raster_layer

BUDGET_BYTES = 4 << 20
STORE_BYTES = 8 << 20


def paint(opened: OpenDocument, number: int, side: int) -> None:
    with opened.edit("Brush stroke") as edit:
        stroke = Stroke(edit.pixels(1), BrushSettings(diameter_px=30, color=(number % 7 / 7, 0.5, 0.2)))
        x, y = number * 37 % side, number * 101 % side
        edit.touched(1, stroke.to(Point(x, y)))
        edit.touched(1, stroke.to(Point(x + 60, y + 20)))


def painted(strokes: int, side: int, folder: Path) -> tuple[OpenDocument, ScratchFile]:
    store = ScratchFile(folder)
    document = document_with(raster_layer(1, noise(side, side)), width=side, height=side)
    opened = OpenDocument(document, history_bytes=BUDGET_BYTES, store=store, store_bytes=STORE_BYTES)
    for number in range(strokes):
        paint(opened, number, side)
        assert opened.history.memory_bytes <= BUDGET_BYTES, number
        assert store.stored_bytes() <= STORE_BYTES, number
    return opened, store


def test_many_strokes_stay_within_the_budget(tmp_path: Path) -> None:
    opened, store = painted(150, 700, tmp_path)
    assert len(opened.history.entries) > 20, "what was spilled can still be undone"
    assert store.file_bytes() <= 2 * STORE_BYTES, "freed room is used again"


def test_cold_tiles_of_the_shown_version_leave_memory(tmp_path: Path) -> None:
    side = 1600
    live = LiveLimit(2 << 20, MappedTiles(tmp_path).place)
    document = document_with(raster_layer(1, noise(side, side)), width=side, height=side)
    opened = OpenDocument(document, live=live)
    digests = []
    for number in range(40):
        paint(opened, 5, side)
        paint(opened, number, 300)
        digests.append(document_digest(opened.document))
    tiles = opened.document.raster_layer(1).tiles.stored().values()
    in_memory = sum(tile.nbytes for tile in tiles if isinstance(tile, np.ndarray) and not is_mapped(tile))
    assert in_memory <= 3 << 20
    assert sum(is_mapped(tile) for tile in tiles if isinstance(tile, np.ndarray)) > 30
    for digest in reversed(digests[:-1]):
        opened.undo()
        opened.undo()
        assert document_digest(opened.document) == digest


@pytest.mark.nightly
def test_five_thousand_strokes_do_not_grow(tmp_path: Path) -> None:
    process = psutil.Process()
    painted(500, 2000, tmp_path)
    gc.collect()
    before = process.memory_info().rss
    _, store = painted(5000, 2000, tmp_path)
    gc.collect()
    assert process.memory_info().rss - before < BUDGET_BYTES + (64 << 20)
    assert store.file_bytes() <= 2 * STORE_BYTES


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measured by what Linux tells of a process")
def test_a_picture_of_20000_squared_with_three_layers_stays_within_4_gib(tmp_path: Path) -> None:
    """4.8 GB of photo-like tiles: made, opened, painted on, undone and saved."""
    for step in ("make", "edit"):
        result = subprocess.run(
            [sys.executable, "-m", "tests.large_picture", step, str(tmp_path)], stdout=subprocess.PIPE, check=True
        )
        peak = json.loads(result.stdout.splitlines()[-1])
        print(step, peak)
        assert peak["anonymous_gib"] <= 4.0, (step, peak)


def test_the_large_picture_run_does_what_it_says(tmp_path: Path) -> None:
    for step in ("make", "edit"):
        command = [sys.executable, "-m", "tests.large_picture", step, str(tmp_path), "--side", "1200"]
        result = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["layers"] == 3
    assert told["is_same"]
    assert 0 < told["anonymous_gib"] < 2


def test_a_store_and_its_tiles_may_be_collected_in_any_order(tmp_path: Path) -> None:
    store = ScratchFile(tmp_path)
    tile = StoreTile(store, np.full((16, 16, 4), 9, np.uint8))
    ring: list[object] = [store, tile]
    ring.append(ring)  # only the collector can free these two, and it closes the file first
    del store, tile, ring
    gc.collect()  # an exception in a finaliser fails the test
    assert not [path for path in tmp_path.iterdir() if path.stat().st_size]
