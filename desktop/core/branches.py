"""Where a document is cut: what lies below the active layer's top-level branch can be kept while one paints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from desktop.core.composite import Adjust, Isolate, Operation, Paint, PassThrough, operations_of
from desktop.core.effects import prepared
from desktop.core.geometry import Rect
from desktop.core.layers import Layer, LayerId
from desktop.core.styled import GroupLook, Look


@dataclass(frozen=True, slots=True)
class Branches:
    """The operations of a document, cut at the active layer's top-level branch."""

    below: tuple[Operation, ...]
    rest: tuple[Operation, ...]

    @property
    def all(self) -> tuple[Operation, ...]:
        return (*self.below, *self.rest)

    def forget_backdrops(self, rect: Rect) -> None:
        """What lies under adjustment layers looks different there."""
        _forget_backdrops(self.all, rect)


def cut_at_branch(
    layers: tuple[Layer, ...], active: LayerId | None, canvas: Rect, former: Branches | None = None
) -> Branches:
    """What filters and groups of the `former` version have kept is kept on.

    Whoever changes anything says where, and there it was forgotten: what is left is as before, whatever lies below.
    """
    cut = cut_index(layers, active)
    below = operations_of(layers[:cut], canvas=canvas)
    branches = Branches(below, operations_of(layers[cut:], below, canvas))
    known = {} if former is None else {one.layer_id: one for one in _filters_in(former.all)}
    for operation in _filters_in(branches.all):
        old = known.get(operation.layer_id)
        if old is not None and (old.settings, old.canvas) == (operation.settings, operation.canvas):
            operation.backdrop.adopt(old.backdrop)
    looks = [] if former is None else list(_looks_in(former.all))
    for look in _looks_in(branches.all):
        for before in looks:
            if look == before or _are_one_group(look, before):
                look.kept.adopt(before.kept)
    return branches


def _are_one_group(look: Look | GroupLook, other: Look | GroupLook) -> bool:
    are_groups = isinstance(look, GroupLook) and isinstance(other, GroupLook)
    return are_groups and (look.group_id, look.styles) == (other.group_id, other.styles)  # type: ignore[union-attr]


def cut_index(layers: tuple[Layer, ...], active: LayerId | None) -> int:
    """The top-level place to cut at; a clipped branch is cut below the layer it is clipped to."""
    cut = branch_index(layers, active)
    while 0 < cut < len(layers) and layers[cut].clip_to_below:
        cut -= 1
    return cut


def branch_index(layers: tuple[Layer, ...], layer_id: LayerId | None) -> int:
    """The place at the top level of the branch that holds the layer; the number of layers when none does."""
    for index, layer in enumerate(layers):
        if layer.id == layer_id or _holds(layer, layer_id):
            return index
    return len(layers)


def _holds(layer: Layer, layer_id: LayerId | None) -> bool:
    children: tuple[Layer, ...] = getattr(layer, "children", ())
    return any(child.id == layer_id or _holds(child, layer_id) for child in children)


def _forget_backdrops(operations: tuple[Operation, ...], rect: Rect) -> None:
    for operation in _filters_in(operations):
        operation.backdrop.forget(rect)
    for look in _looks_in(operations):
        look.kept.forget(rect)


def _filters_in(operations: tuple[Operation, ...]) -> Iterator[Adjust]:
    """Those that look around."""
    for operation in operations:
        if isinstance(operation, Adjust) and prepared(operation.settings).looks_around:
            yield operation
        elif isinstance(operation, Isolate | PassThrough):
            yield from _filters_in(operation.children)


def _looks_in(operations: tuple[Operation, ...]) -> Iterator[Look | GroupLook]:
    """Those of layers and groups with styles."""
    for operation in operations:
        if isinstance(operation, Paint | Isolate) and operation.look is not None:
            yield operation.look
        if isinstance(operation, Isolate | PassThrough):
            yield from _looks_in(operation.children)
