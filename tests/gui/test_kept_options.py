"""The options of each tool come back with the next start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from desktop.core.dynamics import Dynamic, Sensor, Target
from desktop.core.tips import ImageTip
from desktop.paths import user_tools_dir
from desktop.settings import TOOL_OPTIONS
from desktop.tools.filling import Sample
from desktop.ui.state import Tool
from tests.gui.conftest import OpenStudio


def test_options_of_every_kind_of_tool_are_kept(open_studio: OpenStudio) -> None:
    first = open_studio().window
    state = first.state
    state.choose_tool(Tool.BRUSH)
    state.change_brush(size_px=321.0, hardness=12.0, opacity=45.0)
    state.change_brush_further(roundness=0.4, dynamics=(Dynamic(Sensor.TILT, Target.FLOW),))
    state.choose_tool(Tool.ERASER)
    state.change_brush(size_px=7.0)
    state.change_options(
        bucket=replace(state.options.bucket, tolerance=33.0, sample=Sample.VISIBLE, contiguous=False),
        stamp=replace(state.options.stamp, size_px=55.0),
        mask_reveals=True,
    )
    state.set_color((0.25, 0.5, 0.75))
    first.close()
    second = open_studio().window.state
    brush = second.options.brushes[Tool.BRUSH]
    assert (brush.size_px, brush.hardness, brush.opacity) == (321.0, 12.0, 45.0)
    assert brush.more.roundness == 0.4
    assert [(d.sensor, d.target) for d in brush.more.dynamics] == [(Sensor.TILT, Target.FLOW)]
    assert second.options.brushes[Tool.ERASER].size_px == 7.0
    assert second.options.brushes[Tool.MASK].size_px == 120.0
    assert second.options.bucket == state.options.bucket
    assert second.options.stamp.size_px == 55.0
    assert second.options.mask_reveals
    assert second.color == (0.25, 0.5, 0.75)


def test_a_brush_keeps_its_tip_and_its_preset(open_studio: OpenStudio) -> None:
    first = open_studio().window
    first.state.choose_tool(Tool.BRUSH)
    shape = np.ones((20, 30), np.float32)
    shape[5:15, 5:25] = 0
    first.brushes.choose(next(preset for preset in first.brushes.library.presets() if preset.is_shipped))
    chosen = first.state.brush.preset
    first.state.change_brush_further(tip=ImageTip("block", shape))
    first.close()
    second = open_studio().window.state.options.brushes[Tool.BRUSH]
    assert second.preset == chosen
    assert second.more.tip is not None
    assert np.array_equal(second.more.tip.strength, shape)


def test_broken_options_cost_only_themselves(open_studio: OpenStudio) -> None:
    first = open_studio().window
    first.state.choose_tool(Tool.BRUSH)
    first.state.change_brush(size_px=99.0)
    first.close()
    folder: Path = user_tools_dir()
    assert (folder / "brush.toml").is_file()
    (folder / "brush.toml").write_text("size = [", encoding="utf-8")
    (folder / "eraser.toml").write_text('format = 1\nname = "eraser"\n[brush]\nsize = 1e9\n', encoding="utf-8")

    lines = [line for line in first.settings.get(TOOL_OPTIONS) if not line.startswith(("bucket.", "stamp."))]
    first.settings.set(
        TOOL_OPTIONS, (*lines, "bucket.tolerance=NaN", "bucket.sample=7", "stamp.size_px=44", "color=[2]", "nonsense")
    )
    second = open_studio().window.state
    assert second.options.brushes[Tool.BRUSH].size_px == 40.0
    assert second.options.brushes[Tool.ERASER].size_px == 60.0
    assert second.options.bucket.tolerance == 15.0
    assert second.options.bucket.sample is Sample.LAYER
    assert second.options.stamp.size_px == 44.0
    assert second.color == (0.0, 0.0, 0.0)
