"""Running models from the window: under a painted mask, previews, cancel, errors, the real worker."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox

from desktop.core.errors import UserError
from desktop.core.layers import RasterLayer
from desktop.runtime.catalog import Catalog
from desktop.runtime.fake import Script
from desktop.runtime.jobs import RunnerLimits, WorkerRunner
from desktop.tools.ai_tool import Source, Where
from desktop.ui.i18n import set_language
from desktop.ui.widgets.value_slider import ValueSlider
from tests.gui.conftest import OpenStudio, Studio
from tests.runtime_models import make_model


def paint_region(studio: Studio) -> None:
    studio.window.perform("tool.region")
    studio.window.state.change_brush(size_px=60.0, hardness=100.0)
    studio.drag((80, 100), (160, 100))


def test_the_result_lands_under_the_painted_mask_and_undo_takes_it_away(studio: Studio) -> None:
    studio.show_plain(level=200)
    paint_region(studio)
    studio.run_model()
    assert studio.window.ai.has_preview
    assert studio.names == ["New picture"], "nothing is in the document before it is kept"
    assert studio.on_screen(120, 100) == (55, 55, 55)
    studio.key(Qt.Key.Key_Return)
    assert studio.names == ["New picture", "Denoise photo, strength 50, steps 2, mode fine"]
    layer = studio.document.layers[1]
    assert isinstance(layer, RasterLayer)
    assert layer.mask is not None
    assert layer.recipe is not None
    assert layer.recipe.model_id == "denoise-photo"
    assert dict(layer.recipe.parameters)["strength"] == 50.0
    assert studio.seen(120, 100) == (55, 55, 55, 255)
    assert studio.seen(20, 20) == (200, 200, 200, 255)
    assert studio.window.state.region.is_empty
    studio.window.perform("edit.undo")
    assert studio.seen(120, 100) == (200, 200, 200, 255)
    assert len(studio.document.layers) == 1


def test_the_rim_of_the_result_is_soft(studio: Studio) -> None:
    studio.show_plain(level=200)
    paint_region(studio)
    studio.run_model()
    studio.window.perform("ai.keep")
    mask = studio.document.layers[1].mask
    assert mask is not None
    column = mask.tiles.read(studio.document.size.rect())[:, 120, 0]
    steps = np.abs(np.diff(column.astype(int)))
    assert column.max() == 255
    assert column.min() == 0
    assert steps.max() < 60


def test_the_model_sees_the_region_with_its_halo_only(studio: Studio) -> None:
    studio.show_plain(width=800, height=600)
    paint_region(studio)
    studio.run_model()
    height, width = studio.runner.requests[0].inputs["image"].shape[:2]
    assert 60 + 2 * 16 <= height <= 60 + 2 * (16 + 8) + 12
    assert 140 + 2 * 16 <= width <= 140 + 2 * (16 + 8) + 12


def test_discarding_a_result_leaves_no_trace(studio: Studio) -> None:
    studio.show_plain(level=200)
    paint_region(studio)
    studio.run_model()
    studio.key(Qt.Key.Key_Escape)
    assert not studio.window.ai.has_preview
    assert studio.on_screen(20, 20) == (200, 200, 200)
    assert studio.names == ["New picture"]
    assert not studio.window.state.region.is_empty, "the region stays for another try"


def test_a_result_that_comes_in_the_middle_of_a_stroke_waits_for_its_end(open_studio: OpenStudio) -> None:
    studio = open_studio(scripts=[Script(steps=3, delay_s=0.1)])
    studio.show_plain(level=200)
    studio.window.ai.form.set_where(Where.ALL)
    studio.window.perform("ai.run")
    studio.window.perform("tool.brush")
    studio.press((50, 50))
    studio.wait_for(lambda: studio.runner.jobs != [] and studio.runner.jobs[0].wait(0) is not None)
    for x in range(50, 120, 10):
        studio.move((x, 50))
        QTest.qWait(20)
    assert not studio.window.ai.has_preview
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=studio.at((120, 50)))
    studio.wait_for(lambda: studio.window.ai.has_preview)
    assert not studio.window.ai.is_running


def test_a_region_where_the_layer_is_empty_is_refused_with_a_sentence(studio: Studio) -> None:
    studio.show_plain(level=200)
    studio.window.perform("layer.new")
    studio.window.ai.form.set_source(Source.LAYER)
    studio.window.perform("tool.brush")
    studio.drag((250, 150), (260, 160))
    paint_region(studio)
    studio.run_model()
    assert "no pixels to work on" in studio.window.info.text
    assert studio.runner.requests == []


def test_holding_the_key_shows_the_picture_before(studio: Studio) -> None:
    studio.show_plain(level=200)
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()
    assert studio.on_screen(120, 100) == (55, 55, 55)
    QTest.keyPress(studio.window.canvas, Qt.Key.Key_Backslash)
    assert studio.on_screen(120, 100) == (200, 200, 200)
    QTest.keyRelease(studio.window.canvas, Qt.Key.Key_Backslash)
    assert studio.on_screen(120, 100) == (55, 55, 55)


def test_running_without_a_region_says_what_to_do(studio: Studio) -> None:
    studio.show_plain()
    studio.run_model()
    assert "Paint the region first" in studio.window.info.text
    assert studio.runner.requests == []


def test_a_selection_is_as_good_as_a_painted_region(studio: Studio) -> None:
    studio.show_plain(level=200)
    paint_region(studio)
    studio.window.perform("select.region")
    studio.window.perform("ai.clear_region")
    studio.window.ai.form.set_where(Where.SELECTION)
    studio.run_model()
    studio.window.perform("ai.keep")
    assert studio.seen(120, 100) == (55, 55, 55, 255)
    assert studio.seen(20, 20) == (200, 200, 200, 255)


def test_the_visible_picture_as_input_lands_on_top(studio: Studio) -> None:
    studio.show_plain(level=200)
    studio.window.perform("layer.new")
    studio.window.state.set_color((1.0, 0.0, 0.0))
    studio.window.perform("edit.fill")
    studio.window.state.choose_layer(1)
    studio.window.ai.form.set_source(Source.VISIBLE)
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()
    studio.window.perform("ai.keep")
    assert studio.document.layers[-1].name == "Denoise photo"
    assert studio.seen(50, 50) == (0, 255, 255, 255)


def test_cancel_stops_a_run_and_nothing_changes(open_studio: OpenStudio) -> None:
    studio = open_studio(scripts=[Script(waits_for_cancel=True)])
    studio.show_plain()
    studio.window.ai.form.set_where(Where.ALL)
    studio.window.perform("ai.run")
    studio.wait_for(lambda: studio.window.ai.progress is not None and studio.window.ai.progress.done == 3)
    panel = studio.window.panels.ai
    assert panel.cancel.isVisible()
    assert studio.window.status.job.isVisible()
    QTest.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    studio.wait_for(lambda: not studio.window.ai.is_running)
    assert "cancelled" in studio.window.info.text
    assert studio.names == ["New picture"]
    assert panel.run.isVisible()
    assert not studio.window.status.job.isVisible()


def test_a_run_begun_right_after_a_cancelled_one_is_not_lost(studio: Studio) -> None:
    studio.show_plain(level=200)
    studio.window.ai.form.set_where(Where.ALL)
    studio.window.perform("ai.run")
    studio.window.perform("ai.cancel")  # the picture is still being read
    studio.window.perform("ai.run")
    studio.wait_for(lambda: studio.window.ai.has_preview)
    assert studio.on_screen(120, 100) == (55, 55, 55)


def test_painting_goes_on_while_a_model_runs_and_the_result_says_so(open_studio: OpenStudio) -> None:
    may_finish = threading.Event()

    def slow(request: object) -> object:
        may_finish.wait(10)
        return request.inputs["image"] // 2  # type: ignore[attr-defined]

    studio = open_studio(scripts=[Script(make_image=slow)])  # type: ignore[arg-type]
    studio.show_plain(level=200)
    studio.window.ai.form.set_where(Where.ALL)
    studio.window.perform("ai.run")
    studio.wait_for(lambda: bool(studio.runner.requests))
    studio.drag((50, 50), (100, 50))
    may_finish.set()
    studio.wait_for(lambda: studio.window.ai.has_preview)
    studio.window.perform("ai.keep")
    assert "changed while the model ran" in studio.window.info.text
    assert len(studio.document.layers) == 2


def test_a_model_that_fails_says_why_and_changes_nothing(open_studio: OpenStudio) -> None:
    error = UserError("model.out_of_memory", model_id="denoise-photo")
    studio = open_studio(scripts=[Script(error=error)])
    studio.show_plain()
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()
    assert "not enough memory" in studio.window.info.text
    assert studio.names == ["New picture"]
    assert studio.window.ai.can_run


def test_notes_of_the_runner_are_said_aloud(open_studio: OpenStudio) -> None:
    studio = open_studio(scripts=[Script(notes=(UserError("note.no_gpu_memory"),))])
    studio.show_plain()
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()
    assert "computed on the processor" in studio.window.info.text


def test_notes_and_devices_are_told_in_the_language_of_the_window(open_studio: OpenStudio) -> None:
    reason = UserError("device.cuda_failed", reason=UserError("device.no_driver"))
    studio = open_studio(scripts=[Script(notes=(UserError("note.cpu_instead", reason=reason),))])
    set_language("zh_CN")
    studio.show_plain()
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()
    assert studio.window.info.text == "已用处理器而不是 GPU 计算。CUDA 运行失败：未找到 NVIDIA 驱动程序。"
    studio.window.ai.find_devices()
    studio.wait_for(lambda: "未找到 NVIDIA 驱动程序" in studio.window.status.device.toolTip())


def test_a_quick_preview_is_small_and_keeping_it_runs_in_full(studio: Studio) -> None:
    studio.show_plain(width=1600, height=1200, level=200)
    studio.window.ai.form.set_where(Where.ALL)
    studio.window.perform("ai.preview")
    studio.wait_for(lambda: studio.window.ai.has_preview)
    small = studio.runner.requests[0].inputs["image"]
    assert small.shape[0] * small.shape[1] <= 410_000
    studio.window.perform("ai.keep")
    studio.wait_for(lambda: len(studio.runner.requests) == 2 and studio.window.ai.has_preview)
    assert studio.runner.requests[1].inputs["image"].shape[:2] == (1200, 1600)


def test_painting_keeps_a_waiting_result(studio: Studio) -> None:
    studio.show_plain(level=200)
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()
    studio.window.perform("tool.brush")
    studio.drag((20, 20), (40, 20))
    assert [name.split(",")[0] for name in studio.names] == ["New picture", "Denoise photo", "Brush stroke"]


def test_undo_gives_a_waiting_result_up(studio: Studio) -> None:
    studio.show_plain()
    studio.drag((20, 20), (40, 20))
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()
    studio.window.perform("edit.undo")
    assert not studio.window.ai.has_preview
    assert studio.names == ["New picture", "Brush stroke"]


def test_the_form_comes_from_the_manifest_and_feeds_the_request(studio: Studio) -> None:
    studio.show_plain()
    form = studio.window.panels.ai.form
    assert form is not None
    strength, gentle = form.controls["strength"], form.controls["gentle"]
    assert isinstance(strength, ValueSlider)
    assert isinstance(gentle, QCheckBox)
    strength.number.setFocus()
    strength.number.selectAll()
    QTest.keyClicks(strength.number, "72")
    QTest.keyClick(strength.number, Qt.Key.Key_Return)
    gentle.setChecked(False)
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()
    assert studio.runner.requests[0].parameters == {"strength": 72.0, "steps": 2, "gentle": False, "mode": "fine"}


def test_closing_the_picture_cancels_the_run(open_studio: OpenStudio) -> None:
    studio = open_studio(scripts=[Script(waits_for_cancel=True)])
    studio.show_plain()
    studio.window.ai.form.set_where(Where.ALL)
    studio.window.perform("ai.run")
    studio.wait_for(lambda: bool(studio.runner.jobs))
    studio.show_plain(level=10)
    assert studio.window.ai.is_running, "the run goes on behind another picture"
    studio.window.files.previous_document()
    studio.window.perform("file.close")
    assert not studio.window.ai.is_running
    assert studio.runner.jobs[0].wait(5) is not None


def real_studio(open_studio: OpenStudio, folder: Path, *, slow: bool = False) -> tuple[Studio, WorkerRunner]:
    """The window over a worker process with a network that inverts; the slow one repeats a convolution."""
    catalog = Catalog((folder,))
    if slow:
        weights = np.zeros((3, 3, 9, 9), np.float32)
        for channel in range(3):
            weights[channel, channel, 4, 4] = 1
        names = ["image", *(f"x{i}" for i in range(60)), "result"]
        nodes = [
            helper.make_node("Conv", [start, "w"], [end], pads=[4, 4, 4, 4]) for start, end in itertools.pairwise(names)
        ]
        make_model(folder / "slow", nodes, constants={"w": weights}, tile="[tile]\ntile = 512\nreceptive_field = 16")
    else:
        nodes = [helper.make_node("Sub", ["one", "image"], ["result"])]
        make_model(folder / "inverts", nodes, constants={"one": np.ones((1, 1, 1, 1), np.float32)})
    runner = WorkerRunner(catalog, RunnerLimits(idle_s=30, grace_s=1))
    return open_studio(make_runner=lambda: runner, catalog=catalog), runner


def test_the_real_worker_computes_a_layer(open_studio: OpenStudio, tmp_path: Path) -> None:
    studio, _ = real_studio(open_studio, tmp_path / "onnx")
    studio.show_plain(level=200)
    paint_region(studio)
    studio.run_model()
    studio.window.perform("ai.keep")
    assert studio.seen(120, 100) == (55, 55, 55, 255)
    assert studio.window.ai.last_provider == "CPUExecutionProvider"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")
def test_a_worker_killed_in_the_middle_of_a_run_costs_only_that_run(open_studio: OpenStudio, tmp_path: Path) -> None:
    studio, runner = real_studio(open_studio, tmp_path / "onnx", slow=True)
    studio.show_plain(width=2048, height=2048)
    studio.window.ai.form.set_where(Where.ALL)
    studio.window.perform("ai.run")
    studio.wait_for(lambda: studio.window.ai.progress is not None and studio.window.ai.progress.done >= 1)
    assert runner.worker_pid is not None
    os.kill(runner.worker_pid, signal.SIGKILL)
    studio.wait_for(lambda: not studio.window.ai.is_running)
    assert "Your picture is unharmed" in studio.window.info.text
    assert studio.names == ["New picture"]
    studio.drag((50, 50), (100, 50))
    assert studio.names[-1] == "Brush stroke"
