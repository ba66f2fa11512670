"""The sweep takes its ranges from any Config and goes on where it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

pytest.importorskip("torch")

from models.sweep import Range, SweepError, range_of, searchable_fields, sweep
from tests.train.builders import smoke_config

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]


@dataclass(frozen=True)
class AnotherMethod:
    learning_rate: float = 1e-3
    ema: float = 0.99
    layers: int = 4
    loss: Literal["l1", "l2"] = "l1"
    steps: int = 100
    name: str = "x"


def test_ranges_come_from_the_defaults():
    assert range_of(AnotherMethod(), "learning_rate") == Range(0.00025, 0.004)
    assert range_of(AnotherMethod(), "layers") == Range(1, 16, is_whole=True)
    assert range_of(AnotherMethod(), "loss").choices == ("l1", "l2")
    decay = range_of(AnotherMethod(), "ema")
    assert decay.is_distance_to_one
    assert decay.low == pytest.approx(0.0025)


def test_how_long_and_where_are_not_searched():
    assert searchable_fields(AnotherMethod()) == ("learning_rate", "ema")


@pytest.mark.parametrize("name", ["name", "no_such_field"])
def test_field_that_is_no_number_is_refused(name):
    with pytest.raises(SweepError, match=name):
        range_of(AnotherMethod(), name)


def test_two_trials_of_the_denoiser_and_a_third_later(tmp_path):
    config = smoke_config(tmp_path, steps=1, validate_every=1)

    first = sweep("models.denoise", config, trials=2, vary=("learning_rate", "ema"), run=tmp_path).get_trials()
    again = sweep("models.denoise", config, trials=3, vary=("learning_rate", "ema"), run=tmp_path).get_trials()

    assert len(first) == 2
    assert len(again) == 3
    assert len({trial.params["learning_rate"] for trial in again}) == 3
    assert all(10 < trial.value < 60 for trial in again)
