"""Where a dragged layer lands, and what the filter finds. The rows: C; G with B, A in it; X."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop.core.document import Document
from desktop.core.layers import ColorTag, GroupLayer, Locks, Mask
from desktop.io.openraster import load_openraster, save_openraster
from desktop.ui.panels.layer_rows import ROW_PX, Kind, LayerFilter, place_at, rows_of
from tests.builders import document_with, noise, raster_layer

X, GROUP, A, B, C = 1, 2, 3, 4, 5


@pytest.fixture
def document() -> Document:
    group = GroupLayer(
        id=GROUP, name="G", children=(raster_layer(A, noise(8, 8)).changed(name="A"), raster_layer(B, noise(8, 8)))
    )
    return document_with(raster_layer(X, noise(8, 8)), group, raster_layer(C, noise(8, 8)))


@pytest.mark.parametrize(
    ("row", "share", "depth", "parent", "index"),
    [
        (0, 0.1, 0, None, 3),  # above C: the very front
        (0, 0.9, 0, None, 2),  # below C: above the group
        (1, 0.5, 0, GROUP, 2),  # on the group: its top
        (1, 0.9, 0, GROUP, 2),  # between the open group and its first layer
        (2, 0.9, 1, GROUP, 1),  # below B
        (3, 0.9, 1, GROUP, 0),  # below A, far in: stays in the group
        (3, 0.9, 0, None, 1),  # below A, far out: leaves it
        (4, 0.9, 0, None, 0),
        (9, 0.0, 0, None, 0),  # under the last row
    ],
)
def test_a_drop_lands(document: Document, row: int, share: float, depth: int, parent: int | None, index: int) -> None:
    place = place_at(document, rows_of(document, ()), round((row + share) * ROW_PX), depth)
    assert (place.parent_id, place.index) == (parent, index)


def test_below_a_closed_group_is_beside_it(document: Document) -> None:
    place = place_at(document, rows_of(document, {GROUP}), round(1.9 * ROW_PX), 0)
    assert (place.parent_id, place.index) == (None, 1)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (LayerFilter(text="a"), [C, GROUP, A, B, X]),  # "Layer 4" has one as well
        (LayerFilter(text="layer"), [C, GROUP, B, X]),
        (LayerFilter(kind=Kind.GROUP), [GROUP]),
        (LayerFilter(kind=Kind.LOCKED), [GROUP, B]),
        (LayerFilter(kind=Kind.MASKED, tag=ColorTag.RED), [C]),
        (LayerFilter(kind=Kind.HIDDEN), []),
    ],
)
def test_the_filter_keeps_groups_around_what_it_finds(
    document: Document, wanted: LayerFilter, found: list[int]
) -> None:
    marked = document.layer(C).changed(color_tag=ColorTag.RED, mask=Mask())
    document = document.with_layer_replaced(marked)
    document = document.with_layer_replaced(document.layer(B).changed(locks=Locks(alpha=True), mask=Mask()))
    expected = sorted(found, key=[C, GROUP, B, A, X].index)
    assert [row.layer.id for row in rows_of(document, {GROUP}, wanted)] == expected


def test_colour_tags_are_saved_with_the_project(tmp_path: Path) -> None:
    layers = [raster_layer(i, noise(8, 8), color_tag=tag) for i, tag in enumerate(ColorTag, 1)]
    document = document_with(*layers, width=8, height=8)
    save_openraster(document, tmp_path / "a.ora")
    back = load_openraster(tmp_path / "a.ora")
    assert [layer.color_tag for layer in back.layers] == list(ColorTag)
    assert np.array_equal(back.raster_layer(2).tiles.read(back.size.rect()), layers[1].tiles.read(back.size.rect()))
