"""The numbers of an exported upscaler measured anew: its table, its card and its manifest, the weights as they are.

    python -m models.common.remeasure_upscaler onnx/upscale-2x-fast

With `--speed` the time is measured too, on a machine that does nothing else; with `--only-speed` that alone.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import tomlkit

from models.common.cli import leave
from models.common.data import DataError
from models.common.enlarge_measure import Eyes, manifest_metrics, measure_enlarging, measure_thrice
from models.common.export import (
    ExportError,
    check_golden,
    cpu_session,
    embed_manifest,
    measure_sample,
    run_graph,
    sha256_of,
    write_manifest,
)
from models.common.speed import measure_speed
from models.common.upscale_card import ABOUT, upscale_card
from models.evaluate import UPSCALER_BASELINES, held_out_crops

SPEED_RUNS = 6


def measure_again(folder: Path, *, with_speed: bool, held_out: Path = Path("data/photos/held_out")) -> dict[str, Any]:
    """Rewrites all but the weights and how they were made; ExportError where the golden sample is not met."""
    manifest = tomlkit.parse((folder / "manifest.toml").read_text(encoding="utf-8")).unwrap()
    graph, clean = folder / manifest["files"]["main"], held_out_crops(held_out)
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    session, scale = cpu_session(graph), manifest["scale"]
    rows = measure_enlarging(
        lambda small: run_graph(session, manifest, small, {}),
        clean,
        scale,
        kept=UPSCALER_BASELINES,
        eyes=Eyes.trained(),
        megabytes=graph.stat().st_size / 1e6,
    )
    manifest["metrics"] = measured["metrics"] = manifest_metrics(rows, clean, scale)
    measured |= {"rows": rows, "pictures": list(clean), "sample": measure_sample(folder, manifest)}
    if scale == 4:
        measured["thrice"] = measure_thrice(lambda small: run_graph(session, manifest, small, {}), clean)
    if with_speed:
        manifest["speed"] = measured["speed"] = measure_speed(graph, runs=SPEED_RUNS)
    rewrite(folder, manifest, measured)
    return measured


def measure_speed_again(folder: Path) -> dict[str, Any]:
    """Rewrites the speed alone."""
    manifest = tomlkit.parse((folder / "manifest.toml").read_text(encoding="utf-8")).unwrap()
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    manifest["speed"] = measured["speed"] = measure_speed(folder / manifest["files"]["main"], runs=SPEED_RUNS)
    rewrite(folder, manifest, measured)
    return measured


def rewrite(folder: Path, manifest: dict[str, Any], measured: dict[str, Any]) -> None:
    """metrics.json, the manifest in the graph and beside it, and the card, from what was measured."""
    graph = folder / manifest["files"]["main"]
    (folder / "metrics.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".remeasured-") as scratch:
        aside = Path(scratch) / graph.name
        aside.write_bytes(graph.read_bytes())
        embed_manifest(aside, {key: value for key, value in manifest.items() if key != "sha256"})
        aside.replace(graph)
    check_golden(folder, manifest)
    write_manifest(folder, manifest | {"sha256": {"main": sha256_of(graph)}})
    kind = manifest["id"].rsplit("-", 1)[-1]
    about = ABOUT[kind, manifest["scale"]]
    text = upscale_card(folder, manifest=manifest, made_by=manifest["made_by"], about=about)
    (folder / "card.md").write_text(f"# {manifest['title']}\n\n{text}", encoding="utf-8")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folders", nargs="+", type=Path)
    options.add_argument("--speed", action="store_true", help="measure the time too")
    options.add_argument("--only-speed", action="store_true", help="measure the time and nothing else")
    given = options.parse_args()
    try:
        for folder in given.folders:
            if given.only_speed:
                measure_speed_again(folder)
            else:
                measure_again(folder, with_speed=given.speed)
            print(f"{folder}: measured again")
    except (DataError, ExportError) as error:
        leave(error)


if __name__ == "__main__":
    main()
