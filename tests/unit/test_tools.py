"""Gestures and AI plans, without any window."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import numpy as np
import pytest

from desktop.core.brush import BrushMode, BrushSettings
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect
from desktop.core.layers import GroupLayer, Locks, Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.manifest import Manifest
from desktop.runtime.runner import Result
from desktop.tools.ai_preview import preview_of
from desktop.tools.ai_tool import (
    Plan,
    RunSettings,
    Source,
    Where,
    changed_meanwhile,
    feathered,
    land,
    landed,
    plan_run,
    run_name,
    supports,
)
from desktop.tools.gestures import Gesture, Modifier, PointerEvent, RunningGesture
from desktop.tools.moving import move, nudge
from desktop.tools.painting import Plane, paint, paint_mask
from desktop.tools.picking import color_at
from desktop.tools.region import Region
from tests.builders import document_with, noise, raster_layer
from tests.runtime_parts import APART, FILL, IMAGE, INPUTS, RESULT, one_part
from tests.runtime_runs import run_request

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
def model() -> Model:
    return Model(Path("soften"), msgspec.convert(tomllib.loads(MANIFEST), Manifest))


def press(x: float, y: float) -> PointerEvent:
    return PointerEvent(Point(x, y))


def release(x: float, y: float) -> PointerEvent:
    return PointerEvent(Point(x, y), pressed=False)


def drag(gesture: Gesture, *events: PointerEvent) -> None:
    running = RunningGesture(gesture)
    for event in events:
        running.send(event)
    while running.has_more:  # a busy machine gives it several frames
        running.send(events[-1])
    assert not running.is_running


def pixel(document: OpenDocument, x: int, y: int) -> list[int]:
    levels: list[int] = document.document.raster_layer(1).tiles.read(Rect(x, y, 1, 1))[0, 0].tolist()
    return levels


def mask_level(document: OpenDocument, x: int, y: int) -> int:
    mask = document.document.layer(1).mask
    assert mask is not None
    return int(mask.tiles.read(Rect(x, y, 1, 1))[0, 0, 0])


def test_a_stroke_from_press_to_release_is_one_entry(document: OpenDocument) -> None:
    drag(paint(document, 1, Plane.PIXELS, RED), press(50, 50), press(150, 60), release(150, 60))
    assert [entry.name for entry in document.history.entries] == ["Open", "Brush stroke"]
    assert pixel(document, 100, 55) == [255, 0, 0, 255]


def test_escape_leaves_no_trace(document: OpenDocument) -> None:
    before = document.document
    running = RunningGesture(paint(document, 1, Plane.PIXELS, RED))
    running.send(press(50, 50))
    running.send(press(150, 60))
    running.cancel()
    assert document.document is before
    assert not document.is_editing


def test_eraser_is_named_for_people(document: OpenDocument) -> None:
    eraser = BrushSettings(diameter_px=40, hardness=1, mode=BrushMode.ERASE)
    drag(paint(document, 1, Plane.PIXELS, eraser), press(50, 50), release(50, 50))
    assert document.history.entries[-1].name == "Erase"
    assert pixel(document, 50, 50)[3] == 0


@pytest.mark.parametrize("change", [{"locks": Locks(pixels=True)}, {"visible": False}])
def test_layers_that_cannot_be_painted_on_say_why(document: OpenDocument, change: dict[str, object]) -> None:
    with document.edit("Change") as edit:
        edit.replace_layer(document.document.layer(1).changed(**change))
    running = RunningGesture(paint(document, 1, Plane.PIXELS, RED))
    with pytest.raises(UserError, match="Layer 1"):
        running.send(press(50, 50))
    assert not document.is_editing


def test_mask_brush_adds_a_mask_hides_and_reveals(document: OpenDocument) -> None:
    drag(paint_mask(document, 1, RED, reveals=False), press(50, 50), release(50, 50))
    assert mask_level(document, 50, 50) == 0
    assert mask_level(document, 150, 50) == 255
    drag(paint_mask(document, 1, RED, reveals=True), press(50, 50), release(50, 50))
    assert mask_level(document, 50, 50) == 255
    document.jump_to(0)
    assert document.document.layer(1).mask is None


def test_picker_reads_the_visible_color(document: OpenDocument) -> None:
    drag(paint(document, 1, Plane.PIXELS, RED), press(50, 50), release(50, 50))
    assert color_at(document.document, Point(50.5, 50.5)) == (255, 0, 0, 255)
    assert color_at(document.document, Point(-1, 50)) is None


def test_moving_a_layer_moves_pixels_and_linked_mask(document: OpenDocument) -> None:
    before = document.document.raster_layer(1).tiles.read(CANVAS)
    with document.edit("Add mask") as edit:
        mask = Mask(TileMap.from_array(np.zeros((10, 10), np.uint8), default=255))
        edit.replace_layer(document.document.layer(1).changed(mask=mask))
    drag(move(document, [1]), press(10, 10), press(20, 15), press(43, 29), release(43, 29))
    layer = document.document.raster_layer(1)
    assert np.array_equal(layer.tiles.read(CANVAS.translated(33, 19)), before)
    assert layer.mask is not None
    assert layer.mask.tiles.content_bounds() == Rect(33, 19, 10, 10)
    assert document.history.entries[-1].name == "Move layer"


def test_shift_keeps_a_move_to_one_axis(document: OpenDocument) -> None:
    moved = PointerEvent(Point(60, 15), modifiers=Modifier.SHIFT)
    drag(move(document, [1]), press(10, 10), moved, release(60, 15))
    assert document.document.raster_layer(1).tiles.content_bounds() == Rect(50, 0, 320, 280)


def test_a_group_moves_with_its_children() -> None:
    group = GroupLayer(id=2, name="Group", children=(raster_layer(1, noise(20, 20)),))
    document = OpenDocument(document_with(group))
    nudge(document, [2], 3, 4)
    nudge(document, [2], 1, 0)
    assert document.document.raster_layer(1).tiles.content_bounds() == Rect(4, 4, 20, 20)
    assert len(document.history.entries) == 2, "nudges of one layer are one entry"


def test_region_strokes_add_and_erase_softly() -> None:
    region = Region()
    soft = BrushSettings(diameter_px=60, hardness=0.2)
    drag(region.stroke(soft, erases=False), press(100, 100), press(160, 100), release(160, 100))
    levels = region.tiles.read(Rect(60, 60, 150, 80))
    assert levels.max() == 255
    assert ((levels > 10) & (levels < 245)).any()
    drag(region.stroke(soft, erases=True), press(100, 100), release(100, 100))
    assert region.tiles.read(Rect(100, 100, 1, 1))[0, 0, 0] == 0
    assert region.tiles.read(Rect(150, 100, 1, 1))[0, 0, 0] > 200
    region.clear()
    assert region.is_empty


def test_a_region_stroke_given_up_brings_the_old_region_back() -> None:
    region = Region()
    drag(region.stroke(RED, erases=False), press(100, 100), release(100, 100))
    before = region.tiles
    running = RunningGesture(region.stroke(RED, erases=False))
    running.send(press(200, 200))
    running.cancel()
    assert region.tiles is before


def painted(x: int, y: int) -> TileMap:
    region = Region()
    drag(region.stroke(RED, erases=False), press(x, y), release(x, y))
    return region.tiles


def landed_on(document: OpenDocument, plan: Plan, level: int = 7) -> int:
    """Lands a picture of one grey level."""
    image = np.array(plan.request.inputs["image"])
    image[..., :3] = level
    result = Result(image, 0.1, "Fake", 1, 0, plan.request.model_sha256)
    return land(document, landed(plan, result, document.document, "Soften"), plan, run_name(plan))


def test_request_holds_the_region_and_what_the_network_sees_around_it(document: OpenDocument, model: Model) -> None:
    settings = RunSettings(model, {"strength": 40.0}, feather_px=0)
    plan = plan_run(document.document, 1, painted(100, 100), settings)
    region = painted(100, 100).content_bounds()
    assert plan.crop.contains(region.expanded(24))
    assert (plan.crop.x % 8, plan.crop.y % 8) == (0, 0), "on the grid of the network's strides"
    assert plan.request.inputs["image"].shape == (plan.crop.height, plan.crop.width, 4)
    assert plan.request.parameters == {"strength": 40.0}


def test_a_model_that_fills_holes_is_told_the_region_and_sees_what_lies_around_it(
    document: OpenDocument, tmp_path: Path
) -> None:
    tables = IMAGE + APART + RESULT
    folder = one_part(tmp_path / "fill", "inpaint", FILL, tables, inputs=INPUTS, constants={"one": np.float32([1])})
    model = Catalog((tmp_path,)).get("fill")
    assert supports(model.manifest)
    plan = plan_run(document.document, 1, painted(100, 100), RunSettings(model, feather_px=6))
    region = painted(100, 100).content_bounds()
    assert plan.crop.contains(region.expanded(100).intersect(CANVAS))
    hole = plan.request.inputs["mask"]
    assert hole.shape == plan.request.inputs["image"].shape[:2]
    assert hole[100 - plan.crop.y, 100 - plan.crop.x] == 255
    assert hole[0, -1] == 0
    results, done, _ = run_request(folder, plan.request.inputs)
    result = Result(results["image"], 0.1, done.provider, done.tiles, 0, model.sha256)
    before = color_at(document.document, Point(200, 200))
    land(document, landed(plan, result, document.document, "Fill"), plan, run_name(plan))
    assert color_at(document.document, Point(100, 100)) == (255, 255, 255, 255)
    assert color_at(document.document, Point(200, 200)) == before


def test_landing_is_one_new_layer_that_shows_only_in_the_region(document: OpenDocument, model: Model) -> None:
    before = pixel(document, 100, 150)
    settings = RunSettings(model, {"strength": 40.0}, feather_px=0)
    plan = plan_run(document.document, 1, painted(100, 100), settings)
    layer_id = landed_on(document, plan)
    assert document.history.entries[-1].name == "Soften, strength 40"
    assert color_at(document.document, Point(100, 100)) == (7, 7, 7, 255)
    assert list(color_at(document.document, Point(100, 150)) or ()) == before
    layer = document.document.layer(layer_id)
    assert isinstance(layer, RasterLayer)
    assert layer.recipe is not None
    assert layer.recipe.parameters == (("strength", 40.0),)
    document.undo()
    assert not document.document.has_layer(layer_id)


def test_result_lands_above_its_layer_inside_its_group(model: Model) -> None:
    inner = (raster_layer(1, noise(64, 48)), raster_layer(2, noise(64, 48)))
    document = OpenDocument(document_with(GroupLayer(id=3, name="Group", children=inner)))
    layer_id = landed_on(document, plan_run(document.document, 1, TileMap(1), RunSettings(model, where=Where.ALL)))
    group = document.document.layer(3)
    assert isinstance(group, GroupLayer)
    assert [child.id for child in group.children] == [1, layer_id, 2]


@pytest.mark.parametrize(
    ("where", "source", "key"),
    [
        (Where.PAINTED, Source.VISIBLE, "ai.no_region"),
        (Where.SELECTION, Source.VISIBLE, "ai.no_selection"),
        (Where.ALL, Source.LAYER, "tool.no_layer"),
    ],
)
def test_what_is_missing_is_said(document: OpenDocument, model: Model, where: Where, source: Source, key: str) -> None:
    with pytest.raises(UserError) as caught:
        plan_run(document.document, None, TileMap(1), RunSettings(model, source=source, where=where))
    assert caught.value.key == key


def test_a_region_outside_the_canvas_is_refused(document: OpenDocument, model: Model) -> None:
    with pytest.raises(UserError, match="outside the picture"):
        plan_run(document.document, 1, painted(-200, -200), RunSettings(model))


def test_a_change_under_a_running_job_is_noticed() -> None:
    pixels = noise(1000, 280)
    document = OpenDocument(document_with(raster_layer(1, pixels), width=1000, height=280))
    settings = RunSettings(
        Model(Path("soften"), msgspec.convert(tomllib.loads(MANIFEST), Manifest)), where=Where.PAINTED
    )
    plan = plan_run(document.document, 1, painted(100, 100), settings)
    drag(paint(document, 1, Plane.PIXELS, RED), press(900, 200), release(900, 200))
    assert not changed_meanwhile(plan, document.document), "elsewhere does not count"
    drag(paint(document, 1, Plane.PIXELS, RED), press(110, 100), release(110, 100))
    assert changed_meanwhile(plan, document.document)


def test_preview_is_reduced_and_lands_in_full_size(model: Model) -> None:
    document = OpenDocument(document_with(raster_layer(1, noise(1200, 900)), width=1200, height=900))
    plan = preview_of(plan_run(document.document, 1, TileMap(1), RunSettings(model, where=Where.ALL)))
    assert plan.request.inputs["image"].shape[0] < 900
    layer_id = landed_on(document, plan)
    assert document.document.raster_layer(layer_id).tiles.content_bounds() == Rect(0, 0, 1200, 900)


def test_feather_makes_the_rim_soft_and_keeps_the_middle() -> None:
    hard = np.zeros((100, 100), np.uint8)
    hard[20:80, 20:80] = 255
    soft = feathered(hard, 10)
    assert soft[50, 50] == 255
    assert 120 < soft[50, 20] < 150
    assert soft[50, 14] > 0
    assert soft[50, 0] == 0


def test_sixteen_bits_stay_sixteen_bits(model: Model) -> None:
    document = OpenDocument(document_with(raster_layer(1, noise(64, 48, depth=16)), depth=16))
    plan = plan_run(document.document, 1, TileMap(1), RunSettings(model, where=Where.ALL))
    assert plan.request.inputs["image"].dtype == np.uint16
    layer_id = landed_on(document, plan, level=1000)
    assert document.document.raster_layer(layer_id).tiles.read(Rect(5, 5, 1, 1))[0, 0, 0] == 1000


def test_a_layer_of_many_tiles_is_moved_over_several_frames(document: OpenDocument) -> None:
    with document.edit("Enlarge") as edit:
        edit.pixels(1).fill(Rect(0, 0, 3000, 2000), (10, 200, 30, 255))
    running = RunningGesture(move(document, [1]))
    for event in (press(10, 10), press(20, 15), release(20, 15)):
        running.send(event)
    assert running.has_more
    assert document.is_editing
    while running.is_running:
        running.send(release(20, 15))
    tiles = document.document.raster_layer(1).tiles
    assert tiles.content_bounds() == Rect(10, 5, 3000, 2000)
    assert all(isinstance(tile, np.ndarray) for tile in tiles.stored().values())


def test_a_move_of_many_tiles_can_be_broken_off_at_its_end(document: OpenDocument) -> None:
    with document.edit("Enlarge") as edit:
        edit.pixels(1).fill(Rect(0, 0, 3000, 2000), (10, 200, 30, 255))
    before = document.document
    running = RunningGesture(move(document, [1]))
    for event in (press(10, 10), press(20, 15), release(20, 15)):
        running.send(event)
    running.cancel()
    assert document.document is before
