"""Memory: thousands of strokes, and a picture larger than memory should be. One JSON row a line.

Run ``python -m tests.bench.bench_memory [--strokes 5000] [--side 20000]``.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from tests.unit.test_memory import BUDGET_BYTES, STORE_BYTES, painted

MIB = 1 << 20
GATE_GIB = 4.0


def strokes(count: int, folder: Path) -> dict[str, object]:
    """What painting adds to a process that has painted before."""
    process = psutil.Process()
    painted(count // 10, 2000, folder)
    gc.collect()
    before = process.memory_info().rss
    opened, store = painted(count, 2000, folder)
    gc.collect()
    return {
        "what": f"{count} strokes on 2000², history of {BUDGET_BYTES // MIB} MB and {STORE_BYTES // MIB} MB on disk",
        "grown MB": round((process.memory_info().rss - before) / MIB, 1),
        "scratch MB": round(store.file_bytes() / MIB, 1),
        "entries that can be undone": len(opened.history.entries) - 1,
    }


def large_picture(side: int, folder: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for step, title in (("make", "make and save"), ("edit", "open, look at all of it, paint, undo, save")):
        command = [sys.executable, "-m", "tests.large_picture", step, str(folder), "--side", str(side)]
        result = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        told = json.loads(result.stdout.splitlines()[-1])
        own, resident = round(told["anonymous_gib"], 2), round(told["resident_gib"], 2)
        rows.append(
            {
                "what": f"{side}², three layers: {title}",
                "peak GiB": own,
                "gate": GATE_GIB,
                "GiB with pages of files": resident,
                "seconds": told["seconds"],
            }
        )
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strokes", type=int, default=5000)
    parser.add_argument("--side", type=int, default=20_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        print(json.dumps(strokes(arguments.strokes, Path(root))))
        for row in large_picture(arguments.side, Path(root)):
            print(json.dumps(row))
