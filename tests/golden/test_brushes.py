"""Every feature of the brush against its kept picture, in both implementations."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from desktop.core import brush_arrays, raster
from desktop.core.brush import BrushSettings
from tests.golden.brush_samples import FOLDER, PLAIN, Sample, kept_picture, picture_of, samples

TOLERANCE = 1  # level: where two machines may round the last bit differently
SAMPLES = {sample.name: sample for sample in samples()}


@pytest.fixture(params=["compiled", "numpy"])
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "numpy":
        for name in ("cover_dab", "cover_stamp", "erase", "paint_color", "paint_gray"):
            monkeypatch.setattr(raster, name, getattr(brush_arrays, name))


def difference(sample: Sample, name: str) -> int:
    """The largest one of any level; colour under alpha 0 counts too."""
    return int(np.abs(picture_of(sample).astype(int) - kept_picture(name)).max())


@pytest.mark.usefixtures("implementation")
@pytest.mark.parametrize("name", SAMPLES)
def test_a_brush_paints_its_kept_picture(name: str) -> None:
    assert difference(SAMPLES[name], name) <= TOLERANCE


def test_no_picture_is_kept_for_nothing() -> None:
    assert {path.stem for path in FOLDER.glob("*.png")} == SAMPLES.keys()


def test_every_setting_of_a_brush_has_a_picture_that_shows_it() -> None:
    changed = {
        field.name
        for field in fields(BrushSettings)
        for sample in SAMPLES.values()
        if getattr(sample.settings, field.name) != getattr(PLAIN, field.name)
    }
    assert changed == {field.name for field in fields(BrushSettings)}


def test_pictures_of_features_differ_from_each_other() -> None:
    alike = {("plain", "stabilizer-off"), ("symmetry-off",)}
    seen: dict[bytes, str] = {}
    for name in SAMPLES:
        twin = seen.setdefault(kept_picture(name).tobytes(), name)
        assert twin == name or (twin, name) in alike, (twin, name)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_slightly_different_brush_fails(name: str) -> None:
    """A golden that passes whatever is painted proves nothing."""
    sample = SAMPLES[name]
    other = replace(sample, settings=replace(sample.settings, diameter_px=sample.settings.diameter_px * 1.06))
    assert difference(other, name) > TOLERANCE
