"""Channels: the colours and the alpha of the visible picture as levels, and selections that were saved."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from desktop.core.color import Gray8, to_depth8
from desktop.core.composite import flatten
from desktop.core.document import Channel, Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.select import Joined, Shape, joined
from desktop.core.tiles import TileMap
from desktop.tools.names import EditName

MOST_CHANNELS = 64


class Plate(StrEnum):
    """A channel that every picture has."""

    RED = "red"
    GREEN = "green"
    BLUE = "blue"
    ALPHA = "alpha"


PLATES = tuple(Plate)


def plate_levels(document: Document, plate: Plate) -> Gray8:
    """(H, W) of the visible picture; colours count by as much as they are opaque. A reading of one version."""
    picture = to_depth8(flatten(document))
    levels = picture[..., PLATES.index(plate)]
    if plate is Plate.ALPHA:
        return np.ascontiguousarray(levels)
    shown: Gray8 = np.rint(levels.astype(np.float32) * (picture[..., 3].astype(np.float32) / 255)).astype(np.uint8)
    return shown


def selection_from_levels(document: Document, levels: Gray8, how: Joined) -> TileMap | None:
    return joined(document.selection, Shape(document.size.rect(), levels), how)


def saved_levels(document: Document, number: int) -> Gray8:
    """(H, W) of a saved selection."""
    return np.ascontiguousarray(document.channels[number].tiles.read(document.size.rect())[..., 0])


def save_selection(opened: OpenDocument, name: str) -> int:
    """Keeps the selection in the document; returns its number."""
    document = opened.document
    if document.selection is None:
        raise UserError("select.nothing")
    if len(document.channels) >= MOST_CHANNELS:
        raise UserError("channels.too_many", limit=MOST_CHANNELS)
    channels = (*document.channels, Channel(name, document.selection))
    _land(opened, EditName.SAVE_SELECTION, channels)
    return len(channels) - 1


def store_selection(opened: OpenDocument, number: int) -> None:
    """The selection takes the place of a saved one."""
    document = opened.document
    if document.selection is None:
        raise UserError("select.nothing")
    _change(opened, EditName.SAVE_SELECTION, number, Channel(document.channels[number].name, document.selection))


def rename_channel(opened: OpenDocument, number: int, name: str) -> None:
    _change(opened, EditName.RENAME_CHANNEL, number, Channel(name, opened.document.channels[number].tiles))


def delete_channel(opened: OpenDocument, number: int) -> None:
    channels = opened.document.channels
    _land(opened, EditName.DELETE_CHANNEL, (*channels[:number], *channels[number + 1 :]))


def _change(opened: OpenDocument, name: EditName, number: int, channel: Channel) -> None:
    channels = opened.document.channels
    _land(opened, name, (*channels[:number], channel, *channels[number + 1 :]))


def _land(opened: OpenDocument, name: EditName, channels: tuple[Channel, ...]) -> None:
    with opened.edit(name) as edit:
        edit.replace_document(opened.document.changed(channels=channels))
