"""A document's structure as plain values and back, for the journal: every field of every value type, no pixels.

Tile maps and long byte strings are handed out by number. The value types are those that the annotations of `Document`
lead to, so that a new field or a new kind of layer is kept without a word here.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import math
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from desktop.core.document import Document
from desktop.core.tiles import TileMap

KIND = "$"  # the key under which a value type's name stands
MAX_DEPTH = 64  # groups within groups; deeper is no document of ours

PlainValue = Any  # None, bool, int, float, str, lists and dictionaries of them


class BadValueError(Exception):
    """What was read is not a document; the text says where."""


def plain_of_document(
    document: Document, number_of_tiles: Callable[[TileMap], int], number_of_bytes: Callable[[bytes], int]
) -> PlainValue:
    """The structure, with numbers in the place of tile maps and byte strings."""

    def plain(value: object) -> PlainValue:
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, enum.Enum):
            return value.value
        if isinstance(value, (int, float)):
            return value
        if isinstance(value, bytes):
            return number_of_bytes(value)
        if isinstance(value, TileMap):
            return number_of_tiles(value)
        if isinstance(value, (tuple, list)):
            return [plain(item) for item in value]
        assert dataclasses.is_dataclass(value), type(value)
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {KIND: type(value).__name__, **fields}

    return plain(document)


def document_of_plain(
    plain: PlainValue, tiles_of_number: Callable[[int], TileMap], bytes_of_number: Callable[[int], bytes]
) -> Document:
    """The document again. BadValueError for anything that is not one."""
    value = _Reader(tiles_of_number, bytes_of_number).read(plain, Document, 0)
    assert isinstance(value, Document)
    return value


def document_digest(document: Document) -> str:
    """A digest of all that a document is: structure, properties, every pixel of every layer, mask and selection."""
    digest = hashlib.sha256()

    def digest_of_tiles(tiles: TileMap) -> int:
        part = hashlib.sha256(f"{tiles.channels} {tiles.dtype.str} {tiles.default}".encode())
        for key in sorted(tiles.keys()):
            pixels = tiles.tile(*key)
            if pixels is not None and not (pixels == tiles.default).all():
                part.update(repr(key).encode())
                part.update(np.ascontiguousarray(pixels).data)
        return int.from_bytes(part.digest()[:8], "little")

    def digest_of_bytes(content: bytes) -> int:
        return int.from_bytes(hashlib.sha256(content).digest()[:8], "little")

    digest.update(repr(plain_of_document(document, digest_of_tiles, digest_of_bytes)).encode())
    return digest.hexdigest()


@cache
def value_types() -> dict[str, type]:
    """Every value type a document can hold, by name."""
    found: dict[str, type] = {}
    waiting: list[Any] = [Document]
    while waiting:
        hint = waiting.pop()
        waiting.extend(get_args(hint))
        if isinstance(hint, type) and dataclasses.is_dataclass(hint) and hint.__name__ not in found:
            found[hint.__name__] = hint
            waiting.extend(hints_of(hint).values())
    return found


@cache
def hints_of(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


class _Reader:
    """Reads plain values by the annotations of the types they should become."""

    def __init__(self, tiles_of_number: Callable[[int], TileMap], bytes_of_number: Callable[[int], bytes]) -> None:
        self._tiles_of_number = tiles_of_number
        self._bytes_of_number = bytes_of_number

    def read(self, plain: PlainValue, hint: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise BadValueError("too deep")
        origin = get_origin(hint)
        if origin is Union or origin is types.UnionType:
            return self._one_of(plain, get_args(hint), depth)
        if origin is tuple:
            return self._tuple(plain, get_args(hint), depth)
        if origin is typing.Literal:
            if plain not in get_args(hint) or isinstance(plain, bool):
                raise BadValueError(f"{plain!r} is none of {get_args(hint)}")
            return plain
        return self._single(plain, hint, depth)

    def _single(self, plain: PlainValue, hint: Any, depth: int) -> Any:
        if hint is type(None):
            return _expected(plain, type(None))
        if hint is TileMap:
            return self._tiles_of_number(_expected(plain, int))
        if hint is bytes:
            return self._bytes_of_number(_expected(plain, int))
        if hint is float:
            return _number(plain)
        if hint in (bool, int, str):
            return _expected(plain, hint)
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return _member(plain, hint)
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            return self._value(plain, hint, depth)
        raise BadValueError(f"no value of {hint} can be read")

    def _one_of(self, plain: PlainValue, hints: tuple[Any, ...], depth: int) -> Any:
        for hint in sorted(hints, key=_exactness):
            try:
                return self.read(plain, hint, depth)
            except BadValueError as error:
                reason = error
                if isinstance(plain, dict) and plain.get(KIND) == getattr(hint, "__name__", None):
                    raise
        raise reason

    def _tuple(self, plain: PlainValue, hints: tuple[Any, ...], depth: int) -> tuple[Any, ...]:
        items = _expected(plain, list)
        if len(hints) == 2 and hints[1] is Ellipsis:
            return tuple(self.read(item, hints[0], depth + 1) for item in items)
        if len(items) != len(hints):
            raise BadValueError(f"{len(items)} values instead of {len(hints)}")
        return tuple(self.read(item, hint, depth + 1) for item, hint in zip(items, hints, strict=True))

    def _value(self, plain: PlainValue, kind: type, depth: int) -> Any:
        """A field that is missing keeps its default: it is younger than the journal."""
        fields = dict(_expected(plain, dict))
        if fields.pop(KIND, None) != kind.__name__:
            raise BadValueError(f"no {kind.__name__}")
        hints = hints_of(kind)
        if not fields.keys() <= hints.keys():
            raise BadValueError(f"unknown fields in {kind.__name__}")
        values = {name: self.read(item, hints[name], depth + 1) for name, item in fields.items()}
        try:
            return kind(**values)
        except Exception as error:  # a value type may refuse what it is given, each in its own way
            raise BadValueError(f"no {kind.__name__}: {error}") from error


def _exactness(hint: Any) -> int:
    """Whole numbers are tried before numbers, so that every value comes back as what it was."""
    return {type(None): 0, bool: 1, int: 2, float: 3}.get(hint, 4)


def _expected(plain: PlainValue, kind: type) -> Any:
    if type(plain) is not kind:
        raise BadValueError(f"{plain!r:.60} is no {kind.__name__}")
    return plain


def _number(plain: PlainValue) -> float | int:
    """Fields annotated as float may hold whole numbers: they stay what they are."""
    if type(plain) not in (int, float) or not math.isfinite(plain):
        raise BadValueError(f"{plain!r:.60} is no number")
    number: float | int = plain
    return number


def _member(plain: PlainValue, kind: type[enum.Enum]) -> enum.Enum:
    try:
        return kind(plain)
    except ValueError as error:
        raise BadValueError(str(error)) from error
