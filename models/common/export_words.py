"""From a decoder that is told words to a model folder: latent and tokens in, straight RGBA out.

Measured by retrieval: of phrases never read, is the picture drawn nearest to a real one that the phrase belongs to?
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from models.common.cli import plain_values
from models.common.export import (
    ExportError,
    check_size,
    cpu_session,
    embed_manifest,
    made_by,
    move_into_place,
    sha256_of,
    write_manifest,
)
from models.common.export_generator import RGBA, rounded_to_half, write_part
from models.common.fabric import commit_in_use
from models.common.gan_metrics import eye_or_pixels, nearest_pictures, pixel_features
from models.common.generation import HELD_OUT_EVERY, Line, compared
from models.common.generator_card import generator_card
from models.common.painting import Painted
from models.common.phrases import LONGEST_PHRASE, tokens_of
from models.common.picture_sets import PictureSet, on_paper, pictures_of, premultiplied
from models.common.speed import measure_speed
from models.common.trained_generator import About, about_of_own, check_id, sources_of

GOLDEN_SEED, GOLDEN_TOLERANCE = 1, 1.0
PHRASES_COMPARED = 60
COMPARED = 1000
AT_ONCE = 100
GRID_COLUMNS, GRID_ROWS, NEAREST_SHOWN = 8, 4, 6

Rgba8 = NDArray[np.uint8]  # (N, H, W, 4)


@dataclass(frozen=True)
class WordsExport:
    decoder: nn.Module  # latent, tokens → planes
    config: Any
    vocabulary: tuple[str, ...]
    held_out: PictureSet
    phrases: Sequence[str]  # of the held-out pictures
    about: About | None
    training: dict[str, Any]


class WordsRunner:
    def __init__(self, graph: Path, export: WordsExport) -> None:
        self._session: onnxruntime.InferenceSession = cpu_session(graph)
        self._latent, self._vocabulary = export.config.latent, export.vocabulary

    def __call__(self, phrases: Sequence[str], *, seed: int | None = None) -> Rgba8:
        """One picture for each phrase, of the mean latent or of those of a seed."""
        latents = np.zeros((len(phrases), self._latent), np.float32)
        if seed is not None:
            latents = np.random.default_rng(seed).standard_normal(latents.shape, dtype=np.float32)
        tokens = tokens_of(phrases, self._vocabulary)
        made = []
        for first in range(0, len(phrases), AT_ONCE):
            few = slice(first, first + AT_ONCE)
            made += self._session.run(None, {"latent": latents[few], "words": tokens[few]})
        return rgba8(np.concatenate(made))


def export_words(export: WordsExport, folder: Path) -> None:
    """Write the whole model folder, or raise ExportError and leave what was there."""
    check_id(folder.name)
    painter = Painted(rounded_to_half(export.decoder), export.config.planes, has_label=True).eval()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch_name:
        aside = Path(scratch_name) / folder.name
        (aside / "golden").mkdir(parents=True)
        manifest = json.loads(json.dumps(words_manifest(export, folder.name)))
        graph = aside / "model.onnx"
        write_part(painter, graph, manifest, "main")
        check_size(graph)
        runner = WordsRunner(graph, export)
        manifest["golden"] = write_golden(painter, export, aside)
        check_golden(graph, export, manifest["golden"], aside)
        measured = measure_words(runner, export)
        manifest |= {"metrics": [line.as_manifest() for line in measured.pop("rows")]}
        manifest["speed"] = measure_speed(graph)
        (aside / "metrics.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        embed_manifest(graph, manifest)
        (aside / "card.md").write_text(card_of(export, manifest, measured, runner, aside), encoding="utf-8")
        write_manifest(aside, manifest | {"sha256": {"main": sha256_of(graph)}})
        move_into_place(aside, folder)


def words_manifest(export: WordsExport, model_id: str) -> dict[str, Any]:
    """Everything but sha256, golden, speed and metrics."""
    config = export.config
    about = export.about or about_of_own(model_id, config)
    side = [config.side, config.side]
    return {
        "format": 1,
        "id": model_id,
        "title": about.title,
        "description": about.description,
        "source": "models/words.py",
        "icon": "generate",
        "task": "generate",
        "version": "1.0.0",
        "licence": "Apache-2.0",
        "scale": 1,
        "color_space": "srgb",
        "files": {"main": "model.onnx"},
        "inputs": [
            {"name": "latent", "part": "main", "role": "latent", "shape": [config.latent]},
            {"name": "words", "part": "main", "role": "words", "param": "prompt", "shape": [LONGEST_PHRASE]},
        ],
        "outputs": [{"name": "result", "part": "main", "role": "image", "size": side, "channels": [0, 4]} | RGBA],
        "params": [
            {
                "id": "prompt",
                "label": "Words",
                "type": "text",
                "default": export.phrases[0],
                "words": list(export.vocabulary),
            }
        ],
        "made_by": made_by("models/words.py", plain_values(config), sources_of(config.data), commit_in_use()),
    }


def write_golden(painter: Painted, export: WordsExport, folder: Path) -> dict[str, Any]:
    """A latent drawn here, a held-out phrase, and the picture torch makes of them."""
    latent = np.random.default_rng(GOLDEN_SEED).standard_normal((1, export.config.latent), dtype=np.float32)
    phrase = export.phrases[-1]
    with torch.no_grad():
        planes = painter(torch.from_numpy(latent), torch.from_numpy(tokens_of([phrase], export.vocabulary)))
    np.save(folder / "golden/latent.npy", latent[0])
    Image.fromarray(rgba8(planes.numpy())[0]).save(folder / "golden/output.png")
    return {
        "output": "golden/output.png",
        "tensors": {"latent": "golden/latent.npy"},
        "seed": GOLDEN_SEED,
        "tolerance": GOLDEN_TOLERANCE,
        "params": {"prompt": phrase},
    }


def check_golden(graph: Path, export: WordsExport, golden: dict[str, Any], folder: Path) -> None:
    tokens = tokens_of([golden["params"]["prompt"]], export.vocabulary)
    latent = np.load(folder / golden["tensors"]["latent"])[None]
    made = rgba8(cpu_session(graph).run(None, {"latent": latent, "words": tokens})[0])[0]
    difference = np.abs(made.astype(int) - np.asarray(Image.open(folder / golden["output"]))).max()
    if difference > golden["tolerance"]:
        raise ExportError(f"The golden sample differs by {difference} levels; {golden['tolerance']:g} is allowed.")


def measure_words(runner: WordsRunner, export: WordsExport) -> dict[str, Any]:
    """{"lines", "rows", …}: retrieval, and distances to real pictures of any phrase."""
    config, held_out = export.config, export.held_out
    whole = pictures_of(config.data, side=config.side, planes=config.planes, classes=tuple(config.classes))
    training, _ = whole.split(every=HELD_OUT_EVERY)
    rows = retrieval_lines(runner, held_out, export.phrases)
    if not config.smoke:
        order = np.random.default_rng(0).permutation(len(training))
        count = min(COMPARED, len(training) // 2, len(export.phrases))
        first, second = training.take(order[:count]), training.take(order[count : 2 * count])
        made = on_paper(premultiplied(runner(list(export.phrases[:count]), seed=0)))
        rows += compared(eye_or_pixels(), first, second, made, f"{config.data}, {count} generated, {count} real")
    return {
        "training pictures": len(training),
        "held-out pictures": len(held_out),
        "training": export.training,
        "rows": rows,
        "lines": [line.__dict__ for line in rows],
    }


def retrieval_lines(runner: WordsRunner, held_out: PictureSet, phrases: Sequence[str]) -> list[Line]:
    """Each of up to 60 held-out phrases against one real picture of each: is its own the nearest?"""
    places = {phrase: place for place, phrase in enumerate(phrases)}  # one picture of each phrase
    chosen = dict(list(places.items())[:PHRASES_COMPARED])
    real = held_out.take(np.array(list(chosen.values())))
    features = pixel_features(max(held_out.side // 2, 8))
    near = nearest_pictures(features(premultiplied(runner(list(chosen)))), features(real.pictures)).numpy()
    found = float((near == np.arange(len(chosen))).mean()) * 100
    data = f"{len(chosen)} phrases and faces that were not in training"
    return [
        Line(f"held-out phrase finds its own picture among {len(chosen)}", round(found, 1), unit="%", data=data),
        Line("the same by chance", round(100 / len(chosen), 1), unit="%", data=data),
    ]


def card_of(
    export: WordsExport, manifest: dict[str, Any], measured: dict[str, Any], runner: WordsRunner, folder: Path
) -> str:
    """card.md, preview.webp and nearest.webp."""
    config = export.config
    about = export.about or about_of_own(manifest["id"], config)
    shown = list(dict.fromkeys(export.phrases))[: GRID_COLUMNS * GRID_ROWS]
    made = runner(shown, seed=7)
    save_grid(on_paper(premultiplied(made)), folder / "preview.webp", columns=GRID_COLUMNS)
    whole = pictures_of(config.data, side=config.side, planes=config.planes, classes=tuple(config.classes))
    training, _ = whole.split(every=HELD_OUT_EVERY)
    features = pixel_features(training.side // 2)
    few = made[:NEAREST_SHOWN]
    near = nearest_pictures(features(premultiplied(few)), features(training.pictures)).numpy()
    pairs = np.concatenate([on_paper(premultiplied(few)), on_paper(training.pictures[near])])
    save_grid(pairs, folder / "nearest.webp", columns=len(few))
    more = [
        "## Words",
        "",
        f"The samples above were made of phrases that were held out: {'; '.join(shown)}.",
        "",
        f"All {len(export.vocabulary)} words: {', '.join(export.vocabulary)}.",
        "",
    ]
    return generator_card(
        manifest,
        measured,
        what=about.what,
        weaknesses=[weakness.format(count=len(export.vocabulary)) for weakness in about.weaknesses],
        nearest=[training.names[place] for place in near],
        more=more,
    )


def save_grid(pictures: NDArray[np.uint8], path: Path, *, columns: int) -> None:
    rows = [np.concatenate(list(pictures[i : i + columns]), axis=1) for i in range(0, len(pictures), columns)]
    whole = [row for row in rows if row.shape == rows[0].shape]
    Image.fromarray(np.concatenate(whole)).save(path, quality=85, method=6)


def rgba8(planes: NDArray[np.float32]) -> Rgba8:
    return np.clip(np.rint(planes.transpose(0, 2, 3, 1) * 255), 0, 255).astype(np.uint8)
