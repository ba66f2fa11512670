"""The tiles the canvas draws are the flattened document, whatever was painted in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from desktop.core import raster
from desktop.core.blend_modes import BlendMode
from desktop.core.brush import BrushSettings, Stroke
from desktop.core.composite import flatten
from desktop.core.compositor import Compositor
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Rect
from desktop.core.layers import GroupLayer, Mask
from desktop.tools.layer_edits import invert_mask
from tests.builders import document_with, noise, raster_layer

WIDTH, HEIGHT = 520, 300


@pytest.fixture
def document() -> OpenDocument:
    inner = (raster_layer(4, noise(WIDTH, HEIGHT, seed=4)), raster_layer(5, noise(WIDTH, HEIGHT, seed=5)))
    layers = (
        raster_layer(1, noise(WIDTH, HEIGHT, seed=1)),
        raster_layer(2, noise(WIDTH, HEIGHT, seed=2), blend_mode=BlendMode.MULTIPLY, mask=Mask()),
        GroupLayer(id=3, name="Group", children=inner, opacity=0.5),
        raster_layer(6, noise(WIDTH, HEIGHT, seed=6), blend_mode=BlendMode.SCREEN, opacity=0.4),
        raster_layer(7, noise(WIDTH, HEIGHT, seed=7), clip_to_below=True),
    )
    return OpenDocument(document_with(*layers, width=WIDTH, height=HEIGHT))


@pytest.fixture
def compositor(document: OpenDocument) -> Iterator[Compositor]:
    made = Compositor(document, threads=2)
    yield made
    made.close()


def expected_picture(document: OpenDocument) -> Any:
    """Premultiplied BGRA from the flattened straight picture."""
    straight = flatten(document.shown).astype(np.float64)
    alpha = straight[..., 3:4] / 255
    return np.concatenate([straight[..., 2::-1] * alpha, straight[..., 3:4]], axis=-1)


def shown_picture(compositor: Compositor) -> Any:
    rows = [np.concatenate([compositor.tile(0, c, r) for c in range(3)], axis=1) for r in range(2)]
    return np.concatenate(rows, axis=0)[:HEIGHT, :WIDTH]


def assert_shows_the_document(compositor: Compositor, document: OpenDocument) -> None:
    compositor.refresh()
    difference = np.abs(shown_picture(compositor) - expected_picture(document))
    assert difference.max() <= 1.51  # ours rounds once; the flattened one rounded colour and alpha, then is multiplied


def paint(document: OpenDocument, layer_id: int, *points: Point) -> None:
    with document.edit("Brush stroke") as edit:
        stroke = Stroke(edit.pixels(layer_id), BrushSettings(diameter_px=70, color=(1, 0, 0)))
        for point in points:
            edit.touched(layer_id, stroke.to(point))


def test_prepared_tiles_show_the_document(compositor: Compositor, document: OpenDocument) -> None:
    compositor.prepare([(c, r) for c in range(3) for r in range(2)])
    assert_shows_the_document(compositor, document)


@pytest.mark.parametrize("layer_id", [1, 2, 4, 5, 6, 7])
def test_every_dab_of_a_stroke_shows_at_once(compositor: Compositor, document: OpenDocument, layer_id: int) -> None:
    compositor.set_active_layer(layer_id)
    shown_picture(compositor)
    with document.edit("Brush stroke") as edit:
        stroke = Stroke(edit.pixels(layer_id), BrushSettings(diameter_px=70, color=(1, 0, 0)))
        for x in (200, 260, 400):
            edit.touched(layer_id, stroke.to(Point(x, 150 + x / 10)))
            assert_shows_the_document(compositor, document)
    assert_shows_the_document(compositor, document)


def test_painting_below_the_active_layer_is_not_hidden_by_the_cache(
    compositor: Compositor, document: OpenDocument
) -> None:
    compositor.set_active_layer(6)
    shown_picture(compositor)
    paint(document, 6, Point(100, 100), Point(200, 120))
    paint(document, 1, Point(100, 100), Point(200, 120))
    paint(document, 6, Point(110, 100), Point(210, 120))
    assert_shows_the_document(compositor, document)


def test_undo_shows_the_old_picture(compositor: Compositor, document: OpenDocument) -> None:
    before = shown_picture(compositor)
    paint(document, 2, Point(250, 100), Point(270, 290))
    document.undo()
    compositor.refresh()
    assert np.array_equal(shown_picture(compositor), before)


def test_a_stroke_that_is_given_up_disappears(compositor: Compositor, document: OpenDocument) -> None:
    before = shown_picture(compositor)

    def given_up() -> None:
        with document.edit("Brush stroke") as edit:
            edit.touched(2, Stroke(edit.pixels(2), BrushSettings(diameter_px=90)).to(Point(256, 128)))
            compositor.refresh()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        given_up()
    compositor.refresh()
    assert np.array_equal(shown_picture(compositor), before)


def test_changed_opacity_and_a_moved_layer_are_shown(compositor: Compositor, document: OpenDocument) -> None:
    shown_picture(compositor)
    with document.edit("Opacity") as edit:
        edit.replace_layer(document.document.layer(3).changed(opacity=0.9))
    assert_shows_the_document(compositor, document)
    with document.edit("Move layer") as edit:
        edit.move_layer(6, parent_id=3, index=0)
    assert_shows_the_document(compositor, document)


def test_refresh_redraws_exactly_the_changed_rectangles(compositor: Compositor, document: OpenDocument) -> None:
    shown_picture(compositor)
    with document.edit("Fill") as edit:
        edit.pixels(1).fill(Rect(250, 20, 20, 10), 255)
        edit.touched(1, Rect(250, 20, 20, 10))
        assert compositor.refresh() == [Rect(250, 20, 6, 10), Rect(256, 20, 14, 10)]


def test_halved_tile_is_the_mean_of_four_pixels(compositor: Compositor, document: OpenDocument) -> None:
    full = shown_picture(compositor).astype(np.float64)
    mean = full.reshape(HEIGHT // 2, 2, WIDTH // 2, 2, 4).mean(axis=(1, 3))
    half = np.concatenate([compositor.tile(1, 0, 0), compositor.tile(1, 1, 0)], axis=1)[: HEIGHT // 2, : WIDTH // 2]
    assert np.abs(half - mean).max() <= 0.51
    paint(document, 6, Point(250, 100))
    compositor.refresh()
    assert not np.array_equal(compositor.tile(1, 0, 0), half[:, :256]), "levels follow the painting"


def test_every_level_is_kept_up_to_date_and_none_is_thrown_away(compositor: Compositor, document: OpenDocument) -> None:
    keys = [(level, c, r) for level in (1, 2, 3) for c in range(2) for r in range(2)]
    for key in keys:
        compositor.tile(*key)
    for layer_id, points in ((6, ((255, 99), (301, 101))), (4, ((511, 255), (33, 7))), (1, ((519, 299),))):
        paint(document, layer_id, *(Point(*point) for point in points))
        assert all(compositor.has_tile(*key) for key in keys)
        compositor.refresh()
        assert all(compositor.has_tile(*key) for key in keys)
    fresh = Compositor(document, threads=1)
    try:
        for key in keys:
            assert np.array_equal(compositor.tile(*key), fresh.tile(*key)), key
    finally:
        fresh.close()


def test_a_level_over_a_tile_that_is_gone_is_made_again(
    compositor: Compositor, document: OpenDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.core.compositor.MOST_TILES", 3)
    compositor.tile(2, 0, 0)
    paint(document, 6, Point(60, 60), Point(400, 60))
    compositor.refresh()
    fresh = Compositor(document, threads=1)
    try:
        assert np.array_equal(compositor.tile(2, 0, 0), fresh.tile(2, 0, 0))
    finally:
        fresh.close()


def test_an_isolated_group_is_not_composited_again_while_another_layer_is_painted(
    compositor: Compositor, document: OpenDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    compositor.set_active_layer(1)
    shown_picture(compositor)
    blended: list[BlendMode] = []
    blend = raster.blend_tile
    monkeypatch.setattr(raster, "blend_tile", lambda mode, *a, **k: (blended.append(mode), blend(mode, *a, **k)))
    with document.edit("Brush stroke") as edit:
        counts = []
        for level in (10, 200):
            edit.pixels(1).fill(Rect(20, 20, 30, 30), level)
            edit.touched(1, Rect(20, 20, 30, 30))
            blended.clear()
            compositor.refresh()
            counts.append(len(blended))
        assert counts[1] == counts[0] - 2, "the two layers of the group were blended once"
        assert_shows_the_document(compositor, document)
        edit.pixels(5).fill(Rect(25, 25, 60, 10), 90)
        edit.touched(5, Rect(25, 25, 60, 10))
        assert_shows_the_document(compositor, document)
    assert_shows_the_document(compositor, document)


def test_kept_groups_are_bounded(
    compositor: Compositor, document: OpenDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.core.group_cache.GROUP_TILES", 2)
    compositor.set_active_layer(1)
    shown_picture(compositor)
    with document.edit("Fill") as edit:
        edit.pixels(1).fill(Rect(0, 0, WIDTH, HEIGHT), 77)
        edit.touched(1, Rect(0, 0, WIDTH, HEIGHT))
        assert_shows_the_document(compositor, document)
        assert 0 < len(compositor._groups) <= 2


@pytest.mark.parametrize("is_painted", [False, True])
def test_an_inverted_mask_shows_everywhere(compositor: Compositor, document: OpenDocument, is_painted: bool) -> None:
    """Also where the mask has no tiles, before and after."""
    if is_painted:
        with document.edit("Mask") as edit:
            edit.mask_pixels(2).fill(Rect(10, 10, 50, 40), 0)
    assert_shows_the_document(compositor, document)
    invert_mask(document, 2)
    assert_shows_the_document(compositor, document)
    document.undo()
    assert_shows_the_document(compositor, document)
