"""Sizes, start and self-test of the frozen program, as the scripts that try it measured them.

build/smoke_frozen.py and build/try_bare_debian.py leave their figures in dist/, beside what build/make.py made there;
where the CUDA variant was built (`--variant cuda --dist dist/cuda`) and tried, its figures follow.
Prints one JSON row per line.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LARGEST_FOLDER_MB = {"cpu": 900, "cuda": 4000}  # as smoke_frozen.py holds it
PACKED = ("*.deb", "*.tar.gz", "*.AppImage")

Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dist", type=Path, default=ROOT / "dist")
    dist: Path = parser.parse_args().dist
    for row in rows(dist):
        print(json.dumps(row))


def rows(dist: Path) -> Iterator[Row]:
    """SystemExit where nothing was built and tried."""
    smoke = _figures(dist / "smoke.json")
    yield {"frozen_at_commit": smoke["commit"], "date": smoke["date"], "variant": smoke["variant"]}
    yield {"what": "folder, unpacked", "megabytes": smoke["folder_mb"], "gate": LARGEST_FOLDER_MB["cpu"]}
    for file in sorted(file for pattern in PACKED for file in dist.glob(pattern)):
        yield {"what": file.name, "megabytes": round(file.stat().st_size / 1e6)}
    yield {"from_the_command_to_a_picture_of_the_window": "first start, empty home", "s": smoke["window_seconds_first"]}
    yield {"from_the_command_to_a_picture_of_the_window": "second start", "s": smoke["window_seconds"]}
    for model, seconds in smoke["models"].items():
        yield {"self-test_of_the_models": model, "s": round(seconds, 2)}
    for step, seconds in smoke["window"].items():
        yield {"self-test_of_the_window": step, "s": seconds}
    yield from _bare_rows(_figures(dist / "bare.json"))
    if (dist / "cuda" / "smoke.json").is_file():
        yield from _cuda_rows(_figures(dist / "cuda" / "smoke.json"))


def _bare_rows(bare: Row) -> Iterator[Row]:
    name = f"bare_Debian_{bare['debian']}_by_debootstrap,_package_of_commit_{bare['commit']}"
    yield {name: "install, with what it depends on", "s": bare["seconds"]["install"]}
    yield {name: "self-test of the models", "s": round(bare["seconds"]["models_selftest"], 1)}
    yield {name: "desktop entry to window, first start", "s": bare["window_seconds"]}


def _cuda_rows(smoke: Row) -> Iterator[Row]:
    """What a machine without a GPU can say of it: it runs on the processor there."""
    name = f"CUDA_variant_at_commit_{smoke['commit']},_without_a_GPU"
    size = smoke["folder_mb"]
    yield {name: "folder, unpacked", "megabytes": size, "gate": LARGEST_FOLDER_MB["cuda"]}
    yield {name: "first start, empty home", "s": smoke["window_seconds_first"]}
    yield {name: "second start", "s": smoke["window_seconds"]}
    yield {name: "self-test of the models", "s": round(sum(smoke["models"].values()), 1)}


def _figures(file: Path) -> Row:
    if not file.is_file():
        raise SystemExit(
            f"{file} is missing: build the packages and try them first (build/make.py and the two scripts)."
        )
    figures: Row = json.loads(file.read_text(encoding="utf-8"))
    return figures


if __name__ == "__main__":
    main()
