"""The exporter proves what it writes and refuses what it cannot prove."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from PIL import Image  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from models.common.export import (  # noqa: E402
    MANIFEST_KEY,
    ExportError,
    ModelExport,
    check_golden,
    check_parity,
    cpu_session,
    embedded_manifest,
    export_model,
    run_graph,
    write_graph,
)
from models.denoise import MANIFEST, export, new_network, train  # noqa: E402
from tests.train.builders import smoke_config  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]


class Darken(torch.nn.Module):
    """The smallest network that fits the denoiser's manifest."""

    def forward(self, image, strength, luminance, colour, grain):
        return image * (1 - strength / 2)


class NeedsEvenSizes(Darken):
    """Exports without complaint and fails only when it is run."""

    def forward(self, image, strength, luminance, colour, grain):
        return F.pixel_shuffle(F.pixel_unshuffle(image, 2), 2) * strength


class FrozenStrength(Darken):
    """A Python number out of a tensor is frozen into the graph."""

    def forward(self, image, strength, luminance, colour, grain):
        return image * 0.5 if torch.jit.is_tracing() or torch.compiler.is_exporting() else image * strength


class SeesEverything(Darken):
    """Subtracts the mean of the picture: no halo is wide enough for it."""

    def forward(self, image, strength, luminance, colour, grain):
        return image - image.mean(dim=(2, 3), keepdim=True) * strength


def picture(height: int = 40, width: int = 56) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


def export_of(network: torch.nn.Module, **changes: Any) -> ModelExport:
    plain = ModelExport(
        network=network.eval(),
        manifest=dict(MANIFEST),
        golden_input=picture(),
        golden_params={"strength": 50.0},
        golden_clean=picture(),
        card=lambda folder: "A card.\n",
        measure=lambda folder: {"metrics": [], "speed": {}},
    )
    return dataclasses.replace(plain, **changes)


@pytest.fixture(scope="module")
def darken_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("onnx") / "denoise-photo"
    export_model(export_of(Darken()), folder)
    return folder


def test_folder_is_complete_and_its_graph_holds_the_manifest(darken_folder):
    manifest = tomllib.loads((darken_folder / "manifest.toml").read_text())
    session = cpu_session(darken_folder / "model.onnx")

    assert {path.name for path in darken_folder.iterdir()} == {
        *("model.onnx", "manifest.toml", "card.md", "metrics.json", "golden"),
    }
    assert embedded_manifest(session) == {key: value for key, value in manifest.items() if key != "sha256"}
    assert list(session.get_modelmeta().custom_metadata_map) == [MANIFEST_KEY]
    assert session.get_inputs()[0].shape == [1, 3, "height", "width"]


def test_graph_holds_no_path_of_this_machine(darken_folder):
    content = (darken_folder / "model.onnx").read_bytes()

    assert str(Path(__file__).parents[2]).encode() not in content
    assert b"site-packages" not in content


def test_parameter_is_mapped_from_percent_to_the_range_of_the_tensor(darken_folder):
    session = cpu_session(darken_folder / "model.onnx")
    white = np.full((8, 8, 3), 255, np.uint8)

    levels = [int(run_graph(session, MANIFEST, white, {"strength": s})[0, 0, 0]) for s in (0.0, 50.0, 100.0)]
    assert levels == [255, 191, 128]


@pytest.mark.parametrize(
    ("network", "reason"),
    [(NeedsEvenSizes(), "131 × 97"), (FrozenStrength(), "differs from torch")],
)
def test_network_that_fails_the_proof_is_refused_and_nothing_is_left(tmp_path, network, reason):
    with pytest.raises(ExportError, match=reason):
        export_model(export_of(network), tmp_path / "denoise-photo")

    assert list(tmp_path.iterdir()) == []


def test_refusal_leaves_the_model_that_was_there(tmp_path, darken_folder):
    folder = tmp_path / "denoise-photo"
    export_model(export_of(Darken()), folder)
    before = (folder / "model.onnx").read_bytes()

    def break_off(_: Path) -> dict[str, Any]:
        raise ExportError("The measurement failed.")

    with pytest.raises(ExportError, match="measurement"):
        export_model(export_of(Darken(), measure=break_off), folder)

    assert (folder / "model.onnx").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["denoise-photo"]


def test_parity_is_measured_against_the_weights_given(tmp_path):
    config = smoke_config(tmp_path)
    torch.manual_seed(1)
    exported, other = new_network(config).eval(), new_network(config).eval()
    for parameter in (*exported.parameters(), *other.parameters()):
        torch.nn.init.normal_(parameter, std=0.1)
    write_graph(exported, tmp_path / "model.onnx", MANIFEST)

    assert check_parity(exported, tmp_path / "model.onnx", MANIFEST) < 1e-4
    with pytest.raises(ExportError, match="differs from torch"):
        check_parity(other, tmp_path / "model.onnx", MANIFEST)


def test_golden_sample_is_really_compared(tmp_path):
    folder = tmp_path / "denoise-photo"
    export_model(export_of(Darken()), folder)
    manifest = tomllib.loads((folder / "manifest.toml").read_text())
    assert check_golden(folder, manifest) <= 1

    expected = np.asarray(Image.open(folder / "golden/output.png")).copy()
    expected[20, 30, 1] ^= 8
    Image.fromarray(expected).save(folder / "golden/output.png")
    with pytest.raises(ExportError, match="8 levels"):
        check_golden(folder, manifest)


def test_network_that_sees_farther_than_its_halo_is_refused(tmp_path):
    half_dark = picture(300, 300) // 2
    half_dark[:, 150:] += 100
    manifest = MANIFEST | {"tile": {"tile": 128, "stride": 8, "receptive_field": 32}}

    with pytest.raises(ExportError, match="halo of 32"):
        export_model(
            export_of(SeesEverything(), manifest=manifest, tiling_picture=half_dark), tmp_path / "denoise-photo"
        )


def test_smoke_weights_become_a_model_folder_with_measured_numbers(tmp_path):
    config = smoke_config(tmp_path, steps=1)
    train(config)
    export(config, tmp_path / "denoise-photo")

    manifest = tomllib.loads((tmp_path / "denoise-photo/manifest.toml").read_text())
    measured = json.loads((tmp_path / "denoise-photo/metrics.json").read_text())
    assert manifest["metrics"][0]["value"] == round(measured["rows"][0]["psnr"], 2)
    assert manifest["speed"]["cpu_seconds_per_megapixel"] > 0
    assert f"{measured['rows'][0]['baseline_psnr']:.2f}" in (tmp_path / "denoise-photo/card.md").read_text()
