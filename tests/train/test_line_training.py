"""Line drawings: skeletons and thinned edges are sound, the way from training to a model folder is whole."""

from __future__ import annotations

import dataclasses
import json
import tomllib

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.common.data import generated_blocks  # noqa: E402
from models.common.line_measure import f_score, line_drawer  # noqa: E402
from models.common.lines import drawings_of, drawn_crop, ink_of_edges, skeleton, thinned  # noqa: E402
from models.common.pairs import load_pairs  # noqa: E402
from models.common.picture_sets import GENERATED  # noqa: E402
from models.line_art import PRESETS, SMOKE, export, train  # noqa: E402
from models.nets.line_drawing import LineDrawing, LineNet  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lines")
    changes = SMOKE | {"run": folder / "run", "baselines": folder / "baselines.json"}
    config = dataclasses.replace(PRESETS["cpu"], **changes)
    train(config)
    export(config, folder / "onnx")
    return folder / "onnx"


def test_a_smoke_run_becomes_a_model_folder(exported):
    manifest = tomllib.loads((exported / "manifest.toml").read_text(encoding="utf-8"))
    assert manifest["task"] == "filter"
    card = (exported / "card.md").read_text(encoding="utf-8")
    for row in json.loads((exported / "metrics.json").read_text())["rows"]:
        assert f"| {row['method']} | {row['f']:.3f} |" in card


def test_detail_brings_lines_and_strength_makes_them_darker(exported):
    picture = generated_blocks(1)[0]
    draw = line_drawer(exported / "model.onnx")
    few, many = draw(picture, 20.0), draw(picture, 80.0)
    assert few.shape == picture.shape
    assert many.mean() < few.mean()
    drawing = LineDrawing(LineNet()).eval()
    image, half = torch.rand(1, 3, 33, 47), torch.full((1,), 0.5)
    with torch.no_grad():
        assert torch.equal(drawing(image, half, torch.zeros(1)), torch.ones(1, 3, 33, 47))
        assert drawing(image, half, half).mean() < drawing(image, half, half / 2).mean()


def test_a_skeleton_is_one_pixel_thin_and_as_connected():
    region = np.zeros((60, 60), bool)
    region[10:50, 20:27] = True
    region[25:31, 20:50] = True
    thin = skeleton(region)
    assert (thin & ~region).sum() == 0
    assert cv2.connectedComponents(thin.astype(np.uint8), connectivity=8)[0] == 2, "one line, and the ground"
    assert thin[15:45].sum(axis=1)[[2, 25]].tolist() == [1, 1]


def test_edges_are_thinned_across_and_not_along():
    rows, columns = np.mgrid[:64, :64].astype(np.float32)
    for distance in (columns - 31, rows - 31, (rows - columns) / np.sqrt(2)):
        ridge = thinned(np.exp(-(distance**2) / 18).astype(np.float32))
        inner = np.s_[5:-5, 5:-5]  # at the border nobody knows how an edge goes on
        kept, distance = ridge[inner] > 0.5, distance[inner]
        assert (np.abs(distance[kept]) < 1).all()
        near = np.abs(distance) < 0.5
        assert kept[near][near.sum() // 4 :].mean() > 0.7
    ink = ink_of_edges(np.exp(-((columns - 31) ** 2) / 18).astype(np.float32))
    assert ink[30, 31] > 200
    assert ink[30, 10] == 0


def test_a_score_counts_what_is_near():
    truth = np.zeros((40, 40), bool)
    truth[20, 5:35] = True
    assert f_score(np.roll(truth, 2, axis=0), truth) == (30, 30, 30, 30)
    assert f_score(np.roll(truth, 5, axis=0), truth) == (0, 30, 0, 30)
    assert f_score(truth & False, truth) == (0, 0, 0, 30)


def test_lines_of_a_drawing_lie_where_its_lines_are():
    drawings = drawings_of(load_pairs(GENERATED, side=64, made="pairs").take(3))
    rng = np.random.default_rng(0)
    for _ in range(6):
        crop = drawn_crop(drawings, generated_blocks(2), 64, rng)
        assert crop.picture.shape == (64, 64, 3)
        assert crop.ink.shape == (64, 64)
    assert all(one.distance[one.lines.min(axis=2) > 250].min() >= 0 for one in drawings)
