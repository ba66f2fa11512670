"""Adjustments and filters applied to a layer's pixels: selections, locks, masks, undo, changing settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from desktop.core.edits import OpenDocument
from desktop.core.effect_table import EFFECTS
from desktop.core.effects import Prepared, checked_settings
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.core.layers import EffectSettings, Locks, Mask
from desktop.core.tiles import TileMap
from desktop.io.journal_values import document_digest
from desktop.tools.effect_run import EffectRun, apply_now, apply_to_pixels, blocks_of, source_of
from desktop.tools.histogram import auto_levels, counts_of, sampled, sampled_picture
from desktop.tools.painting import Plane
from tests.builders import document_with, noise, raster_layer
from tests.golden.effect_samples import applied, sample_picture, settings_of

WIDTH, HEIGHT = 300, 270
SIZE = Size(WIDTH, HEIGHT)
IDS = [effect.id for effect in EFFECTS]
BLUR = settings_of("gaussian-blur")


def opened_with(pixels: Any, *, selection: Any = None, depth: Any = 8, **fields: Any) -> OpenDocument:
    document = document_with(raster_layer(1, pixels, **fields), width=WIDTH, height=HEIGHT, depth=depth)
    return OpenDocument(document if selection is None else replace(document, selection=TileMap.from_array(selection)))


def pixels_of(opened: OpenDocument) -> Any:
    return opened.document.raster_layer(1).tiles.read(opened.document.size.rect())


def apply(opened: OpenDocument, settings: EffectSettings, plane: Plane = Plane.PIXELS) -> None:
    apply_now(opened, 1, plane, settings, settings.effect)


def soft_selection() -> Any:
    """Nothing on the left, then a ramp, then everything; not on the lower part."""
    ramp = np.clip((np.arange(WIDTH) - 80) * 4, 0, 255).astype(np.uint8)
    selection = np.tile(ramp, (HEIGHT, 1))
    selection[200:] = 0
    return selection


@pytest.mark.parametrize("effect_id", IDS)
def test_pixels_become_what_the_effect_makes_of_the_whole(effect_id: str) -> None:
    pixels = sample_picture(size=SIZE)
    opened, settings = opened_with(pixels), settings_of(effect_id)
    apply(opened, settings)
    made, expected = pixels_of(opened).astype(int), applied(settings, pixels).astype(int)
    assert np.abs(made - expected)[expected[..., 3] > 8].max() <= 1
    assert opened.history.position == 1


@pytest.mark.parametrize("effect_id", IDS)
def test_outside_the_selection_every_byte_stays_and_undo_is_exact(effect_id: str) -> None:
    pixels, selection = noise(WIDTH, HEIGHT, seed=3, depth=16), soft_selection()
    opened = opened_with(pixels, selection=selection, depth=16)
    before = document_digest(opened.document)
    apply(opened, settings_of(effect_id))
    made = pixels_of(opened)
    assert np.array_equal(made[selection == 0], pixels[selection == 0])
    assert not np.array_equal(made, pixels)
    opened.undo()
    assert document_digest(opened.document) == before


def test_a_half_selected_pixel_is_half_changed() -> None:
    selection = np.full((HEIGHT, WIDTH), 128, np.uint8)
    opened = opened_with(np.full((HEIGHT, WIDTH, 4), (200, 100, 0, 255), np.uint8), selection=selection)
    apply(opened, EffectSettings("invert"))
    share = 128 / 255
    expected = [200 + (55 - 200) * share, 100 + (155 - 100) * share, 255 * share, 255]
    assert np.abs(pixels_of(opened)[5, 5] - expected).max() <= 0.5


def test_neutral_settings_make_no_history_entry() -> None:
    opened = opened_with(sample_picture(size=SIZE))
    before = opened.document
    apply(opened, checked_settings("levels", {}))
    assert opened.document is before


def test_a_locked_layer_is_refused_and_a_locked_alpha_stays() -> None:
    locked = opened_with(sample_picture(size=SIZE), locks=Locks(pixels=True))
    with pytest.raises(UserError, match="locked"):
        apply(locked, BLUR)
    assert not locked.is_editing
    pixels = sample_picture(size=SIZE)
    opened = opened_with(pixels, locks=Locks(alpha=True))
    apply(opened, BLUR)
    assert np.array_equal(pixels_of(opened)[..., 3], pixels[..., 3])
    assert not np.array_equal(pixels_of(opened), pixels)


def test_a_blur_goes_on_over_the_rim_of_a_layer_but_not_into_the_canvas_edge() -> None:
    pixels = np.full((40, 300, 4), (90, 60, 30, 255), np.uint8)
    opened = opened_with(pixels)
    apply(opened, BLUR)
    made = opened.document.raster_layer(1).tiles.read(Rect(0, 0, 300, 60))
    assert (made[0, :, 3] == 255).all()
    assert 0 < made[41, 150, 3] < 255
    assert (made[made[..., 3] > 20][:, :3] == (90, 60, 30)).all()


def test_an_effect_on_a_mask_changes_only_the_mask() -> None:
    levels = np.zeros((HEIGHT, WIDTH), np.uint8)
    levels[:, 150:] = 255
    pixels = sample_picture(size=SIZE)
    opened = opened_with(pixels, mask=Mask(TileMap.from_array(levels, default=255)))
    apply(opened, BLUR, Plane.MASK)
    mask = opened.document.layer(1).mask
    assert mask is not None
    made = mask.tiles.read(opened.document.size.rect())[..., 0]
    assert made[10, 140] == 0
    assert 100 < made[10, 149] < 128
    assert np.array_equal(pixels_of(opened), pixels)


def test_an_empty_layer_is_refused_with_a_sentence() -> None:
    opened = OpenDocument(document_with(raster_layer(1, np.zeros((4, 4, 4), np.uint8))))
    with pytest.raises(UserError, match="empty"):
        apply(opened, BLUR)
    assert not opened.is_editing


def test_a_fill_begins_on_an_empty_layer_and_keeps_to_the_selection() -> None:
    empty, selection = np.zeros((4, 4, 4), np.uint8), soft_selection()
    opened = opened_with(empty, selection=selection)
    apply(opened, settings_of("solid-fill"))
    made = pixels_of(opened)
    assert np.array_equal(made[..., 3], selection)
    assert (made[made[..., 3] > 0][:, :3] == (0x33, 0x66, 0xAA)).all()


def test_the_last_of_several_settings_is_what_stays() -> None:
    pixels = sample_picture(size=SIZE)
    opened = opened_with(pixels)
    run = EffectRun(opened, 1, Plane.PIXELS, "Tried")
    for settings in (settings_of("lens-blur"), EffectSettings("invert"), settings_of("posterise")):
        run.start(settings, Rect(200, 200, 50, 50))
        run.work()
    run.finish()
    run.keep()
    assert np.array_equal(pixels_of(opened), applied(settings_of("posterise"), pixels))


def test_a_dropped_run_leaves_no_trace() -> None:
    opened = opened_with(sample_picture(size=SIZE))
    before = opened.document
    run = EffectRun(opened, 1, Plane.PIXELS, "Tried")
    run.start(EffectSettings("invert"), Rect(0, 0, 1, 1))
    run.finish()
    run.drop()
    assert opened.document is before
    assert not opened.is_editing


def test_what_is_seen_is_made_first() -> None:
    seen = Rect(1000, 1000, 100, 100)
    blocks = blocks_of(Rect(0, 0, 2000, 2000), 4, seen)
    assert not blocks[0].intersect(seen).is_empty
    assert sum(block.area for block in blocks) == 4_000_000


def test_a_whole_picture_is_filtered_for_the_command_line_as_in_the_window() -> None:
    pixels = sample_picture(size=SIZE)
    opened = opened_with(pixels)
    apply(opened, settings_of("twirl"))
    assert np.array_equal(pixels_of(opened), apply_to_pixels(pixels, settings_of("twirl")))


def test_automatic_levels_spread_the_tones_over_the_whole_range() -> None:
    ramp = np.linspace(60, 180, WIDTH)
    pixels = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    pixels[..., :3] = ramp[None, :, None] * (1.0, 0.9, 0.8)
    document = document_with(raster_layer(1, pixels), width=WIDTH, height=HEIGHT)
    sample = sampled_picture(document)
    each, alike = auto_levels(sample, each_channel=True), auto_levels(sample, each_channel=False)
    made = Prepared(each).apply(pixels, None)  # type: ignore[arg-type]
    assert made[..., :3].min() == 0
    assert all(made[..., channel].max() == 255 for channel in range(3))
    kept = Prepared(alike).apply(pixels, None)  # type: ignore[arg-type]
    assert kept[..., 2].max() < kept[..., 0].max() == 255


def test_a_histogram_counts_what_is_selected_and_what_it_becomes() -> None:
    pixels = np.full((HEIGHT, WIDTH, 4), (10, 20, 30, 255), np.uint8)
    pixels[:, 150:, :3] = 200
    selection = np.zeros((HEIGHT, WIDTH), np.uint8)
    selection[:, :100] = 255
    opened = opened_with(pixels, selection=selection)
    sample = sampled(source_of(opened.document, 1, Plane.PIXELS))
    counts = counts_of(sample)
    assert counts["red"].argmax() == 10
    assert counts["red"][200] == 0
    assert counts_of(sample, EffectSettings("invert"))["red"].argmax() == 245
