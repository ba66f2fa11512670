"""GIMP's gradient files: what they say, what is broken in them, and the buttons in editor and form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog

from desktop.core.errors import UserError
from desktop.core.gradients import MOST_STOPS, Gradient, Stop
from desktop.io.gradient_files import read_gradient, write_gradient
from desktop.ui.dialogs.effect_dialog import EffectDialog
from desktop.ui.panels.fill_bars import GradientBar
from desktop.ui.state import Tool
from desktop.ui.widgets.gradient_field import GradientField
from tests.gui.conftest import Studio

RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
OWN = Gradient((Stop(0.1, RED, 0.5), Stop(0.4, GREEN, 1.0, 0.3), Stop(0.4, BLUE), Stop(0.9, RED, 0.0)))


def ggr(path: Path, *rows: str, count: int | None = None, header: str = "GIMP Gradient") -> Path:
    path.write_text("\n".join([header, "Name: Test", str(len(rows) if count is None else count), *rows]) + "\n")
    return path


def segment(left: float, middle: float, right: float, colors: str = "1 0 0 1 0 0 1 1", ways: str = "0 0") -> str:
    return f"{left} {middle} {right} {colors} {ways}"


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    write_gradient(tmp_path / "own.ggr", OWN)
    back = read_gradient(tmp_path / "own.ggr")
    assert np.abs(back.colors(501) - OWN.colors(501)).max() < 1e-3


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        (segment(0, 0.5, 1), {0.25: (0.75, 0, 0.25, 1)}),
        (segment(0, 0.25, 1), {0.25: (0.5, 0, 0.5, 1), 0.625: (0.25, 0, 0.75, 1)}),
        (segment(0, 0.25, 1, ways="1 0"), {0.25: (0.5, 0, 0.5, 1)}),
        (segment(0, 0.5, 1, ways="5 0"), {0.49: (1, 0, 0, 1), 0.51: (0, 0, 1, 1)}),
        (segment(0, 0.5, 1, ways="2 0"), {0.5: (0.5, 0, 0.5, 1), 0.125: (0.962, 0, 0.038, 1)}),
        (segment(0, 0.5, 1, ways="0 1"), {0.5: (0, 1, 0, 1)}),
        (segment(0, 0.5, 1, ways="0 2"), {0.5: (1, 0, 1, 1)}),
        (segment(0, 0.5, 1, "1 0 0 0 1 0 0 1 "), {0.5: (1, 0, 0, 0.5)}),
    ],
)
def test_segments_mean_what_gimp_draws(tmp_path: Path, row: str, wanted: dict[float, tuple[float, ...]]) -> None:
    gradient = read_gradient(ggr(tmp_path / "a.ggr", row))
    for place, color in wanted.items():
        assert np.abs(np.array(gradient.color_at(place)) - color).max() < 0.01, place


def test_many_segments_are_reduced_to_the_stops_that_matter(tmp_path: Path) -> None:
    rows = [
        segment(n / 100, (n + 0.5) / 100, (n + 1) / 100, f"{n / 100} 0 0 1 {(n + 1) / 100} 0 0 1") for n in range(100)
    ]
    gradient = read_gradient(ggr(tmp_path / "many.ggr", *rows))
    assert len(gradient.stops) <= MOST_STOPS
    assert gradient.color_at(0.5)[0] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\x00\x80" * 50,
        b"GIMP Palette\nName: a\n1\n",
        b"GIMP Gradient\nName: a\n2\n0 0.5 1 1 0 0 1 0 0 1 1 0 0\n",
        b"GIMP Gradient\nName: a\n-1\n",
        b"GIMP Gradient\nName: a\n99999999999\n0 0.5 1 1 0 0 1 0 0 1 1 0 0\n",
        b"GIMP Gradient\nName: a\n1\n0 0.5 1 1 0 0 1 0 0 nan 1 0 0\n",
        b"GIMP Gradient\nName: a\n1\n0.9 0.5 0.1 1 0 0 1 0 0 1 1 0 0\n",
        b"GIMP Gradient\nName: a\n1\n0 0.5 1 1 0 0 1 0 0 1 1 77 0\n",
        b"GIMP Gradient\nName: a\n1\n0 0.5 1 red 0 0 1 0 0 1 1 0 0\n",
        b"GIMP Gradient\n",
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.ggr").write_bytes(content)
    with pytest.raises(UserError, match="broken") as found:
        read_gradient(tmp_path / "broken.ggr")
    assert found.value.key == "gradient_file.broken"
    with pytest.raises(UserError, match="cannot be read"):
        read_gradient(tmp_path / "none.ggr")


def test_the_editor_of_the_tool_loads_and_saves(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.show_plain()
    studio.window.state.choose_tool(Tool.GRADIENT)
    bar = studio.window.findChild(GradientBar)
    assert isinstance(bar, GradientBar)
    bar.open_editor()
    editor = bar.editor
    assert editor is not None
    path = ggr(tmp_path / "a.ggr", segment(0, 0.5, 1))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    editor.files.load.click()
    own = studio.window.state.options.gradient.own
    assert own is not None
    assert [stop.color for stop in own.stops] == [RED, BLUE]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out"), ""))
    editor.files.save.click()
    assert read_gradient(tmp_path / "out.ggr") == own
    path.write_text("nothing")
    editor.files.load.click()
    assert "a.ggr" in editor.files.note.text()
    assert studio.window.state.options.gradient.own == own
    editor.close()


def test_the_form_of_a_fill_layer_loads(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain(level=0)
    studio.window.perform("adjustment.gradient-fill")
    dialog = studio.window.effects.dialog
    assert isinstance(dialog, EffectDialog)
    field = dialog.form.controls["gradient"]
    assert isinstance(field, GradientField)
    field.files.read(ggr(tmp_path / "a.ggr", segment(0, 0.5, 1, "0 1 0 1 0 1 0 1")))
    assert [stop.color for stop in field.gradient.stops] == [GREEN, GREEN]
    assert dialog.form.settings is not None
    assert "00ff00" in dict(dialog.form.settings.values)["gradient"]
    dialog.accept()
    studio.wait_for(lambda: studio.names[-1] == "New adjustment layer")
    assert studio.seen(20, 20)[:3] == (0, 255, 0)
