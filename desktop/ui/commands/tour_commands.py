"""Tours: one click opens a sample photograph with the right tool in hand, and shows on request how it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.core.geometry import Point
from desktop.paths import resources_dir
from desktop.ui.canvas.scripted_pointer import scripted_stroke
from desktop.ui.widgets.tour_bar import TourBar

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

SEATED_MAN = (Point(499, 624), Point(497, 655), Point(495, 680), Point(465, 686))  # in gateway-of-india.jpg
REMOVED_WIDTH_PX = 76.0
UPSCALER = "upscale-2x-faithful"


@dataclass(frozen=True)
class Tour:
    """`prepare` puts the tool into the hand, `show` does for the person what the text tells."""

    id: str
    sample: str
    prepare: Callable[[MainWindow], None]
    show: Callable[[MainWindow], None]


def _prepare_removal(window: MainWindow) -> None:
    window.perform("tool.remove")
    window.state.change_brush(size_px=REMOVED_WIDTH_PX)


def _remove(window: MainWindow) -> None:
    _prepare_removal(window)
    scripted_stroke(window.canvas, SEATED_MAN)
    if window.editing.removal.can_run:  # where the release does not begin it already
        window.perform("edit.remove")


def _prepare_cutting_out(window: MainWindow) -> None:
    window.panels.bring_to_front("layers")


def _cut_out(window: MainWindow) -> None:
    window.perform("layer.remove_background")


def _prepare_upscaling(window: MainWindow) -> None:
    window.ai.form.choose_model(UPSCALER)
    window.panels.bring_to_front("ai")


def _upscale(window: MainWindow) -> None:
    _prepare_upscaling(window)
    window.perform("ai.run")


TOURS = (
    Tour("remove", "gateway-of-india.jpg", _prepare_removal, _remove),
    Tour("cutout", "kingfisher.jpg", _prepare_cutting_out, _cut_out),
    Tour("upscale", "brushes.jpg", _prepare_upscaling, _upscale),
)


class TourCommands(QObject):
    """At most one tour at a time; it ends with its picture."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._waiting: Tour | None = None
        self.bar = TourBar(window.canvas)
        self.bar.ended.connect(self.end)
        window.empty.tour_chosen.connect(self.start)
        window.state.document_replaced.connect(self._document_shown)

    def start(self, tour_id: str) -> None:
        """Opens the tour's photograph; the bar appears with it."""
        tour = next(tour for tour in TOURS if tour.id == tour_id)
        self.end()
        self._waiting = tour
        sample = _sample_of(tour)
        if self._window.state.path == sample:
            self._document_shown()
        else:
            self._window.files.open_path(sample)

    def end(self) -> None:
        self._waiting = None
        self.bar.hide()

    def _document_shown(self) -> None:
        tour = self._waiting
        if tour is None or self._window.state.path != _sample_of(tour):
            self.bar.hide()
            return
        self._waiting = None
        tour.prepare(self._window)
        self.bar.begin(tour.id, partial(tour.show, self._window))


def _sample_of(tour: Tour) -> Path:
    return resources_dir() / "samples" / tour.sample
