"""The refine edge brush, without the window: hair comes back inside what is painted, and nothing else changes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from desktop.core.document import Document
from desktop.core.edge_refine import _Solver, refined_edge
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.layers import Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.tools.edge_refining import land_refinement, refinement_of

SIDE = 96
HAIR, GROUND = np.array([40.0, 30.0, 20.0]), np.array([200.0, 210.0, 220.0])


def hairs() -> np.ndarray:
    """(H, W) uint8: a head below and single hairs that stand up from it."""
    alpha = np.zeros((SIDE * 4, SIDE * 4), np.uint8)
    alpha[240:] = 255
    for number, x in enumerate(range(20, 370, 24)):
        cv2.line(alpha, (x, 250), (x + 30 * (-1) ** number, 90), 255, 5, cv2.LINE_AA)
    return cv2.resize(alpha, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def picture(alpha: np.ndarray, dtype: type = np.uint8) -> np.ndarray:
    share = alpha[..., None] / 255
    noise = np.random.default_rng(0).normal(0, 2, (SIDE, SIDE, 3))
    colors = np.clip(HAIR * share + GROUND * (1 - share) + noise, 0, 255)
    pixels = np.dstack([colors, np.full((SIDE, SIDE), 255.0)])
    return np.rint(pixels * (np.iinfo(dtype).max / 255)).astype(dtype)


def cut_off(alpha: np.ndarray) -> np.ndarray:
    """A mask that knows nothing of the hairs."""
    rough = np.zeros_like(alpha)
    rough[60:] = 255
    return rough


def band() -> np.ndarray:
    painted = np.zeros((SIDE, SIDE), np.uint8)
    painted[14:66, 2:94] = 255
    return painted


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_hairs_come_back_where_the_brush_went(dtype):
    truth = hairs()
    rough, painted = cut_off(truth), band()
    found = refined_edge(picture(truth, dtype), rough, painted)
    inside = painted > 0
    before = np.abs(rough.astype(float) - truth)[inside].mean()
    after = np.abs(found.astype(float) - truth)[inside].mean()
    assert after < 0.2 * before
    np.testing.assert_array_equal(found[~inside], rough[~inside])
    hair = (truth > 200) & inside & (np.arange(SIDE)[:, None] < 56)
    assert np.median(found[hair]) > 200


def test_what_is_not_painted_keeps_its_bytes_and_half_paint_does_half():
    truth = hairs()
    rough = cut_off(truth)
    np.testing.assert_array_equal(refined_edge(picture(truth), rough, np.zeros_like(rough)), rough)
    whole = refined_edge(picture(truth), rough, band()).astype(int)
    half = refined_edge(picture(truth), rough, band() // 2).astype(int)
    hair = (whole - rough) > 150
    assert np.abs((half - rough)[hair] - (whole - rough)[hair] / 2).mean() < 12


def test_the_laplacian_knows_no_difference_where_alpha_goes_with_the_colours():
    """Where alpha is a linear function of the colours nothing is left to mend; it is symmetric and never negative."""
    rng = np.random.default_rng(1)
    colors = rng.random((20, 24, 3)).astype(np.float32)
    solver = _Solver.of(colors, np.ones((20, 24), bool))
    linear = (colors @ np.array([0.5, -0.2, 0.3], np.float32) + 0.1).astype(np.float32)
    assert np.abs(solver.times(linear)).max() < 5e-3
    one, other = rng.random((2, 20, 24)).astype(np.float32)
    assert np.vdot(one, solver.times(other)) == pytest.approx(np.vdot(other, solver.times(one)), rel=1e-3)
    assert np.vdot(one, solver.times(one)) > 0


def test_work_can_be_broken_off():
    class Enough(Exception):
        pass

    def watch(share: float) -> None:
        if share > 0.3:
            raise Enough

    truth = hairs()
    with pytest.raises(Enough):
        refined_edge(picture(truth), cut_off(truth), band(), watch)


def masked_document() -> Document:
    truth = hairs()
    layer = RasterLayer(
        id=1,
        name="Head",
        tiles=TileMap.from_array(picture(truth)),
        mask=Mask(TileMap.from_array(cut_off(truth), default=0)),
    )
    return Document(Size(SIDE, SIDE)).with_layer_inserted(layer)


def test_it_lands_as_one_entry_with_the_old_background_out_of_the_hair():
    opened = OpenDocument(masked_document())
    canvas = opened.document.size.rect()
    wanted = refinement_of(opened.document, 1, TileMap.from_array(band(), default=0), cleans_colors=True)
    entries = len(opened.history.entries)
    land_refinement(opened, wanted.solved(lambda _share: None))
    assert len(opened.history.entries) == entries + 1
    layer = opened.document.raster_layer(1)
    assert layer.mask is not None
    alpha = layer.mask.tiles.read(canvas)[..., 0]
    soft = (alpha > 60) & (alpha < 200) & (band() > 0)
    before = np.abs(picture(hairs())[soft][:, :3] - HAIR).mean()
    after = np.abs(layer.tiles.read(canvas)[soft][:, :3] - HAIR).mean()
    assert after < 0.6 * before
    opened.undo()
    np.testing.assert_array_equal(opened.document.raster_layer(1).tiles.read(canvas), picture(hairs()))


def test_without_a_mask_the_selection_is_refined_and_without_either_it_is_told():
    document = masked_document()
    plain = document.with_layer_replaced(document.raster_layer(1).changed(mask=None))
    painted = TileMap.from_array(band(), default=0)
    with pytest.raises(UserError, match="no edge to refine"):
        refinement_of(plain, 1, painted, cleans_colors=True)
    selected = plain.changed(selection=TileMap.from_array(cut_off(hairs()), default=0))
    opened = OpenDocument(selected)
    land_refinement(opened, refinement_of(selected, 1, painted, cleans_colors=True).solved(lambda _share: None))
    assert opened.document.selection is not None
    found = opened.document.selection.read(opened.document.size.rect())[..., 0]
    assert np.abs(found.astype(int) - hairs()).mean() < np.abs(cut_off(hairs()).astype(int) - hairs()).mean() / 3
    assert opened.document.layers is selected.layers or opened.document.layers == selected.layers
    with pytest.raises(UserError, match="Nothing was painted"):
        refinement_of(selected, 1, TileMap(1, np.uint8, 0), cleans_colors=True)
