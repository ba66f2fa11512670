"""Locks of pixels, alpha and position hold on every path that paints, fills, merges or moves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from desktop.core.brush import BrushMode, BrushSettings
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect
from desktop.core.gradients import GradientPreset, preset_gradient
from desktop.core.layers import GroupLayer, Locks, Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.tools import filling, layer_edits, layer_sets, moving, painting
from desktop.tools.gestures import Gesture, PointerEvent, RunningGesture
from desktop.tools.painting import Plane
from desktop.tools.transforming import subject_of
from tests.builders import document_with, raster_layer

FREE = Locks()
GROUP, INNER = 3, 2
RED = (1.0, 0.0, 0.0)


def opened(layer_locks: Locks = FREE, group_locks: Locks = FREE) -> OpenDocument:
    """Layer 1 below a group (3) with layer 2, whose left half is transparent."""
    pixels = np.full((48, 64, 4), 100, np.uint8)
    pixels[..., 3] = 255
    half = pixels.copy()
    half[:, :32, 3] = 0
    inner = raster_layer(INNER, half, locks=layer_locks, mask=Mask())
    group = GroupLayer(id=GROUP, name="Group", children=(inner,), locks=group_locks)
    return OpenDocument(document_with(raster_layer(1, pixels, locks=layer_locks), group))


def perform(gesture: Gesture) -> None:
    running = RunningGesture(gesture)
    events = [
        PointerEvent(Point(10, 20)),
        PointerEvent(Point(50, 20)),
        PointerEvent(Point(50, 20), pressed=False),
    ]
    for event in events:
        running.send(event)
    while running.has_more:
        running.send(events[-1])


def brush(document: OpenDocument, mode: BrushMode) -> Gesture:
    return painting.paint(document, INNER, Plane.PIXELS, BrushSettings(color=RED, mode=mode))


def gradient(document: OpenDocument) -> Gesture:
    colors = preset_gradient(GradientPreset.TO_TRANSPARENT, RED, RED)
    return filling.drag_gradient(document, INNER, Plane.PIXELS, filling.GradientSettings(colors))


PAINTING: dict[str, Callable[[OpenDocument], None]] = {
    "brush": lambda document: perform(brush(document, BrushMode.PAINT)),
    "eraser": lambda document: perform(brush(document, BrushMode.ERASE)),
    "bucket": lambda document: perform(
        filling.pour(document, INNER, Plane.PIXELS, filling.BucketSettings(RED, tolerance=1.0))
    ),
    "gradient": lambda document: perform(gradient(document)),
    "fill": lambda document: filling.fill_selection(document, INNER, Plane.PIXELS, RED),
    "clear": lambda document: filling.clear_selection(document, INNER, Plane.PIXELS),
}
ERASING = ("eraser", "clear")
MOVING: dict[str, Callable[[OpenDocument], None]] = {
    "drag": lambda document: perform(moving.move(document, [INNER])),
    "drag group": lambda document: perform(moving.move(document, [GROUP])),
    "nudge": lambda document: moving.nudge(document, [INNER], 3, 0),
    "nudge group": lambda document: moving.nudge(document, [GROUP], 3, 0),
}


def inner_pixels(document: OpenDocument) -> np.ndarray:  # type: ignore[type-arg]
    layer = document.document.layer(INNER)
    assert isinstance(layer, RasterLayer)
    return layer.tiles.read(document.document.size.rect())


@pytest.mark.parametrize("way", PAINTING)
def test_without_locks_every_way_of_painting_changes_pixels(way: str) -> None:
    document = opened()
    before = inner_pixels(document)
    PAINTING[way](document)
    assert not np.array_equal(inner_pixels(document), before)


@pytest.mark.parametrize("is_on_group", [False, True], ids=["layer", "group"])
@pytest.mark.parametrize("way", PAINTING)
def test_locked_pixels_refuse_every_way_of_painting(way: str, is_on_group: bool) -> None:
    locks = Locks(pixels=True)
    document = opened(group_locks=locks) if is_on_group else opened(layer_locks=locks)
    before = document.document
    with pytest.raises(UserError, match="is locked"):
        PAINTING[way](document)
    assert document.document is before


@pytest.mark.parametrize("is_on_group", [False, True], ids=["layer", "group"])
@pytest.mark.parametrize("way", [way for way in PAINTING if way not in ERASING])
def test_locked_alpha_stays_whatever_is_painted(way: str, is_on_group: bool) -> None:
    locks = Locks(alpha=True)
    document = opened(group_locks=locks) if is_on_group else opened(layer_locks=locks)
    before = inner_pixels(document)
    PAINTING[way](document)
    assert np.array_equal(inner_pixels(document)[..., 3], before[..., 3])


@pytest.mark.parametrize("is_on_group", [False, True], ids=["layer", "group"])
@pytest.mark.parametrize("way", ERASING)
def test_erasing_under_an_alpha_lock_says_why_nothing_goes(way: str, is_on_group: bool) -> None:
    locks = Locks(alpha=True)
    document = opened(group_locks=locks) if is_on_group else opened(layer_locks=locks)
    before = document.document
    with pytest.raises(UserError, match=r"transparency of .* is locked"):
        PAINTING[way](document)
    assert document.document is before


def test_nothing_is_cut_out_under_an_alpha_lock() -> None:
    document = opened(layer_locks=Locks(alpha=True))
    with document.edit("Select") as edit:
        edit.set_selection(TileMap.filled(Rect(40, 0, 20, 40), (255,)))
    before = document.document
    with pytest.raises(UserError, match=r"transparency of .* is locked"):
        subject_of(before, [INNER])
    with pytest.raises(UserError, match=r"transparency of .* is locked"):
        layer_sets.layer_via_copy(document, INNER, "Cut", cut=True)
    assert document.document is before
    layer_sets.layer_via_copy(document, INNER, "Copied", cut=False)
    assert len(list(document.document.iter_layers())) == 4


@pytest.mark.parametrize("way", MOVING)
@pytest.mark.parametrize("is_on_group", [False, True], ids=["layer", "group"])
def test_a_locked_position_holds_the_layer_and_the_group_around_it(way: str, is_on_group: bool) -> None:
    free = opened()
    MOVING[way](free)
    assert len(free.history.entries) == 2
    locks = Locks(position=True)
    document = opened(group_locks=locks) if is_on_group else opened(layer_locks=locks)
    before = document.document
    with pytest.raises(UserError, match="is locked"):
        MOVING[way](document)
    assert document.document is before


def test_nothing_is_merged_into_locked_pixels() -> None:
    document = opened(layer_locks=Locks(pixels=True))
    with pytest.raises(UserError, match="is locked"):
        layer_edits.merge_down(document, GROUP)


def test_a_mask_can_be_filled_under_an_alpha_lock() -> None:
    document = opened(layer_locks=Locks(alpha=True))
    filling.fill_selection(document, INNER, Plane.MASK, (0.0, 0.0, 0.0))
    mask = document.document.layer(INNER).mask
    assert mask is not None
    assert not mask.tiles.read(document.document.size.rect()).any()
