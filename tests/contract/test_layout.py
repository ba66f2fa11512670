"""The layout's traps: folders that would shadow libraries, imports that must not be there, platforms without numba."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

BELOW_UI = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in ("core", "io", "runtime", "tools")
    for path in sorted((ROOT / "desktop" / package).rglob("*.py"))
    if path.name != "__init__.py" and "__pycache__" not in path.parts
]


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def blocked(*names: str) -> str:
    return "import sys\n" + "".join(f"sys.modules[{name!r}] = None\n" for name in names)


def test_everything_below_the_ui_imports_without_qt_and_torch() -> None:
    code = blocked("PySide6", "torch") + "\n".join(f"import {module}" for module in BELOW_UI)
    result = run_python(code)
    assert result.returncode == 0, result.stderr


def test_without_numba_the_numpy_raster_takes_its_place() -> None:
    code = blocked("numba") + (
        "from desktop.core import raster, composite\n"
        "from tests.builders import noise_document\n"
        "print(raster.IS_COMPILED, composite.flatten(noise_document(2)).shape)"
    )
    result = run_python(code)
    assert result.stdout.strip() == "False (48, 64, 4)", result.stderr


@pytest.mark.parametrize("folder", ["onnx", "build", "resources"])
def test_folders_that_would_shadow_libraries_hold_no_package(folder: str) -> None:
    assert not list((ROOT / folder).rglob("__init__.py"))


def test_import_contracts_hold() -> None:
    code = "import sys; sys.argv = ['lint-imports', '--no-cache']; from importlinter.cli import lint_imports_command; "
    result = run_python(code + "lint_imports_command()")
    assert result.returncode == 0, result.stdout + result.stderr
