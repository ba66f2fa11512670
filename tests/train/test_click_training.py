"""Pointing: clicks are simulated soundly, the way from training to a model folder is whole, clicks steer the answer."""

from __future__ import annotations

import dataclasses
import json
import tomllib

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.click_segment import PRESETS, SMOKE, Config, export, train  # noqa: E402
from models.common.click_export import example_inputs  # noqa: E402
from models.common.click_measure import GrabCutAnswerer, GraphAnswerer, graph_answerer  # noqa: E402
from models.common.click_pool import draw_scene  # noqa: E402
from models.common.clicks import Question, add_box, as_arrays, inner_cell, next_click, rough_hint  # noqa: E402
from models.common.cutouts import generated_cutouts  # noqa: E402
from models.common.data import generated_blocks  # noqa: E402
from models.common.pasting import paste_several  # noqa: E402
from models.common.regions import coherent_regions  # noqa: E402
from models.nets.clicking import CELL_PX, CORNER, INSIDE, NO_POINT, OTHER_CORNER, OUTSIDE, ClickDecoder  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs


def square(side: int = 20, edges: tuple[int, int] = (5, 12)) -> np.ndarray:
    target = np.zeros((side, side), np.float32)
    target[edges[0] : edges[1], edges[0] : edges[1]] = 1
    return target


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clicks")
    changes = SMOKE | {name: folder / name for name in ("run", "cache")} | {"baselines": folder / "baselines.json"}
    config = dataclasses.replace(PRESETS["cpu"], **changes)
    train(config)
    export(config, folder / "onnx")
    return folder / "onnx"


def test_a_smoke_run_becomes_a_model_folder(exported):
    manifest = tomllib.loads((exported / "manifest.toml").read_text(encoding="utf-8"))
    assert manifest["task"] == "encode_decode"
    assert set(manifest["files"]) == {"encoder", "decoder"}
    card = (exported / "card.md").read_text(encoding="utf-8")
    measured = json.loads((exported / "metrics.json").read_text())
    assert {(row["method"], row["first"]) for row in measured["rows"]} == {
        (method, first) for method in ("GrabCut", "this model") for first in ("click", "box")
    }
    for row in measured["rows"]:
        assert f"| {row['iou_1']:.3f} | {row['iou_3']:.3f} | {row['iou_5']:.3f} |" in card


@pytest.mark.parametrize("size", [(50, 200), (320, 320), (700, 400)])
def test_a_picture_of_any_size_is_answered_at_its_size(exported, size):
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    answerer = graph_answerer(exported)(picture)
    for points in ([], [(3, 4, INSIDE)], [(3, 4, INSIDE), (20, 30, OUTSIDE), (0, 0, 2), (30, 40, 3)]):
        alpha = answerer.ask(np.array(points, np.float32).reshape(-1, 3))
        assert alpha.shape == size
        assert np.isfinite(alpha).all()


def test_clicks_are_in_pixels_of_what_is_fed():
    told = GraphAnswerer.told_of(np.float32([[100, 50, INSIDE]]), (200, 400), (160, 320), None)
    assert told["points"].tolist() == [[[80.0, 40.0], [0.0, 0.0]]]
    assert told["labels"].tolist() == [[INSIDE, NO_POINT]]
    assert told["has_hint"].tolist() == [0]


def test_a_point_that_is_none_changes_nothing():
    torch.manual_seed(0)
    decoder = ClickDecoder().eval()
    inputs = example_inputs("decoder", 2)
    inputs = {"small" if name == "guide" else name: tensor for name, tensor in inputs.items()}
    inputs["small"] = torch.nn.functional.avg_pool2d(inputs["small"], CELL_PX)
    with torch.no_grad():
        plain = decoder(*inputs.values())[0]
        more = inputs | {
            "points": torch.cat([inputs["points"], torch.full((1, 1, 2), 7.0)], dim=1),
            "labels": torch.cat([inputs["labels"], torch.full((1, 1), float(NO_POINT))], dim=1),
        }
        assert torch.allclose(decoder(*more.values())[0], plain, atol=1e-5)
        moved = inputs | {"points": inputs["points"] / 2}
        assert not torch.allclose(decoder(*moved.values())[0], plain, atol=1e-3)


def test_the_next_click_goes_into_the_larger_error():
    target = square()
    found = np.zeros_like(target)
    question = Question()
    assert next_click(question, found, target, None)
    assert question.labels == [INSIDE]
    assert np.abs(np.array(question.points[0]) - 8.5 * CELL_PX).max() <= CELL_PX
    found = target.copy()
    found[14:20, 0:6] = 1
    assert next_click(question, found, target, None)
    assert question.labels == [INSIDE, OUTSIDE]
    assert question.points[1][1] > 14 * CELL_PX
    assert not next_click(question, target, target, None), "nothing is wrong"


def test_a_box_holds_what_is_meant_and_arrays_are_padded():
    question = Question()
    add_box(question, square(), None)
    assert question.labels == [CORNER, OTHER_CORNER]
    assert question.points == [(20.0, 20.0), (48.0, 48.0)]
    hint = rough_hint(square(80, (20, 60)), np.random.default_rng(3))
    points, labels, hints, has_hint = as_arrays([question, Question(hint=hint)], (80, 80))
    assert points.shape == (2, 2, 2)
    assert labels.tolist() == [[2, 3], [NO_POINT, NO_POINT]]
    assert has_hint.tolist() == [0, 1]
    assert (hints[0] == 0).all()
    assert hints[1].max() > 2 > -2 > hints[1].min()


def test_every_click_lies_inside_its_region():
    rng, region = np.random.default_rng(0), square() > 0.5
    assert inner_cell(region & False, rng) is None
    for _ in range(50):
        row, column = inner_cell(region, rng)
        assert region[row, column]


def test_what_is_seen_of_pasted_objects_does_not_overlap():
    rng = np.random.default_rng(4)
    cutouts = generated_cutouts(3)
    picture, seen = paste_several([cutouts, cutouts, cutouts], generated_blocks(2), 96, rng)
    assert picture.shape == (96, 96, 3)
    assert np.sum([alpha.astype(int) for alpha in seen], axis=0).max() <= 257


def test_a_scene_has_something_to_point_at():
    rng = np.random.default_rng(1)
    scene = draw_scene((generated_cutouts(3), ()), generated_blocks(2), 96, rng, 0.5)
    assert scene.picture.shape == (96, 96, 3)
    assert scene.targets
    assert all(target.shape == (96, 96) and target.any() for target in scene.targets)


def test_regions_are_of_one_colour():
    picture = np.zeros((90, 120, 3), np.uint8)
    picture[:, 70:] = (200, 40, 40)
    picture[60:, 70:] = (30, 60, 220)
    regions = coherent_regions(picture, np.random.default_rng(0))
    assert len(regions) == 2, "the left half is more than half of the picture"
    for region in regions:
        inside = picture[region > 128].astype(int)
        assert (np.abs(inside - np.median(inside, axis=0)).max(axis=1) < 30).mean() > 0.95


def test_grab_cut_takes_the_same_words():
    picture = np.full((60, 60, 3), 200, np.uint8)
    picture[20:40, 20:40] = (20, 60, 160)
    boxed = GrabCutAnswerer(picture, 0.2).ask(np.float32([[15, 15, 2], [45, 45, 3]]))
    assert boxed[30, 30] == 1
    assert boxed[5, 5] == 0
    clicked = GrabCutAnswerer(picture, 0.2).ask(np.float32([[30, 30, INSIDE]]))
    assert clicked[30, 30] == 1


def test_a_run_is_told_what_it_may_hold_out():
    assert Config().held_out_words
    assert Config().side % (8 * CELL_PX) == 0
