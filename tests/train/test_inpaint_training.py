"""The inpainter: holes, the smooth fill it begins with, any size, resuming, the perceptual distance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models import inpaint  # noqa: E402
from models.common.checkpoints import LATEST, read_checkpoint  # noqa: E402
from models.common.holes import generated_shapes, random_hole  # noqa: E402
from models.common.inpaint_measure import Holed, scores, steps_at_rim, table  # noqa: E402
from models.common.lpips import untrained_lpips  # noqa: E402
from models.nets.inpainting import Inpainter, smooth_fill  # noqa: E402


def test_holes_are_there_and_never_take_more_than_half() -> None:
    shapes = generated_shapes(2)
    for seed in range(30):
        hole = random_hole(shapes, 64, np.random.default_rng(seed))
        assert hole.shape == (64, 64)
        assert set(np.unique(hole)) == {0, 255}
        assert (hole > 0).mean() <= 0.5
    same = [random_hole(shapes, 64, np.random.default_rng(3)) for _ in range(2)]
    assert np.array_equal(*same)


def test_the_smooth_fill_keeps_what_is_known_and_averages_into_the_hole() -> None:
    picture = torch.full((1, 3, 64, 64), 0.25)
    picture[..., 32:] = 0.75
    known = torch.ones(1, 1, 64, 64)
    known[..., 24:40, 24:40] = 0
    filled = smooth_fill(picture * known, known)
    assert torch.allclose(filled * known, picture * known, atol=1e-5)
    assert float(filled.min()) >= 0.25
    assert float(filled.max()) <= 0.75 + 1e-5
    assert float(filled[..., 32, 25].mean()) < float(filled[..., 32, 38].mean())


@pytest.mark.parametrize("size", [(1, 1), (37, 90), (64, 128)])
def test_any_size_keeps_its_known_pixels(size: tuple[int, int]) -> None:
    network = Inpainter((4, 8, 8, 8), (1, 1, 1)).eval()
    image, mask = torch.rand(1, 3, *size), torch.zeros(1, 1, *size)
    mask[..., : size[0] // 2 + 1, : size[1] // 2] = 1
    with torch.no_grad():
        found = network(image, mask)
        everything = network(image, torch.ones_like(mask))
    assert torch.equal(found * (1 - mask), image * (1 - mask))
    assert torch.isfinite(everything).all()


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    config = replace(inpaint.Config(), **inpaint.SMOKE)
    inpaint.train(replace(config, run=tmp_path / "whole"))
    inpaint.train(replace(config, run=tmp_path / "parts", steps=2))
    inpaint.train(replace(config, run=tmp_path / "parts", steps=3), resume=True)
    whole, part = (read_checkpoint(tmp_path / name / LATEST) for name in ("whole", "parts"))
    assert (whole["step"], part["step"]) == (4, 3)
    assert set(whole["net"]) == set(part["net"])


def test_equal_pictures_are_no_distance_apart_and_a_blur_is_one() -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (96, 96, 3), dtype=np.uint8)
    hole = np.zeros((96, 96), np.uint8)
    hole[30:60, 30:60] = 255
    one = Holed("a", photo, hole)
    perfect, grey = scores([photo], [one], untrained_lpips()), scores([one.spoilt()], [one], untrained_lpips())
    assert perfect["lpips"] == 0
    assert grey["lpips"] > 0
    assert perfect["psnr"] > 60 > grey["psnr"]
    assert perfect["rim"] == 1
    assert steps_at_rim(photo, hole) > 0
    row = {"kind": "small", "method": "grey", "seconds": 0.0, "pictures": 1} | grey
    assert "| small | grey |" in table([row])
