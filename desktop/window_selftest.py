"""The window proves itself: opens a picture, paints with pointer events, runs a model, saves, opens again, undoes.

`scumble selftest --window` runs it without a screen, from a source tree, a wheel or a frozen program alike.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from desktop.core.errors import UserError
from desktop.core.geometry import Point
from desktop.paths import resources_dir

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from desktop.core.document import Document
    from desktop.ui.main_window import MainWindow

SAMPLE = "neuschwanstein.jpg"
MODEL = "denoise-photo"
PATIENCE_S = 120  # a slow laptop compiles kernels meanwhile


@dataclass(frozen=True)
class Step:
    """One thing that was tried; `problem` is empty where it held."""

    name: str
    seconds: float
    problem: str = ""

    def text(self) -> str:
        return f"{self.name}: {'FAILED. ' + self.problem if self.problem else 'passed'} ({self.seconds:.2f} s)"


def check_window(application: QApplication, window: MainWindow) -> list[Step]:
    """Every step in turn; the first that fails is the last."""
    from desktop.ui.theme import theme_name

    assert theme_name(), "the application has its theme before the window is tried"
    with tempfile.TemporaryDirectory() as folder:
        trial = _Trial(application, window, Path(folder) / "selftest.ora")
        steps: list[Step] = []
        for name in ("open", "paint", "undo", "run", "save", "reopen"):
            steps.append(_timed(name, getattr(trial, name)))
            if steps[-1].problem:
                break
        return steps


class _Trial:
    def __init__(self, application: QApplication, window: MainWindow, target: Path) -> None:
        self.application, self.window, self.target = application, window, target

    def open(self) -> None:
        self.window.files.open_paths([resources_dir() / "samples" / SAMPLE])
        self.wait(lambda: self.window.state.document is not None, "The sample photograph did not open.")
        self.window.canvas.grab()
        self.wait(lambda: self.window.canvas.is_complete, "The canvas was not painted.")

    def paint(self) -> None:
        before = self.pixels()
        self.window.perform("tool.brush")
        self.stroke(0.3, 0.7)
        self.wait(lambda: not np.array_equal(self.pixels(), before), "A stroke changed no pixel.")

    def undo(self) -> None:
        painted = self.pixels()
        self.window.perform("edit.undo")
        undone = self.pixels()
        self.expect(not np.array_equal(undone, painted), "Undo changed nothing.")
        self.window.perform("edit.redo")
        self.expect(np.array_equal(self.pixels(), painted), "Redo did not bring the stroke back.")

    def run(self) -> None:
        self.window.ai.form.choose_model(MODEL)
        self.window.perform("tool.region")
        self.stroke(0.45, 0.55)
        layers = len(self.document.layers)
        self.window.perform("ai.run")
        self.wait(lambda: not self.window.ai.is_running, "The model did not answer.")
        self.expect(self.window.ai.has_preview, self.window.info.text or "The model gave no result.")
        self.window.perform("ai.keep")
        self.expect(len(self.document.layers) == layers + 1, "The result became no layer.")

    def save(self) -> None:
        session = self.window.state.current
        assert session is not None
        self.window.state.set_path(session, self.target, self.target.name)
        self.window.files.save()
        self.wait(self.target.exists, self.window.info.text or "Nothing was saved.")
        self.wait(lambda: not self.window.background.is_busy, "Saving did not end.")

    def reopen(self) -> None:
        from desktop.io.documents import open_document_file

        again = open_document_file(self.target)
        self.expect(len(again.layers) == len(self.document.layers), "Layers were lost in the file.")
        self.expect(np.array_equal(_flat(again), self.pixels()), "The file does not look like the document.")

    @property
    def document(self) -> Document:
        document = self.window.state.document
        assert document is not None
        return document

    def pixels(self) -> np.ndarray:
        return _flat(self.document)

    def stroke(self, start: float, end: float) -> None:
        """Across the picture from one share of its width to another, at half height."""
        from desktop.ui.canvas.scripted_pointer import scripted_stroke

        size = self.document.size
        scripted_stroke(
            self.window.canvas,
            (Point(size.width * start, size.height / 2), Point(size.width * end, size.height / 2)),
        )
        self.wait(lambda: not self.window.state.is_editing, "The stroke did not end.")

    def wait(self, condition: Callable[[], bool], problem: str) -> None:
        from PySide6.QtCore import QEventLoop

        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            self.expect(time.monotonic() < deadline, problem)
            self.application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def expect(self, holds: bool, problem: str) -> None:
        if not holds:
            raise _FailedStep(problem)


class _FailedStep(Exception):
    """What a step of the trial found wrong."""


def _timed(name: str, step: Callable[[], None]) -> Step:
    started = time.monotonic()
    try:
        step()
    except (_FailedStep, UserError) as error:
        return Step(name, time.monotonic() - started, str(error))
    return Step(name, round(time.monotonic() - started, 3))


def _flat(document: Document) -> np.ndarray:
    from desktop.core.composite import flatten

    return flatten(document, document.size.rect())


def passed(steps: Sequence[Step]) -> bool:
    return bool(steps) and not any(step.problem for step in steps)
