"""Every adjustment and filter against its kept picture."""

from __future__ import annotations

import numpy as np
import pytest

from desktop.core.effect_table import EFFECTS
from tests.golden.effect_samples import FOLDER, applied, kept_picture, sample_picture, settings_of

TOLERANCE = 1  # level: where two machines may round the last bit differently
IDS = [effect.id for effect in EFFECTS]


@pytest.mark.parametrize("effect_id", IDS)
def test_an_effect_makes_its_kept_picture(effect_id: str) -> None:
    made = applied(settings_of(effect_id), sample_picture()).astype(int)
    assert np.abs(made - kept_picture(effect_id)).max() <= TOLERANCE


def test_no_picture_is_kept_for_nothing() -> None:
    assert {path.stem for path in FOLDER.glob("*.png")} == set(IDS)


def test_every_kept_picture_differs_from_the_others_and_from_the_sample() -> None:
    pictures = [sample_picture().tobytes(), *(kept_picture(effect_id).tobytes() for effect_id in IDS)]
    assert len(set(pictures)) == len(pictures)
