"""From trained weights to a model folder `onnx/<id>/`: graph, proof that it equals torch, golden, manifest, card.

Everything is written aside and moved into place at the end; on any failure ExportError says why and nothing is left.
The graph eats and returns RGB 0..1 (or what the manifest says) at any height and width: networks pad and crop inside.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import shutil
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import onnx
import onnxruntime
import tomlkit
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from models.common.answers import fitted, shown
from models.common.eight_bit import round_to_eight_bits, store_in_eight_bits
from models.common.enlarge import bicubic
from models.common.half import round_to_half, store_in_half
from models.common.metrics import psnr_8bit

OPSET = 18  # the newest whose graphs every onnxruntime we support runs; dynamic rfft fails above in some
PARITY_SIZES = ((64, 96), (97, 131), (200, 120))  # one odd, none square
PARITY_TOLERANCE = 1e-3  # a quarter of an 8-bit level
MODEL_LIMIT_BYTES = 8_000_000
MANIFEST_KEY = "scumble.manifest"
GOLDEN_CLEAN = "golden/clean.png"
NOTHING_ROLES = ("hints", "noise")
SCHEMA = Path("onnx/manifest.schema.json")

PLANES = {"layout": "NCHW", "order": "RGB", "mean": [0.0, 0.0, 0.0], "std": [255.0, 255.0, 255.0]}  # RGB 0..1

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Gray8 = NDArray[np.uint8]  # (H, W)
Examples = Callable[[dict[str, Any], int, int], dict[str, Tensor]]  # manifest, height, width → the graph's tensors


class ExportError(Exception):
    """A finished sentence for the person at the terminal."""


@dataclass(frozen=True)
class ModelExport:
    """What a method says about its network. `manifest` has everything but sha256, golden, speed and metrics."""

    network: nn.Module  # in eval mode, with the weights to ship
    manifest: dict[str, Any]
    golden_input: Rgb8
    golden_params: dict[str, float]
    golden_clean: Rgb8  # what the input was made from: its PSNR before and after can be measured again from the folder
    card: Callable[[Path], str]  # text under the title of card.md; called with the folder when the graph lies in it
    measure: Callable[[Path], dict[str, Any]]  # the same: {"metrics": [...], "speed": {...}, ...} → metrics.json
    pictures: Callable[[Path], dict[str, Rgb8]] = field(default=lambda folder: {})  # name.webp → pixels
    tiling_picture: Rgb8 | None = None  # a difficult picture, larger than a tile of the manifest
    golden_tolerance: float = 1.0
    golden_mask: Gray8 | None = None  # of a network that fills holes: 255 in the hole
    stores_eight_bits: bool = False  # large weights in eight bits, a scale for each channel; instead of half precision
    stores_half: bool = False  # weights in half precision, where the rounding costs nothing that is seen
    parts: Callable[[Path], None] = field(default=lambda folder: None)  # writes the other files that the manifest names


def export_model(export: ModelExport, folder: Path) -> None:
    """Write the whole model folder, or raise ExportError and leave what was there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch_name:
        aside = Path(scratch_name) / folder.name
        aside.mkdir()
        graph = aside / export.manifest["files"]["main"]
        manifest = json.loads(json.dumps(export.manifest))  # an own copy, of JSON types only
        eight_bit = round_to_eight_bits(export.network) if export.stores_eight_bits else []
        if export.stores_half:
            round_to_half(export.network)
        write_graph(export.network, graph, manifest, stores_half=export.stores_half, eight_bit=eight_bit)
        check_size(graph)
        check_parity(export.network, graph, manifest)
        export.parts(aside)
        manifest["golden"] = write_golden(export, aside, manifest)
        check_golden(aside, manifest)
        if export.tiling_picture is not None:
            check_tiling(graph, manifest, export.tiling_picture)
        embed_manifest(graph, manifest)
        measured = export.measure(aside) | {"sample": measure_sample(aside, manifest)}
        manifest |= {key: measured[key] for key in ("metrics", "speed") if key in measured}
        (aside / "metrics.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
        embed_manifest(graph, manifest)
        check_golden(aside, manifest)
        for name, pixels in export.pictures(aside).items():
            Image.fromarray(pixels).save(aside / name, quality=88, method=6)
        (aside / "card.md").write_text(f"# {manifest['title']}\n\n{export.card(aside)}", encoding="utf-8")
        hashes = {part: sha256_of(aside / name) for part, name in manifest["files"].items()}
        write_manifest(aside, manifest | {"sha256": hashes})
        move_into_place(aside, folder)


def write_graph(
    network: nn.Module,
    path: Path,
    manifest: dict[str, Any],
    *,
    stores_half: bool = False,
    eight_bit: Sequence[str] = (),
    examples: Examples | None = None,
) -> None:
    """Export with the dynamo exporter: one file, named dynamic height and width, no traces of this machine in it."""
    example = (examples or example_inputs)(manifest, 72, 104)
    free = None if fixed_size(manifest) else {2: "height", 3: "width"}
    shapes = tuple(free if tensor.ndim == 4 else None for tensor in example.values())
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the exporter's own deprecations are not news to the reader
            program = torch.onnx.export(
                network,
                tuple(example.values()),
                input_names=list(example),
                output_names=[output["name"] for output in manifest["outputs"]],
                dynamic_shapes=shapes,
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
            program.save(path, external_data=False)
    except torch.onnx.errors.OnnxExporterError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise ExportError(f"The network cannot be exported at any height and width: {reason}") from error
    model = onnx.load(path)
    for entry in [*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info, model.graph]:
        del entry.metadata_props[:]  # stack traces with paths of this machine
    if stores_half:
        store_in_half(model)
    if eight_bit:
        store_in_eight_bits(model, eight_bit)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def check_size(path: Path) -> None:
    if path.stat().st_size > MODEL_LIMIT_BYTES:
        megabytes = path.stat().st_size / 1e6
        raise ExportError(f"The exported model has {megabytes:.1f} MB; {MODEL_LIMIT_BYTES / 1e6:.0f} MB is the limit.")


def check_parity(
    network: nn.Module, path: Path, manifest: dict[str, Any], *, examples: Examples | None = None
) -> float:
    """Largest difference of torch and onnxruntime over all sizes; ExportError when a size fails or differs."""
    session = cpu_session(path)
    largest = 0.0
    fixed = fixed_size(manifest)
    for height, width in (fixed,) if fixed else PARITY_SIZES:
        inputs = (examples or example_inputs)(manifest, height, width)
        expected = _torch_outputs(network, inputs)
        try:
            results = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
        except Exception as error:  # onnxruntime's errors have no common base class
            raise ExportError(f"The exported model fails on a picture of {width} × {height} pixels.") from error
        for ours, theirs in zip(expected, results, strict=True):
            if ours.shape != theirs.shape:
                raise ExportError(f"At {width} × {height} pixels the exported model returns another size than torch.")
            largest = max(largest, float(np.abs(ours - theirs).max()))
    if not largest <= PARITY_TOLERANCE:  # also refuses NaN
        raise ExportError(f"The exported model differs from torch by {largest:.2g}, more than {PARITY_TOLERANCE:g}.")
    return largest


def write_golden(export: ModelExport, folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Save the golden sample; its expectation comes from torch, so that it also proves the exported file."""
    (folder / "golden").mkdir()
    inputs = graph_inputs(manifest, export.golden_input, export.golden_params, export.golden_mask)
    with torch.no_grad():
        result = export.network(*(torch.from_numpy(array) for array in inputs.values()))
    Image.fromarray(export.golden_input).save(folder / "golden/input.png")
    Image.fromarray(shown(manifest, result.numpy(), export.golden_input)).save(folder / "golden/output.png")
    Image.fromarray(export.golden_clean).save(folder / GOLDEN_CLEAN)
    masked: dict[str, Any] = {}
    if export.golden_mask is not None:
        Image.fromarray(export.golden_mask).save(folder / "golden/mask.png")
        masked["mask"] = "golden/mask.png"
    return masked | {
        "input": "golden/input.png",
        "output": "golden/output.png",
        "seed": 0,
        "tolerance": export.golden_tolerance,
        "params": export.golden_params,
    }


def check_golden(folder: Path, manifest: dict[str, Any]) -> float:
    """Run the golden sample through onnxruntime; largest difference in levels, ExportError when above tolerance."""
    golden = manifest["golden"]
    picture = np.asarray(Image.open(folder / golden["input"]).convert("RGB"))
    expected = np.asarray(Image.open(folder / golden["output"]).convert("RGB"))
    mask = golden_mask(folder, golden)
    result = run_graph(cpu_session(folder / manifest["files"]["main"]), manifest, picture, golden["params"], mask)
    if result.shape != expected.shape:
        raise ExportError("The golden sample comes out of the exported model in another size.")
    difference = float(np.abs(result.astype(int) - expected).max())
    if difference > golden["tolerance"]:
        raise ExportError(f"The golden sample differs by {difference:.0f} levels; {golden['tolerance']:g} is allowed.")
    return difference


def measure_sample(folder: Path, manifest: dict[str, Any]) -> dict[str, float]:
    """PSNR of the golden sample before and after the exported model, from the files in the folder alone.

    What is enlarged is compared with the bicubic filter; of a matte, the mean distance to the true one.
    """
    picture, clean = (np.asarray(Image.open(folder / name)) for name in (manifest["golden"]["input"], GOLDEN_CLEAN))
    session = cpu_session(folder / manifest["files"]["main"])
    golden = manifest["golden"]
    result = run_graph(session, manifest, picture, golden["params"], golden_mask(folder, golden))
    if manifest["outputs"][0]["role"] == "mask":
        return {"error_percent": round(float(np.abs(result.astype(int) - clean).mean()) / 2.55, 3)}
    before = picture if manifest.get("scale", 1) == 1 else bicubic(picture, manifest["scale"])
    after = {"after": round(_psnr(result, clean), 3)}
    if np.array_equal(before, clean):  # of a codec: it was as it should be
        return after
    return {"before": round(_psnr(before, clean), 3)} | after


def check_tiling(path: Path, manifest: dict[str, Any], picture: Rgb8) -> int:
    """Largest difference in levels between whole and tiled inside the halo; ExportError when it is more than one.

    Cuts the picture into tiles of the manifest's size, their origins as odd multiples of the stride as can be.
    """
    tile, stride, halo = (manifest["tile"][key] for key in ("tile", "stride", "receptive_field"))
    session = cpu_session(path)
    whole = run_graph(session, manifest, picture, {}).astype(int)
    scale = manifest.get("scale", 1)
    height, width = picture.shape[:2]
    largest = 0
    for top in range(stride, height - tile // 2, tile - 2 * halo - stride):
        for left in range(stride, width - tile // 2, tile - 2 * halo - stride):
            part = run_graph(session, manifest, picture[top : top + tile, left : left + tile], {})
            rows = slice(halo * scale, None if top + tile >= height else -halo * scale)
            columns = slice(halo * scale, None if left + tile >= width else -halo * scale)
            same = whole[top * scale : (top + tile) * scale, left * scale : (left + tile) * scale][rows, columns]
            largest = max(largest, int(np.abs(part[rows, columns] - same).max(initial=0)))
    if largest > 1:
        raise ExportError(f"With a halo of {halo} pixels tiles differ from the whole picture by {largest} levels.")
    return largest


def embed_manifest(path: Path, manifest: dict[str, Any]) -> None:
    """Put the manifest into the graph's metadata, so that one lone .onnx file explains itself."""
    model = onnx.load(path)
    del model.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = MANIFEST_KEY, json.dumps(manifest, ensure_ascii=False)
    model.producer_name = "scumble"
    onnx.save(model, path)


def embedded_manifest(session: onnxruntime.InferenceSession) -> dict[str, Any]:
    """What `embed_manifest` put there; ExportError for a graph without it."""
    entries = session.get_modelmeta().custom_metadata_map
    if MANIFEST_KEY not in entries:
        raise ExportError(f"The model holds no manifest: {MANIFEST_KEY} is missing from its metadata.")
    return json.loads(entries[MANIFEST_KEY])


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    if SCHEMA.exists():
        try:
            jsonschema.validate(manifest, json.loads(SCHEMA.read_text(encoding="utf-8")))
        except jsonschema.ValidationError as error:
            place = ".".join(str(part) for part in error.absolute_path) or "its top"
            raise ExportError(f"The manifest breaks the schema at {place}: {error.message}.") from error
    (folder / "manifest.toml").write_text(tomlkit.dumps(manifest), encoding="utf-8")


def run_graph(
    session: onnxruntime.InferenceSession,
    manifest: dict[str, Any],
    picture: Rgb8,
    params: dict[str, float],
    mask: Gray8 | None = None,
) -> Rgb8:
    """The whole picture at once through onnxruntime, to 8 bits: the untiled cross-check of the editor's runtime."""
    (planes, *_rest) = session.run(None, graph_inputs(manifest, picture, params, mask))
    return shown(manifest, planes, picture)


def golden_mask(folder: Path, golden: dict[str, Any]) -> Gray8 | None:
    return np.asarray(Image.open(folder / golden["mask"])) if "mask" in golden else None


def graph_inputs(
    manifest: dict[str, Any], picture: Rgb8, params: dict[str, float], mask: Gray8 | None = None
) -> dict[str, NDArray[np.float32]]:
    """The graph's tensors for a picture and parameters in the units of the form; missing ones take their default."""
    inputs: dict[str, NDArray[np.float32]] = {}
    for spec in manifest["inputs"]:
        if spec["role"] == "image":
            scaled = (fitted(picture, spec).astype(np.float32) - spec["mean"]) / spec["std"]
            inputs[spec["name"]] = np.ascontiguousarray(scaled.astype(np.float32).transpose(2, 0, 1)[None])
        elif spec["role"] in NOTHING_ROLES:  # no hints, and noise that no variety lets through
            inputs[spec["name"]] = np.zeros(_still_shape(spec), np.float32)
        elif spec["role"] == "mask" and mask is not None:
            inputs[spec["name"]] = mask.astype(np.float32)[None, None] / 255
        else:
            inputs[spec["name"]] = np.array([_scalar(spec, manifest, params)], np.float32)
    return inputs


def _still_shape(spec: dict[str, Any]) -> tuple[int, ...]:
    return (1, 4, *spec["size"]) if spec["role"] == "hints" else (1, *spec["shape"])


def planes_to_rgb8(planes: NDArray[np.float32]) -> Rgb8:
    """(1, 3, H, W) in 0..1 → (H, W, 3)."""
    return np.clip(np.rint(planes[0].transpose(1, 2, 0) * 255), 0, 255).astype(np.uint8)


def fixed_size(manifest: dict[str, Any]) -> tuple[int, int] | None:
    """(height, width) of the picture where the graph takes no other."""
    size = next(spec["size"] for spec in manifest["inputs"] if spec["role"] == "image")
    return (int(size[0]), int(size[1])) if isinstance(size, list | tuple) else None


def example_inputs(manifest: dict[str, Any], height: int, width: int) -> dict[str, Tensor]:
    """Random tensors of the manifest's shapes: pictures at the given size where any will do."""
    generator = torch.Generator().manual_seed(height * 10_000 + width)
    inputs = {}
    for spec in manifest["inputs"]:
        if spec["role"] == "image":
            sides = fixed_size(manifest) or (height, width)
            inputs[spec["name"]] = torch.rand(1, 3, *sides, generator=generator)
        elif spec["role"] in NOTHING_ROLES:
            inputs[spec["name"]] = torch.rand(_still_shape(spec), generator=generator)
        elif spec["role"] == "mask":
            hole = torch.zeros(1, 1, height, width)
            hole[..., height // 4 : height // 2, width // 3 : 2 * width // 3] = 1
            inputs[spec["name"]] = hole
        else:
            low, high = spec["range"]
            inputs[spec["name"]] = low + (high - low) * torch.rand(1, generator=generator)
    return inputs


def cpu_session(path: Path, *, threads: int = 2) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors only
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def made_by(script: str, config: dict[str, Any], data: list[dict[str, str]], commit: str) -> dict[str, Any]:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return {"script": script, "config": json.dumps(config), "data": data, "commit": commit, "date": today}


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _psnr(result: Rgb8, clean: Rgb8) -> float:
    tensors = [torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None] for pixels in (result, clean)]
    return psnr_8bit(*tensors)


def _torch_outputs(network: nn.Module, inputs: dict[str, Tensor]) -> list[NDArray[np.float32]]:
    try:
        with torch.no_grad():
            result = network(*inputs.values())
    except (RuntimeError, ValueError) as error:
        height, width = next(iter(inputs.values())).shape[-2:]
        raise ExportError(f"The network itself fails on a picture of {width} × {height} pixels.") from error
    return [tensor.numpy() for tensor in (result if isinstance(result, tuple) else (result,))]


def _scalar(spec: dict[str, Any], manifest: dict[str, Any], params: dict[str, float]) -> float:
    """A parameter's min..max is mapped linearly onto the tensor's range."""
    param = next((param for param in manifest["params"] if param["id"] == spec.get("param")), None)
    if param is None:
        return float(spec["default"])
    value = params.get(param["id"], param["default"])
    low, high = spec["range"]
    return float(low + (high - low) * (value - param["min"]) / (param["max"] - param["min"]))


def move_into_place(aside: Path, folder: Path) -> None:
    if not folder.exists():
        aside.rename(folder)
        return
    before = aside.with_name("before")
    folder.rename(before)  # removed together with the scratch folder
    aside.rename(folder)
    shutil.rmtree(before)
