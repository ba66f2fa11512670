"""What a large network teaches a small one, and four times folded to twice."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models import upscale_photo  # noqa: E402
from models.common.data import DataError, generated_blocks  # noqa: E402
from models.common.enlarge import Rgb8, bicubic  # noqa: E402
from models.common.taught_pairs import FILE_PAIRS, RIM_PX, SMALL_PX, draw_taught, real_esrgan, taught_pairs  # noqa: E402
from models.nets.rrdb import Rrdb  # noqa: E402
from models.nets.upscalers import Plain, Upscaler  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs


def counting_teacher(asked: list[int]) -> object:
    def teach(small: Rgb8) -> Rgb8:
        asked.append(1)
        return bicubic(small, 4)

    return teach


def test_the_teacher_is_asked_once_for_each_pair_and_work_that_was_stopped_goes_on(tmp_path: Path) -> None:
    blocks, asked = generated_blocks(3), []
    teach = counting_teacher(asked)
    first = taught_pairs(blocks, FILE_PAIRS, tmp_path, seed=1, teach=teach)
    count = len(asked)
    more = taught_pairs(blocks, FILE_PAIRS + 10, tmp_path, seed=1, teach=teach)
    assert 0.6 * FILE_PAIRS < count <= FILE_PAIRS, "drawings and patterns are taught by their originals"
    assert len(asked) < 2.2 * count
    assert len(more.small) == FILE_PAIRS + 10
    assert np.array_equal(more.small[:FILE_PAIRS], first.small)


@pytest.mark.parametrize("scale", [2, 4])
def test_crops_of_small_and_large_show_the_same_place(scale: int) -> None:
    pairs = taught_pairs(generated_blocks(3), 20, None, seed=2, teach=lambda small: bicubic(small, 4))
    crops = draw_taught(pairs, scale, count=12, size=16 * scale, rng=np.random.default_rng(0))
    assert crops.small.shape == (12, 16, 16, 3)
    assert crops.taught.shape == (12, 16 * scale, 16 * scale, 3)
    means = crops.taught.reshape(12, 16, scale, 16, scale, 3).mean(axis=(2, 4))
    assert np.median(np.abs(means - crops.small).mean(axis=(1, 2, 3))) < 12
    assert RIM_PX + 16 < SMALL_PX


def test_a_folded_network_gives_the_mean_of_what_the_larger_one_gave() -> None:
    torch.manual_seed(0)
    large = Plain(8, 2, 4)
    torch.nn.init.normal_(large.layers[-1].weight, std=0.05)
    small = Upscaler(Plain(8, 2, 2), 2)
    small.load_state_dict(upscale_photo.folded(large.state_dict(), 2))
    image = torch.rand(1, 3, 9, 7)
    expected = torch.nn.functional.avg_pool2d(Upscaler(large, 4).unguarded(image), 2)
    assert torch.allclose(small.unguarded(image), expected, atol=1e-6)


def test_training_for_twice_begins_with_the_folded_weights_of_four_times(tmp_path: Path) -> None:
    four = dataclasses.replace(
        upscale_photo.PRESETS["cpu"], **(upscale_photo.SMOKE | {"run": tmp_path / "four", "steps": 2})
    )
    best = upscale_photo.train(four)
    two = dataclasses.replace(four, run=tmp_path / "two", scale=2, folded=best, crop=24)
    assert upscale_photo.train(two).exists()
    with pytest.raises(DataError, match="does not fit"):
        upscale_photo.begun_network(dataclasses.replace(two, channels=5))


def test_a_teacher_that_was_not_fetched_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        real_esrgan(tmp_path / "none.param")


def test_the_large_network_enlarges_four_times_at_any_size() -> None:
    assert Rrdb(8, 4, 1)(torch.rand(1, 3, 5, 9)).shape == (1, 3, 20, 36)
