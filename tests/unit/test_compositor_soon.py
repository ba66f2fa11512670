"""What threads composite while the caller goes on becomes the flattened document too, whatever happens meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from desktop.core import compositor as compositor_module
from desktop.core import raster, tile_jobs
from desktop.core.brush import BrushSettings, Stroke
from desktop.core.compositor import Compositor
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Rect
from desktop.core.tile_jobs import MOST_AT_ONCE
from desktop.core.tiles import TILE
from tests.builders import document_with, noise, raster_layer

WIDTH, HEIGHT = 800, 600
KEYS = [(column, row) for row in range(3) for column in range(4)]
PATIENCE_S = 20


@pytest.fixture
def document() -> OpenDocument:
    layers = [raster_layer(index, noise(WIDTH, HEIGHT, seed=index), opacity=0.6) for index in (1, 2, 3)]
    return OpenDocument(document_with(*layers, width=WIDTH, height=HEIGHT))


@pytest.fixture
def compositor(document: OpenDocument, monkeypatch: pytest.MonkeyPatch) -> Iterator[Compositor]:
    """Everything is too long to be waited for."""
    monkeypatch.setattr(compositor_module, "AT_ONCE_S", 0.0)
    made = Compositor(document, threads=2)
    yield made
    made.close()


def until(condition: Callable[[], bool]) -> None:
    stop = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < stop
        time.sleep(0.001)


def shown(compositor: Compositor) -> list[Any]:
    return [compositor.tile(0, *key).copy() for key in KEYS]


def expect_up_to_date(compositor: Compositor, document: OpenDocument) -> None:
    """Byte for byte what a compositor shows that was never in a hurry."""
    fresh = Compositor(document, threads=1)
    assert all(np.array_equal(tile, expected) for tile, expected in zip(shown(compositor), shown(fresh), strict=True))
    fresh.close()


def all_requested(compositor: Compositor) -> bool:
    compositor.request(KEYS)
    return all(compositor.has_tile(0, *key) for key in KEYS)


def test_requested_tiles_arrive(compositor: Compositor, document: OpenDocument) -> None:
    compositor.request(KEYS)
    until(lambda: all_requested(compositor))
    expect_up_to_date(compositor, document)


def test_nothing_is_waited_for(compositor: Compositor, document: OpenDocument, monkeypatch: pytest.MonkeyPatch) -> None:
    may_go_on = threading.Event()
    write = raster.write_bgra

    def held(*arguments: Any) -> None:
        may_go_on.wait(PATIENCE_S)
        write(*arguments)

    monkeypatch.setattr(raster, "write_bgra", held)
    compositor.request(KEYS)
    assert not any(compositor.has_tile(0, *key) for key in KEYS)
    assert compositor.is_stale
    may_go_on.set()
    until(lambda: all_requested(compositor))
    expect_up_to_date(compositor, document)


def test_a_change_while_a_tile_is_on_its_way_is_not_lost(
    compositor: Compositor, document: OpenDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    compositor.prepare(KEYS)
    started, may_go_on = threading.Event(), threading.Event()
    write = raster.write_bgra

    def held(*arguments: Any) -> None:
        started.set()
        may_go_on.wait(PATIENCE_S)
        write(*arguments)

    monkeypatch.setattr(raster, "write_bgra", held)
    for opacity in (0.2, 0.9):
        with document.edit("Opacity") as edit:
            edit.replace_layer(document.document.layer(2).changed(opacity=opacity))
        assert compositor.refresh_soon(at_once_s=0) == []
        assert started.wait(PATIENCE_S)
    assert compositor.is_stale
    may_go_on.set()
    told: list[Rect] = []
    until(lambda: told.extend(compositor.refresh_soon()) or not compositor.is_stale)
    assert sum(rect.area for rect in told) >= WIDTH * HEIGHT
    expect_up_to_date(compositor, document)


def test_painting_while_tiles_are_on_their_way(compositor: Compositor, document: OpenDocument) -> None:
    compositor.set_active_layer(3)
    with document.edit("Brush stroke") as edit:
        stroke = Stroke(edit.pixels(3), BrushSettings(diameter_px=90, color=(1.0, 0.5, 0.0)))
        for step in range(40):
            compositor.request(KEYS)
            edit.touched(3, stroke.to(Point(20 + step * 18.0, 300 + 200 * np.sin(step / 4))))
            compositor.refresh_soon(first=Rect(0, 0, 300, 300))
    until(lambda: all_requested(compositor) and not (compositor.refresh_soon() or compositor.is_stale))
    expect_up_to_date(compositor, document)


def test_waiting_for_everything_takes_in_what_was_on_its_way(compositor: Compositor, document: OpenDocument) -> None:
    compositor.prepare(KEYS)
    with document.edit("Opacity") as edit:
        edit.replace_layer(document.document.layer(1).changed(opacity=0.1))
    compositor.refresh_soon()
    compositor.refresh()
    assert not compositor.is_stale
    expect_up_to_date(compositor, document)


def test_no_tile_waits_for_ever_while_all_are_marked_again_and_again(
    compositor: Compositor, document: OpenDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tiles at the right and lower edge are smaller, but not small enough to go first each time."""
    shown(compositor)
    monkeypatch.setattr(tile_jobs, "MOST_AT_ONCE", 2)
    made: set[tuple[int, int]] = set()

    def all_made() -> bool:
        compositor.mark_changed(1, document.document.size.rect())
        made.update((rect.x // TILE, rect.y // TILE) for rect in compositor.refresh_soon())
        return made == set(KEYS)

    until(all_made)


def test_only_so_many_tiles_are_on_their_way() -> None:
    layers = [raster_layer(index, noise(256, 256, seed=index)) for index in (1, 2)]
    document = OpenDocument(document_with(*layers, width=2560, height=2560))
    with document.edit("Spread") as edit:
        for layer in layers:
            tile = layer.tiles.tile(0, 0)
            assert tile is not None
            edit.pixels(layer.id).write(Rect(0, 0, 2560, 2560), np.tile(tile, (10, 10, 1)))
    compositor = Compositor(document, threads=2)
    keys = [(column, row) for row in range(10) for column in range(10)]
    compositor.request(keys)
    assert len(compositor._jobs) <= MOST_AT_ONCE
    compositor.close()


def test_a_tile_that_went_while_it_was_made_anew_does_not_come_back_as_it_was(
    document: OpenDocument, compositor: Compositor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It changed once more after its job had begun."""
    compositor.prepare(KEYS)
    with document.edit("Fill") as edit:
        edit.pixels(1).fill(Rect(0, 0, WIDTH, HEIGHT), 40)
    compositor.refresh_soon(at_once_s=0.0)
    compositor._jobs.wait()
    with document.edit("Fill") as edit:
        edit.pixels(1).fill(Rect(0, 0, WIDTH, HEIGHT), 250)
    monkeypatch.setattr(compositor_module, "MOST_TILES", 0)
    compositor._limit_tiles()
    monkeypatch.undo()
    compositor.refresh()
    expect_up_to_date(compositor, document)
