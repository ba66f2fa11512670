"""Layers dragged from one document to another, and the same by the menu."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop.core.geometry import Rect
from desktop.core.layers import AiRecipe, GroupLayer, Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.tools.layer_transfer import branches_for
from tests.builders import document_with, noise, raster_layer
from tests.gui.conftest import Studio

RED = (200, 30, 30, 255)


def patch(layer_id: int = 1, name: str = "Patch") -> RasterLayer:
    """A red square at (20, 10) under a mask that hides its left half."""
    pixels = np.zeros((100, 100, 4), np.uint8)
    pixels[10:50, 20:60] = RED
    mask = np.full((100, 100), 255, np.uint8)
    mask[:, :40] = 0
    made = raster_layer(layer_id, pixels).changed(name=name)
    return made.changed(mask=Mask(TileMap.from_array(mask, default=255), linked=False))


@pytest.fixture
def pair(studio: Studio) -> Studio:
    """A document of 300 × 200 in 16 bits behind one of 100 × 100 with a patch."""
    studio.show(document_with(raster_layer(7, noise(300, 200, seed=1, depth=16)), width=300, height=200, depth=16))
    studio.show(document_with(patch(), width=100, height=100))
    return studio


def arrived(studio: Studio, count: int) -> Any:
    studio.wait_for(lambda: studio.document.size.width == 300 and len(studio.document.layers) == count)
    return studio.document.layers[-1]


def drag_out(studio: Studio, place: QPoint, *, releases: bool = True) -> None:
    """From the row of the patch to a point of the screen."""
    rows = studio.window.panels.layers.list.rows
    start = rows.row_rect(1).center()
    QTest.mousePress(rows, Qt.MouseButton.LeftButton, pos=start)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(rows, start + (rows.mapFromGlobal(place) - start) * share)
    if releases:
        QTest.mouseRelease(rows, Qt.MouseButton.LeftButton, pos=rows.mapFromGlobal(place))


def tab_of(studio: Studio, number: int) -> QPoint:
    tabs = studio.window.tabs
    return tabs.mapToGlobal(tabs.tabRect(number).center())


def test_a_layer_dragged_onto_a_tab_lands_in_that_document(pair: Studio) -> None:
    source = pair.document
    drag_out(pair, tab_of(pair, 0))
    layer = arrived(pair, 2)
    assert pair.names[-1] == "Layers from another picture"
    assert layer.name == "Patch"
    assert layer.tiles.dtype == np.uint16
    assert layer.tiles.content_bounds() == Rect(120, 60, 40, 40), "the middles of both canvases are one place"
    assert pair.seen(150, 80) == tuple(level * 257 for level in RED)
    assert pair.seen(130, 80) != tuple(level * 257 for level in RED), "the mask came along"
    assert pair.window.state.layer_id == layer.id
    pair.window.perform("edit.undo")
    assert len(pair.document.layers) == 1
    assert pair.window.state.documents[1].open_document.document is source, "the other one is as it was"


def test_the_tab_under_a_drag_is_marked_and_a_drag_elsewhere_does_nothing(pair: Studio) -> None:
    tabs = pair.window.tabs
    drag_out(pair, tab_of(pair, 0), releases=False)
    assert tabs.tabTextColor(0).isValid()
    rows = pair.window.panels.layers.list.rows
    canvas = pair.window.canvas
    away = rows.mapFromGlobal(canvas.mapToGlobal(canvas.rect().center()))
    QTest.mouseMove(rows, away)
    assert not tabs.tabTextColor(0).isValid()
    QTest.mouseRelease(rows, Qt.MouseButton.LeftButton, pos=away)
    drag_out(pair, tab_of(pair, 1))
    assert [len(session.open_document.document.layers) for session in pair.window.state.documents] == [1, 1]


def test_the_menu_lists_the_other_documents(pair: Studio) -> None:
    menu = pair.window.editing.transfers.menu()
    assert len(menu.actions()) == 1
    menu.actions()[0].trigger()
    menu.close()
    assert arrived(pair, 2).name == "Patch"


def test_groups_go_as_they_are_and_recipes_forget_layers_they_do_not_bring() -> None:
    recipe = AiRecipe("model", "0" * 64, inputs=(("image", 3),))
    group = GroupLayer(id=5, name="Group", children=(patch(2).changed(recipe=recipe), patch(3, "Other")))
    source = document_with(group, patch(9), width=100, height=100)
    (branch,) = branches_for(source, [5, 2], document_with(width=120, height=100))
    assert isinstance(branch, GroupLayer)
    inner = branch.children[0]
    assert isinstance(inner, RasterLayer)
    assert inner.tiles.content_bounds() == Rect(30, 10, 40, 40)
    assert inner.recipe is not None
    assert inner.recipe.inputs == ()
    assert inner.mask is not None
    assert inner.mask.tiles.read(Rect(49, 20, 2, 1))[..., 0].tolist() == [[0, 255]]
