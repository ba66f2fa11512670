"""Enlarging by networks: mixing two, the mean of eight positions, and what a run is said to take."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from onnx import helper

from desktop import paths
from desktop.cli import run_command_line
from desktop.core.color import Pixels
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.io.image_files import ImageFile, read_image, write_image
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.manifest import Speed, Tile
from desktop.tools.enlarging import (
    Enlarging,
    Paces,
    best_of,
    check_need,
    enlarged,
    fed_pixels,
    need,
    photographic_for,
)
from tests.builders import noise, noise_document
from tests.runtime_models import make_model


def repeated(model: Model, pixels: Pixels) -> Pixels:
    """A network that repeats every pixel; the photographic one makes everything darker too."""
    scale = model.manifest.scale
    larger = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    larger[..., :3] //= 2 if model.id.endswith("-photo") else 1
    return larger


def doubling(folder: Path, model_id: str, scale: int = 2) -> Path:
    """A graph that repeats pixels."""
    nodes = [helper.make_node("Resize", ["image", "", "scales"], ["result"], mode="nearest")]
    scales = {"scales": np.array([1, 1, scale, scale], np.float32)}
    return make_model(folder / model_id, nodes, constants=scales, task="upscale", scale=scale)


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Model]:
    for model_id, scale in (("up-2x-faithful", 2), ("up-4x-faithful", 4), ("up-4x-photo", 4)):
        doubling(tmp_path / "models", model_id, scale)
    return {model.id: model for model in Catalog((tmp_path / "models",)).models()}


def test_a_photographic_network_is_found_for_every_scale_up_to_its_own(models: dict[str, Model]) -> None:
    every = list(models.values())
    assert [photographic_for(models[name], every) for name in ("up-2x-faithful", "up-4x-faithful", "up-4x-photo")] == [
        models["up-4x-photo"],
        models["up-4x-photo"],
        None,
    ]
    assert photographic_for(models["up-2x-faithful"], [models["up-2x-faithful"]]) is None


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("name", ["up-2x-faithful", "up-4x-faithful"])
def test_detail_is_the_share_of_the_photographic_network(models: dict[str, Model], name: str, depth: int) -> None:
    white = 255 if depth == 8 else 65535
    pixels = np.full((6, 9, 4), white, np.uint8 if depth == 8 else np.uint16)
    order = Enlarging(models[name], models["up-4x-photo"])
    for detail, level in ((0.0, white), (0.5, 0.75 * white), (1.0, 0.5 * white)):
        result = enlarged(pixels, replace(order, detail=detail), repeated)
        assert result.shape == (6 * order.scale, 9 * order.scale, 4)
        assert result.dtype == pixels.dtype
        assert abs(float(result[..., :3].mean()) - level) <= 1
        assert (result[..., 3] == white).all()


def test_best_asks_eight_times_and_brings_every_answer_back_to_its_place() -> None:
    pixels, seen = noise(13, 7), []

    def run(turned: Pixels) -> Pixels:
        seen.append(turned)
        return cv2.resize(turned, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)

    result = best_of(pixels, run)
    assert (result == pixels.repeat(2, axis=0).repeat(2, axis=1)).all()
    assert len({turned.tobytes() for turned in seen}) == 8


def test_best_takes_the_mean_of_what_depends_on_the_position() -> None:
    flat = np.full((4, 4, 4), 100, np.uint8)

    def left_is_brighter(turned: Pixels) -> Pixels:
        answer = turned.copy()
        answer[:, :2] += 8
        return answer

    assert (best_of(flat, left_is_brighter) == 104).all()


def test_need_grows_with_the_picture_and_with_the_runs(models: dict[str, Model]) -> None:
    speed = Speed(cpu_seconds_per_megapixel=2.0, cpu="a test", peak_memory_mb=800.0)
    measured = {name: timed(model, speed) for name, model in models.items()}
    document = noise_document(2, width=200, height=100)
    plain = Enlarging(measured["up-2x-faithful"])
    once = need(document, Size(400, 200), plain, Paces())
    assert once.seconds == pytest.approx(2 * 2 * 0.02)  # two layers
    mixed = need(document, Size(400, 200), replace(plain, photo=measured["up-4x-photo"], detail=0.4), Paces())
    best = need(document, Size(400, 200), replace(plain, is_best=True), Paces())
    assert mixed.seconds == pytest.approx(2 * once.seconds)
    assert best.seconds == pytest.approx(8 * once.seconds)
    assert min(mixed.memory_bytes, best.memory_bytes) > once.memory_bytes
    assert need(document, Size(400, 200), Enlarging(models["up-2x-faithful"]), Paces()).seconds is None
    with pytest.raises(UserError) as raised:
        check_need(best, best.memory_bytes - 1)
    assert raised.value.key == "size.network_memory"


def test_tiles_that_overlap_are_counted_and_real_runs_replace_the_card(models: dict[str, Model]) -> None:
    speed = Speed(cpu_seconds_per_megapixel=2.0, cpu="a test", peak_memory_mb=800.0)
    tiled = timed(models["up-2x-faithful"], speed, Tile(tile=200, stride=1, receptive_field=50))
    document, paces = noise_document(1, width=1000, height=500), Paces()
    fed = fed_pixels(tiled.manifest, Size(1000, 500))
    assert fed > 2 * 1000 * 500
    assert need(document, Size(2000, 1000), Enlarging(tiled), paces).seconds == pytest.approx(2 * fed / 1e6)
    paces.saw(tiled, Size(1000, 500), 30.0)
    assert need(document, Size(2000, 1000), Enlarging(tiled), paces).seconds == pytest.approx(30)
    paces.saw(tiled, Size(10, 10), 9.0)  # mostly loading
    assert need(document, Size(2000, 1000), Enlarging(tiled), paces).seconds == pytest.approx(30)


def timed(model: Model, speed: Speed, tile: Tile | None = None) -> Model:
    return replace(model, manifest=msgspec.structs.replace(model.manifest, speed=speed, tile=tile))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = noise(40, 30, depth=16)
    pixels[..., 3] = 65535
    write_image(tmp_path / "in.png", ImageFile(pixels, has_alpha=False))
    return tmp_path / "in.png"


def test_resize_by_a_network_says_what_it_takes_and_keeps_depth(
    picture: Path, models: dict[str, Model], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "model_folders", lambda: (models["up-2x-faithful"].folder.parent,))
    out = picture.with_name("out.png")
    options = ["--percent", "150", "--network", "up-2x-faithful", "--detail", "50", "--json"]
    assert run_command_line(["resize", str(picture), str(out), *options]) == 0
    printed = capsys.readouterr()
    assert "GB of memory" in printed.err
    assert json.loads(printed.out)["width"] == 60
    pixels = read_image(out).pixels
    assert pixels.shape == (45, 60, 4)
    assert pixels.dtype == np.uint16
    assert abs(float(pixels.mean()) - float(read_image(picture).pixels.mean())) < 300


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--network", "up-9x"], "up-9x"),
        (["--network", "up-2x-faithful", "--detail", "101"], "101"),
        (["--network", "up-4x-photo", "--detail", "10"], "photographic network"),
        (["--best"], "--network"),
        (["--detail", "0"], "--network"),
    ],
)
def test_wrong_options_of_networks_are_one_sentence(
    picture: Path,
    models: dict[str, Model],
    options: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(paths, "model_folders", lambda: (models["up-2x-faithful"].folder.parent,))
    out = picture.with_name("out.png")
    assert run_command_line(["resize", str(picture), str(out), "--percent", "200", *options]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error
    assert not out.exists()


def test_run_in_its_best_quality_is_the_mean_of_eight(
    picture: Path, models: dict[str, Model], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "model_folders", lambda: (models["up-2x-faithful"].folder.parent,))
    out = picture.with_name("out.png")
    assert run_command_line(["run", "up-2x-faithful", str(picture), str(out), "--best", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tiles"] == 8
    pixels, before = read_image(out).pixels, read_image(picture).pixels
    assert int(np.abs(pixels[::2, ::2].astype(int) - before).max()) <= 1


def test_run_says_first_what_enlarging_takes_and_refuses_what_does_not_fit(
    picture: Path, models: dict[str, Model], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "model_folders", lambda: (models["up-2x-faithful"].folder.parent,))
    out = picture.with_name("out.png")
    assert run_command_line(["run", "up-4x-faithful", str(picture), str(out)]) == 0
    assert "GB of memory" in capsys.readouterr().err
    out.unlink()
    monkeypatch.setattr("desktop.enlarge_estimates.available_bytes", lambda: 1_000_000)
    assert run_command_line(["run", "up-4x-faithful", str(picture), str(out)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "GB of memory" in error
    assert not out.exists()


def test_batch_in_best_quality_does_what_was_done_in_plain_quality_again(
    picture: Path, models: dict[str, Model], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "model_folders", lambda: (models["up-2x-faithful"].folder.parent,))
    order = ["batch", "up-2x-faithful", str(picture), "--out", str(picture.with_name("done"))]
    for options, done in (([], 1), (["--best"], 1), (["--best"], 0)):
        assert run_command_line([*order, *options, "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)["done"]) == done


def test_pixel_art_is_a_method_of_resize(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = picture.with_name("out.png")
    order = ["resize", str(picture), str(out), "--percent", "300", "--method", "pixel-art", "--json"]
    assert run_command_line(order) == 0
    assert json.loads(capsys.readouterr().out)["width"] == 120
    pixels = read_image(out).pixels
    assert np.array_equal(pixels[1::3, 1::3], read_image(picture).pixels)
