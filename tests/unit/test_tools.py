"""Gestures and AI plans, without any window."""

from __future__ import annotations

import tomllib
from typing import Any

import msgspec
import numpy as np
import pytest

from desktop.core.brush import BrushMode, BrushSettings
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect
from desktop.core.layers import GroupLayer, Locks, Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.runtime.manifest import Manifest
from desktop.runtime.runner import Result
from desktop.tools.ai_tool import (
    Choices,
    InputChoice,
    RegionChoice,
    feathered,
    has_changed_since,
    land,
    prepare,
    preview_of,
)
from desktop.tools.gestures import GestureRunner, Modifiers, PointerEvent
from desktop.tools.moving import move_layer, nudge_layer
from desktop.tools.painting import mask_settings, paint_stroke, picked_color
from desktop.tools.region import PaintedRegion
from tests.builders import document_with, noise, raster_layer

CANVAS = Rect(0, 0, 320, 280)
RED = BrushSettings(diameter_px=40, hardness=1, color=(1, 0, 0))
MANIFEST = """
format = 1
id = "soften"
title = "Soften"
task = "restore"
version = "1"
licence = "Apache-2.0"
files = { main = "model.onnx" }
sha256 = { main = "0000000000000000000000000000000000000000000000000000000000000000" }
inputs = [{ name = "image", role = "image" }, { name = "s", role = "scalar", param = "strength", range = [0.0, 1.0] }]
outputs = [{ name = "result", role = "image" }]
tile = { tile = 256, stride = 8, receptive_field = 24 }
params = [{ id = "strength", label = "Strength", type = "float", min = 0.0, max = 100.0, default = 50.0 }]
"""


@pytest.fixture
def document() -> OpenDocument:
    pixels = noise(320, 280)
    pixels[..., 3] = 255
    return OpenDocument(document_with(raster_layer(1, pixels), width=320, height=280))


@pytest.fixture
def manifest() -> Manifest:
    return msgspec.convert(tomllib.loads(MANIFEST), Manifest)


def press(x: float, y: float) -> PointerEvent:
    return PointerEvent(Point(x, y))


def release(x: float, y: float) -> PointerEvent:
    return PointerEvent(Point(x, y), pressed=False)


def drag(gesture: Any, *events: PointerEvent) -> None:
    runner = GestureRunner()
    runner.begin(gesture)
    for event in events:
        runner.feed(event)
    assert not runner.is_active


def pixel(document: OpenDocument, x: int, y: int) -> list[int]:
    return document.document.raster_layer(1).tiles.read(Rect(x, y, 1, 1))[0, 0].tolist()


def test_a_stroke_from_press_to_release_is_one_entry(document: OpenDocument) -> None:
    drag(paint_stroke(document, 1, "pixels", RED, press(50, 50)), press(150, 60), release(150, 60))
    assert [entry.name for entry in document.history.entries] == ["Open", "Brush stroke"]
    assert pixel(document, 100, 55) == [255, 0, 0, 255]


def test_escape_leaves_no_trace(document: OpenDocument) -> None:
    before = document.document
    runner = GestureRunner()
    runner.begin(paint_stroke(document, 1, "pixels", RED, press(50, 50)))
    runner.feed(press(150, 60))
    runner.cancel()
    assert document.document is before
    assert not document.is_editing


def test_eraser_is_named_for_people(document: OpenDocument) -> None:
    eraser = BrushSettings(diameter_px=40, hardness=1, mode=BrushMode.ERASE)
    drag(paint_stroke(document, 1, "pixels", eraser, press(50, 50)), release(50, 50))
    assert document.history.entries[-1].name == "Erase"
    assert pixel(document, 50, 50)[3] == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"locks": Locks(pixels=True)}, "pixels of “Layer 1” are locked"),
        ({"visible": False}, "“Layer 1” is hidden"),
    ],
)
def test_layers_that_cannot_be_painted_on_say_why(
    document: OpenDocument, change: dict[str, object], sentence: str
) -> None:
    with document.edit("Change") as edit:
        edit.replace_layer(document.document.layer(1).changed(**change))
    with pytest.raises(UserError, match=sentence):
        GestureRunner().begin(paint_stroke(document, 1, "pixels", RED, press(50, 50)))
    assert not document.is_editing


def test_mask_brush_hides_and_reveals(document: OpenDocument) -> None:
    with document.edit("Add mask") as edit:
        edit.replace_layer(document.document.layer(1).changed(mask=Mask()))
    drag(paint_stroke(document, 1, "mask", mask_settings(RED, reveals=False), press(50, 50)), release(50, 50))
    mask = document.document.layer(1).mask
    assert mask is not None
    assert mask.tiles.read(Rect(50, 50, 1, 1))[0, 0, 0] == 0
    drag(paint_stroke(document, 1, "mask", mask_settings(RED, reveals=True), press(50, 50)), release(50, 50))
    mask = document.document.layer(1).mask
    assert mask is not None
    assert mask.tiles.read(Rect(50, 50, 1, 1))[0, 0, 0] == 255


def test_picker_reads_the_visible_color(document: OpenDocument) -> None:
    drag(paint_stroke(document, 1, "pixels", RED, press(50, 50)), release(50, 50))
    assert picked_color(document, Point(50.5, 50.5)) == (1.0, 0.0, 0.0)
    assert picked_color(document, Point(-1, 50)) is None


def test_moving_a_layer_moves_pixels_and_linked_mask(document: OpenDocument) -> None:
    before = document.document.raster_layer(1).tiles.read(CANVAS)
    with document.edit("Add mask") as edit:
        mask = Mask(TileMap.from_array(np.zeros((10, 10), np.uint8), default=255))
        edit.replace_layer(document.document.layer(1).changed(mask=mask))
    drag(move_layer(document, 1, press(10, 10)), press(20, 15), press(43, 29), release(43, 29))
    layer = document.document.raster_layer(1)
    assert np.array_equal(layer.tiles.read(CANVAS.translated(33, 19)), before)
    assert layer.mask is not None
    assert layer.mask.tiles.content_bounds() == Rect(33, 19, 10, 10)
    assert document.history.entries[-1].name == "Move layer"


def test_shift_keeps_a_move_to_one_axis(document: OpenDocument) -> None:
    moved = PointerEvent(Point(60, 15), modifiers=Modifiers.SHIFT)
    drag(move_layer(document, 1, press(10, 10)), moved, release(60, 15))
    assert document.document.raster_layer(1).tiles.content_bounds() == Rect(50, 0, 320, 280)


def test_a_group_moves_with_its_children() -> None:
    group = GroupLayer(id=2, name="Group", children=(raster_layer(1, noise(20, 20)),))
    document = OpenDocument(document_with(group))
    nudge_layer(document, 2, 3, 4)
    nudge_layer(document, 2, 1, 0)
    assert document.document.raster_layer(1).tiles.content_bounds() == Rect(4, 4, 20, 20)
    assert len(document.history.entries) == 2, "nudges of one layer are one entry"


def test_region_strokes_add_and_erase_softly() -> None:
    region = PaintedRegion()
    soft = BrushSettings(diameter_px=60, hardness=0.2)
    drag(region.paint(soft, press(100, 100)), press(160, 100), release(160, 100))
    levels = region.tiles.read(Rect(60, 60, 150, 80))
    assert levels.max() == 255
    assert ((levels > 10) & (levels < 245)).any()
    drag(region.paint(soft, press(100, 100), erases=True), release(100, 100))
    assert region.tiles.read(Rect(100, 100, 1, 1))[0, 0, 0] == 0
    assert region.tiles.read(Rect(150, 100, 1, 1))[0, 0, 0] > 200
    region.clear()
    assert region.is_empty


def test_a_region_stroke_given_up_brings_the_old_region_back() -> None:
    region = PaintedRegion()
    drag(region.paint(RED, press(100, 100)), release(100, 100))
    before = region.tiles
    runner = GestureRunner()
    runner.begin(region.paint(RED, press(200, 200)))
    runner.cancel()
    assert region.tiles is before


def painted(x: int, y: int) -> TileMap:
    region = PaintedRegion()
    drag(region.paint(RED, press(x, y)), release(x, y))
    return region.tiles


def fake_result(plan: Any, level: int = 7) -> Result:
    image = plan.request.inputs["image"].copy()
    image[..., :3] = level
    return Result(image, 0.1, "Fake", 1, 0, plan.request.model_sha256)


def test_request_holds_the_region_and_what_the_network_sees_around_it(
    document: OpenDocument, manifest: Manifest
) -> None:
    choices = Choices(manifest, region=RegionChoice.PAINTED, parameters={"strength": 40.0})
    plan = prepare(document.document, 1, painted(100, 100), choices)
    assert plan.rect == painted(100, 100).content_bounds().expanded(24)
    assert plan.request.inputs["image"].shape == (plan.rect.height, plan.rect.width, 4)
    assert plan.request.parameters == {"strength": 40.0}


def test_landing_is_one_new_layer_that_shows_only_in_the_region(document: OpenDocument, manifest: Manifest) -> None:
    choices = Choices(manifest, region=RegionChoice.PAINTED, parameters={"strength": 40.0})
    plan = prepare(document.document, 1, painted(100, 100), choices)
    layer_id = land(document, plan, fake_result(plan))
    layer = document.document.layer(layer_id)
    assert document.history.entries[-1].name == "Soften, strength 40"
    assert picked_color(document, Point(100, 100)) == (7 / 255, 7 / 255, 7 / 255)
    outside = picked_color(document, Point(100, 130))
    assert outside == tuple(level / 255 for level in pixel(document, 100, 130)[:3])
    assert isinstance(layer, RasterLayer)
    assert layer.recipe is not None
    assert layer.recipe.model_id == "soften"
    assert layer.recipe.parameters == (("strength", 40.0),)
    document.undo()
    assert not document.document.has_layer(layer_id)


def test_result_lands_above_its_layer_inside_its_group(manifest: Manifest) -> None:
    inner = (raster_layer(1, noise(64, 48)), raster_layer(2, noise(64, 48)))
    document = OpenDocument(document_with(GroupLayer(id=3, name="Group", children=inner)))
    plan = prepare(document.document, 1, TileMap(), Choices(manifest, input=InputChoice.ACTIVE_LAYER))
    layer_id = land(document, plan, fake_result(plan))
    group = document.document.layer(3)
    assert isinstance(group, GroupLayer)
    assert [child.id for child in group.children] == [1, layer_id, 2]


@pytest.mark.parametrize(
    ("region", "input_choice", "sentence"),
    [
        (RegionChoice.PAINTED, InputChoice.VISIBLE_PICTURE, "Paint over the part"),
        (RegionChoice.SELECTION, InputChoice.VISIBLE_PICTURE, "Nothing is selected"),
        (RegionChoice.ALL, InputChoice.ACTIVE_LAYER, "No layer is chosen"),
    ],
)
def test_what_is_missing_is_said(
    document: OpenDocument, manifest: Manifest, region: RegionChoice, input_choice: InputChoice, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        prepare(document.document, None, TileMap(1), Choices(manifest, input=input_choice, region=region))


def test_a_region_outside_the_canvas_is_refused(document: OpenDocument, manifest: Manifest) -> None:
    with pytest.raises(UserError, match="outside the canvas"):
        prepare(document.document, 1, painted(-200, -200), Choices(manifest, region=RegionChoice.PAINTED))


def test_a_change_under_a_running_job_is_noticed(document: OpenDocument, manifest: Manifest) -> None:
    choices = Choices(manifest, region=RegionChoice.PAINTED)
    plan = prepare(document.document, 1, painted(100, 100), choices)
    drag(paint_stroke(document, 1, "pixels", RED, press(280, 250)), release(280, 250))
    assert not has_changed_since(document.document, plan), "elsewhere does not count"
    drag(paint_stroke(document, 1, "pixels", RED, press(110, 100)), release(110, 100))
    assert has_changed_since(document.document, plan)


def test_preview_is_reduced_and_lands_in_full_size(document: OpenDocument, manifest: Manifest) -> None:
    plan = preview_of(prepare(document.document, 1, TileMap(1), Choices(manifest)), max_side_px=100)
    assert max(plan.request.inputs["image"].shape[:2]) == 100
    layer_id = land(document, plan, fake_result(plan))
    assert document.document.raster_layer(layer_id).tiles.content_bounds() == CANVAS


def test_feather_makes_the_rim_soft_and_keeps_the_middle() -> None:
    hard = TileMap.from_array(np.full((60, 60), 255, np.uint8), 100, 100)
    soft = feathered(hard, 5)
    assert soft.read(Rect(130, 130, 1, 1))[0, 0, 0] == 255
    assert 120 < soft.read(Rect(100, 130, 1, 1))[0, 0, 0] < 145
    assert soft.read(Rect(94, 130, 1, 1))[0, 0, 0] > 0


def test_sixteen_bits_stay_sixteen_bits(manifest: Manifest) -> None:
    document = OpenDocument(document_with(raster_layer(1, noise(64, 48, depth=16)), depth=16))
    plan = prepare(document.document, 1, TileMap(1), Choices(manifest, input=InputChoice.ACTIVE_LAYER))
    assert plan.request.inputs["image"].dtype == np.uint16
    layer_id = land(document, plan, fake_result(plan, level=1000))
    assert document.document.raster_layer(layer_id).tiles.read(Rect(5, 5, 1, 1))[0, 0, 0] == 1000
