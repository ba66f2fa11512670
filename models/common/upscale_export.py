"""A trained upscaler as a model folder: what is measured, beside whom, and what is shown on the card."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from models.common.contact_sheet import card_pictures
from models.common.data import generated_blocks
from models.common.enlarge import shrunk, worn
from models.common.enlarge_measure import Eyes, manifest_metrics, measure_enlarging, measure_thrice, table
from models.common.export import ModelExport, cpu_session, export_model, made_by, run_graph
from models.common.fabric import commit_in_use
from models.common.speed import measure_speed
from models.common.upscale_card import ABOUT, upscale_card
from models.evaluate import held_out_crops
from models.fetch_data import data_sources, teacher_source, weights_source
from models.nets.upscalers import Upscaler

SCRIPTS = {"photo": "models/upscale_photo.py"}  # kinds that another script trains
SPEED_RUNS = 3  # a run makes four or sixteen megapixels and takes seconds
GOLDEN_SIZE = (75, 101)  # of the small picture, odd


class ExportConfig(Protocol):
    """What of a run's Config an export reads."""

    @property
    def held_out(self) -> Path: ...
    @property
    def baselines(self) -> Path: ...
    @property
    def seed(self) -> int: ...
    @property
    def stores_half(self) -> bool: ...
    @property
    def stores_eight(self) -> bool: ...
    @property
    def smoke(self) -> bool: ...


def export_upscaler(
    network: Upscaler, config: ExportConfig, folder: Path, *, manifest: dict[str, Any], content: dict[str, Any]
) -> None:
    """Write the model folder. CONTENT is the checkpoint's: its step and the config it was trained with."""
    plain, scale = content["config"], manifest["scale"]
    kind = plain["kind"]
    clean = {"generated": generated_blocks(1)[0]} if config.smoke else held_out_crops(config.held_out)
    sources = [weights_source(param) for param in map(Path, plain["start"])]
    sources += [teacher_source()] if "taught" in plain else []
    sources += data_sources(tuple(map(Path, plain["photos"]))) if content["step"] or plain.get("folded") else []
    about = made_by(manifest["source"], plain, sources, commit_in_use())

    def enlarge_with(aside: Path) -> Any:
        session = cpu_session(aside / "model.onnx")
        return lambda small: run_graph(session, manifest, small, {})

    def measured(aside: Path) -> dict[str, Any]:
        eyes = Eyes() if config.smoke else Eyes.trained()
        megabytes = (aside / "model.onnx").stat().st_size / 1e6
        rows = measure_enlarging(
            enlarge_with(aside), clean, scale, kept=config.baselines, eyes=eyes, megabytes=megabytes
        )
        print(table(rows))
        speed = measure_speed(aside / "model.onnx", runs=SPEED_RUNS)
        metrics = {"metrics": manifest_metrics(rows, clean, scale), "speed": speed, "step": content["step"]}
        thrice = {"thrice": measure_thrice(enlarge_with(aside), clean)} if scale == 4 else {}
        return metrics | thrice | {"pictures": list(clean), "rows": rows}

    sample = next((pixels for name, pixels in clean.items() if "coffee" in name), next(iter(clean.values())))
    shrink = worn if kind in SCRIPTS else shrunk  # pictures as the network expects them
    crops = clean if kind in SCRIPTS else {}  # to be seen beside others
    rows, columns = GOLDEN_SIZE
    large = np.tile(sample, (2, 2, 1))[: columns * scale, : columns * scale]
    shown = shrink(sample[: sample.shape[0] // 4 * 4, : sample.shape[1] // 4 * 4], scale)
    difficult = np.tile(sample, (4, 4, 1))[:768, :768].copy()
    difficult[100:400, 100:400] = np.random.default_rng(config.seed).integers(0, 256, (300, 300, 3))
    whole = ModelExport(
        network=network,
        manifest=manifest | {"made_by": about},
        golden_input=shrink(large, scale)[:rows],
        golden_params={},
        golden_clean=large[: rows * scale],
        measure=measured,
        card=lambda aside: upscale_card(aside, manifest=manifest, made_by=about, about=ABOUT[kind, scale]),
        pictures=lambda aside: card_pictures(enlarge_with(aside), shown, crops, scale),
        tiling_picture=difficult,
        stores_half=config.stores_half,
        stores_eight_bits=config.stores_eight,
    )
    export_model(whole, folder)
