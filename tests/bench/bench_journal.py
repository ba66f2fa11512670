"""The journal: from the end of a change to its record, and what it costs the thread that paints. One JSON row a line.

Run ``python -m tests.bench.bench_journal [--side 4096] [--strokes 150]``.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from desktop.core.brush import BrushSettings, Stroke
from desktop.core.compositor import Compositor
from desktop.core.document import new_layer_from_pixels
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point
from desktop.io.journal import Journal, JournalKeeper
from desktop.io.journal_folder import new_folder
from desktop.io.journal_writer import Version
from tests.bench.bench_raster import layers_of, soft_noise
from tests.builders import document_with

LAG_GATE_MS = 200.0
COST_GATE_MS = 5.0
EVENT_MS = 4.0  # between two events of a pen
DABS = 24


class Run:
    """Strokes on a document, with or without a journal."""

    def __init__(self, side: int, folder: Path | None) -> None:
        self.side = side
        self.opened = OpenDocument(document_with(*layers_of(side, 4), width=side, height=side))
        self.compositor = Compositor(self.opened)
        self.finished: dict[int, float] = {}
        self.lags: list[float] = []
        self.events: list[float] = []
        self.commits: list[float] = []
        self.keeper: JournalKeeper | None = None
        if folder is not None:
            self.keeper = JournalKeeper(folder, on_written=self._written)
            self.keeper.follow(self.opened, path=None, title="Bench").keep_now()
            self.keeper.flush(60)
            self.lags.clear()

    def stroke(self, radius: int, number: int) -> None:
        settings = BrushSettings(diameter_px=2 * radius, hardness=0.5, color=(0.9, 0.2, number % 10 / 10))
        self.compositor.set_active_layer(3)
        before = self.opened.document
        with self.opened.edit("Brush stroke") as edit:
            stroke = Stroke(edit.pixels(3), settings)
            for dab in range(DABS):
                angle = number * 0.7 + dab * 0.08
                reach = self.side * (0.1 + 0.3 * (number % 7) / 7)
                start = time.perf_counter()
                point = Point(self.side / 2 + reach * math.cos(angle), self.side / 2 + reach * math.sin(angle))
                edit.touched(3, stroke.to(point))
                self.compositor.refresh()
                self.events.append((time.perf_counter() - start) * 1000)
                time.sleep(EVENT_MS / 1000)
            start = time.perf_counter()
        self.finished[id(self.opened.document)] = time.perf_counter()
        self.commits.append((time.perf_counter() - start) * 1000)
        assert before is not self.opened.document

    def insert(self, side: int) -> float:
        """Milliseconds from a large AI result in the document to its record."""
        assert self.keeper is not None
        self.lags.clear()
        layer = new_layer_from_pixels(self.opened.document, soft_noise(side, 77, 4), "Result")
        with self.opened.edit("AI") as edit:
            edit.insert_layer(layer)
        self.finished[id(self.opened.document)] = time.perf_counter()
        self.keeper.flush(60)
        return self.lags[-1]

    def close(self) -> None:
        self.compositor.close()
        if self.keeper is not None:
            self.keeper.close()

    def _written(self, journal: Journal, version: Version) -> None:
        now = time.perf_counter()
        finished = self.finished.get(id(version.document), now)
        self.lags.append((now - finished) * 1000)


def measure(side: int, strokes: int, radius: int, folder: Path) -> None:
    plain, kept = Run(side, None), Run(side, new_folder(folder).path)
    for number in range(strokes):  # in turns: both see the same machine
        plain.stroke(radius, number)
        kept.stroke(radius, number)
        time.sleep(0.01)
    assert kept.keeper is not None
    kept.keeper.flush(60)
    lags = kept.lags
    row("lag", radius=radius, strokes=strokes, median_ms=q(lags, 50), p99_ms=q(lags, 99), gate_ms=LAG_GATE_MS)
    for name, with_journal, without in (
        ("event", kept.events, plain.events),
        ("commit", kept.commits, plain.commits),
    ):
        row(
            f"cost of the journal per {name}",
            radius=radius,
            median_ms=q(with_journal, 50) - q(without, 50),
            p99_ms=q(with_journal, 99) - q(without, 99),
            p99_with_ms=q(with_journal, 99),
            p99_without_ms=q(without, 99),
            gate_ms=COST_GATE_MS,
        )
    if radius == 50:
        for result in (1024, 2048, 4096):
            row("lag of an inserted layer", side=result, milliseconds=kept.insert(result))
    plain.close()
    kept.close()


def q(values: list[float], percent: float) -> float:
    return float(np.percentile(values, percent))


def row(name: str, **values: Any) -> None:
    numbers = {key: round(value, 2) if isinstance(value, float) else value for key, value in values.items()}
    print(json.dumps({"bench": name, **numbers}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--strokes", type=int, default=60)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        for radius in (50, 250):
            measure(arguments.side, arguments.strokes, radius, Path(root))
