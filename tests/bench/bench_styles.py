"""Styles on a photograph of 12 megapixels: python -m tests.bench.bench_styles [MODEL [STYLE_PICTURE]] prints JSON rows.

The time is that of the warm worker, tiles and all; processor time of all threads stands beside it, which other programs
hardly change. Whether tiles show is measured on 3 megapixels, which the network
can still be shown whole, and the number of cores and the load stand beside it.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop import paths
from desktop.io.image_files import read_image
from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import WorkerRunner
from desktop.runtime.runner import Finished, Outcome, Request, run_and_wait
from tests.bench.bench_inference import Cost, timed

Run = Callable[..., tuple[NDArray[Any], Cost]]  # height, width, side of the tiles → picture and what it took

LARGE, SMALL = (3000, 4000), (1500, 2000)
ROUNDS = 3
GATE_S = 20.0
WHOLE_PX = 2048  # a tile that holds all of the small picture


def main() -> None:
    name, *pictures = sys.argv[1:] or ["styles"]
    catalog = Catalog((paths.shipped_models_dir(),))
    model = catalog.verified(name)
    style = {"style": read_image(Path(pictures[0])).pixels} if pictures else {}
    runner = WorkerRunner(catalog)

    def run(height: int, width: int, tile_side: int | None = None) -> tuple[NDArray[Any], Cost]:
        inputs = {"image": sample_photo(height, width), **style}
        request = Request(model.id, model.sha256, inputs, device="cpu", tile_side=tile_side)
        outcomes: list[Outcome] = []
        cost = timed(lambda: outcomes.append(run_and_wait(runner, request)), runner.worker_pid)
        (outcome,) = outcomes
        assert isinstance(outcome, Finished), outcome
        return outcome.result.image, cost

    try:
        run_and_wait(runner, Request(model.id, model.sha256, {"image": sample_photo(64, 64), **style}, device="cpu"))
        print(json.dumps(seconds_of(model.id, run)), flush=True)
        print(json.dumps(tiles_against_whole(model.id, run)), flush=True)
    finally:
        runner.close()


def seconds_of(model_id: str, run: Run) -> dict[str, Any]:
    """A photograph of 12 megapixels through the worker process."""
    costs = [run(*LARGE)[1] for _ in range(ROUNDS)]
    return {
        "what": f"{model_id} on a photograph of 12 megapixels",
        "seconds": round(statistics.median(cost.clock_s for cost in costs), 2),
        "gate": GATE_S,
        "seconds_of_processor_time": round(statistics.median(cost.busy_s for cost in costs), 2),
        "all_seconds": [round(cost.clock_s, 2) for cost in costs],
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def tiles_against_whole(model_id: str, run: Run) -> dict[str, Any]:
    """Differences in levels between the tiled picture and the one from a single tile."""
    tiled, whole = (run(*SMALL, side)[0][..., :3].astype(int) for side in (None, WHOLE_PX))
    difference = np.abs(tiled - whole)
    return {
        "what": f"{model_id}: tiles against the whole picture, 3 megapixels, levels",
        "mean": round(float(difference.mean()), 4),
        "largest": int(difference.max()),
        "gate": 2,
    }


def sample_photo(height: int, width: int) -> NDArray[Any]:
    """(height, width, 4): one of the photographs that the program ships, enlarged."""
    pixels = read_image(paths.resources_dir() / "samples" / "neuschwanstein.jpg").pixels
    enlarged: NDArray[Any] = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    return enlarged


if __name__ == "__main__":
    main()
