"""Eight bits and half precision tried on an exported upscaler: what they cost in decibels and give in time.

    python -m models.common.variants onnx/upscale-2x-fast onnx/upscale-2x-faithful

Four forms of the same weights: computed in single precision, as it is shipped; in half precision throughout; weights
and what the convolutions eat in eight bits (onnxruntime's static quantisation, scales from twelve training crops); and
weights alone stored in eight bits, computed in single precision. The figures go into metrics.json and onto the card.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.transformers.float16 import convert_float_to_float16

from models.common.data import find_photos, read_photo
from models.common.eight_bit import store_in_eight_bits
from models.common.enlarge import Rgb8, shrunk
from models.common.enlarge_measure import PHOTOGRAPHS, as_batch, measured_pairs, psnr_luma
from models.common.export import cpu_session, embedded_manifest
from models.common.half import store_in_half
from models.common.metrics import psnr_8bit
from models.common.upscale_card import forms_table
from models.evaluate import held_out_crops, middle_crop

CALIBRATED_ON = 12
MEASURED_ON = 12
SINGLE, HALF, EIGHT, STORED = "single precision", "half precision", "eight bits", "weights stored in eight bits"


class _Crops(CalibrationDataReader):
    def __init__(self, crops: list[Rgb8]) -> None:
        self._left = iter([{"image": as_batch(crop).numpy()} for crop in crops])

    def get_next(self) -> dict[str, Any] | None:
        return next(self._left, None)


def measure_variants(folder: Path, *, photos: Path, held_out: Path) -> list[dict[str, Any]]:
    """Rows of form, psnr, luma_psnr, largest difference from the first in levels, seconds a megapixel, megabytes."""
    scale = embedded_manifest(cpu_session(folder / "model.onnx"))["scale"]
    crops = [shrunk(middle_crop(read_photo(path)), scale) for path in _some(find_photos([photos]), CALIBRATED_ON)]
    measured = dict(_some(list(held_out_crops(held_out).items()), MEASURED_ON))
    pairs = measured_pairs(PHOTOGRAPHS, measured, scale)
    with tempfile.TemporaryDirectory() as scratch:
        files = _forms(folder / "model.onnx", Path(scratch), crops)
        first = _answers(files[SINGLE], pairs)[0]
        return [_row(form, file, pairs, first, scale) for form, file in files.items()]


def _forms(graph: Path, scratch: Path, crops: list[Rgb8]) -> dict[str, Path]:
    single = _plain(onnx.load(graph))
    files = {form: scratch / f"{index}.onnx" for index, form in enumerate((SINGLE, HALF, EIGHT, STORED))}
    onnx.save(single, files[SINGLE])
    onnx.save(convert_float_to_float16(_plain(onnx.load(graph)), keep_io_types=True), files[HALF])
    quantize_static(
        files[SINGLE],
        files[EIGHT],
        _Crops(crops),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    stored = _plain(onnx.load(graph))
    store_in_eight_bits(stored)
    store_in_half(stored)
    onnx.save(stored, files[STORED])
    return files


def _plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights that are stored in half precision as what they are computed with."""
    casts = {node.input[0]: node for node in model.graph.node if node.op_type == "Cast"}
    for tensor in model.graph.initializer:
        cast = casts.get(tensor.name)
        if cast is not None and tensor.data_type == onnx.TensorProto.FLOAT16:
            values = onnx.numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, cast.output[0]))
            model.graph.node.remove(cast)
    return model


def _answers(file: Path, pairs: list[tuple[Rgb8, Rgb8]]) -> tuple[list[np.ndarray], float]:
    """(results in levels, the processor's seconds)."""
    session = cpu_session(file, threads=1)
    start = time.process_time()
    results = [session.run(None, {"image": as_batch(small).numpy()})[0] for small, _ in pairs]
    seconds = time.process_time() - start
    return [np.clip(np.rint(result * 255), 0, 255) for result in results], seconds


def _row(form: str, file: Path, pairs: list[tuple[Rgb8, Rgb8]], first: list[np.ndarray], scale: int) -> dict[str, Any]:
    results, seconds = _answers(file, pairs)
    inside = (slice(None), slice(None), slice(scale, -scale), slice(scale, -scale))
    shown = [
        (torch.from_numpy(result / 255).float()[inside], as_batch(large)[inside])
        for result, (_, large) in zip(results, pairs, strict=True)
    ]
    made = sum(large.shape[0] * large.shape[1] for _, large in pairs) / 1e6
    return {
        "form": form,
        "psnr": round(float(np.mean([psnr_8bit(*pair) for pair in shown])), 3),
        "luma_psnr": round(float(np.mean([psnr_luma(*pair) for pair in shown])), 3),
        "difference": int(max(np.abs(a - b).max() for a, b in zip(results, first, strict=True))),
        "seconds": round(seconds / made, 3),
        "megabytes": round(file.stat().st_size / 1e6, 3),
    }


def _some(every: list[Any], count: int) -> list[Any]:
    """COUNT of them from all over the list."""
    return every[:: max(len(every) // count, 1)][:count]


def main() -> None:
    for name in sys.argv[1:]:
        folder = Path(name)
        rows = measure_variants(folder, photos=Path("data/photos/train"), held_out=Path("data/photos/held_out"))
        print(f"{folder}\n\n{forms_table(rows)}\n")
        measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8")) | {"forms": rows}
        (folder / "metrics.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
