"""From a trained generator to a model folder: latents and labels in, straight RGBA out; a VAE's encoder beside it.

Like models/common/export.py for networks that eat no picture: any number of pictures at once, no random nodes, weights
stored in half precision (and rounded to it before torch computes the golden sample, so nothing is lost twice).
"""

from __future__ import annotations

import copy
import inspect
import itertools
import json
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
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.common.data import DataError
from models.common.export import (
    OPSET,
    PARITY_TOLERANCE,
    ExportError,
    check_size,
    cpu_session,
    embed_manifest,
    move_into_place,
    sha256_of,
    write_manifest,
)
from models.common.generation import Exported, measure_generator, nearest_training, table
from models.common.generator_card import generator_card
from models.common.half import FEWEST_HALVED, store_in_half
from models.common.picture_sets import on_paper, premultiplied
from models.common.speed import measure_speed

RGBA = {"layout": "NCHW", "order": "RGBA", "mean": [0.0], "std": [255.0]}  # straight, 0..1
GOLDEN_SEED = 1
GOLDEN_TOLERANCE = 1.0
GRID_COLUMNS, GRID_ROWS, ENLARGED = 10, 6, 2
NEAREST_SHOWN = 6


@dataclass(frozen=True)
class GeneratorExport:
    """What a method says about its generator; the rest is measured."""

    decoder: nn.Module  # Painted: latent (and label) → RGBA
    encoder: nn.Module | None  # Encoded: RGBA (and label) → mean and log variance of the latent
    latent: int
    side: int
    classes: tuple[str, ...]  # what can be chosen; none for a generator without labels
    about: dict[str, Any]  # id, title, description, param label …
    made_by: dict[str, Any]
    what: str
    weaknesses: Sequence[str]
    trained: dict[str, Any]  # steps and the like, for the card


def export_generator(
    export: GeneratorExport,
    folder: Path,
    *,
    measure: Callable[[Path], dict[str, Any]] = measure_generator,
    speed: Callable[[Path], dict[str, Any]] = measure_speed,
) -> None:
    """Write the whole model folder, or raise ExportError and leave what was there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch_name:
        aside = Path(scratch_name) / folder.name
        (aside / "golden").mkdir(parents=True)
        manifest = json.loads(json.dumps(manifest_of(export)))
        for part, network in parts_of(export).items():
            write_part(network, aside / manifest["files"][part], manifest, part)
            check_size(aside / manifest["files"][part])
        manifest["golden"] = write_golden(export, aside)
        embed_parts(aside, manifest)
        check_golden(aside, manifest)
        measured = measure(aside) | {"training": export.trained}
        print(table(measured))
        manifest["metrics"] = measured["metrics"]
        manifest["speed"] = speed(aside / list(manifest["files"].values())[-1])  # of the part that paints
        (aside / "metrics.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        embed_parts(aside, manifest)
        names = write_pictures(aside)
        card = generator_card(manifest, measured, what=export.what, weaknesses=export.weaknesses, nearest=names)
        (aside / "card.md").write_text(card, encoding="utf-8")
        hashes = {part: sha256_of(aside / name) for part, name in manifest["files"].items()}
        write_manifest(aside, manifest | {"sha256": hashes})
        move_into_place(aside, folder)


def manifest_of(export: GeneratorExport) -> dict[str, Any]:
    """Everything but golden, metrics, speed and sha256."""
    files = {"encoder": "encoder.onnx"} if export.encoder else {}
    files["decoder" if export.encoder else "main"] = "decoder.onnx" if export.encoder else "model.onnx"
    side = [export.side, export.side]
    inputs: list[dict[str, Any]] = []
    outputs: list[dict[str, Any]] = []
    label = {"name": "label", "role": "label", "param": "kind"}
    if export.encoder:
        inputs.append({"name": "image", "part": "encoder", "role": "image", "size": side} | RGBA)
        inputs += [label | {"part": "encoder"}] if export.classes else []
        outputs.append({"name": "latent", "part": "encoder", "role": "latent", "shape": [export.latent]})
        outputs.append({"name": "log_variance", "part": "encoder", "role": "ignore"})
    painter = list(files)[-1]
    inputs.append({"name": "latent", "part": painter, "role": "latent", "shape": [export.latent]})
    inputs += [label | {"part": painter}] if export.classes else []
    outputs.append({"name": "result", "part": painter, "role": "image", "size": side, "channels": [0, 4]} | RGBA)
    param = {
        "id": "kind",
        "type": "choice",
        "choices": list(export.classes),
        "label": export.about.get("param", "Kind"),
    }
    return {
        "format": 1,
        "licence": "Apache-2.0",
        **{key: value for key, value in export.about.items() if key != "param"},
        "task": "generate",
        "version": "1.0.0",
        "scale": 1,
        "color_space": "srgb",
        "files": files,
        "inputs": inputs,
        "outputs": outputs,
        "params": [param | {"default": export.classes[0]}] if export.classes else [],
        "made_by": export.made_by,
    }


def parts_of(export: GeneratorExport) -> dict[str, nn.Module]:
    if export.encoder is None:
        return {"main": export.decoder}
    return {"encoder": export.encoder, "decoder": export.decoder}


def folded(network: nn.Module) -> nn.Module:
    """Batch norms after a convolution become part of it now: the exporter would do it after the rounding to half."""
    network = copy.deepcopy(network).eval()
    for chain in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for place, (layer, norm) in enumerate(itertools.pairwise(list(chain))):
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and isinstance(norm, nn.BatchNorm2d):
                chain[place] = fuse_conv_bn_eval(layer, norm, transpose=isinstance(layer, nn.ConvTranspose2d))
                chain[place + 1] = nn.Identity()
    return network


def rounded_to_half(network: nn.Module) -> nn.Module:
    """Every weight of 64 numbers and more as half precision would hold it; ExportError when one does not fit."""
    with torch.no_grad():
        for weight in network.state_dict().values():
            if weight.is_floating_point() and weight.numel() >= FEWEST_HALVED:
                weight.copy_(weight.half().float())
                if not torch.isfinite(weight).all():
                    raise ExportError("A weight is too large for half precision: the network did not train soundly.")
    return network


def write_part(network: nn.Module, path: Path, manifest: dict[str, Any], part: str) -> None:
    """Export for any number of pictures, compare with torch at one, two and five, store weights in half precision."""
    inputs = _example(manifest, part, count=2)
    names = [spec["name"] for spec in manifest["outputs"] if spec["part"] == part]
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the exporter's own deprecations are not news to the reader
            program = torch.onnx.export(
                network,
                tuple(inputs.values()),
                input_names=list(inputs),
                output_names=names,
                dynamic_shapes=_free_count(network, len(inputs)),
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
            program.save(path, external_data=False)
    except torch.onnx.errors.OnnxExporterError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise ExportError(f"The network cannot be exported for any number of pictures: {reason}") from error
    model = onnx.load(path)
    for entry in [*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info, model.graph]:
        del entry.metadata_props[:]  # stack traces with paths of this machine
    if random := [node.op_type for node in model.graph.node if node.op_type.startswith(("Random", "Bernoulli"))]:
        raise ExportError(f"The network draws at random by itself ({random[0]}): equal seeds would not be equal bytes.")
    store_in_half(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    check_part_parity(network, path, manifest, part)


def _free_count(network: nn.Module, inputs: int) -> tuple[Any, ...]:
    """Any number of pictures for every input; those that `forward` gathers with a star are one tuple."""
    named = [p for p in inspect.signature(network.forward).parameters.values() if p.kind is not p.VAR_POSITIONAL]
    free: list[Any] = [{0: "count"}] * min(inputs, len(named))
    return (*free, ({0: "count"},) * (inputs - len(named))) if inputs > len(named) else tuple(free)


def check_part_parity(network: nn.Module, path: Path, manifest: dict[str, Any], part: str) -> float:
    """Largest difference of torch and onnxruntime; of colours as far as they are opaque enough to be seen."""
    session = cpu_session(path)
    largest = 0.0
    for count in (1, 2, 5):
        inputs = _example(manifest, part, count=count)
        with torch.no_grad():
            expected = network(*inputs.values())
        expected = expected if isinstance(expected, tuple) else (expected,)
        try:
            results = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
        except Exception as error:  # onnxruntime's errors have no common base class
            raise ExportError(f"The exported model fails at {count} pictures at once.") from error
        for ours, theirs in zip(expected, results, strict=True):
            scale = max(1.0, float(ours.abs().max()))
            largest = max(largest, float(np.abs(_as_seen(ours.numpy()) - _as_seen(theirs)).max()) / scale)
    if not largest <= PARITY_TOLERANCE:  # also refuses NaN
        raise ExportError(f"The exported model differs from torch by {largest:.2g}, more than {PARITY_TOLERANCE:g}.")
    return largest


def write_golden(export: GeneratorExport, folder: Path) -> dict[str, Any]:
    """A latent drawn here and the picture torch makes of it (of the last class, so that ignoring the label shows)."""
    latent = np.random.default_rng(GOLDEN_SEED).standard_normal((1, export.latent), dtype=np.float32)
    fed = [torch.from_numpy(latent)] + ([torch.tensor([len(export.classes) - 1])] if export.classes else [])
    with torch.no_grad():
        planes = export.decoder(*fed)
    np.save(folder / "golden/latent.npy", latent[0])
    Image.fromarray(_rgba8(planes.numpy())[0]).save(folder / "golden/output.png")
    return {
        "output": "golden/output.png",
        "tensors": {"latent": "golden/latent.npy"},
        "seed": GOLDEN_SEED,
        "tolerance": GOLDEN_TOLERANCE,
        "params": {"kind": export.classes[-1]} if export.classes else {},
    }


def check_golden(folder: Path, manifest: dict[str, Any]) -> float:
    """Run the golden sample through onnxruntime; largest difference in levels, ExportError when above tolerance."""
    golden, exported = manifest["golden"], Exported(folder)
    given = {name: np.load(folder / file)[None] for name, file in golden["tensors"].items()}
    labels = np.array([exported.classes.index(golden["params"]["kind"]) if exported.classes else 0])
    scalars = {name: value for name, value in golden["params"].items() if not isinstance(value, str)}
    expected = np.asarray(Image.open(folder / golden["output"])).astype(int)
    made = exported.pictures(given.pop("latent"), labels, scalars=scalars, given=given)[0]
    difference = float(np.abs(made - expected).max())
    if difference > golden["tolerance"]:
        raise ExportError(f"The golden sample differs by {difference:.0f} levels; {golden['tolerance']:g} is allowed.")
    return difference


def write_pictures(folder: Path) -> list[str]:
    """preview.webp, samples on paper, and nearest.webp, samples above the nearest training pictures."""
    exported = Exported(folder)
    cells = GRID_COLUMNS * GRID_ROWS
    labels = np.arange(cells) % GRID_COLUMNS if len(exported.classes) <= GRID_COLUMNS else np.arange(cells)
    labels = labels % max(1, len(exported.classes))
    samples = exported.drawn(cells, labels, seed=7)
    _save_grid(on_paper(premultiplied(samples)), folder / "preview.webp", columns=GRID_COLUMNS)
    shown = samples[:NEAREST_SHOWN]
    try:
        near, names = nearest_training(exported, shown)
    except DataError as error:
        raise ExportError(f"The nearest training pictures cannot be shown: {error}") from error
    pairs = np.concatenate([on_paper(premultiplied(shown)), near])
    _save_grid(pairs, folder / "nearest.webp", columns=NEAREST_SHOWN)
    return names


def _as_seen(result: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pictures premultiplied: of next to nothing the colour is rounding, enlarged. Latents as they are."""
    return np.concatenate([result[:, :3] * result[:, 3:], result[:, 3:]], axis=1) if result.ndim == 4 else result


def _save_grid(pictures: NDArray[np.uint8], path: Path, *, columns: int) -> None:
    rows = [np.concatenate(list(pictures[i : i + columns]), axis=1) for i in range(0, len(pictures), columns)]
    grid = np.concatenate(rows).repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
    Image.fromarray(grid).save(path, quality=85, method=6)


def _example(manifest: dict[str, Any], part: str, *, count: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(count)
    inputs = {}
    for spec in manifest["inputs"]:
        if spec["part"] != part:
            continue
        if spec["role"] in ("latent", "noise"):
            inputs[spec["name"]] = torch.randn(count, *spec["shape"], generator=generator)
        elif spec["role"] == "scalar":
            inputs[spec["name"]] = torch.rand(count, generator=generator)
        elif spec["role"] == "image":
            inputs[spec["name"]] = torch.rand(count, 4, *spec["size"], generator=generator)
        elif spec["role"] == "words":
            words = len(next(p["words"] for p in manifest["params"] if p["id"] == spec["param"]))
            inputs[spec["name"]] = torch.randint(0, words + 1, (count, *spec["shape"]), generator=generator)
        else:
            choices = len(manifest["params"][0]["choices"])
            inputs[spec["name"]] = torch.randint(0, choices, (count,), generator=generator)
    return inputs


def embed_parts(folder: Path, manifest: dict[str, Any]) -> None:
    for name in manifest["files"].values():
        embed_manifest(folder / name, manifest)


def _rgba8(planes: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(np.rint(planes.transpose(0, 2, 3, 1) * 255), 0, 255).astype(np.uint8)
