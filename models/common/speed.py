"""Time and memory of an exported model on this machine's CPU; run as a program so that memory is the model's alone."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import psutil

SIDE_PX = 1024
RUNS = 25  # the quickest counts: whatever else the machine does only ever adds time


def measure_speed(model: Path, *, threads: int = 2) -> dict[str, Any]:
    """The [speed] table of a manifest: a picture of 1024 × 1024, untiled, the quickest of many runs."""
    command = [sys.executable, "-m", "models.common.speed", str(model), str(threads)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _measure_here(model: str, threads: int) -> dict[str, Any]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    inputs = {
        eaten.name: rng.random((1, 3, SIDE_PX, SIDE_PX), dtype=np.float32)
        if len(eaten.shape) == 4
        else np.full([1] * len(eaten.shape), 0.5, np.float32)
        for eaten in session.get_inputs()
    }
    seconds = []
    for _run in range(RUNS):
        start = time.perf_counter()
        session.run(None, inputs)
        seconds.append(time.perf_counter() - start)
    return {
        "cpu_seconds_per_megapixel": round(min(seconds) / (SIDE_PX * SIDE_PX / 1e6), 3),
        "cpu": f"{threads} threads, {_processor_name()}, quickest of {RUNS}",
        "peak_memory_mb": round(_peak_memory_mb(), 1),
    }


def _peak_memory_mb() -> float:
    """Of this program alone: what getrusage counts on Linux begins with the memory of the program that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return psutil.Process().memory_info().rss / 1e6
    line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def _processor_name() -> str:
    facts = Path("/proc/cpuinfo")
    if not facts.exists():
        return platform.processor() or platform.machine()
    lines = facts.read_text(encoding="utf-8").splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    has_avx512 = any("avx512f" in line for line in lines if line.startswith("flags"))
    return f"{model}{' with AVX-512' if has_avx512 else ''}"


if __name__ == "__main__":
    print(json.dumps(_measure_here(sys.argv[1], int(sys.argv[2]))))
