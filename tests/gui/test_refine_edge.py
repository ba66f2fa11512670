"""The refine edge brush in the hand: painted over the rim of a mask, hair comes back on the screen, as one entry."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.core.geometry import Rect
from tests.gui.conftest import Studio
from tests.unit.test_edge_refine import SIDE, band, cut_off, hairs, masked_document


def paint_over_the_hair(studio: Studio) -> None:
    studio.window.perform("tool.refine")
    studio.window.state.change_brush(size_px=30.0, hardness=100.0)
    studio.drag((4, 28), (92, 28), (92, 50), (4, 50))


def levels(studio: Studio) -> np.ndarray:
    mask = studio.document.layers[0].mask
    assert mask is not None
    return mask.tiles.read(Rect(0, 0, SIDE, SIDE))[..., 0]


def test_hair_comes_back_on_the_screen_as_one_entry(studio: Studio) -> None:
    studio.show(masked_document())
    y, x = np.argwhere((hairs() > 250) & (np.arange(SIDE)[:, None] < 46) & (band() > 0))[0]
    checker = studio.on_screen(int(x), int(y))
    paint_over_the_hair(studio)
    studio.wait_for(lambda: studio.names[-1] == "Refine edge")
    assert studio.window.state.region.is_empty
    assert studio.window.editing.refining.share is None
    truth = hairs().astype(int)
    assert np.abs(levels(studio) - truth).mean() < np.abs(cut_off(hairs()) - truth).mean() / 3
    dark = studio.on_screen(int(x), int(y))
    assert sum(dark) < 300 < sum(checker), (dark, checker)
    studio.window.perform("edit.undo")
    np.testing.assert_array_equal(levels(studio), cut_off(hairs()))


def test_escape_ends_it_and_without_a_mask_it_says_what_to_do(studio: Studio) -> None:
    studio.show(masked_document())
    entries = len(studio.names)
    paint_over_the_hair(studio)
    if studio.window.editing.refining.share is not None:  # not already done
        QTest.keyClick(studio.window.canvas, Qt.Key.Key_Escape)
        assert studio.window.editing.refining.share is None
        assert len(studio.names) == entries
    studio.show_plain()
    studio.window.perform("tool.refine")
    studio.drag((10, 10), (60, 60))
    assert "no edge to refine" in studio.window.info.text
    assert studio.window.state.region.is_empty
