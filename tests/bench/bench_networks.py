"""Networks on a photograph of 12 megapixels: by command line and in the window, with time, memory, pauses and cancel.

    python -m tests.bench.bench_networks PHOTO.jpg --cli denoise-photo upscale-2x-fast
    python -m tests.bench.bench_networks PHOTO.jpg --window denoise-photo upscale-2x-fast

PHOTO is shrunk or cut to 4000 × 3000 by whoever measures; one Markdown row for each model is printed. In the window a
restorer runs from the AI panel on the whole picture and is kept, one that enlarges by Image size at its own scale; each
is then started again and stopped after CANCEL_AFTER_S.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

CANCEL_AFTER_S = 3.0
MEMORY_EVERY_S = 0.25
PATIENCE_S = 600.0


def cli_row(model: str, photo: Path) -> str:
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out.png"
        start, before = time.monotonic(), _processor_seconds_of_children()
        command = [sys.executable, "-m", "desktop", "run", model, str(photo), str(out), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds, worked = time.monotonic() - start, _processor_seconds_of_children() - before
    facts = json.loads(done.stdout)
    megapixels = facts["width"] * facts["height"] / 1e6
    said = next((line for line in done.stderr.splitlines() if "takes about" in line), "")
    return (
        f"| {model} | {seconds:.1f} | {facts['seconds']:.1f} | {seconds / megapixels:.2f} | {worked:.1f} | "
        f"{facts['peak_memory_mb']:.0f} | {said.removeprefix('scumble: takes ')} |"
    )


def _processor_seconds_of_children() -> float:
    """Of those that have ended, and of theirs: half of it is what two idle cores would take."""
    times = os.times()
    return times.children_user + times.children_system


class Watch:
    """The largest memory of this process and its children, as long as it lives."""

    def __init__(self) -> None:
        self.largest = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        own = psutil.Process()
        while not self._stop.wait(MEMORY_EVERY_S):
            total = 0
            for process in (own, *own.children(recursive=True)):
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.largest = max(self.largest, total)

    def stop(self) -> float:
        self._stop.set()
        self._thread.join()
        return self.largest / 1e6


def window_rows(models: list[str], photo: Path) -> Iterator[str]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as name:
        os.environ["SCUMBLE_HOME"] = str(Path(name) / "home")
        from tests.bench.bench_pauses import started

        window = started()
        for model in models:
            yield WindowRun(window, model, photo).row()
        for session in window.state.documents:
            session.open_document.mark_saved()
        window.close()


class WindowRun:
    def __init__(self, window: object, model: str, photo: Path) -> None:
        from desktop.ui.main_window import MainWindow

        assert isinstance(window, MainWindow)
        self.window, self.model, self.photo = window, model, photo
        self.enlarges = model.startswith("upscale")

    def row(self) -> str:
        from tests.bench.event_slots import SlotMeter

        window = self.window
        window.files.open_path(self.photo)
        self.until(lambda: window.state.path == self.photo and self.is_quiet())
        watch, meter = Watch(), SlotMeter()
        with meter:
            start = time.monotonic()
            before = window.state.document
            self.start()
            if self.enlarges:
                self.until(lambda: window.state.document is not before)
            else:
                self.until(lambda: not window.ai.is_running and self.is_quiet())
                window.perform("ai.keep")
            seconds = time.monotonic() - start
            self.until(self.is_quiet)
        memory, figures = watch.stop(), meter.slots.figures()
        stopped = self.stopped_after()
        return (
            f"| {self.model} | {seconds:.1f} | {memory:.0f} | {figures['own_p99_ms']:.1f} | "
            f"{figures['own_max_ms']:.0f} | {stopped:.2f} |"
        )

    def start(self) -> None:
        window = self.window
        if not self.enlarges:
            window.ai.form.choose_model(self.model)
            window.perform("ai.run")
            return
        from desktop.core.geometry import Size
        from desktop.core.resample import Resampling
        from desktop.ui.dialogs.size_dialogs import ImageSize

        document, scale = window.state.document, int(self.model.split("-")[1][0])
        assert document is not None
        size = Size(document.size.width * scale, document.size.height * scale)
        wanted = ImageSize(size, 72.0, Resampling.LANCZOS, self.model)
        window.editing.sizes.dialogs.ask_image_size = lambda *_asked: wanted  # type: ignore[method-assign]
        window.editing.sizes.image_size()

    def stopped_after(self) -> float:
        """Seconds from the cancel to rest, with the document as it was."""
        window = self.window
        window.perform("edit.undo")
        self.until(self.is_quiet)
        before = window.state.document
        self.start()
        stop = time.monotonic() + CANCEL_AFTER_S
        self.until(lambda: time.monotonic() > stop)
        start = time.monotonic()
        (window.editing.sizes.cancel if self.enlarges else window.ai.cancel)()
        self.until(lambda: self.is_quiet() and not window.ai.is_running)
        assert window.state.document is before
        return time.monotonic() - start

    def is_quiet(self) -> bool:
        return self.window.canvas.is_complete and not self.window.background.is_busy

    @staticmethod
    def until(condition: object) -> None:
        from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

        assert callable(condition)
        beat = QTimer(interval=20)
        beat.start()
        stop = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < stop, "it took too long"
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--cli", nargs="*", default=[])
    parser.add_argument("--window", nargs="*", default=[])
    given = parser.parse_args()
    if given.cli:
        print("| model | s in all | s of the network's run | s a megapixel made | processor s | MB | said before |")
        print("|---|---|---|---|---|---|---|")
    for model in given.cli:
        print(cli_row(model, given.photo), flush=True)
    if given.window:
        print("| model | s | MB, all processes | p99 of the window's slots, ms | longest, ms | stops within, s |")
        print("|---|---|---|---|---|---|")
        for row in window_rows(given.window, given.photo):
            print(row, flush=True)


if __name__ == "__main__":
    main()
