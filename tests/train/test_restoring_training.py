"""JPEG, blur and self-supervision: what pictures are spoilt by, exact resuming, and the way to a model folder."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from models import deep_image_prior, jpeg, noise2void, upscale_photo  # noqa: E402
from models.common.blurring import KERNEL_PX, disc_kernel, line_kernel, random_blur, shake_kernel  # noqa: E402
from models.common.checkpoints import LATEST, read_checkpoint  # noqa: E402
from models.common.compressing import random_compression, through_jpeg, twice_through_jpeg  # noqa: E402
from models.common.data import DataError, generated_blocks  # noqa: E402
from models.common.export import cpu_session, run_graph  # noqa: E402
from models.common.likeness import TrainingEye  # noqa: E402
from models.common.onnx_weights import load_exported  # noqa: E402
from models.common.restoring import Batch, new_network, train, trained_network  # noqa: E402
from models.nets.jpeg_cleaner import JpegCleaner, cosine_transform  # noqa: E402
from models.nets.pixel_judge import PixelJudge  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs

SPEED = {"cpu_seconds_per_megapixel": 0.5, "cpu": "a test", "peak_memory_mb": 100.0}


def smoke_config(method: Any, run: Path, **changes: Any) -> Any:
    preset = next(iter(method.PRESETS.values()))
    return dataclasses.replace(preset, **(method.SMOKE | {"run": run} | changes))


def weights_of(checkpoint: Path) -> dict[str, torch.Tensor]:
    content = read_checkpoint(checkpoint)
    parts = [part for part in ("net", "ema", "judge") if part in content]
    return {f"{part}.{name}": tensor for part in parts for name, tensor in content[part].items()}


def test_a_smoke_run_becomes_a_model_folder(tmp_path, monkeypatch):
    method = jpeg
    monkeypatch.setattr("models.common.restoring_export.measure_speed", lambda *_, **__: SPEED)
    monkeypatch.setattr("models.common.restoring_export.BASELINES", tmp_path / "baselines.json")
    config = smoke_config(method, tmp_path / "run", steps=2, validate_every=2)
    train(config, method.DAMAGES)
    method.export(config, tmp_path / "onnx")

    manifest = tomllib.loads((tmp_path / "onnx/manifest.toml").read_text(encoding="utf-8"))
    rows = json.loads((tmp_path / "onnx/metrics.json").read_text(encoding="utf-8"))["rows"]
    assert {row["method"] for row in rows} == {"untouched", "this model", *method.PLAIN_WAYS}
    session, picture = cpu_session(tmp_path / "onnx/model.onnx"), generated_blocks(1)[0][:50, :71]
    assert np.array_equal(run_graph(session, manifest, picture, {"strength": 0.0}), picture), "at 0 nothing changes"
    again = new_network(config)
    load_exported(again, tmp_path / "onnx/model.onnx")  # half precision and back
    before = trained_network(tmp_path / "run/best.pt").state_dict()
    assert all(torch.allclose(tensor, before[name], atol=1e-3) for name, tensor in again.state_dict().items())


class PowerCut(Exception):
    pass


@pytest.mark.parametrize("method", ["jpeg", "photo"])
def test_resumed_training_has_the_bits_of_an_uninterrupted_one(method, tmp_path, monkeypatch):
    module = {"jpeg": jpeg, "photo": upscale_photo}[method]
    run_it = {"jpeg": lambda config, **k: train(config, jpeg.DAMAGES, **k), "photo": upscale_photo.train}[method]
    place, drawing = (Batch, "draw") if method == "jpeg" else (upscale_photo, "draw_batch")
    whole, stopped = (
        smoke_config(module, tmp_path / name, steps=4, checkpoint_every=2) for name in ("whole", "stopped")
    )
    run_it(whole)
    original = getattr(place, drawing)

    def cut_power(*arguments: object, step: int, **others: object) -> Any:
        if step == 3:  # one step after the checkpoint of step 2: what was done since must be done again
            raise PowerCut
        return original(*arguments, step=step, **others)

    with monkeypatch.context() as patch:
        patch.setattr(place, drawing, staticmethod(cut_power) if method == "jpeg" else cut_power)
        with pytest.raises(PowerCut):
            run_it(stopped)
    torch.manual_seed(12345)  # another process would not have our generator's state either
    run_it(stopped, resume=True)

    expected, resumed = weights_of(whole.run / LATEST), weights_of(stopped.run / LATEST)
    assert expected.keys() == resumed.keys()
    assert all(torch.equal(expected[name], resumed[name]) for name in expected)


def test_going_on_from_another_network_is_one_sentence(tmp_path):
    config = smoke_config(jpeg, tmp_path, widths=(8, 12, 20))
    with pytest.raises(DataError, match="does not fit"):
        load_exported(new_network(config), Path("onnx/denoise-photo/model.onnx"))
    with pytest.raises(DataError, match="no exported model"):
        load_exported(new_network(config), tmp_path / "none.onnx")


@pytest.mark.parametrize("damage", [random_compression, random_blur])
def test_damage_keeps_size_and_the_clean_picture_and_some_stay_as_they_are(damage):
    clean, rng = generated_blocks(1)[0][:112, :112], np.random.default_rng(0)
    pairs = [damage(clean, rng) for _ in range(60)]
    assert all(spoilt.shape == target.shape == clean.shape for spoilt, target in pairs)
    damaged = [target for spoilt, target in pairs if not np.array_equal(spoilt, target)]
    assert all(np.abs(target.astype(int) - clean).mean() < 5 for target in damaged), "a little grain at most"
    kept = [np.abs(target.astype(int) - clean).mean() for _, target in pairs]
    assert max(kept) < 15, "pictures to be left alone have grain and JPEG of their own, which these blocks show much of"
    assert len({spoilt.tobytes() for spoilt, _ in pairs}) > 30
    assert min(np.abs(spoilt.astype(int) - target).mean() for spoilt, target in pairs) < 4


def test_twice_through_jpeg_moves_the_blocks_and_not_the_picture():
    clean = generated_blocks(1)[0][:64, :64]
    spoilt = twice_through_jpeg(clean, 95, 95, moved=(3, 5))
    shifted = np.roll(clean, 1, axis=1)
    assert np.abs(spoilt.astype(int) - clean).mean() < np.abs(spoilt.astype(int) - shifted).mean()


def test_kernels_keep_the_light_and_lie_in_the_middle():
    rng = np.random.default_rng(0)
    places = np.arange(KERNEL_PX) - KERNEL_PX // 2
    for kernel in (disc_kernel(3), line_kernel(9, 0.5), *(shake_kernel(10, rng) for _ in range(5))):
        assert kernel.shape == (KERNEL_PX, KERNEL_PX)
        assert kernel.sum() == pytest.approx(1, abs=1e-4)
        assert abs((kernel.sum(0) * places).sum()) < 1.5
        assert abs((kernel.sum(1) * places).sum()) < 1.5


def test_blocks_of_the_grid_are_read_as_jpeg_reads_them():
    transform = cosine_transform().double()
    assert torch.allclose(transform @ transform.T, torch.eye(64, dtype=torch.float64), atol=1e-3)
    clean = generated_blocks(1)[0][:64, :64]
    planes = torch.from_numpy(through_jpeg(clean, 20, sampling=0)).permute(2, 0, 1)[None].double() / 255
    luma = torch.einsum("c,nchw->nhw", torch.tensor([0.299, 0.587, 0.114]).double(), planes)[:, None]
    found = torch.nn.functional.conv2d(torch.nn.functional.pixel_unshuffle(luma, 8), transform[:, :, None, None]) * 255
    moved = torch.nn.functional.pixel_unshuffle(luma[..., 4:60, 4:60], 8)
    elsewhere = torch.nn.functional.conv2d(moved, transform[:, :, None, None]) * 255
    assert (found.abs() < 1).double().mean() > 1.3 * (elsewhere.abs() < 1).double().mean()


def test_a_jpeg_cleaner_in_tiles_is_one_whole_and_at_strength_0_changes_nothing():
    torch.manual_seed(0)
    network = JpegCleaner((8, 12, 16), (1, 1, 1), grid_width=8).eval()
    torch.nn.init.normal_(network.unet.write.weight, std=0.02)
    picture = torch.from_numpy(generated_blocks(1)[0][:120, :131]).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        whole = network(picture, torch.tensor(0.5))
        part = network(picture[..., 32:, 32:], torch.tensor(0.5))
        assert torch.equal(network(picture, torch.tensor(0.0)), picture)
    assert whole.shape == picture.shape
    assert not torch.equal(whole, picture)
    assert (whole[..., 80:, 80:] - part[..., 48:, 48:]).abs().max() < 1 / 255


def test_a_judge_says_something_of_every_cell_and_likeness_is_nothing_for_equals():
    picture = torch.rand(2, 3, 32, 48)
    assert PixelJudge(4)(picture).shape == (2, 1, 16, 24)
    eye = TrainingEye.untrained()
    assert float(eye(picture, picture)) < 1e-6
    assert float(eye(picture, 1 - picture)) > 0.01


def test_hidden_pixels_show_a_neighbour_and_the_others_themselves():
    config = smoke_config(noise2void, Path(), hidden_share=0.1)
    noisy = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    hidden, mask = noise2void.hide(noisy, config, np.random.default_rng(2))
    assert np.array_equal(hidden[~mask], noisy[~mask])
    assert 0.05 < mask.mean() < 0.2
    assert (hidden[mask] != noisy[mask]).any(axis=1).mean() > 0.95


def test_noise2void_writes_every_picture_of_any_size(tmp_path):
    pictures = tmp_path / "noisy"
    pictures.mkdir()
    for name, size in (("a.png", (70, 40)), ("b.png", (5, 3)), ("c.png", (1, 1))):
        Image.fromarray(np.full((*size[::-1], 3), 128, np.uint8)).save(pictures / name)
    changes = {"smoke": False, "pictures": (pictures,), "out": tmp_path / "out", "steps": 2}
    noise2void.train(smoke_config(noise2void, tmp_path / "run", **changes))

    sizes = {path.name: Image.open(path).size for path in (tmp_path / "out").iterdir()}
    assert sizes == {"a.png": (70, 40), "b.png": (5, 3), "c.png": (1, 1)}
    with pytest.raises(DataError, match="No pictures"):
        noise2void.train(smoke_config(noise2void, tmp_path, smoke=False, pictures=(tmp_path / "none",)))


def test_noise2void_in_tiles_is_noise2void_whole(monkeypatch):
    torch.manual_seed(0)
    network = noise2void.BlindSpot((8, 12, 16), (1, 1, 1)).eval()
    torch.nn.init.normal_(network.unet.write.weight, std=0.05)
    picture = generated_blocks(1)[0][:150, :180]
    whole = noise2void.denoised(network, picture)
    monkeypatch.setattr(noise2void, "TILE_PX", 64)
    assert np.abs(noise2void.denoised(network, picture).astype(int) - whole).max() <= 1


def test_the_deep_image_prior_resumes_exactly_and_leaves_what_is_no_hole(tmp_path):
    picture = generated_blocks(1)[0][:72, :80]
    mask = np.zeros(picture.shape[:2], np.uint8)
    mask[20:40, 30:50] = 255
    Image.fromarray(picture).save(tmp_path / "picture.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")

    def config(run: str, steps: int) -> Any:
        return smoke_config(
            deep_image_prior,
            tmp_path / run,
            pictures=tmp_path / "picture.png",
            mask=tmp_path / "mask.png",
            out=tmp_path / run,
            steps=steps,
        )

    whole = np.asarray(Image.open(deep_image_prior.restore(config("whole", 4))))
    deep_image_prior.restore(config("parts", 2))
    resumed = np.asarray(Image.open(deep_image_prior.restore(config("parts", 4), resume=True)))
    assert np.array_equal(whole, resumed)
    assert np.array_equal(whole[mask == 0], picture[mask == 0])
    assert not np.array_equal(whole[mask > 0], picture[mask > 0])


def test_the_deep_image_prior_keeps_the_answer_that_hits_the_hidden_pixels_best():
    config = smoke_config(deep_image_prior, Path("unused"), patience=3, mean_over=0.0)
    clean = np.full((32, 32, 3), 0.5, np.float32)
    noisy = (clean + np.random.default_rng(0).normal(0, 0.1, clean.shape)).astype(np.float32)
    fit = deep_image_prior.Fit(noisy, np.zeros((32, 32), bool), config)
    learning = torch.from_numpy(clean).permute(2, 0, 1)[None]
    for step, share in enumerate((0.0, 0.5, 1.0), start=1):  # dark, half, as it should be
        fit.take(learning * share, step)
    best = fit.best.clone()
    for step in range(4, 7):  # then the noise is learned where it was shown, and the rest gets worse
        fit.take(torch.where(fit.hidden > 0, 0.3, fit.target), step)
        assert fit.is_over(step) == (step == 6)
    assert torch.equal(fit.best, best)
    assert fit.best_step == 3


def test_the_deep_image_prior_says_what_it_cannot_fit(tmp_path):
    Image.fromarray(np.zeros((900, 900, 3), np.uint8)).save(tmp_path / "large.png")
    for pictures in (tmp_path / "large.png", tmp_path / "none.png"):
        config = dataclasses.replace(deep_image_prior.Config(), pictures=pictures, run=tmp_path / "run")
        with pytest.raises(DataError):
            deep_image_prior.read_task(config)
