"""A name below a small picture: as much of it as two lines hold."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from desktop.ui.widgets.basics import ElidedLabel

LINES = 2


class TwoLineLabel(ElidedLabel):
    """Broken between words where it can be; what does not fit ends in …, and the whole text is the tooltip."""

    def _refresh(self) -> None:
        shown = "\n".join(lines_of(self._full, QFontMetrics(self.font()), self.width(), LINES))
        self.setText(shown)
        self.setToolTip(self._full if "…" in shown else "")


def lines_of(text: str, metrics: QFontMetrics, width_px: int, most: int) -> list[str]:
    """The text in at most so many lines, none wider than that; the last one holds what is left, shortened."""
    lines: list[str] = []
    begin = 0
    while begin < len(text) and len(lines) < most - 1:
        end = _end_of_line(text, begin, metrics, width_px)
        if end == len(text):
            break
        lines.append(text[begin:end].strip())
        begin = end
    return [*lines, metrics.elidedText(text[begin:].strip(), Qt.TextElideMode.ElideRight, max(width_px, 0))]


def _end_of_line(text: str, begin: int, metrics: QFontMetrics, width_px: int) -> int:
    """Where a line has to end: after the last word that fits, or in the midst of a word wider than a line."""
    end = begin
    while end < len(text) and metrics.horizontalAdvance(text[begin : end + 1]) <= width_px:
        end += 1
    if end == len(text):
        return end
    last_space = text.rfind(" ", begin, end + 1)
    return last_space if last_space > begin else max(end, begin + 1)
