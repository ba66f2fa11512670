"""The tiles the canvas draws are the flattened document, whatever was painted in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from desktop.core.blend_modes import BlendMode
from desktop.core.brush import BrushSettings, Stroke
from desktop.core.composite import flatten
from desktop.core.compositor import Compositor
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Rect
from desktop.core.layers import GroupLayer, Mask
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
