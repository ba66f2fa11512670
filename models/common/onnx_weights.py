"""Weights out of an exported model or a checkpoint, to go on training from what was shipped."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from models.common.checkpoints import read_checkpoint
from models.common.data import DataError
from models.common.eight_bit import STORED_NAME
from models.common.half import HALF


def load_exported(network: nn.Module, path: Path) -> None:
    """Fill NETWORK from the initialisers of the graph at PATH; DataError when they are another network's."""
    if not path.exists():
        raise DataError(f"There is no exported model {path} to go on from.")
    given = _stored(path)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name not in given or given[name].shape != parameter.shape:
                raise DataError(f"{path} does not fit the network of this run: {name} is missing or of another size.")
            parameter.copy_(given[name])


def load_fitting(network: nn.Module, path: Path) -> None:
    """From an exported model or a checkpoint; what has another name or size there begins as it is, but not all may."""
    if not path.exists():
        raise DataError(f"There is no model {path} to go on from.")
    given = _averaged(path) if path.suffix == ".pt" else _stored(path)
    fitting = {
        name: parameter
        for name, parameter in network.named_parameters()
        if name in given and given[name].shape == parameter.shape
    }
    if not fitting:
        raise DataError(f"{path} does not fit the network of this run in any part.")
    with torch.no_grad():
        for name, parameter in fitting.items():
            parameter.copy_(given[name])


def _stored(path: Path) -> dict[str, Tensor]:
    """In single precision, however they are stored there."""
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}
    stored = {}
    for name, array in arrays.items():
        scale = arrays.get(f"{name}_scale") if name.endswith(STORED_NAME) else None
        single = array.astype("float32") if scale is None else array.astype("float32") * scale
        stored[name.removesuffix(HALF).removesuffix(STORED_NAME)] = torch.from_numpy(single)
    return stored


def _averaged(path: Path) -> dict[str, Tensor]:
    """Of a checkpoint, the averaged weights."""
    return {name.removeprefix("module."): values for name, values in read_checkpoint(path)["ema"].items()}
