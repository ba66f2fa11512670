"""Kernels are ready before somebody waits for them, and NumPy stands in until then."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from desktop import kernels
from desktop.core import brush_arrays, raster
from desktop.core.brush import BrushSettings, Stroke
from desktop.core.geometry import Point
from desktop.core.tiles import TileEditor, TileMap
from tests.kernel_use import DONE

pytestmark = pytest.mark.skipif(not raster.IS_COMPILED, reason="numba is not there")


@pytest.fixture
def compiled_again() -> Iterator[None]:
    yield
    raster.use_compiled()


def test_nothing_is_compiled_after_the_warm_up() -> None:
    """In a process of its own: here other tests compiled already."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.kernel_use"], capture_output=True, text=True, check=False, timeout=300
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == DONE


def test_painting_begins_with_arrays_and_goes_on_compiled(tmp_path: Path, compiled_again: None) -> None:
    stamp = tmp_path / "cache" / "kernels.txt"
    stamp.parent.mkdir()
    stamp.write_text(kernels.kernel_stamp(), encoding="utf-8")
    thread = kernels.start_kernels(stamp)
    thread.join()
    assert raster.paint_color is not brush_arrays.paint_color
    raster.use_arrays()
    assert raster.paint_color is brush_arrays.paint_color


def test_kernels_of_another_machine_are_compiled_in_a_process_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled_again: None
) -> None:
    helpers: list[str] = []
    monkeypatch.setattr(kernels, "_compile_in_helper", lambda: helpers.append("helper"))
    stamp = tmp_path / "kernels.txt"
    stamp.write_text("another numba", encoding="utf-8")
    kernels.make_kernels_ready(stamp)
    kernels.make_kernels_ready(stamp)
    assert helpers == ["helper"]
    assert stamp.read_text(encoding="utf-8") == kernels.kernel_stamp()


def test_a_stroke_may_change_from_arrays_to_kernels(compiled_again: None) -> None:
    """Half of it with NumPy, half compiled: within a level of all compiled."""
    whole, mixed = (TileEditor(TileMap()) for _ in range(2))
    settings = BrushSettings(diameter_px=40, hardness=0.3, color=(0.9, 0.4, 0.1), opacity=0.7)
    strokes = [Stroke(editor, settings) for editor in (whole, mixed)]
    for step in range(20):
        for index, stroke in enumerate(strokes):
            if index == 1 and step < 10:
                raster.use_arrays()
            stroke.to(Point(30 + step * 9.0, 60 + step * 3.0))
            raster.use_compiled()
    expected, found = (editor.finish().tile(0, 0) for editor in (whole, mixed))
    assert expected is not None
    assert found is not None
    assert np.abs(expected.astype(int) - found.astype(int)).max() <= 1
