"""Light and colour: curves that keep grey grey, the way from training to a model folder, honest rivals."""

from __future__ import annotations

import dataclasses
import tomllib

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from desktop.runtime.adapters.picture_task import applied_knots  # noqa: E402
from models import auto_enhance, low_light  # noqa: E402
from models.common.data import generated_blocks  # noqa: E402
from models.common.export import cpu_session, run_graph  # noqa: E402
from models.common.tone import PLAIN_WAYS, badly_taken, darkened, grey_world  # noqa: E402
from models.common.tone_export import export_tones, measure_tones  # noqa: E402
from models.common.tone_training import tone_psnr  # noqa: E402
from models.nets.curves import BEND, KNOTS, SEEN_PX, GlobalCurves, LocalCurves, applied, enlarged, knots, under  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs


@pytest.mark.parametrize(("method", "spoil"), [(low_light, darkened), (auto_enhance, badly_taken)])
def test_a_smoke_run_becomes_a_model_folder(method, spoil, tmp_path):
    config = dataclasses.replace(method.PRESETS["cpu"], **(method.SMOKE | {"run": tmp_path / "run"}))
    method.train(config)
    network, trained, step = method.trained_network(config.run)
    assert trained == config
    about = (method.MANIFEST, method.WHAT, method.WEAKNESSES)
    export_tones(network, config, tmp_path / "onnx", about, spoil, step=step)
    manifest = tomllib.loads((tmp_path / "onnx/manifest.toml").read_text(encoding="utf-8"))
    assert manifest["outputs"][0]["role"] == "curve"
    session = cpu_session(tmp_path / "onnx/model.onnx")
    picture = generated_blocks(1)[0][:150, :101]
    nothing = {method.MANIFEST["slider"]["id"]: 0.0}
    assert np.array_equal(run_graph(session, manifest, picture, nothing), picture), "at 0 nothing changes"


def trained_by_chance(network):
    """Weights large enough that the curves do something."""
    torch.manual_seed(3)
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.15)
    return network.eval()


@pytest.mark.parametrize("kind", [LocalCurves, GlobalCurves])
def test_grey_stays_grey_and_rises(kind):
    ramp = torch.linspace(0, 1, SEEN_PX).expand(1, 3, SEEN_PX, SEEN_PX)
    with torch.no_grad():
        result = applied(ramp, trained_by_chance(kind())(ramp, torch.ones(1)))
    assert float((result - result.mean(dim=1, keepdim=True)).abs().max()) * 255 < 0.01
    assert float((result - ramp).abs().max()) > 0.01, "or the test shows nothing"
    if kind is GlobalCurves:  # one curve for the whole picture never folds back
        assert float(result.diff(dim=-1).min()) >= -1e-6


@pytest.mark.parametrize("kind", [LocalCurves, GlobalCurves])
def test_what_has_learnt_nothing_stretches_the_contrast(kind):
    """The plain answer is where learning begins."""
    torch.manual_seed(0)
    clean = torch.rand(1, 3, 8, 8)
    clean = torch.nn.functional.interpolate(clean, size=(SEEN_PX, SEEN_PX), mode="bilinear")
    poor = 0.1 + 0.3 * clean
    with torch.no_grad():
        result = applied(poor, kind().eval()(poor, torch.ones(1)))
    stretched = (clean - clean.min()) / (clean.max() - clean.min())
    assert tone_psnr(result, stretched) > 25 > tone_psnr(poor, stretched) + 10


@pytest.mark.parametrize("kind", [LocalCurves, GlobalCurves])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_flat_pictures_stay_within_bounds(kind, level):
    flat = torch.full((1, 3, SEEN_PX, SEEN_PX), level)
    with torch.no_grad():
        result = applied(flat, trained_by_chance(kind())(flat, torch.tensor([2.0])))
    assert bool(torch.isfinite(result).all())
    assert -0.1 <= float(result.min()) <= float(result.max()) <= 1.1  # a smooth map overshoots, the editor clips


def test_a_straight_curve_is_the_picture():
    picture = torch.rand(1, 3, 40, 60)
    assert torch.allclose(applied(picture, knots(picture).repeat(3).view(1, -1, 1, 1)), picture, atol=1e-6)


@pytest.mark.parametrize("side", [1, 8])
def test_the_curve_is_the_editors(side):
    """What training applies is what `runtime` applies: the same numbers for the same maps."""
    picture, levels = torch.rand(1, 3, 32, 48), torch.rand(1, 3 * KNOTS, side, side)
    levels = levels if side == 1 else levels[:, :KNOTS]
    maps = levels.expand(-1, -1, 32, 48) if side == 1 else enlarged(levels, (32, 48))
    theirs = applied_knots(picture[0].numpy(), maps[0].numpy(), KNOTS, BEND)
    np.testing.assert_allclose(applied(picture, levels)[0].numpy(), theirs, atol=1e-4)


def test_curves_say_what_the_pixels_of_training_got():
    """At a place of the map the curve's level is what `under` computes for that level there."""
    network, picture = trained_by_chance(LocalCurves()), torch.rand(1, 3, SEEN_PX, SEEN_PX)
    with torch.no_grad():
        curves = network(picture, torch.ones(1))
        level = knots(picture)[20]
        direct = under(level.expand(1, 1, *curves.shape[2:]), network.terms(picture))
    assert torch.allclose(curves[:, 20], direct[:, 0], atol=1e-5)


def test_the_dark_is_darker_and_depends_on_its_generator_alone():
    clean = generated_blocks(1)[0]
    one, other = (darkened(clean, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(one, other)
    assert np.mean([darkened(clean, np.random.default_rng(i)).mean() for i in range(8)]) < 0.7 * clean.mean()


def test_a_cast_is_taken_away_by_the_grey_world():
    clean = np.random.default_rng(0).integers(40, 200, (64, 64, 1), np.uint8).repeat(3, axis=2)
    tinted = np.clip(clean * np.array([1.2, 1.0, 0.8]), 0, 255).astype(np.uint8)
    mended = grey_world(tinted, 1.0).astype(int)
    assert (
        np.abs(mended[..., 0] - mended[..., 2]).mean() < np.abs(tinted[..., 0].astype(int) - tinted[..., 2]).mean() / 4
    )


def test_rivals_get_the_number_that_serves_them_best():
    photos = {str(i): block[:96, :96] for i, block in enumerate(generated_blocks(2))}
    rows = measure_tones(lambda picture: picture, photos, darkened)
    assert len(rows) == len(PLAIN_WAYS) + 3
    untouched = rows[0]["psnr"]
    gamma = next(row for row in rows if row["method"].startswith("gamma"))
    assert gamma["psnr"] > untouched
    assert rows[-2]["psnr"] == untouched, "a model that does nothing is measured as such"
