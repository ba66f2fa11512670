"""Cost of running models around the network itself: python -m tests.bench.bench_inference [MODEL] prints JSON rows.

Each row has a value, a gate and the numbers it was made from; times of one row come from one run, interleaved. Beside
the time on the clock stands the processor time of all threads and processes, which other programs hardly change.
MODEL is a shipped model; without one, the denoiser and a network of one cheap layer are measured: the cheaper the
network, the more the work around it shows.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import psutil
from numpy.typing import NDArray

from desktop import paths
from desktop.runtime.adapters.picture_run import image_input, image_output, tile_rules
from desktop.runtime.attempts import Kept, TaskRun
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.device import thread_count
from desktop.runtime.jobs import WorkerRunner
from desktop.runtime.messages import Task
from desktop.runtime.parameters import complete_parameters
from desktop.runtime.pictures import Picture
from desktop.runtime.runner import Finished, Request, run_and_wait
from desktop.runtime.session import SessionCache, SessionKey
from desktop.runtime.tensors import pixels_to_tensor
from desktop.runtime.tiling import plan_tiles
from tests.runtime_models import blur_model, identity_model, photo, tile_table
from tests.runtime_runs import scalar_inputs

ROUNDS = 7
MEASURED = ("denoise-photo", "blur")
HEIGHT_24MP, WIDTH_24MP = 4000, 6000
SAMPLE_EVERY_S = 0.02


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        identity_model(Path(folder) / "same", tile=tile_table(512, 32, 8))
        blur_model(Path(folder) / "blur", tile=512, radius=8)
        catalog = Catalog((paths.shipped_models_dir(), Path(folder)))
        for chosen in sys.argv[1:] or MEASURED:
            say(tiled_against_raw(catalog.verified(chosen)))
            say(memory_of_a_run(chosen, Path(folder)))
        say(worker_overhead(catalog))


def say(row: dict[str, Any]) -> None:
    print(json.dumps(row, ensure_ascii=False), flush=True)


def tiled_against_raw(model: Model) -> dict[str, Any]:
    """The whole tiled run against session.run alone on the same tiles, 3 megapixels."""
    pixels = large_photo(2000, 2000)[:, :1500]
    kept = Kept()
    raw = raw_runs(model, kept.sessions, pixels)
    scale = model.manifest.scale
    result = np.zeros((pixels.shape[0] * scale, pixels.shape[1] * scale, pixels.shape[2]), pixels.dtype)
    task = task_for(model)

    def tiled() -> None:
        TaskRun(task, kept, lambda _: None).run({"image": pixels}, {"image": result})

    tiled()
    times = [(timed(raw), timed(tiled)) for _ in range(ROUNDS)]
    return {
        "what": f"tiled run of {model.id} against session.run of the same tiles, 3 MP",
        "ratio": round(statistics.median(tiled.clock_s / raw.clock_s for raw, tiled in times), 4),
        "ratio_of_processor_time": round(statistics.median(tiled.busy_s / raw.busy_s for raw, tiled in times), 4),
        "gate": 1.05,
        "seconds_tiled": [round(tiled.clock_s, 3) for _, tiled in times],
        "seconds_raw": [round(raw.clock_s, 3) for raw, _ in times],
    }


def worker_overhead(catalog: Catalog) -> dict[str, Any]:
    """24 megapixels through the warm worker process against the same run in this process; the network is free."""
    model = catalog.verified("same")
    pixels = large_photo(HEIGHT_24MP, WIDTH_24MP)
    kept, task = Kept(), task_for(model)
    result = np.zeros_like(pixels)

    def here() -> None:
        TaskRun(task, kept, lambda _: None).run({"image": pixels}, {"image": result})

    runner = WorkerRunner(catalog)

    def there() -> None:
        outcome = run_and_wait(runner, Request(model.id, model.sha256, {"image": pixels}, device="cpu"))
        assert isinstance(outcome, Finished), outcome

    here(), there()
    times = [(timed(here), timed(there, runner.worker_pid)) for _ in range(ROUNDS)]
    runner.close()
    overhead_s = statistics.median(there.clock_s - here.clock_s for here, there in times)
    busy_s = statistics.median(there.busy_s - here.busy_s for here, there in times)
    return {
        "what": "worker overhead, 24 MP RGBA8",
        "milliseconds": round(overhead_s * 1000, 1),
        "milliseconds_of_processor_time": round(busy_s * 1000, 1),
        "gate": 150,
        "seconds_in_worker": [round(there.clock_s, 3) for _, there in times],
        "seconds_in_process": [round(here.clock_s, 3) for here, _ in times],
    }


def memory_of_a_run(model_id: str, folder: Path) -> dict[str, Any]:
    """`scumble run` on a 24 megapixel JPEG: the largest sum over its process tree, shared pages counted once."""
    import cv2

    source = folder / "photo.jpg"
    cv2.imwrite(str(source), large_photo(HEIGHT_24MP, WIDTH_24MP)[..., 2::-1])
    home = folder / f"home-{model_id}"
    (home / "data").mkdir(parents=True)
    (home / "data" / "models").symlink_to(folder)
    command = [sys.executable, "-m", "desktop", "run", model_id, str(source), str(folder / "out.png"), "--json"]
    started = time.perf_counter()
    program = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "SCUMBLE_HOME": str(home)})
    peaks: dict[str, float] = {}
    watcher = threading.Thread(target=watch_memory, args=(program.pid, peaks))
    watcher.start()
    output, _ = program.communicate()
    seconds = time.perf_counter() - started
    watcher.join()
    assert program.returncode == 0
    return {
        "what": f"peak memory of scumble run {model_id} on a 24 MP JPEG, all processes (PSS)",
        "megabytes": round(sum(peaks.values()) / 1e6, 1),
        "gate": 600,
        "by_process": {name: round(size / 1e6, 1) for name, size in peaks.items()},
        "seconds": round(seconds, 2),
        "run": json.loads(output),
    }


def watch_memory(pid: int, peaks: dict[str, float]) -> None:
    """Fill `peaks` with the sizes at the moment of the largest sum."""
    while psutil.pid_exists(pid):
        sizes: dict[str, float] = {}
        try:
            root = psutil.Process(pid)
            for process in (root, *root.children(recursive=True)):
                sizes[f"{process.name()} {len(sizes)}"] = process.memory_full_info().pss
            if root.status() == psutil.STATUS_ZOMBIE:
                return
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if sum(sizes.values()) > sum(peaks.values()):
            peaks.clear()
            peaks.update(sizes)
        time.sleep(SAMPLE_EVERY_S)


def raw_runs(model: Model, sessions: SessionCache, pixels: NDArray[Any]) -> Callable[[], None]:
    """A function that only runs the network, on tensors made beforehand for exactly the tiles of the plan."""
    manifest = model.manifest
    key = SessionKey(manifest.sha256["main"], "cpu", thread_count())
    session = sessions.get(model.file("main"), key, model.id)
    rules = tile_rules(manifest, None)
    assert rules is not None
    spec, names = image_input(manifest), [image_output(manifest).name]
    feeds = scalar_inputs(manifest, session)
    picture, options = Picture.of(pixels), onnxruntime.RunOptions()
    tiles = [
        pixels_to_tensor(picture.read(placed), spec, session.inputs[spec.name].type)
        for placed in plan_tiles(*pixels.shape[:2], rules).tiles()
    ]

    def run() -> None:
        for tensor in tiles:
            session.run(names, {**feeds, spec.name: tensor}, options)

    return run


def task_for(model: Model) -> Task:
    return Task(
        job=1,
        folder=model.folder,
        manifest=model.manifest,
        inputs={},
        outputs={},
        parameters=complete_parameters(model.manifest, {}),
        seed=0,
        device="cpu",
    )


def large_photo(height: int, width: int) -> NDArray[Any]:
    tile = photo(1000, 1000, 4)
    return np.ascontiguousarray(np.tile(tile, (height // 1000, width // 1000, 1)))


@dataclass(frozen=True)
class Cost:
    """`busy_s`: processor time of all threads, and of another process where one was named."""

    clock_s: float
    busy_s: float


def timed(action: Callable[[], None], other_pid: int | None = None) -> Cost:
    started, busy = time.perf_counter(), busy_seconds(other_pid)
    action()
    return Cost(time.perf_counter() - started, busy_seconds(other_pid) - busy)


def busy_seconds(other_pid: int | None) -> float:
    own = time.process_time()
    if other_pid is None:
        return own
    other = psutil.Process(other_pid).cpu_times()
    return own + other.user + other.system


if __name__ == "__main__":
    main()
