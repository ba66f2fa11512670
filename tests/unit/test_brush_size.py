"""How large strokes begin, and that they are as large beside the picture wherever it is shown small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from desktop.cli import run_command_line
from desktop.core.tiles import TileMap
from desktop.runtime.catalog import Catalog, Model
from desktop.tools.ai_preview import preview_of
from desktop.tools.ai_tool import RunSettings, Where, plan_run
from desktop.tools.brush_size import PAINTED_PX, first_brush
from desktop.tools.style_tool import THUMBNAIL_PX, small_picture, styles_of, thumbnail_request
from tests.builders import document_with, noise, raster_layer
from tests.runtime_models import identity_model
from tests.runtime_runs import RunnerHere, run_here
from tests.style_models import shifting_style


@pytest.fixture
def styles(tmp_path: Path) -> Model:
    shifting_style(tmp_path / "models" / "two")
    return Catalog((tmp_path / "models",)).verified("two")


@pytest.mark.parametrize(
    ("longer", "brush"), [(1, 100.0), (PAINTED_PX, 100.0), (3 * PAINTED_PX, 300.0), (20_000, 400.0)]
)
def test_larger_pictures_begin_with_larger_strokes(styles: Model, longer: int, brush: float) -> None:
    assert first_brush(styles.manifest, (longer, 1)) == first_brush(styles.manifest, (1, longer)) == {"brush": brush}


def test_other_networks_have_no_brush(tmp_path: Path) -> None:
    identity_model(tmp_path / "models" / "same")
    assert first_brush(Catalog((tmp_path / "models",)).verified("same").manifest, (9000, 9000)) == {}


def test_a_preview_has_strokes_as_large_beside_the_picture_as_the_painting(styles: Model) -> None:
    document = document_with(raster_layer(1, noise(1600, 1000)), width=1600, height=1000)
    settings = RunSettings(styles, {"brush": 200.0}, where=Where.ALL)
    request = preview_of(plan_run(document, 1, TileMap(1), settings)).request
    painted_px = request.inputs["image"].shape[1] * 100 / float(request.parameters["brush"])
    assert painted_px == pytest.approx(1600 * 100 / 200, rel=0.01)


def test_small_pictures_of_styles_are_painted_as_large_as_the_picture_is(styles: Model) -> None:
    document = document_with(raster_layer(1, noise(1000, 20)), width=1000, height=20)
    (choice, *_) = styles_of([styles])
    request = thumbnail_request(choice, small_picture(document), "auto")
    assert request.inputs["image"].shape[1] == 1000 > THUMBNAIL_PX


def test_the_command_line_begins_with_the_same_brush(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCUMBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("desktop.run_commands.WorkerRunner", RunnerHere)
    shifting_style(tmp_path / "home" / "data" / "models" / "two")
    picture, out = tmp_path / "in.png", tmp_path / "out.png"
    Image.new("RGB", (2 * PAINTED_PX, 30), (90, 90, 90)).save(picture)
    for told, brush in (([], 200.0), (["--param", "brush=150"], 150.0)):
        assert run_command_line(["run", "two", str(picture), str(out), "--json", *told]) == 0
        assert json.loads(capsys.readouterr().out)["parameters"]["brush"] == brush


def test_edges_of_large_strokes_stay_crisp_and_get_no_rims(tmp_path: Path) -> None:
    picture = np.full((700, 96, 3), 60, np.uint8)
    picture[:, 48:] = 180
    result, _, _ = run_here(shifting_style(tmp_path / "crisp"), picture, {"brush": 400.0})
    green = result[..., 1].astype(int)
    assert (green.min(), green.max()) == (60, 180)
    between = (green > 70) & (green < 170)
    assert between.sum(axis=1).max() <= 3
    assert (green == green[0]).all()
