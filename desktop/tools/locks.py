"""What a lock forbids. A lock on a group holds for everything inside it, one on a layer inside holds the group too."""

from __future__ import annotations

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.layers import GroupLayer, Layer, LayerId


def check_pixels_free(document: Document, layer_id: LayerId) -> None:
    """UserError when the layer or a group around it has its pixels locked."""
    for layer in with_groups_around(document, layer_id):
        if layer.locks.pixels:
            raise UserError("tool.layer_locked", name=layer.name)


def check_position_free(document: Document, layer_id: LayerId) -> None:
    """UserError when the layer, a group around it or anything inside it is locked in its place."""
    layer = document.layer(layer_id)
    for held in (*with_groups_around(document, layer_id), *_inside(layer)):
        if held.locks.position:
            raise UserError("tool.layer_locked", name=held.name)


def check_alpha_free(document: Document, layer_id: LayerId) -> None:
    """UserError when the alpha of the layer or of a group around it is locked: nothing can be erased."""
    for layer in with_groups_around(document, layer_id):
        if layer.locks.alpha:
            raise UserError("tool.alpha_locked", name=layer.name)


def keeps_alpha(document: Document, layer_id: LayerId) -> bool:
    """True when the alpha of the layer or of a group around it is locked."""
    return any(layer.locks.alpha for layer in with_groups_around(document, layer_id))


def with_groups_around(document: Document, layer_id: LayerId) -> list[Layer]:
    """The layer, then the groups it is in, innermost first."""
    result: list[Layer] = [document.layer(layer_id)]
    while (parent := document.parent_of(result[-1].id)) is not None:
        result.append(parent)
    return result


def _inside(layer: Layer) -> list[Layer]:
    if not isinstance(layer, GroupLayer):
        return []
    return [held for child in layer.children for held in (child, *_inside(child))]
