"""Colouring: bins, hints that spread, the way from training to a model folder."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models import colourise  # noqa: E402
from models.common.colour_views import draw_hints  # noqa: E402
from models.nets.colouring import (  # noqa: E402
    AB_SCALE,
    ColourDecoder,
    annealed_mean,
    guided,
    lab_bins,
    nearby_bins,
    rgb_to_ab,
    spread_hints,
    tilt,
)

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs


def test_a_smoke_run_is_read_back(tmp_path):
    config = dataclasses.replace(colourise.PRESETS["cpu"], **(colourise.SMOKE | {"run": tmp_path / "run"}))
    eye, decoder, step = colourise.trained_network(colourise.train(config))
    assert step in (1, 2)
    seen = eye(torch.rand(1, 1, 64, 64))
    scores = decoder(seen, torch.zeros(1, 3, 16, 16), torch.rand(1, 1, 16, 16))
    assert scores.shape == (1, len(decoder.bins), 16, 16)


def test_a_and_b_are_opencvs():
    rgb = np.random.default_rng(0).random((8, 9, 3), np.float32)
    ours = rgb_to_ab(torch.from_numpy(rgb).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(ours, cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[..., 1:], atol=0.5)


def test_a_colour_comes_back_from_its_soft_class():
    bins = lab_bins()
    ab = torch.tensor([[20.0, -35.0], [0.0, 0.0]]).T[None, :, None]
    share = nearby_bins(ab, bins)
    assert torch.allclose(share.sum(dim=1), torch.ones(1, 1, 2))
    assert torch.allclose(annealed_mean(share.log(), bins, 1.0), ab, atol=2.0)


def test_hints_spread_to_what_is_near_and_alike():
    """A red dab left and a green one right; the light of a place at the left decides between them as well."""
    hints, luma = torch.zeros(1, 3, 40, 40), torch.full((1, 1, 40, 40), 0.2)
    luma[..., 20:] = 0.8
    hints[0, :, 18:22, 4:8] = torch.tensor([0.8, 0.4, 1.0])[:, None, None]
    hints[0, :, 18:22, 32:36] = torch.tensor([-0.8, 0.4, 1.0])[:, None, None]
    ab, nearness = spread_hints(hints, luma)
    assert float(ab[0, 0, 20, 17]) > 30 > -30 > float(ab[0, 0, 20, 23])
    assert float(nearness[0, 0, 20, 6]) > float(nearness[0, 0, 0, 39]) >= 0
    nothing, none = spread_hints(torch.zeros(1, 3, 40, 40), luma)
    assert not nothing.any()
    assert not none.any()


def test_an_untaught_decoder_follows_a_hint():
    torch.manual_seed(0)
    decoder = ColourDecoder().eval()
    sizes = zip((24, 40, 112, 192), (40, 20, 10, 5), strict=True)
    seen = [torch.zeros(1, channels, side, side) for channels, side in sizes]
    hints = torch.zeros(1, 3, 40, 40)
    hints[0, :, 10:30, 10:30] = torch.tensor([40 / AB_SCALE, 30 / AB_SCALE, 1.0])[:, None, None]
    with torch.no_grad():
        ab = annealed_mean(decoder(seen, hints, torch.full((1, 1, 40, 40), 0.5)), decoder.bins)
    assert torch.allclose(ab[0, :, 20, 20], torch.tensor([40.0, 30.0]), atol=8)


def test_moods_leave_what_is_sure():
    bins = lab_bins()
    sure, unsure = torch.full((1, len(bins), 1, 1), -30.0), torch.zeros(1, len(bins), 1, 1)
    sure[0, 40] = 0
    mood = tilt(bins, torch.randn(1, 5, generator=torch.Generator().manual_seed(1)))
    assert torch.allclose(annealed_mean(sure + mood, bins), annealed_mean(sure, bins), atol=1.0)
    assert float((annealed_mean(unsure + mood, bins) - annealed_mean(unsure, bins)).abs().max()) > 5


def test_the_guided_filter_brings_colours_to_edges():
    grey = torch.full((1, 1, 64, 64), 0.2)
    grey[..., 32:] = 0.8
    ab = torch.zeros(1, 2, 8, 8)
    ab[..., 4:] = 60
    fine = guided(ab, grey)
    assert float(fine[0, 0, 32, 29]) < 10
    assert float(fine[0, 0, 32, 34]) > 50


def test_drawn_hints_have_the_colours_below_them():
    ab = torch.full((3, 2, 40, 40), 25.0)
    hints = draw_hints(ab, np.random.default_rng(0), share=1.0)
    present = hints[:, 2] > 0
    assert present.flatten(1).any(dim=1).all()
    assert torch.allclose(hints[:, 0][present], torch.tensor(25.0 / AB_SCALE))
    assert not hints[:, 0][~present].any()
