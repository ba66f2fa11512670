"""The wheel holds models and resources inside `desktop` and works beside the real `onnx` package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return next(folder.glob("scumble-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--target",
        str(folder),
        str(wheel),
    ]
    subprocess.run(command, check=True)
    return folder


def run_installed(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed), "HOME": str(installed.parent)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=installed.parent, env=environment, capture_output=True, text=True, check=False
    )


def test_wheel_installs_nothing_that_shadows_a_library(wheel: Path) -> None:
    top = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"desktop", "models"}


def test_wheel_brings_every_shipped_model(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = list((ROOT / "onnx").glob("*/manifest.toml"))
    assert shipped
    for manifest in shipped:
        for file in tomllib.loads(manifest.read_text(encoding="utf-8"))["files"].values():
            assert f"desktop/_data/onnx/{manifest.parent.name}/{file}" in names


def test_selftest_of_the_installed_wheel_runs_beside_the_real_onnx(installed: Path) -> None:
    which = run_installed(installed, "-c", "import desktop, onnx; print(desktop.__file__, onnx.helper.__name__)")
    assert which.stdout.split() == [str(installed / "desktop" / "__init__.py"), "onnx.helper"], which.stderr
    result = run_installed(installed, "-m", "desktop", "selftest", "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads(result.stdout)
