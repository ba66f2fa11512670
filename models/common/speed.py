"""Time and memory of an exported model on this machine's CPU; run as a program so that memory is the model's alone."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import psutil
from numpy.typing import NDArray

SIDE_PX = 1024  # for the memory
TILE_PX = 512  # for the time: networks run in tiles of about this size
# as the editor's worker runs them: no arena, huge pages, blocks of 16 MB kept
WORKER_MEMORY = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=16777216:glibc.malloc.trim_threshold=1073741824"
RUNS = 25  # the quickest counts: whatever else the machine does only ever adds time


def measure_speed(model: Path, *, threads: int = 2, runs: int = RUNS) -> dict[str, Any]:
    """The [speed] table of a manifest: the quickest of many runs on a tile, the memory for a megapixel in one piece.

    A tile is 512 × 512 where the network takes any size, and what a generator paints where it eats none.
    """
    command = [sys.executable, "-m", "models.common.speed", str(model), str(threads), str(runs)]
    environment = os.environ | {"GLIBC_TUNABLES": WORKER_MEMORY}
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


def _measure_here(model: str, threads: int, runs: int) -> dict[str, Any]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs = {eaten.name: _filled(eaten, TILE_PX) for eaten in session.get_inputs()}
    seconds = []
    for _run in range(runs):
        start = time.perf_counter()
        results = session.run(None, inputs)
        seconds.append(time.perf_counter() - start)
    pictures = [array for array in (*inputs.values(), *results) if array.ndim == 4]
    megapixels = pictures[0].shape[2] * pictures[0].shape[3] / 1e6  # what is eaten stands before what comes out
    session.run(None, {eaten.name: _filled(eaten, SIDE_PX) for eaten in session.get_inputs()})
    return {
        "cpu_seconds_per_megapixel": round(min(seconds) / megapixels, 3),
        "cpu": f"{threads} threads, {processor_name()}, quickest of {runs}",
        "peak_memory_mb": round(_peak_memory_mb(), 1),
    }


def _filled(eaten: onnxruntime.NodeArg, side_px: int) -> NDArray[Any]:
    """Any values of the tensor's type and shape; one of what can be many, SIDE_PX where a picture may have any size."""
    sides = [1, 3, side_px, side_px] if len(eaten.shape) == 4 else [1] * len(eaten.shape)
    shape = [told if isinstance(told, int) else side for told, side in zip(eaten.shape, sides, strict=True)]
    if eaten.type == "tensor(int64)":
        return np.zeros(shape, np.int64)
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def _peak_memory_mb() -> float:
    """Of this program alone: what getrusage counts on Linux begins with the memory of the program that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return psutil.Process().memory_info().rss / 1e6
    line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def processor_name() -> str:
    """What the machine's processor calls itself."""
    facts = Path("/proc/cpuinfo")
    if not facts.exists():
        return platform.processor() or platform.machine()
    lines = facts.read_text(encoding="utf-8").splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    has_avx512 = any("avx512f" in line for line in lines if line.startswith("flags"))
    return f"{model}{' with AVX-512' if has_avx512 else ''}"


if __name__ == "__main__":
    print(json.dumps(_measure_here(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
