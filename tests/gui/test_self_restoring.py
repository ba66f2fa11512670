"""Filter ▸ Restore: a program that learns on the picture, its window, and the layer that comes back."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect
from desktop.core.layers import RasterLayer
from desktop.core.select import Joined, rectangle
from desktop.tools.selecting import select_shape
from tests.gui.conftest import OpenStudio, Studio

OPTIONS = """
import json, pathlib, sys
given = dict(zip(sys.argv[::2], sys.argv[1::2]))
"""
DARKER = """
import cv2
picture = cv2.imread(given["--pictures"], cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
print(json.dumps({"step": 400, "of": 1000, "picture": given["--pictures"]}), flush=True)
out = pathlib.Path(given["--out"])
out.mkdir()
cv2.imwrite(str(out / "picture.png"), picture // 2)
print(json.dumps({"step": 1000, "of": 1000}), flush=True)
"""
WAITING = "import time\nprint(json.dumps({'step': 1, 'of': 4}), flush=True)\ntime.sleep(600)\n"
FAILING = "sys.exit('None of the pictures is at least 64 pixels high and wide.')\n"


class Desk:
    """A program in place of PyTorch's, started as the real one is."""

    def __init__(self, studio: Studio, folder: Path) -> None:
        self.studio, self.window, self.jobs, self.folder = studio, studio.window, studio.window.restoring, folder
        self.errors: list[UserError] = []
        self.jobs.failed.connect(self.errors.append)
        studio.show_plain(40, 30, level=100)

    def use(self, program: str) -> None:
        path = self.folder / "program.py"
        path.write_text(
            f"import sys\nsys.argv[:3] = []\n{OPTIONS}{program}", encoding="utf-8"
        )  # itself, -m, the module
        self.jobs.interpreter = lambda: [sys.executable, str(path)]

    def start(self) -> None:
        self.window.perform("restore.denoise")
        assert self.jobs.dialog is not None
        self.jobs.dialog.minutes.set_value(2)
        self.jobs.dialog.start.click()

    def wait(self) -> None:
        self.studio.wait_for(lambda: not self.jobs.is_running)

    def wait_for_layer(self, opened: OpenDocument) -> RasterLayer:
        self.studio.wait_for(lambda: len(opened.document.layers) == 2 or bool(self.errors))
        assert not self.errors, str(self.errors[0])
        layer = opened.document.layers[1]
        assert isinstance(layer, RasterLayer)
        return layer


@pytest.fixture
def desk(open_studio: OpenStudio, tmp_path: Path) -> Desk:
    return Desk(open_studio(), tmp_path)


def test_what_was_learned_becomes_a_layer_behind_the_selection(desk: Desk) -> None:
    opened = desk.window.state.open_document
    assert opened is not None
    select_shape(opened, rectangle(Point(0, 0), Point(20, 30), opened.document.size.rect()), Joined.REPLACE)
    desk.use(DARKER)
    desk.start()
    layer, document = desk.wait_for_layer(opened), opened.document
    assert layer.tiles.read(document.size.rect())[5, 5].tolist() == [50, 50, 50, 255]
    assert layer.mask is not None
    assert layer.mask.tiles.read(document.size.rect())[5, [5, 30], 0].tolist() == [255, 0]
    assert not desk.errors
    assert desk.jobs.dialog is None
    desk.window.perform("edit.undo")
    assert len(opened.document.layers) == 1


def test_sixteen_bits_stay_sixteen_bits(desk: Desk) -> None:
    desk.window.perform("edit.depth_16")
    opened = desk.window.state.open_document
    assert opened is not None
    desk.studio.wait_for(lambda: opened.document.depth == 16)
    desk.use(DARKER)
    desk.start()
    layer = desk.wait_for_layer(opened)
    assert layer.tiles.read(opened.document.size.rect())[5, 5, 0] == 100 * 257 // 2


def test_its_window_shows_how_far_it_is_and_cancels(desk: Desk) -> None:
    desk.use(WAITING)
    desk.start()
    dialog = desk.jobs.dialog
    assert dialog is not None
    desk.studio.wait_for(lambda: (dialog.progress.value(), dialog.progress.maximum()) == (1, 4))
    assert dialog.start.isHidden()
    assert "25" in desk.window.status.job.text.text()
    desk.window.perform("restore.denoise")  # a second time shows the same window
    assert desk.jobs.dialog is dialog
    dialog.leave.click()
    desk.wait()
    assert not desk.errors
    assert len(desk.window.state.document.layers) == 1


def test_what_the_program_says_last_is_shown_when_it_fails(desk: Desk) -> None:
    desk.use(FAILING)
    desk.start()
    desk.wait()
    assert [error.key for error in desk.errors] == ["restoring.failed"]
    assert "64 pixels" in str(desk.errors[0])


def test_the_result_is_for_the_picture_it_began_with(desk: Desk) -> None:
    opened = desk.window.state.open_document
    assert opened is not None
    desk.use(DARKER)
    desk.start()
    desk.studio.show_plain(40, 30, level=7)
    desk.wait_for_layer(opened)
    assert len(desk.window.state.document.layers) == 1
    assert np.array_equal(desk.window.state.document.layers[0].tiles.read(Rect(0, 0, 1, 1))[0, 0, :3], [7, 7, 7])


def test_a_hole_is_filled_from_a_part_of_the_picture_alone(desk: Desk) -> None:
    desk.studio.show_plain(900, 700, level=100)
    opened = desk.window.state.open_document
    assert opened is not None
    select_shape(opened, rectangle(Point(600, 300), Point(640, 310), opened.document.size.rect()), Joined.REPLACE)
    desk.use(DARKER)
    desk.window.perform("restore.fill")
    assert desk.jobs.dialog is not None
    desk.jobs.dialog.start.click()
    layer, whole = desk.wait_for_layer(opened), opened.document.size.rect()
    assert layer.tiles.content_bounds() == Rect(560, 260, 120, 90)
    assert layer.mask is not None
    assert layer.mask.tiles.read(whole)[305, [620, 650], 0].tolist() == [255, 0]


def test_a_picture_that_is_too_large_for_an_untrained_network_is_refused_at_once(desk: Desk) -> None:
    desk.studio.show_plain(1000, 800, level=100)
    desk.use(DARKER)
    shown: list[UserError] = []
    desk.window.show_error = shown.append
    desk.window.perform("restore.prior")
    assert [error.key for error in shown] == ["restoring.bad_part"]
    assert desk.jobs.dialog is None
