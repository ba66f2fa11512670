"""The real main window over a runner that computes nothing, and a pointer that draws."""

from __future__ import annotations

import gc
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.composite import flatten
from desktop.core.document import Document, Guide, new_layer_from_pixels
from desktop.core.geometry import Point, Rect, Size
from desktop.options import OpenOptions
from desktop.runtime.catalog import Catalog
from desktop.runtime.fake import FakeRunner, Script
from desktop.runtime.runner import Runner
from desktop.settings import Settings
from desktop.tools.grid import Grid
from desktop.ui import i18n
from desktop.ui.commands.model_commands import ModelCommands
from desktop.ui.dialogs.brush_dialogs import BrushDialogs
from desktop.ui.dialogs.dialogs import Dialogs, ExportOptions, NewPicture, Unsaved
from desktop.ui.dialogs.guide_dialogs import GuideDialogs, TryGrid
from desktop.ui.dialogs.size_dialogs import CanvasSize, CheckSize, Enlargers, ImageSize, SizeDialogs
from desktop.ui.fonts import choose_font
from desktop.ui.main_window import MainWindow
from desktop.ui.theme import apply_theme
from desktop.ui.units import Unit

PATIENCE_MS = 20_000

MANIFEST = """
format = 1
id = "denoise-photo"
title = "Denoise photo"
description = "Removes camera noise and keeps texture."
task = "restore"
version = "1.0.0"
licence = "Apache-2.0"
icon = "denoise"
[files]
main = "model.onnx"
[sha256]
main = "0000000000000000000000000000000000000000000000000000000000000000"
[[inputs]]
name = "image"
role = "image"
[[outputs]]
name = "result"
role = "image"
[tile]
tile = 64
stride = 8
receptive_field = 16
[[params]]
id = "strength"
label = "Strength"
type = "float"
min = 0.0
max = 100.0
default = 50.0
step = 1.0
unit = "%"
[[params]]
id = "steps"
label = "Steps"
type = "int"
min = 1
max = 8
default = 2
[[params]]
id = "gentle"
label = "Gentle"
type = "bool"
default = true
[[params]]
id = "mode"
label = "Mode"
type = "choice"
default = "fine"
choices = ["fine", "coarse"]
"""


class AnsweringDialogs(Dialogs):
    """Answers what the test prepared and notes what was asked."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.asked: list[str] = []
        self.unsaved = Unsaved.CANCEL
        self.listed: list[str] = []
        self.saves: list[bool] = []
        self.confirmed = True
        self.name: str | None = "Name"
        self.file: Path | None = None
        self.open_paths: list[Path] = []
        self.save_path: Path | None = None
        self.export_options: ExportOptions | None = None
        self.new_picture: NewPicture | None = None
        self.model_path: Path | None = None
        self.shortcuts: tuple[str, dict[str, tuple[str, ...]]] | None = None

    def ask_unsaved(self, name: str) -> Unsaved:
        self.asked.append("unsaved")
        return self.unsaved

    def ask_unsaved_list(self, names: Sequence[str]) -> list[bool] | None:
        self.asked.append("unsaved_list")
        self.listed = list(names)
        if self.unsaved is Unsaved.CANCEL:
            return None
        return self.saves or [self.unsaved is Unsaved.SAVE] * len(names)

    def confirm(self, title: str, text: str, button: str) -> bool:
        self.asked.append("confirm")
        return self.confirmed

    def ask_name(self, title: str, name: str, accept: str) -> str | None:
        self.asked.append("name")
        return self.name

    def ask_file(self, title: str, folder: Path, pattern: str) -> Path | None:
        self.asked.append("file")
        return self.file

    def ask_new_file(self, title: str, suggestion: Path, pattern: str) -> Path | None:
        self.asked.append("new file")
        return self.file

    def show_folder(self, folder: Path) -> None:
        self.asked.append(f"folder {folder}")

    def ask_open(self, folder: Path) -> list[Path]:
        self.asked.append("open")
        return self.open_paths

    def ask_save(self, suggestion: Path) -> Path | None:
        self.asked.append("save")
        return self.save_path

    def ask_export(self, suggestion: Path) -> ExportOptions | None:
        self.asked.append("export")
        return self.export_options

    def ask_new(self) -> NewPicture | None:
        self.asked.append("new")
        return self.new_picture

    def ask_shortcuts(self) -> tuple[str, dict[str, tuple[str, ...]]] | None:
        self.asked.append("shortcuts")
        return self.shortcuts

    def ask_preferences(self, settings: Settings, devices: object) -> None:
        self.asked.append("preferences")

    def ask_model_file(self) -> Path | None:
        self.asked.append("model")
        return self.model_path

    def import_model(self, path: Path, models: ModelCommands) -> str:
        self.asked.append(f"import {path.name}")
        return ""

    def about(self) -> None:
        self.asked.append("about")


class AnsweringBrushDialogs(BrushDialogs):
    """Answers what the test prepared."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.name: str | None = None
        self.files: list[Path] = []

    def ask_new_name(self, suggestion: str) -> str | None:
        return self.name

    def ask_name(self, name: str) -> str | None:
        return self.name

    def ask_files(self) -> list[Path]:
        return self.files

    def ask_tip(self) -> Path | None:
        return self.files[0] if self.files else None


class AnsweringGuideDialogs(GuideDialogs):
    """Answers what the test prepared."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.guide: Guide | None = None
        self.grid: Grid | None = None

    def ask_guide(self, document: Document, unit: Unit, guide: Guide | None = None) -> Guide | None:
        return self.guide

    def ask_grid(self, grid: Grid, try_grid: TryGrid) -> Grid | None:
        return self.grid


class AnsweringSizeDialogs(SizeDialogs):
    """Answers what the test prepared."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.image_size: ImageSize | None = None
        self.canvas_size: CanvasSize | None = None
        self.extended: Rect | None = None

    def ask_image_size(self, document: Document, networks: Enlargers, check: CheckSize) -> ImageSize | None:
        return self.image_size

    def ask_canvas_size(self, document: Document, check: CheckSize) -> CanvasSize | None:
        return self.canvas_size

    def ask_sides(self, document: Document, check: CheckSize) -> Rect | None:
        return self.extended


class Studio:
    """A window with shortcuts for tests."""

    def __init__(self, window: MainWindow, runner: FakeRunner, qtbot: QtBot) -> None:
        self.window, self.runner, self.qtbot = window, runner, qtbot
        self.dialogs = AnsweringDialogs(window)
        window.dialogs = self.dialogs
        self.brush_dialogs = AnsweringBrushDialogs(window)
        window.brushes.dialogs = self.brush_dialogs
        self.guide_dialogs = AnsweringGuideDialogs(window)
        window.guides.dialogs = self.guide_dialogs
        self.size_dialogs = AnsweringSizeDialogs(window)
        window.editing.sizes.dialogs = self.size_dialogs

    @property
    def document(self) -> Document:
        document = self.window.state.document
        assert document is not None
        return document

    @property
    def names(self) -> list[str]:
        """The steps of the history that lead here."""
        opened = self.window.state.open_document
        assert opened is not None
        return [str(entry.name) for entry in opened.history.entries[: opened.history.position + 1]]

    def show(self, document: Document) -> None:
        self.window.files.show(document, None, "Test")
        self.window.canvas.zoom_to(1.0)
        QApplication.processEvents()

    def show_plain(self, width: int = 300, height: int = 200, level: int = 255) -> None:
        """One opaque layer of one grey."""
        document = Document(Size(width, height))
        pixels = np.full((height, width, 4), level, np.uint8)
        pixels[..., 3] = 255
        self.show(document.with_layer_inserted(new_layer_from_pixels(document, pixels, "Background")))

    def drag(
        self, *points: tuple[float, float], modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        """Press, move through image points, release."""
        self.press(points[0], modifier)
        for start, end in itertools.pairwise(points):
            for step in range(1, 7):
                share = step / 6
                self.move((start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share))
        self.release(points[-1], modifier)

    def press(self, point: tuple[float, float], modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.mousePress(self.window.canvas, Qt.MouseButton.LeftButton, modifier, self.at(point))

    def move(self, point: tuple[float, float]) -> None:
        QTest.mouseMove(self.window.canvas, self.at(point))

    def release(
        self, point: tuple[float, float], modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        QTest.mouseRelease(self.window.canvas, Qt.MouseButton.LeftButton, modifier, self.at(point))
        self.wait_for(lambda: not self.window.canvas.pointer.is_finishing)

    def at(self, point: tuple[float, float]) -> QPoint:
        return self.window.canvas.from_image(Point(*point))

    def seen(self, x: int, y: int) -> tuple[int, ...]:
        """The picture's colour at a pixel, from the compositing oracle."""
        return tuple(int(level) for level in flatten(self.document, Rect(x, y, 1, 1), threads=1)[0, 0])

    def on_screen(self, x: int, y: int) -> tuple[int, int, int]:
        """The colour the canvas really shows at an image pixel."""
        self.settle()
        image = self.window.canvas.grab().toImage()
        column, row = self.window.canvas.view.image_to_view(Point(x + 0.5, y + 0.5))
        shown = image.pixelColor(int(column), int(row))
        return shown.red(), shown.green(), shown.blue()

    def settle(self) -> None:
        """Until nothing of the canvas is still to come; the first paint says what that is."""
        QApplication.processEvents()
        self.window.canvas.grab()
        self.qtbot.waitUntil(lambda: self.window.canvas.is_complete, timeout=PATIENCE_MS)
        QApplication.processEvents()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def run_model(self) -> None:
        """Runs the chosen model and waits for its result."""
        self.window.perform("ai.run")
        self.wait_for(lambda: not self.window.ai.is_running)

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)


OpenStudio = Callable[..., Studio]


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "denoise-photo"
    folder.mkdir(parents=True)
    (folder / "manifest.toml").write_text(MANIFEST, encoding="utf-8")
    return folder.parent


@pytest.fixture
def open_studio(qapp: QApplication, qtbot: QtBot, models_dir: Path, empty_home: Path) -> Iterator[OpenStudio]:
    """`open_studio(scripts=…, make_runner=…, catalog=…)`; the window is closed and gone after the test."""
    threads = set(threading.enumerate())
    widgets = {_address(widget) for widget in qapp.topLevelWidgets()}
    opened: list[Studio] = []

    def make(
        scripts: Sequence[Script] = (),
        make_runner: Callable[[], Runner] | None = None,
        catalog: Catalog | None = None,
    ) -> Studio:
        runner = FakeRunner(*scripts)
        settings = Settings(empty_home / "settings.json")
        window = MainWindow(settings, catalog or Catalog((models_dir,)), make_runner or (lambda: runner))
        window.show()
        window.activateWindow()
        qtbot.waitExposed(window)
        studio = Studio(window, runner, qtbot)
        opened.append(studio)
        return studio

    i18n.set_language("en")
    choose_font(qapp)  # as the program does
    apply_theme(qapp, "dark")
    yield make
    for studio in opened:
        _close(studio)
    opened.clear()
    _expect_no_leaks(qapp, widgets, threads)


@pytest.fixture
def studio(open_studio: OpenStudio) -> Studio:
    return open_studio()


@pytest.fixture
def options() -> OpenOptions:
    return OpenOptions()


def _close(studio: Studio) -> None:
    window = studio.window
    studio.dialogs.unsaved = Unsaved.DISCARD
    window.close()
    window.deleteLater()
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()


def _address(widget: QWidget) -> int:
    return int(shiboken6.getCppPointer(widget)[0])


def _expect_no_leaks(qapp: QApplication, widgets: set[int], threads: set[threading.Thread]) -> None:
    gc.collect()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    leaked = [repr(widget) for widget in qapp.topLevelWidgets() if _address(widget) not in widgets]
    assert not leaked, leaked
    patience = time.monotonic() + 5
    while (left := set(threading.enumerate()) - threads) and time.monotonic() < patience:
        time.sleep(0.02)
    assert not left, left
