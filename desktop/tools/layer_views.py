"""What of a document is shown: one layer or a few alone, and the way back to what was visible before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.layers import GroupLayer, Layer, LayerId
from desktop.tools.layer_tree import with_layers_changed
from desktop.tools.names import EditName


@dataclass(frozen=True, slots=True)
class Solo:
    """Layers that are shown alone, and what was visible before."""

    layer_ids: frozenset[LayerId]
    former: Mapping[LayerId, bool]


def show_alone(open_document: OpenDocument, layer_ids: Collection[LayerId], before: Solo | None) -> Solo | None:
    """Shows layers without the others; the same layers again bring back what was visible before them.

    `before` is what an earlier call returned. One history entry.
    """
    document, wanted = open_document.document, frozenset(layer_ids)
    visible = {layer.id: layer.visible for layer in document.iter_layers()}
    alone = {**visible, **_alone(document.layers, wanted)}
    is_solo = before is not None and visible == {
        **visible,
        **_alone(document.layers, before.layer_ids & visible.keys()),
    }
    if visible != alone:
        former = before.former if before is not None and is_solo else visible
        _set_visible(open_document, alone)
        return Solo(wanted, former)
    if before is not None and before.layer_ids == wanted:
        _set_visible(open_document, {**visible, **{key: was for key, was in before.former.items() if key in visible}})
    else:
        _set_visible(open_document, dict.fromkeys(visible, True))
    return None


def _alone(layers: tuple[Layer, ...], wanted: frozenset[LayerId]) -> dict[LayerId, bool]:
    """Visibility that must hold so that only the wanted layers are seen; what is inside them stays as it is."""
    result: dict[LayerId, bool] = {}
    for layer in layers:
        if layer.id in wanted:
            result[layer.id] = True
        elif isinstance(layer, GroupLayer) and _holds(layer, wanted):
            result |= {layer.id: True, **_alone(layer.children, wanted)}
        else:
            result[layer.id] = False
    return result


def _holds(group: GroupLayer, wanted: frozenset[LayerId]) -> bool:
    return any(
        child.id in wanted or (isinstance(child, GroupLayer) and _holds(child, wanted)) for child in group.children
    )


def _set_visible(open_document: OpenDocument, visible: Mapping[LayerId, bool]) -> None:
    document = _with_visible(open_document.document, visible)
    if document is not open_document.document:
        with open_document.edit(EditName.VISIBILITY) as edit:
            edit.replace_document(document)


def _with_visible(document: Document, visible: Mapping[LayerId, bool]) -> Document:
    return with_layers_changed(document, visible.keys(), lambda layer: layer.changed(visible=visible[layer.id]))
