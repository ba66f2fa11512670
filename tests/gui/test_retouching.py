"""Clone, heal, smudge, blur and sharpen, dodge, burn, sponge and remove on the real canvas with a simulated pointer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.geometry import Rect, Size
from desktop.core.layers import Locks
from desktop.core.remove import RemoveMethod
from desktop.core.retouch import Focus, Tone, Tones
from desktop.core.tiles import TileMap
from desktop.tools.filling import Sample
from desktop.ui.retouch_options import Healing, RetouchOptions
from desktop.ui.state import RETOUCH_TOOLS, Tool
from tests.builders import noise
from tests.gui.conftest import Studio

ALT = Qt.KeyboardModifier.AltModifier
WIDTH, HEIGHT = 300, 200


def halves() -> Any:
    """Grey noise, dark on the left and light on the right, with a red spot on the left."""
    pixels = noise(WIDTH, HEIGHT, seed=1) // 16
    pixels[:, 150:, :3] += 180
    pixels[..., 3] = 255
    pixels[90:110, 40:60, :3] = (250, 0, 0)
    return pixels


def show(studio: Studio, pixels: Any, depth: int = 8) -> None:
    document = Document(Size(WIDTH, HEIGHT), depth=depth)  # type: ignore[arg-type]
    studio.show(document.with_layer_inserted(new_layer_from_pixels(document, pixels, "Photo")))


def pixels_of(studio: Studio) -> Any:
    return studio.document.raster_layer(1).tiles.read(Rect(0, 0, WIDTH, HEIGHT))


def choose(studio: Studio, tool: Tool, size: float = 20.0, **options: object) -> None:
    studio.window.perform(f"tool.{tool.value}")
    studio.window.state.change_brush(size_px=size, hardness=100.0, opacity=100.0)
    if options:
        retouch: RetouchOptions = studio.window.state.options.retouch
        changed = replace(getattr(retouch, tool.value), **options)
        studio.window.state.change_options(retouch=replace(retouch, **{tool.value: changed}))


def settle_gesture(studio: Studio) -> None:
    studio.wait_for(lambda: not studio.window.canvas.pointer.is_busy)


@pytest.mark.parametrize("depth", [8, 16])
def test_clone_copies_pixels_from_the_source(studio: Studio, depth: int) -> None:
    before = halves() if depth == 8 else halves().astype(np.uint16) * 257
    show(studio, before, depth)
    choose(studio, Tool.CLONE)
    studio.drag((250, 50), modifier=ALT)
    studio.drag((80, 50), (80, 120))
    after = pixels_of(studio)
    assert np.array_equal(after[60:110, 76:84], before[60:110, 246:254])
    untouched = np.ones((HEIGHT, WIDTH), bool)
    untouched[38:133, 68:92] = False
    assert np.array_equal(after[untouched], before[untouched])
    assert studio.names[1:] == ["Clone"]
    studio.window.perform("edit.undo")
    assert np.array_equal(pixels_of(studio), before)


def test_aligned_strokes_keep_the_distance_and_others_begin_again(studio: Studio) -> None:
    before = halves()
    show(studio, before)
    for aligned, source_x in ((True, 230), (False, 200)):
        choose(studio, Tool.CLONE, aligned=aligned)
        studio.drag((200, 50), modifier=ALT)
        studio.drag((60, 50))
        studio.drag((90, 60))
        source_y = 60 if aligned else 50
        after = pixels_of(studio)
        assert np.array_equal(after[57:63, 87:93], before[source_y - 3 : source_y + 3, source_x - 3 : source_x + 3])
        studio.window.perform("edit.undo")
        studio.window.perform("edit.undo")


def test_clone_onto_an_empty_layer_takes_the_visible_picture(studio: Studio) -> None:
    before = halves()
    show(studio, before)
    studio.window.perform("layer.new")
    choose(studio, Tool.CLONE, sample=Sample.VISIBLE)
    studio.drag((250, 50), modifier=ALT)
    studio.drag((80, 50))
    layer = studio.document.raster_layer(2).tiles.read(Rect(77, 47, 6, 6))
    assert np.array_equal(layer, before[47:53, 247:253])


def test_clone_without_a_source_says_what_to_do(studio: Studio) -> None:
    show(studio, halves())
    choose(studio, Tool.CLONE)
    studio.drag((80, 50), (90, 50))
    assert "hold Alt" in studio.window.info.text
    assert studio.names == ["New picture"]


def test_healing_from_a_source_takes_its_structure_and_the_colours_around(studio: Studio) -> None:
    show(studio, halves())
    choose(studio, Tool.HEAL, size=34, healing=Healing.SOURCE)
    studio.drag((250, 100), modifier=ALT)
    studio.drag((50, 100))
    settle_gesture(studio)
    after = pixels_of(studio)
    spot = after[92:108, 42:58, :3].astype(float)
    assert spot.mean() < 40, "light pixels came from the right, but the place is dark"
    assert spot.std() > 2, "their grain came along"
    assert studio.names[1:] == ["Heal"]


def test_healing_a_spot_needs_no_source(studio: Studio) -> None:
    before = halves()
    show(studio, before)
    choose(studio, Tool.HEAL, size=34)
    studio.drag((50, 100))
    settle_gesture(studio)
    after = pixels_of(studio)
    assert after[92:108, 42:58, 0].max() < 60, "the red spot is gone"
    assert np.array_equal(after[:, 100:], before[:, 100:])
    assert studio.names[1:] == ["Heal spot"]
    studio.window.perform("edit.undo")
    assert np.array_equal(pixels_of(studio), before)


def test_smudge_draws_paint_along(studio: Studio) -> None:
    before = halves()
    show(studio, before)
    choose(studio, Tool.SMUDGE, size=24, strength=90.0)
    studio.drag((180, 60), (120, 60))
    after = pixels_of(studio)
    assert after[60, 140, :3].mean() > before[60, 140, :3].mean() + 40
    assert np.array_equal(after[120:], before[120:])
    assert studio.names[1:] == ["Smudge"]


def test_blur_and_sharpen_change_the_grain(studio: Studio) -> None:
    before = halves()
    show(studio, before)
    part = np.s_[52:68, 210:250, 0]
    for focus, compare in ((Focus.BLUR, np.less), (Focus.SHARPEN, np.greater)):
        choose(studio, Tool.FOCUS, size=40, focus=focus)
        studio.drag((200, 60), (260, 60))
        assert compare(pixels_of(studio)[part].std(), before[part].std())
        assert (pixels_of(studio)[..., 3] == 255).all()
        studio.window.perform("edit.undo")


def test_blurring_at_the_border_keeps_it_opaque(studio: Studio) -> None:
    show(studio, halves())
    choose(studio, Tool.FOCUS, size=60, strength=100.0)
    studio.drag((0, 0), (299, 0))
    assert (pixels_of(studio)[..., 3] == 255).all()


@pytest.mark.parametrize("tone", list(Tone))
def test_dodge_burn_and_sponge(studio: Studio, tone: Tone) -> None:
    pixels = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    pixels[..., :3] = (140, 110, 90)
    show(studio, pixels)
    choose(studio, Tool.TONE, tone=tone, tones=Tones.MIDTONES, exposure=60.0)
    studio.drag((60, 60), (120, 60))
    found = pixels_of(studio)[60, 90].astype(int)
    spread = found[:3].max() - found[:3].min()
    light = found[:3].mean() - pixels[0, 0, :3].mean()
    expected = {
        Tone.DODGE: light > 10,
        Tone.BURN: light < -10,
        Tone.SATURATE: spread > 55,
        Tone.DESATURATE: spread < 45,
    }
    assert expected[tone], found
    assert found[3] == 255


@pytest.mark.parametrize("tool", [tool for tool in RETOUCH_TOOLS if tool is not Tool.REMOVE])
def test_escape_selection_and_locks_hold_for_every_retouching_tool(studio: Studio, tool: Tool) -> None:
    before = halves()
    show(studio, before)
    choose(studio, tool)
    if tool is Tool.CLONE:
        studio.drag((250, 150), modifier=ALT)
    opened = studio.window.state.open_document
    assert opened is not None
    studio.press((60, 60))
    studio.move((90, 60))
    studio.window.canvas.pointer.flush()
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Escape)
    assert np.array_equal(pixels_of(studio), before)
    assert len(studio.names) <= 2
    levels = np.zeros((HEIGHT, WIDTH), np.uint8)
    levels[:, 55:80] = 255
    with opened.edit("Selection") as edit:
        edit.set_selection(TileMap.from_array(levels))
    studio.drag((40, 95), (100, 95))
    settle_gesture(studio)
    after = pixels_of(studio)
    assert not np.array_equal(after, before)
    assert np.array_equal(after[levels == 0], before[levels == 0])
    with opened.edit("Lock") as edit:
        edit.replace_layer(opened.document.layer(1).changed(locks=Locks(pixels=True)))
    count = len(studio.names)
    studio.drag((40, 130), (100, 130))
    assert len(studio.names) == count
    assert "locked" in studio.window.info.text


def test_retouching_respects_the_lock_of_transparency(studio: Studio) -> None:
    pixels = halves()
    pixels[:, :100, 3] = 100
    show(studio, pixels)
    opened = studio.window.state.open_document
    assert opened is not None
    with opened.edit("Lock") as edit:
        edit.replace_layer(opened.document.layer(1).changed(locks=Locks(alpha=True)))
    for tool in (Tool.CLONE, Tool.SMUDGE, Tool.FOCUS):
        choose(studio, tool)
        if tool is Tool.CLONE:
            studio.drag((250, 150), modifier=ALT)
        studio.drag((120, 60), (60, 60))
        assert np.array_equal(pixels_of(studio)[..., 3], pixels[..., 3]), tool
        assert not np.array_equal(pixels_of(studio), pixels), tool


def test_the_cross_shows_where_pixels_come_from(studio: Studio) -> None:
    studio.show_plain()
    choose(studio, Tool.CLONE)
    studio.drag((250, 150), modifier=ALT)
    assert studio.on_screen(250, 144) != (255, 255, 255)


# removing


def test_painting_with_the_remove_tool_fills_at_the_release(studio: Studio) -> None:
    before = halves()
    show(studio, before)
    choose(studio, Tool.REMOVE, size=40)
    studio.drag((50, 100))
    studio.wait_for(lambda: len(studio.names) == 2)
    after = pixels_of(studio)
    assert after[92:108, 42:58, 0].max() < 60
    assert np.array_equal(after[:, 100:], before[:, 100:])
    assert studio.window.state.region.is_empty
    assert studio.names[1:] == ["Remove object"]
    studio.window.perform("edit.undo")
    assert np.array_equal(pixels_of(studio), before)


def test_strokes_wait_for_ctrl_enter_when_wanted_and_land_on_a_new_layer(studio: Studio) -> None:
    before = halves()
    show(studio, before)
    choose(studio, Tool.REMOVE, size=30, at_once=False, new_layer=True, method=RemoveMethod.TELEA)
    studio.drag((45, 100))
    studio.drag((56, 100))
    assert studio.names == ["New picture"]
    assert studio.window.actions_by_id["ai.run"].isEnabled()
    studio.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    studio.wait_for(lambda: len(studio.names) == 2)
    assert np.array_equal(pixels_of(studio), before)
    layer = studio.document.layers[-1]
    assert layer.name == "Filled"
    assert studio.seen(50, 100)[0] < 60
    assert studio.window.state.layer_id == layer.id


def test_another_result_takes_the_place_of_the_one_before_and_undo_brings_it_back(studio: Studio) -> None:
    before = halves()
    show(studio, before)
    choose(studio, Tool.REMOVE, size=40)
    removal = studio.window.editing.removal
    assert not removal.can_run_again
    studio.drag((50, 100))
    studio.wait_for(lambda: len(studio.names) == 2)
    first = pixels_of(studio)
    studio.window.perform("edit.remove_again")
    studio.wait_for(lambda: len(studio.names) == 3)
    second = pixels_of(studio)
    assert studio.names[-1] == "Remove object, another result"
    assert not np.array_equal(first, second)
    assert np.array_equal(second[:, 100:], before[:, 100:])
    studio.window.perform("edit.undo")
    assert np.array_equal(pixels_of(studio), first)
    choose(studio, Tool.CLONE)
    studio.window.perform("edit.undo")
    assert not removal.can_run_again, "the layer is another one now"


def test_another_result_lands_on_the_layer_that_the_first_one_made(studio: Studio) -> None:
    show(studio, halves())
    choose(studio, Tool.REMOVE, size=30, new_layer=True)
    studio.drag((50, 100))
    studio.wait_for(lambda: len(studio.names) == 2)
    studio.window.perform("edit.remove_again")
    studio.wait_for(lambda: len(studio.names) == 3)
    assert len(studio.document.layers) == 2
    assert studio.seen(50, 100)[0] < 60


def test_a_selection_is_filled_with_any_tool(studio: Studio) -> None:
    show(studio, halves())
    studio.window.perform("tool.rectangle")
    studio.drag((35, 85), (65, 115))
    studio.window.perform("edit.remove")
    studio.wait_for(lambda: studio.names[-1] == "Remove object")
    assert studio.seen(50, 100)[0] < 60


@pytest.mark.parametrize("is_on_canvas", [True, False])
def test_escape_stops_filling_wherever_the_focus_is(studio: Studio, is_on_canvas: bool) -> None:
    before = halves()
    show(studio, before)
    choose(studio, Tool.REMOVE, size=60)
    studio.drag((50, 100), (200, 100))
    assert studio.window.editing.removal.share is not None
    QTest.keyClick(studio.window.canvas if is_on_canvas else studio.window, Qt.Key.Key_Escape)
    assert studio.window.editing.removal.share is None
    studio.wait_for(lambda: not studio.window.background.is_busy)
    assert studio.names == ["New picture"]
    assert not studio.window.state.region.is_empty, "what was painted stays"


def test_everything_marked_is_one_sentence(studio: Studio) -> None:
    show(studio, halves())
    studio.window.perform("select.all")
    studio.window.perform("edit.remove")
    studio.wait_for(lambda: "Everything is marked" in studio.window.info.text)
    assert studio.names[-1] == "Selection"
