"""Distances and coverage between sets of pictures: right where the answer is known, and alarmed by mode collapse."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.common.data import DataError  # noqa: E402
from models.common.gan_metrics import (  # noqa: E402
    coverage,
    frechet_distance,
    inception_features,
    kernel_distance,
    nearest_pictures,
    pixel_features,
    precision_recall,
)
from models.common.generation import joined_lines  # noqa: E402
from models.common.judge import judged, kept_judge, train_judge  # noqa: E402
from models.common.picture_sets import generated_pictures, on_paper  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs


def gaussian(count: int, *, mean: float = 0.0, deviation: float = 1.0, seed: int = 0, size: int = 4) -> torch.Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed)) * deviation + mean


def test_frechet_distance_of_two_gaussians_is_the_one_on_paper():
    one, other = gaussian(40_000), gaussian(40_000, mean=1.0, deviation=2.0, seed=1)

    # |m1 - m2|² = 4 and, for each of four numbers, (1 - 2)²
    assert frechet_distance(one, other) == pytest.approx(8.0, rel=0.03)
    assert frechet_distance(one, one) == pytest.approx(0.0, abs=1e-6)


def test_kernel_distance_is_about_zero_for_equal_sets_and_not_biased_upwards():
    values = [kernel_distance(gaussian(500, seed=2 * n), gaussian(500, seed=2 * n + 1)) for n in range(6)]

    assert abs(float(np.mean(values))) < 0.02
    assert min(values) < 0 < max(values)  # unbiased: on either side
    assert kernel_distance(gaussian(500), gaussian(500, mean=1.0, seed=1)) > 0.5


def test_collapse_onto_few_pictures_keeps_precision_and_loses_recall_and_coverage():
    real = torch.cat([gaussian(200, mean=10.0 * mode, deviation=0.5, seed=mode) for mode in range(5)])
    varied = torch.cat([gaussian(200, mean=10.0 * mode, deviation=0.5, seed=50 + mode) for mode in range(5)])
    collapsed = gaussian(1000, deviation=0.4, seed=99)

    assert precision_recall(real, varied)[0] > 0.8 < precision_recall(real, varied)[1]
    assert coverage(real, varied) > 0.9
    assert precision_recall(real, collapsed)[0] > 0.8
    assert precision_recall(real, collapsed)[1] < 0.25
    assert coverage(real, collapsed) < 0.25


def test_nearest_training_picture_is_found_where_it_is_copied():
    pictures = generated_pictures(60, side=16, planes="rgba").pictures
    features = pixel_features(8)

    found = nearest_pictures(features(pictures[[7, 31]]), features(pictures))

    assert found.tolist() == [7, 31]


def test_a_judge_learns_its_classes_repeats_itself_and_is_kept(tmp_path, monkeypatch):
    training = generated_pictures(300, side=16, planes="ink")
    other = generated_pictures(60, side=16, planes="ink", seed=1)
    monkeypatch.setattr("models.common.judge.PICTURES_SEEN", 4000)
    paper = on_paper(training.pictures)

    judge = train_judge(paper, training.labels, 3, seen=4000)
    assert (judged(judge, on_paper(other.pictures)) == other.labels).mean() > 0.9
    again = train_judge(paper, training.labels, 3, seen=128)
    same = train_judge(paper, training.labels, 3, seen=128)
    assert all(torch.equal(a, b) for a, b in zip(again.state_dict().values(), same.state_dict().values(), strict=True))

    monkeypatch.setattr("models.common.judge.train_judge", lambda *_, **__: judge)
    kept_judge(paper, training.labels, 3, folder=tmp_path)
    monkeypatch.setattr("models.common.judge.train_judge", lambda *_, **__: pytest.fail("trained again"))
    assert torch.equal(kept_judge(paper, training.labels, 3, folder=tmp_path).decide.weight, judge.decide.weight)


def test_a_kept_judge_of_another_make_is_not_taken(tmp_path, monkeypatch):
    pictures = generated_pictures(40, side=16, planes="ink")
    trained = []
    monkeypatch.setattr("models.common.judge.PICTURES_SEEN", 128)

    def noted(*arguments: object, **more: object) -> object:
        trained.append(1)
        return train_judge(*arguments, **more)

    monkeypatch.setattr("models.common.judge.train_judge", noted)
    kept_judge(on_paper(pictures.pictures), pictures.labels, 3, folder=tmp_path)
    monkeypatch.setattr("models.common.judge.Judge.__init__.__defaults__", (8,))
    kept_judge(on_paper(pictures.pictures), pictures.labels, 3, folder=tmp_path)

    assert len(trained) == 2
    assert len(list(tmp_path.glob("judge-*.pt"))) == 2


def test_variety_of_joined_pictures_is_the_share_of_parts_that_samples_are_nearest_to():
    pictures = generated_pictures(400, side=16, planes="rgba", class_count=2)
    names = tuple(f"{'round' if label else 'square'}+{i % 3}:{i}" for i, label in enumerate(pictures.labels))
    pictures = dataclasses.replace(pictures, names=names)
    training, held_out = pictures.take(np.arange(300)), pictures.take(np.arange(300, 400))
    first, second = pictures.take(np.arange(200)), pictures.take(np.arange(200, 400))

    def rows(samples: np.ndarray) -> dict[str, tuple[float, float]]:
        lines = joined_lines(first, second, on_paper(samples), training, held_out)
        return {line.metric: (line.value, line.real) for line in lines}

    varied, collapsed = rows(second.pictures), rows(np.repeat(first.pictures[:1], 200, axis=0))

    assert varied["coverage_pixels"][0] == varied["coverage_pixels"][1] > 0.8
    assert varied["parts met"] == (100, 100)
    assert collapsed["coverage_pixels"][0] < 0.1
    assert collapsed["parts met"][0] == 40  # one shape and one number of two and three
    unnamed = dataclasses.replace(training, names=tuple(map(str, range(300))))
    assert joined_lines(first, second, on_paper(second.pictures), unnamed, held_out) == []


def test_inception_is_read_from_a_file_of_torchvisions_and_from_no_other(tmp_path):
    for name, content in (("list.pth", [1, 2]), ("other.pth", {"weight": torch.zeros(1)})):
        torch.save(content, tmp_path / name)
        with pytest.raises(DataError, match="does not hold torchvision's Inception v3"):
            inception_features(tmp_path / name)
