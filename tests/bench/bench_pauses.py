"""How long the UI thread lets nobody else speak: the real window, a simulated pointer, every slot of its loop.

Run ``python -m tests.bench.bench_pauses [--side 4096] [--only NAME …] [--explain]``; one JSON row per scenario. The
gate is on the clock; `own` leaves out what the UI thread waited for a processor while other programs had them.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_SCALE_FACTOR", "1")

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop import app
from desktop.core.document import Document
from desktop.core.geometry import Point, Size
from desktop.options import OpenOptions
from desktop.ui.main_window import MainWindow
from desktop.ui.state import BrushOptions, Tool
from tests.bench import effect_scenarios
from tests.bench.event_slots import Script, SlotMeter, Slots, play
from tests.bench.pause_pictures import Files, many_layers

P99_GATE_MS, MAX_GATE_MS = 16.0, 50.0
MODEL = "denoise-photo"
LEFT = Qt.MouseButton.LeftButton
FIRST_SECONDS = 6.0


class Hand:
    """Simulated pointer and menus on a real window. Every method is a script, or one event."""

    def __init__(self, window: MainWindow, files: Files) -> None:
        self.window, self.files = window, files

    @property
    def canvas(self) -> QWidget:
        return self.window.canvas

    @property
    def document(self) -> Document:
        document = self.window.state.document
        assert document is not None
        return document

    def at(self, point: tuple[float, float]) -> QPoint:
        return self.window.canvas.from_image(Point(*point))

    def is_quiet(self) -> bool:
        return self.window.canvas.is_complete and not self.window.background.is_busy

    def open(self, path: Path) -> Script:
        self.window.files.open_path(path)
        yield lambda: self.window.state.path is not None and self.window.state.path.name == path.name
        yield self.is_quiet

    def drag(self, widget: QWidget, places: Iterator[QPoint]) -> Script:
        """Press at the first place, move through the others, release at the last."""
        place = next(places)
        QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, place)
        yield None
        for place in places:
            QTest.mouseMove(widget, place)
            yield None
        QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.NoModifier, place)
        yield None

    def circles(self, rounds: float = 1.0, reach: float = 0.35, steps: int = 240) -> Iterator[QPoint]:
        size = self.document.size
        for step in range(int(steps * rounds)):
            angle = step / steps * math.tau
            swing = reach * (0.6 + 0.4 * math.sin(3.1 * angle))
            yield self.at((size.width * (0.5 + swing * math.cos(angle)), size.height * (0.5 + swing * math.sin(angle))))

    def paint(self, size_px: float, hardness: float, rounds: float = 1.0) -> Script:
        self.window.state.choose_tool(Tool.BRUSH)
        self.window.state.set_brush(BrushOptions(size_px=size_px, hardness=hardness, opacity=80))
        self.window.state.set_color((0.8, 0.3, (size_px % 7) / 7))
        yield from self.drag(self.canvas, self.circles(rounds))
        yield self.is_quiet

    def wheel(self, notches: float, modifiers: Qt.KeyboardModifier, widget: QWidget | None = None) -> None:
        target = widget or self.canvas
        middle = QPointF(target.rect().center())
        event = QWheelEvent(
            middle,
            target.mapToGlobal(middle),
            QPoint(),
            QPoint(0, round(120 * notches)),
            Qt.MouseButton.NoButton,
            modifiers,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QCoreApplication.sendEvent(target, event)

    # scenarios

    def open_layered(self) -> Script:
        yield from self.open(self.files.layered)

    def open_photo(self) -> Script:
        yield from self.open(self.files.photo)

    def paint_small(self) -> Script:
        for _ in range(3):
            yield from self.paint(30, 80)

    def paint_large(self) -> Script:
        for _ in range(2):
            yield from self.paint(500, 0)

    def paint_close(self) -> Script:
        """At 100 %, where level 0 itself is on the screen."""
        self.window.canvas.zoom_to(1.0)
        yield self.is_quiet
        for size_px in (30.0, 500.0):
            self.window.state.set_brush(BrushOptions(size_px=size_px, hardness=0))
            places = (QPoint(200 + int(3 * step), 300 + int(150 * math.sin(step / 20))) for step in range(200))
            yield from self.drag(self.canvas, places)
        self.window.perform("view.fit")
        yield self.is_quiet

    def move_layer(self) -> Script:
        self.window.state.choose_layer(3)
        self.window.state.choose_tool(Tool.MOVE)
        middle = self.canvas.rect().center()
        for turn in range(2):
            places = (QPoint(middle.x() + step // 2 + turn, middle.y() + step // 5) for step in range(150))
            yield from self.drag(self.canvas, places)
            yield self.is_quiet

    def opacity(self) -> Script:
        self.window.state.choose_layer(2)
        track = self.window.panels.layers.opacity.track
        places = (QPoint(track.width() - 6 - abs(step % 160 - 80), track.height() // 2) for step in range(320))
        yield from self.drag(track, places)
        yield self.is_quiet

    def blend_mode(self) -> Script:
        combo = self.window.panels.layers.mode
        for index in range(0, combo.count(), 2):
            if combo.itemData(index) is None:
                continue
            combo.setCurrentIndex(index)
            combo.activated.emit(index)
            for _ in range(12):
                yield None
        yield self.is_quiet

    def zoom_and_scroll(self) -> Script:
        none, shift, alt = (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.ShiftModifier,
            Qt.KeyboardModifier.AltModifier,
        )
        for notches in (*[1] * 14, *[-1] * 18, *[1] * 12):
            self.wheel(notches, none)
            yield from (None for _ in range(4))
        for step in range(160):
            self.wheel(math.sin(step / 20), shift if step % 2 else alt)
            yield from (None for _ in range(2))
        self.window.perform("view.fit")
        yield self.is_quiet

    def undo_and_redo(self) -> Script:
        for action in (*["edit.undo"] * 8, *["edit.redo"] * 8):
            self.window.perform(action)
            yield from (None for _ in range(8))
        yield self.is_quiet

    def save_while_painting(self) -> Script:
        path = self.files.folder / "saved.ora"
        self.window.dialogs.ask_save = lambda _suggestion: path  # type: ignore[method-assign]
        yield from self.paint(60, 50, 0.2)
        self.window.files.save_as()
        while self.window.background.is_busy:
            yield from self.drag(self.canvas, self.circles(0.5))
            self.wheel(0.5, Qt.KeyboardModifier.ShiftModifier)
            yield None
        yield self.is_quiet

    def journal(self) -> Script:
        """Copies of a whole layer are painted all over: the journal writes them while one paints on."""
        self.window.perform("layer.duplicate")
        yield from self.paint(200, 50, 0.5)
        self.window.perform("layer.duplicate")
        yield from self.paint(200, 50, 1.0)
        yield self.is_quiet

    def model(self) -> Script:
        """A model runs on a painted region while the hand goes on; its result is kept."""
        self.window.ai.form.choose_model(MODEL)
        self.window.state.choose_tool(Tool.REGION)
        self.window.state.set_brush(BrushOptions(size_px=400, hardness=50))
        yield from self.drag(self.canvas, self.circles(0.15))
        self.window.perform("ai.run")
        while self.window.ai.is_running:
            self.wheel(math.sin(time.monotonic()), Qt.KeyboardModifier.ShiftModifier)
            yield None
        yield self.is_quiet
        self.window.perform("ai.keep")
        yield self.is_quiet

    def models_list(self) -> Script:
        for _ in range(5):
            self.window.ai.form.load_models()
            yield from (None for _ in range(10))

    def many_layers(self) -> Script:
        """200 layers: the list is scrolled from end to end, and the picture composited."""
        self.window.files.show(many_layers(self.files.side), None, "Many")
        yield self.is_quiet
        rows = self.window.panels.layers.list
        for step in range(240):
            self.wheel(-1 if step < 120 else 1, Qt.KeyboardModifier.NoModifier, rows.viewport())
            yield from (None for _ in range(2))
        yield self.is_quiet

    def paint_photo(self) -> Script:
        yield from self.open(self.files.photo)
        yield from self.paint(30, 80)
        yield from self.paint(500, 0)
        for _ in range(2):
            self.window.perform("edit.undo")
            yield from (None for _ in range(10))
        yield self.is_quiet


SCENARIOS: dict[str, Callable[[Hand], Script]] = {
    "opening 6 layers": Hand.open_layered,
    "painting, 30 px": Hand.paint_small,
    "painting, 500 px soft": Hand.paint_large,
    "painting at 100 %": Hand.paint_close,
    "dragging a layer": Hand.move_layer,
    "dragging the opacity": Hand.opacity,
    "changing the blend mode": Hand.blend_mode,
    "zooming and scrolling": Hand.zoom_and_scroll,
    "undo and redo": Hand.undo_and_redo,
    "painting while saving": Hand.save_while_painting,
    "painting while the journal catches up": Hand.journal,
    "running a model": Hand.model,
    "reading the list of models": Hand.models_list,
    "scrolling 200 layers": Hand.many_layers,
    "dragging a curve point, layer over 10": effect_scenarios.curve_of_a_layer,
    "dragging a curve point, pixels": effect_scenarios.curve_of_pixels,
    "dragging the radius of a blur, pixels": effect_scenarios.blur_of_pixels,
    "dragging a free transform, 10 layers": effect_scenarios.transform_of_a_layer,
    "painting below a blur layer": effect_scenarios.paint_below_a_blur,
    "opening 24 MP in 16 bits": Hand.open_photo,
    "painting on 24 MP in 16 bits": Hand.paint_photo,
}
ON_TEN = ("curve point", "a blur", "transform")  # these bring their own picture of ten layers
WITH_TEN = {name for name in SCENARIOS if any(part in name for part in ON_TEN)}
NEEDS_LAYERS = (
    set(SCENARIOS) - WITH_TEN - {"opening 6 layers", "opening 24 MP in 16 bits", "painting on 24 MP in 16 bits"}
)


def first_stroke() -> Script:
    """From the first round of the loop: a new picture at once, and a stroke that does not wait for anything."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    window = next(widget for widget in application.topLevelWidgets() if isinstance(widget, MainWindow))
    window.files._make_new(Size(4096, 4096), True, 8)
    hand = Hand(window, Files(Path(), Path(), Path(), 4096))
    stop = time.monotonic() + FIRST_SECONDS
    while time.monotonic() < stop:
        yield from hand.drag(hand.canvas, hand.circles(0.5))


def started() -> MainWindow:
    """The window as a start of the program makes it."""
    options = OpenOptions(size=(1280, 800))
    app.make_application(options)
    window = app.make_window(options)
    window.show()
    app._after_first_paint(window)
    return window


def run_scenarios(side: int, only: list[str], explain: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        os.environ["SCUMBLE_HOME"] = str(Path(name) / "home")
        files = Files.made_in(Path(name), side)
        window = started()
        hand = Hand(window, files)
        play(settle(hand), SlotMeter, window)
        for what, script in SCENARIOS.items():
            if only and not any(part in what for part in only):
                continue
            if what in NEEDS_LAYERS and window.state.path != files.layered:
                play(hand.open(files.layered), SlotMeter, window)
            print(f"   {what}", file=sys.stderr)
            row(what, play(script(hand), lambda: SlotMeter(explain=explain), window))
        for session in window.state.documents:
            session.open_document.mark_saved()
        window.close()
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def settle(hand: Hand) -> Script:
    """The kernels are compiled and the devices known; `first_stroke_rows` measures the time before."""
    stop = time.monotonic() + app.DEVICES_AFTER_MS / 1000 + 1
    yield lambda: time.monotonic() > stop
    yield hand.is_quiet


MAKE_KERNELS = """
from desktop.kernels import make_kernels_ready
from desktop.paths import kernel_stamp_file
make_kernels_ready(kernel_stamp_file())
"""


def first_stroke_rows(explain: bool) -> None:
    """A fresh process without compiled kernels on the disk, and one with them."""
    with tempfile.TemporaryDirectory() as name:
        env = {**os.environ, "SCUMBLE_HOME": str(Path(name) / "home"), "NUMBA_CACHE_DIR": str(Path(name) / "kernels")}
        for what in ("first stroke, kernels not compiled", "first stroke after a warm start"):
            command = [sys.executable, "-m", "tests.bench.bench_pauses", "--first-stroke", what]
            subprocess.run([*command, *(["--explain"] if explain else [])], env=env, check=True)
            subprocess.run([sys.executable, "-c", MAKE_KERNELS], env=env, check=True)


def run_first_stroke(what: str, explain: bool) -> None:
    window = started()
    row(what, play(first_stroke(), lambda: SlotMeter(explain=explain), window))
    sys.stdout.flush()
    for helper in multiprocessing.active_children():
        helper.kill()
        helper.join()
    os._exit(0)  # without waiting for threads


def row(what: str, slots: Slots) -> None:
    figures = {name: round(value, 1) for name, value in slots.figures().items()}
    print(json.dumps({"what": what, **figures, "p99_gate": P99_GATE_MS, "max_gate": MAX_GATE_MS}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--only", nargs="*", default=[], help="scenarios whose name has one of these")
    parser.add_argument("--explain", action="store_true", help="what long slots did, on standard error")
    parser.add_argument("--first-stroke", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.first_stroke:
        run_first_stroke(arguments.first_stroke, arguments.explain)
    run_scenarios(arguments.side, arguments.only, arguments.explain)
    if not arguments.only or any("first" in part for part in arguments.only):
        first_stroke_rows(arguments.explain)


if __name__ == "__main__":
    main()
