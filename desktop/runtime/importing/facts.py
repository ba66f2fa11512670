"""What a foreign ONNX file says of itself, as plain values. Nothing here was proven by running it."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Dimension: TypeAlias = int | None  # None: anything that is not a positive number


class TensorFacts(msgspec.Struct, frozen=True):
    """A stated input or output. `type` is "float32", "uint8", … or "other" for what is no tensor of numbers."""

    name: str
    type: str
    shape: tuple[Dimension, ...] | None  # None: the file states no rank

    @property
    def rank(self) -> int | None:
        return None if self.shape is None else len(self.shape)


class GraphFacts(msgspec.Struct, frozen=True):
    """A file that passed the static checks."""

    sha256: str
    size_bytes: int
    inputs: tuple[TensorFacts, ...]  # without those that the file itself fills
    outputs: tuple[TensorFacts, ...]
    metadata: dict[str, str]  # the file's own notes
    opset: int
    nodes: int
    parameters: int
    producer: str
    operators: dict[str, int]
    endings: dict[str, str] = {}  # by output: the operator that shaped its values last
    external_files: tuple[str, ...] = ()  # weights beside the file, joined to it on import

    def has_operator(self, *names: str) -> bool:
        return any(name in self.operators for name in names)
