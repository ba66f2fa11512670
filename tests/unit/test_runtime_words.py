"""Words as inputs, and filters that paint from noise: textures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop.core.errors import UserError
from desktop.noise_command import size_of
from desktop.runtime.catalog import Catalog
from desktop.runtime.manifest import parse_manifest
from desktop.runtime.needs import paints_from_noise
from desktop.runtime.parameters import complete_parameters
from desktop.runtime.wording import numbers_of
from tests.runtime_runs import run_request
from tests.word_models import WORDS, noise_filter, word_generator


@pytest.mark.parametrize(("prompt", "color"), [("Red", 0), ("Green!", 1), ("blue", 2)])
def test_a_word_reaches_the_network(tmp_path: Path, prompt: str, color: int) -> None:
    results, _, _ = run_request(word_generator(tmp_path / "words"), {}, {"prompt": prompt})
    assert results["images"][0, 5, 5].tolist() == [255 * (channel == color) for channel in range(3)]


def test_unknown_words_are_named_with_those_that_are_like_them(tmp_path: Path) -> None:
    model = Catalog((word_generator(tmp_path / "words").parent,)).verified("words")
    with pytest.raises(UserError, match=r"gren.*shiny.*green"):
        complete_parameters(model.manifest, {"prompt": "red gren shiny"})


def test_too_many_words_and_too_long_a_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="5 words"):
        run_request(word_generator(tmp_path / "words"), {}, {"prompt": "red " * 5})
    with pytest.raises(UserError, match="400"):
        run_request(tmp_path / "words", {}, {"prompt": "red " * 200})


def test_words_are_counted_from_one_and_nothing_is_nought() -> None:
    assert numbers_of("red, blue", WORDS, 4).tolist() == [[3, 1, 0, 0]]
    assert numbers_of("", WORDS, 2).tolist() == [[0, 0]]


@pytest.mark.parametrize(("old", "new"), [('["blue", ', '["red", '), ('default = "red"', "default = 3.0")])
def test_manifests_of_words_are_checked(tmp_path: Path, old: str, new: str) -> None:
    path = word_generator(tmp_path / "words") / "manifest.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(UserError, match="prompt"):
        parse_manifest(text.replace(old, new).encode(), path)


def test_noise_is_the_same_in_every_tile_and_another_for_another_seed(tmp_path: Path) -> None:
    folder = noise_filter(tmp_path / "grain")
    manifest = Catalog((tmp_path,)).verified("grain").manifest
    assert paints_from_noise(manifest)
    blank = np.zeros((90, 150, 3), np.uint8)
    first, done, _ = run_request(folder, {"image": blank}, seed=4)
    assert done.tiles > 1
    smaller, _, _ = run_request(folder, {"image": blank[:50, :60]}, seed=4)
    assert np.array_equal(first["image"][:50, :60], smaller["image"])
    other, _, _ = run_request(folder, {"image": blank}, seed=5)
    assert (first["image"] != other["image"]).mean() > 0.9


@pytest.mark.parametrize("text", ["", "12", "0x4", "4x0", "-3x4", "20000x3", "3x4x5", "axb"])
def test_what_is_no_size_is_told_so(text: str) -> None:
    with pytest.raises(UserError, match="1024x768"):
        size_of(text)


def test_a_size_is_width_by_height() -> None:
    assert size_of(" 1024X768 ") == (1024, 768)
