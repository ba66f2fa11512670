"""Runs benchmarks and writes BENCHMARKS.md: ``python -m tests.bench.report [NAME …]``; other sections are kept.

Each is a module `bench_*.py` that prints one JSON object a line; keys ending in `gate` or `gate_ms` are bounds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
INTRODUCTION = """# Benchmarks

Written by `python -m tests.bench.report`. Machines are noisy: the ratios within one run count, not the times.
Rows with a gate say what the design asks for. Under *Pauses*, a slot is one round of the event loop of at least half a
millisecond; `own` leaves out what its thread waited for a processor while other programs, or other threads, had them.
"""

ARGUMENTS = {"bench_inference": ["denoise-photo"]}  # the shipped network, not the test's own small one


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these, without bench_")
    arguments = parser.parse_args()
    modules = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    path = ROOT / "BENCHMARKS.md"
    kept = known_sections(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name in modules:
        if not arguments.names or name.removeprefix("bench_") in arguments.names:
            kept[title_of(name)] = section(name)
    sections = [kept[title_of(name)] for name in modules if title_of(name) in kept]
    path.write_text("\n".join([INTRODUCTION, *sections]), encoding="utf-8")


def title_of(module: str) -> str:
    return module.removeprefix("bench_").replace("_", " ").capitalize()


def known_sections(text: str) -> dict[str, str]:
    """The sections of an earlier report by title; each says itself where and when it was measured."""
    parts = text.split("\n## ")[1:]
    return {part.partition("\n")[0].strip(): f"## {part.rstrip()}\n" for part in parts}


def machine() -> str:
    """What the numbers were measured on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit {commit}: {processor()}, {cores} cores, {memory:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}, load {load:.1f} at the end. "
        "No GPU: CUDA rows are not measured.\n"
    )


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor() or platform.machine()
    lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    flags = next((line for line in lines if line.startswith("flags")), "")
    return name + (" with AVX-512" if "avx512f" in flags else "")


def section(module: str) -> str:
    print(f"== {module}", file=sys.stderr)
    command = [sys.executable, "-m", f"tests.bench.{module}", *ARGUMENTS.get(module, [])]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    rows = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return "\n".join([f"## {title_of(module)}\n", machine(), *tables(rows), ""])


def tables(rows: list[dict[str, Any]]) -> list[str]:
    """One table for each run of rows with the same columns."""
    lines: list[str] = []
    columns: list[str] = []
    for full in rows:
        row = {name: value for name, value in full.items() if not isinstance(value, list | dict)}  # single runs
        if list(row) != columns:
            columns = list(row)
            lines += [
                "",
                "| " + " | ".join(name.replace("_", " ") for name in columns) + " |",
                "|---" * len(columns) + "|",
            ]
        lines.append("| " + " | ".join(str(row[name]) for name in columns) + " |")
    return lines


if __name__ == "__main__":
    main()
