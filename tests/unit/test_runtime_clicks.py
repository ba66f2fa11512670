"""Encoder and decoder: the picture is encoded once, every click asks the decoder; points and masks map both ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop.core.errors import UserError
from desktop.runtime.attempts import Kept
from desktop.runtime.embeddings import EmbeddingCache
from tests.runtime_models import edit_manifest, photo
from tests.runtime_parts import FLOAT, graph_bytes, node, write_model
from tests.runtime_runs import largest_difference, run_request

SIDE = 32
TABLES = f"""
[[inputs]]
name = "image"
part = "encoder"
role = "image"
size = [{SIDE}, {SIDE}]
fit = "pad"
[[outputs]]
name = "embedding"
part = "encoder"
role = "embedding"
[[inputs]]
name = "embedding"
part = "decoder"
role = "embedding"
[[inputs]]
name = "points"
part = "decoder"
role = "points"
[[inputs]]
name = "labels"
part = "decoder"
role = "point_labels"
[[inputs]]
name = "earlier"
part = "decoder"
role = "mask_input"
[[inputs]]
name = "has_earlier"
part = "decoder"
role = "has_mask_input"
[[outputs]]
name = "masks"
part = "decoder"
role = "mask"
activation = "none"
std = [255.0]
[[outputs]]
name = "scores"
part = "decoder"
role = "score"
"""


def click_model(folder: Path) -> Path:
    """Two answers: an empty one with a low score, and what is as red as the clicked pixel (plus nothing else)."""
    encoder = graph_bytes(
        [node("Slice", "image zero one axis", "embedding")],
        {"image": (FLOAT, [1, 3, SIDE, SIDE])},
        {"embedding": (FLOAT, [1, 1, SIDE, SIDE])},
        {"zero": np.array([0]), "one": np.array([1]), "axis": np.array([1])},
    )
    nodes = [
        node("Slice", "points zero one axis", "first"),  # (1, 1, 2): x, y of the first click
        node("Reshape", "first two", "xy"),
        node("Floor", "xy", "whole"),
        node("Cast", "whole", "place", to=7),
        node("Gather", "place swapped", "yx", axis=0),
        node("Reshape", "embedding plane", "red"),
        node("GatherND", "red yx", "level"),
        node("Sub", "embedding level", "off"),
        node("Abs", "off", "distance"),
        node("Less", "distance near", "same"),
        node("Cast", "same", "found", to=FLOAT),
        node("Mul", "found nothing", "empty"),
        node("Concat", "empty found", "both", axis=1),
        node("ReduceSum", "earlier", "given", keepdims=0),
        node("Add", "both given", "masks"),
        node("Identity", "judged", "scores"),
        node("Identity", "has_earlier", "unused"),
        node("Identity", "labels", "unused_labels"),
    ]
    constants = {
        "zero": np.array([0]),
        "one": np.array([1]),
        "axis": np.array([1]),
        "two": np.array([2]),
        "plane": np.array([SIDE, SIDE]),
        "swapped": np.array([1, 0]),
        "near": np.float32([0.1]),
        "nothing": np.float32([0]),
        "judged": np.float32([[0.2, 0.9]]),
    }
    decoder = graph_bytes(
        nodes,
        {
            "embedding": (FLOAT, [1, 1, SIDE, SIDE]),
            "points": (FLOAT, [1, "n", 2]),
            "labels": (FLOAT, [1, "n"]),
            "earlier": (FLOAT, [1, 1, 8, 8]),
            "has_earlier": (FLOAT, [1]),
        },
        {"masks": (FLOAT, None), "scores": (FLOAT, [1, 2])},
        constants,
    )
    return write_model(folder, "encode_decode", {"encoder": encoder, "decoder": decoder}, TABLES)


def halves(height: int, width: int) -> np.ndarray:
    """Left black, right red."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, width // 2 :, 0] = 255
    return pixels


def click(x: float, y: float) -> np.ndarray:
    return np.float32([[x, y, 1]])


@pytest.mark.parametrize("size", [(64, 128), (128, 64), (20, 30)])
def test_a_click_selects_at_the_size_of_the_picture(tmp_path: Path, size: tuple[int, int]) -> None:
    """The picture is fitted and padded; the click goes into that frame and the mask comes back out of it."""
    model, pixels = click_model(tmp_path / "click"), halves(*size)
    right = run_request(model, {"image": pixels, "points": click(size[1] * 0.8, size[0] * 0.9)})[0]["mask"]
    left = run_request(model, {"image": pixels, "points": click(size[1] * 0.1, size[0] * 0.9)})[0]["mask"]
    assert right.shape == size
    assert right.dtype == np.uint8
    border = max(size[1] // 16, 2)
    middle = size[1] // 2
    assert (right[:, middle + border :] == 255).all()
    assert (right[:, : middle - border] == 0).all()
    assert (left[:, : middle - border] == 255).all()
    assert (left[:, middle + border :] == 0).all()


def test_the_encoder_runs_once_for_a_picture(tmp_path: Path) -> None:
    model, kept = click_model(tmp_path / "click"), Kept()
    pixels = halves(40, 40)
    for x in (5, 35, 20):
        run_request(model, {"image": pixels, "points": click(x, 5)}, kept=kept)
    assert len(kept.embeddings) == 1
    changed = pixels.copy()
    changed[3, 3, 1] = 1
    run_request(model, {"image": changed, "points": click(5, 5)}, kept=kept)
    assert len(kept.embeddings) == 2


def test_a_click_needs_a_place(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="needs the input “points”"):
        run_request(click_model(tmp_path / "click"), {"image": halves(8, 8)})


def test_the_cache_forgets_the_oldest_when_its_bytes_run_out() -> None:
    cache = EmbeddingCache(budget_bytes=2000)
    made: list[str] = []

    def maker(name: str) -> list[np.ndarray]:
        made.append(name)
        return [np.zeros(1000, np.uint8)]

    for name in ("a", "b", "a", "c", "a", "b"):
        cache.get(name, lambda name=name: maker(name))
    assert made == ["a", "b", "c", "b"], "a was used when c came, so b had to go"
    assert cache.size_bytes == 2000
    cache.get("huge", lambda: [np.zeros(9000, np.uint8)])
    assert len(cache) == 1


def test_an_encoder_and_decoder_of_pictures_bring_the_picture_back(tmp_path: Path) -> None:
    """An autoencoder: the latent is returned, and the picture at its own size."""
    latent = (FLOAT, ["n", 3, 16, 16])
    encoder = graph_bytes([node("Neg", "image", "z")], {"image": latent}, {"z": latent})
    decoder = graph_bytes([node("Neg", "z", "picture")], {"z": latent}, {"picture": latent})
    tables = (
        '[[inputs]]\nname = "image"\npart = "encoder"\nrole = "image"\nsize = [16, 16]\n'
        '[[outputs]]\nname = "z"\npart = "encoder"\nrole = "latent"\nshape = [3, 16, 16]\n'
        '[[inputs]]\nname = "z"\npart = "decoder"\nrole = "latent"\nshape = [3, 16, 16]\n'
        '[[outputs]]\nname = "picture"\npart = "decoder"\nrole = "image"\n'
    )
    model = write_model(tmp_path / "auto", "encode_decode", {"encoder": encoder, "decoder": decoder}, tables)
    pixels = photo(16, 16, 4)
    pixels[:, :4, 3] = 100
    results = run_request(model, {"image": pixels})[0]
    np.testing.assert_array_equal(results["image"], pixels)
    np.testing.assert_allclose(results["latent"][0, 0], pixels[..., 0] / -255.0, atol=1e-6)
    large = np.full((50, 70, 3), 80, np.uint8)
    assert largest_difference(run_request(model, {"image": large})[0]["image"], large) == 0


def test_parts_that_nothing_joins_are_refused(tmp_path: Path) -> None:
    model = click_model(tmp_path / "click")
    edit_manifest(
        model, 'name = "embedding"\npart = "decoder"', 'name = "embedding"\npart = "decoder"\nfrom = "nowhere"'
    )
    with pytest.raises(UserError, match="no other part has the output “nowhere”"):
        run_request(model, {"image": halves(8, 8), "points": click(1, 1)})
