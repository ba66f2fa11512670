"""The speed of exported models measured anew, on a machine that does nothing else: manifest, metrics and card.

    python -m models.common.remeasure onnx/jpeg-photo onnx/denoise-photo

The manifest is embedded in the graph anew, so that the hash of the model changes with it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import tomlkit

from models.common.export import embed_manifest, sha256_of
from models.common.speed import measure_speed

RUNS = 12
SAID = re.compile(
    r"[\d.]+ s a megapixel \(.*?\); [\d.]+ MB of memory for one megapixel untiled", re.ASCII
)  # as the cards of restoring and enlarging models say it


def remeasure(folder: Path, *, runs: int = RUNS) -> dict[str, Any]:
    """The [speed] table, written to all three files; ValueError where the card says nothing of speed, or otherwise."""
    card, metrics = folder / "card.md", folder / "metrics.json"
    text = card.read_text(encoding="utf-8")
    if SAID.search(text) is None:
        raise ValueError(f"{card} does not tell its speed in the usual words.")
    manifest = tomlkit.parse((folder / "manifest.toml").read_text(encoding="utf-8"))
    speed = measure_speed(folder / manifest["files"]["main"], runs=runs)
    manifest["speed"].update(speed)
    now = (
        f"{speed['cpu_seconds_per_megapixel']:.2f} s a megapixel ({speed['cpu']}); "
        f"{speed['peak_memory_mb']:.0f} MB of memory for one megapixel untiled"
    )
    card.write_text(SAID.sub(lambda _said: now, text, count=1), encoding="utf-8")
    graph = folder / manifest["files"]["main"]
    embed_manifest(graph, {key: value for key, value in manifest.unwrap().items() if key != "sha256"})
    manifest["sha256"]["main"] = sha256_of(graph)
    (folder / "manifest.toml").write_text(tomlkit.dumps(manifest), encoding="utf-8")
    kept = json.loads(metrics.read_text(encoding="utf-8"))
    metrics.write_text(json.dumps(kept | {"speed": speed}, indent=2) + "\n", encoding="utf-8")
    return speed


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {remeasure(Path(name))['cpu_seconds_per_megapixel']:.2f} s a megapixel")
