"""Weights that lie in files beside a model: found without following anything elsewhere, and joined to it.

What is looked at is what is read: every file is opened once, and the open file is asked whether it is a plain one, so
that nothing can be put in its place between the look and the reading.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import onnx

from desktop.core.errors import UserError

WEIGHTS_LIMIT_BYTES = 2 << 30  # protobuf cannot hold more in one file


def external_names(path: Path, tensors: Iterator[onnx.TensorProto]) -> tuple[str, ...]:
    """Plain names of the files beside `path` that tensors lie in. UserError for one that could point elsewhere."""
    names = set()
    for tensor in tensors:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            name = _entries(tensor).get("location", "")
            if not name or name != Path(name).name or set(name) & set('/\\:*?"<>|\0') or name in (".", ".."):
                raise UserError("import.external_elsewhere", path=path, location=name[:100])
            names.add(name)
    return tuple(sorted(names))


def join_weights(path: Path, tensors: Iterator[onnx.TensorProto], names: tuple[str, ...]) -> int:
    """Bring what lies in the files `names` beside `path` into the tensors; the size of those files in bytes."""
    opened: dict[str, int] = {}
    try:
        sizes = {name: _opened(path, name, opened) for name in names}
        total = 0
        for tensor in tensors:
            if tensor.data_location != onnx.TensorProto.EXTERNAL:
                continue
            total += _join(path, tensor, opened, sizes)
            if total > WEIGHTS_LIMIT_BYTES:
                raise UserError("import.too_large", path=path, limit_gb=WEIGHTS_LIMIT_BYTES >> 30)
        return sum(sizes.values())
    finally:
        for descriptor in opened.values():
            os.close(descriptor)


def _opened(path: Path, name: str, opened: dict[str, int]) -> int:
    """Open a file of weights, never through a link; its size."""
    weights = path.parent / name
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        is_link = stat.S_ISLNK(os.lstat(weights).st_mode)
        if is_link:
            raise UserError("import.external_link", path=path, location=name)
        opened[name] = os.open(weights, flags)
        state = os.fstat(opened[name])
    except OSError as error:
        raise UserError("import.external_missing", path=path, location=name) from error
    if not stat.S_ISREG(state.st_mode) or state.st_nlink > 1:
        raise UserError("import.external_link", path=path, location=name)
    if state.st_size > WEIGHTS_LIMIT_BYTES:
        raise UserError("import.too_large", path=path, limit_gb=WEIGHTS_LIMIT_BYTES >> 30)
    return state.st_size


def _join(path: Path, tensor: onnx.TensorProto, opened: dict[str, int], sizes: dict[str, int]) -> int:
    """Fill one tensor from its file; how many bytes that took."""
    entries = _entries(tensor)
    name = entries["location"]
    try:
        offset = int(entries.get("offset", 0))
        length = int(entries.get("length", sizes[name] - offset))
    except ValueError as error:
        raise UserError("import.external_missing", path=path, location=name) from error
    if offset < 0 or length < 0 or offset + length > sizes[name]:
        raise UserError("import.external_missing", path=path, location=name)
    with os.fdopen(os.dup(opened[name]), "rb") as file:
        file.seek(offset)
        tensor.raw_data = file.read(length)
    if len(tensor.raw_data) != length:  # it was cut off meanwhile
        raise UserError("import.external_missing", path=path, location=name)
    tensor.data_location = onnx.TensorProto.DEFAULT
    del tensor.external_data[:]
    return length


def _entries(tensor: onnx.TensorProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in tensor.external_data}
