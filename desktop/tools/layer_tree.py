"""Versions of a document with some layers replaced, in one walk over the tree. Nothing here is an edit."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import fields

from desktop.core.document import Document
from desktop.core.layers import GroupLayer, Layer, LayerId


def with_layers_changed(
    document: Document, layer_ids: Collection[LayerId], change: Callable[[Layer], Layer]
) -> Document:
    """The document with some layers replaced in one walk over the tree; the same one when none differs."""
    wanted = frozenset(layer_ids)

    def walk(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        result = tuple(replaced(layer) for layer in layers)
        return layers if all(new is old for new, old in zip(result, layers, strict=True)) else result

    def replaced(layer: Layer) -> Layer:
        if isinstance(layer, GroupLayer) and (children := walk(layer.children)) is not layer.children:
            layer = layer.changed(children=children)
        if layer.id not in wanted:
            return layer
        after = change(layer)
        return layer if _is_alike(layer, after) else after

    layers = walk(document.layers)
    return document if layers is document.layers else document.changed(layers=layers)


def _is_alike(before: Layer, after: Layer) -> bool:
    """Equal without a look at tiles or children: those are kept by identity."""
    return type(before) is type(after) and all(
        (old := getattr(before, field.name)) is (new := getattr(after, field.name))
        or (field.name not in ("tiles", "children") and old == new)
        for field in fields(before)
    )
