"""From a trained translator to a model folder: straight RGBA in (and the number of a choice), straight RGBA out.

Like models/common/export.py for networks that see transparency: any size or one, weights stored in half precision (and
rounded to it before torch computes the golden sample), and a card that shows failures beside what was not chosen.
"""

from __future__ import annotations

import json
import re
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from models.common.export import (
    OPSET,
    PARITY_SIZES,
    PARITY_TOLERANCE,
    ExportError,
    check_size,
    cpu_session,
    embed_manifest,
    embedded_manifest,
    move_into_place,
    sha256_of,
    write_manifest,
)
from models.common.export_generator import rounded_to_half, store_in_half
from models.common.generation import table
from models.common.speed import measure_speed

RGBA = {"layout": "NCHW", "order": "RGBA", "mean": [0.0], "std": [255.0]}  # straight, 0..1
GOLDEN_TOLERANCE = 1.0
PARAM = "domain"

Rgba8 = NDArray[np.uint8]  # (H, W, 4) straight


@dataclass(frozen=True)
class TranslatorExport:
    """What a method says about its network; the rest is measured."""

    network: nn.Module  # RGBA (and label) → RGBA, in eval mode
    side: int | None  # the only side it works at; None for any size
    choices: tuple[str, ...]  # what can be chosen, none for a network without labels
    about: dict[str, Any]  # id, title, description, licence, source, param (what the choices are)
    made_by: dict[str, Any]
    golden_input: Rgba8
    what: str
    weaknesses: Sequence[str]
    trained: dict[str, Any]  # step, batch, time
    measure: Callable[[Path], dict[str, Any]]  # the folder → lines and more, for metrics.json
    pictures: Callable[[Path], dict[str, NDArray[np.uint8]]]  # preview and failures: name.webp → pixels
    palette: tuple[tuple[str, str], ...] = ()  # the classes of label maps: name, "#rrggbb"


class Translator:
    """An exported translator, ready to run without the editor."""

    def __init__(self, folder: Path) -> None:
        self.session = cpu_session(folder / "model.onnx")
        self.manifest = embedded_manifest(self.session)
        size = self.manifest["inputs"][0]["size"]
        self.side: int | None = None if size == "any" else int(size[0])
        self.config: dict[str, Any] = json.loads(self.manifest["made_by"]["config"])

    @property
    def choices(self) -> list[str]:
        return list(self.manifest["params"][0]["choices"]) if self.manifest["params"] else []

    def __call__(self, picture: Rgba8, choice: int = 0) -> Rgba8:
        """(H, W, 4) straight RGBA, of the only side it works at if there is one → the result, as large."""
        feeds = {"image": np.ascontiguousarray(picture.transpose(2, 0, 1)[None]).astype(np.float32) / 255}
        if self.choices:
            feeds["label"] = np.array([choice], np.int64)
        (planes,) = self.session.run(None, feeds)
        return _rgba8(planes[0])


def export_translator(export: TranslatorExport, folder: Path) -> None:
    """Write the whole model folder, or raise ExportError and leave what was there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch_name:
        aside = Path(scratch_name) / folder.name
        (aside / "golden").mkdir(parents=True)
        manifest, graph = json.loads(json.dumps(manifest_of(export))), aside / "model.onnx"
        rounded_to_half(export.network)
        write_graph(export, graph, manifest)
        check_size(graph)
        check_parity(export, graph)
        manifest["golden"] = write_golden(export, aside)
        embed_manifest(graph, manifest)
        check_golden(aside)
        measured = export.measure(aside) | {"training": export.trained}
        print(table(measured))
        manifest["metrics"] = measured["metrics"]
        manifest["speed"] = measure_speed(graph)
        (aside / "metrics.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        embed_manifest(graph, manifest)
        for name, pixels in export.pictures(aside).items():
            Image.fromarray(pixels).save(aside / name, quality=85, method=6)
        (aside / "card.md").write_text(card_of(export, manifest, measured, graph), encoding="utf-8")
        write_manifest(aside, manifest | {"sha256": {"main": sha256_of(graph)}})
        move_into_place(aside, folder)


def manifest_of(export: TranslatorExport) -> dict[str, Any]:
    """Everything but golden, metrics, speed and sha256."""
    about = dict(export.about)
    label = {"name": "label", "part": "main", "role": "label", "param": PARAM}
    param = {"id": PARAM, "label": about.pop("param", "Kind"), "type": "choice", "choices": list(export.choices)}
    size = {"size": "any"} if export.side is None else {"size": [export.side, export.side], "fit": "pad"}
    labels = {"palette": [{"label": name, "color": color} for name, color in export.palette]} if export.palette else {}
    return {
        "format": 1,
        **about,
        "task": "translate",
        "version": "1.0.0",
        "scale": 1,
        "color_space": "srgb",
        "blend": "replace",
        "icon": "translate",
        "files": {"main": "model.onnx"},
        "inputs": [
            {"name": "image", "part": "main", "role": "image"} | size | RGBA | labels,
            *([label] if export.choices else []),
        ],
        "outputs": [{"name": "result", "part": "main", "role": "image", "channels": [0, 4]} | RGBA],
        "params": [param | {"default": export.choices[0]}] if export.choices else [],
        "made_by": export.made_by,
    }


def write_graph(export: TranslatorExport, path: Path, manifest: dict[str, Any]) -> None:
    """One file without traces of this machine, with dynamic height and width where the network takes any size."""
    inputs = _example(export, (72, 104), choice=0)
    free = {2: "height", 3: "width"} if export.side is None else None
    shapes = (free, None)[: len(inputs)]
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the exporter's own deprecations are not news to the reader
            program = torch.onnx.export(
                export.network,
                inputs,
                input_names=["image", "label"][: len(inputs)],
                output_names=["result"],
                dynamic_shapes=shapes,
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
            program.save(path, external_data=False)
    except torch.onnx.errors.OnnxExporterError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise ExportError(f"The network cannot be exported: {reason}") from error
    model = onnx.load(path)
    for entry in [*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info, model.graph]:
        del entry.metadata_props[:]  # stack traces with paths of this machine
    store_in_half(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def check_parity(export: TranslatorExport, path: Path) -> float:
    """Largest difference of torch and onnxruntime, colours as far as they are opaque enough to be seen."""
    session = cpu_session(path)
    largest = 0.0
    for size in PARITY_SIZES if export.side is None else PARITY_SIZES[:1]:
        for choice in range(max(1, len(export.choices))):
            inputs = _example(export, size, choice=choice)
            with torch.no_grad():
                expected = export.network(*inputs)
            names = [eaten.name for eaten in session.get_inputs()]
            try:
                feeds = {name: tensor.numpy() for name, tensor in zip(names, inputs, strict=True)}
                (result,) = session.run(None, feeds)
            except Exception as error:  # onnxruntime's errors have no common base class
                raise ExportError(f"The exported model fails on a picture of {size[1]} × {size[0]} pixels.") from error
            if result.shape != tuple(expected.shape):
                raise ExportError("The exported model returns another size than torch.")
            largest = max(largest, float(np.abs(_as_seen(expected.numpy()) - _as_seen(result)).max()))
    if not largest <= PARITY_TOLERANCE:  # also refuses NaN
        raise ExportError(f"The exported model differs from torch by {largest:.2g}, more than {PARITY_TOLERANCE:g}.")
    return largest


def write_golden(export: TranslatorExport, folder: Path) -> dict[str, Any]:
    """The sample and what torch makes of it; of the last choice, so that ignoring it shows."""
    choice = max(0, len(export.choices) - 1)
    fed = [torch.from_numpy(export.golden_input).permute(2, 0, 1)[None].float() / 255]
    fed += [torch.tensor([choice])] if export.choices else []
    with torch.no_grad():
        result = _rgba8(export.network(*fed)[0].numpy())
    Image.fromarray(export.golden_input).save(folder / "golden/input.png")
    Image.fromarray(result).save(folder / "golden/output.png")
    return {
        "input": "golden/input.png",
        "output": "golden/output.png",
        "seed": 0,
        "tolerance": GOLDEN_TOLERANCE,
        "params": {PARAM: export.choices[choice]} if export.choices else {},
    }


def check_golden(folder: Path) -> float:
    """Run the golden sample through onnxruntime; largest difference in levels, ExportError when above tolerance."""
    translator = Translator(folder)
    golden = translator.manifest["golden"]
    picture, expected = (np.asarray(Image.open(folder / golden[key])) for key in ("input", "output"))
    result = translator(picture, max(0, len(translator.choices) - 1))
    difference = float(np.abs(result.astype(int) - expected).max())
    if difference > golden["tolerance"]:
        raise ExportError(f"The golden sample differs by {difference:.0f} levels; {golden['tolerance']:g} is allowed.")
    return difference


def checked_id(folder: Path) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", folder.name):
        raise ExportError(
            f"The folder's name becomes the model's id: small letters, digits and -, not {folder.name!r}."
        )
    return folder.name


def training_of(content: dict[str, Any], config: Any) -> dict[str, Any]:
    """What the card tells of the training."""
    minutes = content["clock"]["seconds"] / 60
    told = f"{minutes:.0f} minutes on {config.accelerator}, shared with other work"
    return {"step": content["step"], "batch": config.batch, "time": told}


def card_of(export: TranslatorExport, manifest: dict[str, Any], measured: dict[str, Any], graph: Path) -> str:
    """card.md; every number is read from what was measured, none is typed in."""
    speed, made_by, training = manifest["speed"], manifest["made_by"], measured["training"]
    seconds = speed["cpu_seconds_per_megapixel"]
    if export.side is None:
        size, pace = "Any size.", f"{seconds:.2f} s a megapixel"
    else:
        pace = f"{seconds * export.side**2 / 1e3:.1f} ms a picture"
        size = f"Works at {export.side} × {export.side} pixels: larger pictures are shrunk for it, results enlarged."
    return "\n".join(
        [
            f"# {manifest['title']}",
            "",
            manifest["description"],
            "",
            f"![{measured['preview']}](preview.webp)",
            "",
            export.what,
            "",
            f"{size} {graph.stat().st_size / 1e6:.1f} MB. {pace} ({speed['cpu']}). On a GPU: not measured.",
            "",
            "## Measured",
            "",
            "Printed by `models/evaluate.py` from the exported file, everything on white paper. Distances named "
            "`efficientnet_lite0` are on that network's features: they compare with nothing but numbers of the same "
            "name and count. The last column is real pictures against other real pictures.",
            "",
            table(measured),
            "",
            "## Failures",
            "",
            f"![{measured['failures']}](failures.webp)",
            "",
            measured["failures"] + ".",
            "",
            "## Weaknesses",
            "",
            *(f"- {weakness}" for weakness in export.weaknesses),
            "",
            "## Made by",
            "",
            f"`{made_by['script']}` at commit {made_by['commit']}, {made_by['date']}: {training['step']} steps of "
            f"{training['batch']}. Time: {training['time']}. Licence of the weights: {manifest['licence']}. "
            "Trained on:",
            "",
            *(f"- {source['name']}: {source['licence']}" for source in made_by["data"]),
            "",
        ]
    )


def grid_of(rows: list[list[NDArray[np.uint8]]], *, gap: int = 4) -> NDArray[np.uint8]:
    """Pictures (H, W, 3) of one size, row by row, with white between."""
    lines = []
    for row in rows:
        padded = [np.pad(picture, ((gap, gap), (gap, gap), (0, 0)), constant_values=255) for picture in row]
        lines.append(np.concatenate(padded, axis=1))
    return np.concatenate(lines)


def on_white(rgba: Rgba8) -> NDArray[np.uint8]:
    """(…, 4) straight → (…, 3) as seen on white paper."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return np.rint(rgba[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def _example(export: TranslatorExport, size: tuple[int, int], *, choice: int) -> tuple[Tensor, ...]:
    """A random picture whose transparency varies, and the number of a choice."""
    height, width = size if export.side is None else (export.side, export.side)
    generator = torch.Generator().manual_seed(height * 10_000 + width)
    picture = torch.rand(1, 4, height, width, generator=generator)
    return (picture, torch.tensor([choice])) if export.choices else (picture,)


def _as_seen(result: NDArray[np.float32]) -> NDArray[np.float32]:
    """Premultiplied: of next to nothing the colour is rounding, enlarged."""
    return np.concatenate([result[:, :3] * result[:, 3:], result[:, 3:]], axis=1)


def _rgba8(planes: NDArray[np.float32]) -> Rgba8:
    return np.ascontiguousarray(np.clip(np.rint(planes.transpose(1, 2, 0) * 255), 0, 255).astype(np.uint8))
