"""Weights out of an exported model or a checkpoint, to go on training from what was shipped."""

from __future__ import annotations

import re
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from models.common.checkpoints import read_checkpoint
from models.common.data import DataError
from models.common.eight_bit import STORED_NAME
from models.common.half import HALF

INNER = re.compile(r"\.(first\.(weight|bias)|second\.weight)$")  # of a ResidualBlock


def load_exported(network: nn.Module, path: Path) -> None:
    """Fill NETWORK from the initialisers of the graph at PATH; DataError when they are another network's."""
    if not path.exists():
        raise DataError(f"There is no exported model {path} to go on from.")
    given = _stored(path)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            values = _filled_up(name, given[name], parameter) if name in given else None
            if values is None or values.shape != parameter.shape:
                raise DataError(f"{path} does not fit the network of this run: {name} is missing or of another size.")
            parameter.copy_(values)


def load_fitting(network: nn.Module, path: Path) -> None:
    """From an exported model or a checkpoint; what has another name or size there begins as it is, but not all may."""
    if not path.exists():
        raise DataError(f"There is no model {path} to go on from.")
    given = _averaged(path) if path.suffix == ".pt" else _stored(path)
    own = dict(network.named_parameters())
    filled = {name: _filled_up(name, given[name], parameter) for name, parameter in own.items() if name in given}
    fitting = {name: values for name, values in filled.items() if values.shape == own[name].shape}
    if not fitting:
        raise DataError(f"{path} does not fit the network of this run in any part.")
    with torch.no_grad():
        for name, values in fitting.items():
            own[name].copy_(values)


def _filled_up(name: str, given: Tensor, parameter: Tensor) -> Tensor:
    """GIVEN with nought for the inner channels of a residual block that `idle_channels` dropped: the same answers."""
    sides = list(zip(given.shape, parameter.shape, strict=False))
    is_narrowed = INNER.search(name) is not None and given.ndim == parameter.ndim
    if not is_narrowed or any(side > whole for side, whole in sides) or given.shape[2:] != parameter.shape[2:]:
        return given
    filled = torch.zeros_like(parameter)
    filled[tuple(slice(side) for side, _whole in sides)] = given
    return filled


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
