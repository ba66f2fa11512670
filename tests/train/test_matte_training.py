"""Cutting out: cut-outs are read and pasted soundly, the way from training to a model folder is whole."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from models.common.cutouts import decontaminated, generated_cutouts, load_cutouts, split_cutouts  # noqa: E402
from models.common.data import DataError, generated_blocks  # noqa: E402
from models.common.export import cpu_session, graph_inputs  # noqa: E402
from models.common.matte_measure import compared, grab_cut  # noqa: E402
from models.common.pasting import Pasted, paste  # noqa: E402
from models.common.scenes import crop_scene, load_scenes  # noqa: E402
from models.common.subject_boxes import BOXES  # noqa: E402
from models.matte import PRESETS, SMOKE, export, matte_loss, train  # noqa: E402
from models.nets.matting import Matte, MattingNet, guided_coefficients, squeezed  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs


def disc_file(path: Path, side: int = 120, radius: float = 40) -> Path:
    rows, columns = np.mgrid[:side, :side] - side / 2
    alpha = np.clip((radius - np.hypot(rows, columns)) * 64 + 128, 0, 255)
    rgba = np.dstack([np.full((side, side), 200), alpha * 0 + 30, alpha * 0 + 60, alpha]).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgba).save(path)
    return path


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("matte")
    changes = SMOKE | {"run": folder / "run", "baselines": folder / "baselines.json"}
    config = dataclasses.replace(PRESETS["cpu"], **changes)
    train(config)
    export(config, folder / "onnx")
    return folder / "onnx"


def test_a_smoke_run_becomes_a_model_folder(exported):
    manifest = tomllib.loads((exported / "manifest.toml").read_text(encoding="utf-8"))
    assert manifest["task"] == "matte"
    card, measured = (
        (exported / "card.md").read_text(encoding="utf-8"),
        json.loads((exported / "metrics.json").read_text()),
    )
    for row in measured["rows"]:
        assert f"| {row['error']:.2f} | {row['iou']:.3f} |" in card
    with Image.open(exported / "preview.webp") as preview:
        assert preview.width > preview.height


def test_the_graph_takes_any_size_and_answers_at_that_size(exported):
    session = cpu_session(exported / "model.onnx")
    manifest = tomllib.loads((exported / "manifest.toml").read_text(encoding="utf-8"))
    for height, width in ((1, 1), (7, 300), (333, 128)):
        picture = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
        (alpha,) = session.run(None, graph_inputs(manifest, picture, {}))
        assert alpha.shape == (1, 1, height, width)
        assert np.isfinite(alpha).all()
        assert alpha.min() >= 0
        assert alpha.max() <= 1


def test_cut_outs_are_cropped_packed_and_held_out_by_their_folder(tmp_path):
    disc_file(tmp_path / "art/birds/one.png")
    disc_file(tmp_path / "art/birds/tools-two.png")
    disc_file(tmp_path / "art/birds/tiny.png", side=30, radius=10)
    Image.new("RGB", (200, 200)).save(tmp_path / "art/opaque.png")
    (tmp_path / "art/broken.png").write_bytes(b"\x89PNG no picture")
    found = load_cutouts((tmp_path / "art",), tmp_path / "cache")
    assert [cutout.name for cutout in found] == ["birds/one.png", "birds/tools-two.png"]
    assert max(found[0].rgba.shape) < 90, "cropped to its subject"
    training, held_out = split_cutouts(found, ("tools-",))
    assert [cutout.name for cutout in training] == ["birds/one.png"]
    assert [cutout.name for cutout in held_out] == ["birds/tools-two.png"]
    again = load_cutouts((tmp_path / "art",), tmp_path / "cache")
    assert np.array_equal(again[0].rgba, found[0].rgba)


def test_folders_without_cut_outs_are_one_sentence(tmp_path):
    with pytest.raises(DataError, match="No cut-outs in"):
        load_cutouts((tmp_path,), tmp_path / "cache")
    Image.new("RGB", (200, 200)).save(tmp_path / "opaque.png")
    with pytest.raises(DataError, match="is a subject cut out"):
        load_cutouts((tmp_path,), tmp_path / "cache")


def test_soft_edges_lose_the_old_background():
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[..., 1] = 255  # green behind
    rgba[10:30, 10:30] = (200, 0, 0, 255)
    rgba[9, 10:30] = (100, 128, 0, 128)  # half of each
    clean = decontaminated(rgba)
    assert np.abs(clean[9, 12:28, :3].astype(int) - (200, 0, 0)).max() <= 4
    assert np.array_equal(clean[..., 3], rgba[..., 3])


def test_pasting_depends_on_its_generator_alone_and_states_the_truth():
    cutouts, photos = generated_cutouts(3), list(generated_blocks(3))
    one, other = (paste(cutouts, photos, 96, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one.picture, other.picture)
    assert np.array_equal(one.alpha, other.alpha)
    shares = [(paste(cutouts, photos, 64, np.random.default_rng(i)).alpha > 128).mean() for i in range(60)]
    assert 0 < sum(share == 0 for share in shares) < 20, "a few pictures have no subject"
    assert max(shares) > 0.25


def test_the_loss_is_smallest_at_the_truth():
    truth = torch.zeros(2, 1, 32, 32)
    truth[:, :, 8:24, 8:24] = 1
    right, wrong = (matte_loss((share - 0.5) * 20, truth)[0] for share in (truth, 1 - truth))
    assert right < 0.01 < wrong


def test_the_guided_filter_follows_the_edge_of_the_picture():
    picture = torch.zeros(1, 3, 64, 64)
    picture[..., 32:] = 1
    blurred = torch.linspace(0, 1, 64).expand(1, 1, 64, 64)  # what a coarse network might say
    slope, offset = guided_coefficients(picture, blurred, 5, 2e-4)
    refined = (slope * picture).sum(dim=1, keepdim=True) + offset
    steps = refined.diff(dim=-1)[0, 0, 32]
    assert steps.argmax() == 31
    assert steps.max() > 5 * blurred.diff(dim=-1).max()


def test_squeezing_keeps_the_mean_and_flat_pictures():
    flat = torch.full((1, 3, 37, 501), 0.3)
    assert torch.allclose(squeezed(flat, 64), torch.tensor(0.3), atol=1e-5)
    picture = torch.rand(1, 1, 640, 320)
    assert abs(float(squeezed(picture, 32).mean() - picture.mean())) < 0.01


def test_errors_are_nothing_for_the_truth_and_grow_with_distance():
    truth = np.zeros((64, 64), np.float32)
    truth[16:48, 16:48] = 1
    assert compared(truth, truth) == (0, 1, 0)
    near, far = np.roll(truth, 2, axis=1), np.roll(truth, 9, axis=1)
    assert compared(near, truth)[0] < compared(far, truth)[0]
    assert compared(near, truth)[1] > compared(far, truth)[1]


def test_grab_cut_finds_what_is_easy():
    picture = np.full((80, 80, 3), (40, 120, 60), np.uint8)
    picture[25:55, 25:55] = (220, 40, 40)
    picture += np.random.default_rng(0).integers(0, 12, picture.shape, np.uint8)
    found = grab_cut(picture, (10, 10, 60, 60), 0)
    assert found[40, 40] == 1
    assert found[15, 15] == 0


def test_the_exported_whole_answers_nothing_between_its_limits():
    whole = Matte(MattingNet()).eval()
    with torch.no_grad():
        alpha = whole(torch.rand(1, 3, 50, 70))
    assert alpha.shape == (1, 1, 50, 70)
    assert 0 <= float(alpha.min()) <= float(alpha.max()) <= 1


def test_a_photograph_keeps_its_subject_in_every_crop():
    picture, alpha = np.zeros((90, 120, 3), np.uint8), np.zeros((90, 120), np.uint8)
    picture[20:70, 30:90], alpha[20:70, 30:90] = 200, 255
    crops = [crop_scene(Pasted(picture, alpha), 64, np.random.default_rng(seed)) for seed in range(12)]
    assert all(crop.picture.shape == (64, 64, 3) and crop.alpha.shape == (64, 64) for crop in crops)
    assert all((crop.alpha > 127).mean() > 0.2 for crop in crops)
    bright = [crop.picture[crop.alpha > 250].mean() - crop.picture[crop.alpha < 5].mean() for crop in crops]
    assert min(bright) > 60


def test_every_box_lies_in_its_picture():
    for left, top, right, bottom in BOXES.values():
        assert 0 <= left < right <= 100
        assert 0 <= top < bottom <= 100


def test_a_subject_is_outlined_in_its_box(tmp_path, monkeypatch):
    picture = np.full((60, 80, 3), (40, 90, 160), np.uint8)
    picture[15:45, 25:55] = (220, 190, 30)
    monkeypatch.setitem(BOXES, "thing", (20, 15, 80, 85))
    Image.fromarray(picture).save(tmp_path / "thing.png")
    (scene,) = load_scenes((tmp_path,), tmp_path / "packed")
    assert scene.alpha[30, 40] == 255
    assert scene.alpha[5, 5] == 0
    assert abs(float((scene.alpha > 127).mean()) - 900 / 4800) < 0.02
