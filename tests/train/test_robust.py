"""Inputs chosen against a network: they stay near, they hurt more than noise, and cards say by how much."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")

from models.common.restoring import Batch  # noqa: E402
from models.common.robust import fgsm, measure_robustness, pgd, put_on_card, robust_table, shaken  # noqa: E402

pytestmark = pytest.mark.train

EPSILON = 4 / 255


class Blur(torch.nn.Module):
    """What it sees of a pixel is the mean around it."""

    def forward(self, image, _strength=None):
        return torch.nn.functional.avg_pool2d(image, 3, stride=1, padding=1, count_include_pad=False)


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand(1, 3, 24, 24, generator=generator) * 0.6 + 0.2
    return clean + 0.02 * torch.randn(clean.shape, generator=generator), clean


def test_what_is_moved_stays_within_epsilon(pair):
    image, target = pair
    for moved in (
        shaken(image, EPSILON, torch.Generator().manual_seed(1)),
        fgsm(Blur(), image, target, EPSILON),
        pgd(Blur(), image, target, EPSILON),
    ):
        assert (moved - image).abs().max() <= EPSILON + 1e-6
        assert (moved.min() >= 0, moved.max() <= 1) == (True, True)


def test_a_chosen_input_hurts_more_than_noise_of_its_size(pair):
    for row in measure_robustness(Blur(), [pair]):
        assert row["pgd"] <= row["fgsm"] + 0.01 < row["noise"] + 0.01
        assert row["fgsm"] < row["plain"]


def test_training_moves_inputs_against_the_network(pair):
    image, target = pair
    batch = Batch(image, target, torch.zeros(1, 1, 1, 1, dtype=torch.bool))
    harder, again = (batch.made_harder(Blur(), EPSILON, step=3) for _ in range(2))
    assert torch.equal(harder.damaged, again.damaged), "a function of the step: resuming is exact"
    assert (harder.damaged - image).abs().max() <= EPSILON + 1e-6
    errors = [(Blur()(seen) - target).square().mean() for seen in (image, harder.damaged)]
    assert errors[1] > errors[0]


def test_a_card_tells_the_loss_once(tmp_path, pair):
    (tmp_path / "card.md").write_text("# X\n\n## Measured\n\n1\n\n## Weaknesses\n\n- none\n", encoding="utf-8")
    (tmp_path / "metrics.json").write_text('{"rows": []}', encoding="utf-8")
    rows = measure_robustness(Blur(), [pair])
    for _ in range(2):
        put_on_card(tmp_path, robust_table(rows, "noise"), rows)
    card = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert card.count("## Robustness") == 1
    assert card.index("## Measured") < card.index("## Robustness") < card.index("## Weaknesses")
    assert json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))["robust"] == rows
