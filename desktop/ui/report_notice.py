"""Where a report about an error lies, said in the window it happened in."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer

from desktop.ui.i18n import tr
from desktop.ui.main_window import MainWindow


def tell_of_error(window: MainWindow, report: Path) -> None:
    """From any thread."""
    QTimer.singleShot(0, window, lambda: window.info.show_error(tr("report.error", path=report)))


def tell_of_crash(window: MainWindow, report: Path) -> None:
    """At the start after it."""
    window.info.show_error(tr("report.crashed", path=report))
