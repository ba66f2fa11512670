"""What a foreign model makes of the user's picture, side by side for each way of reading its numbers."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from desktop.runtime.importing.inspection import Candidate
from desktop.ui.i18n import tr

PREVIEW_PX = 136
TEXT_PX = 56


class PreviewStrip(QListWidget):
    """One is chosen with the mouse or the arrow keys."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(PREVIEW_PX, PREVIEW_PX))
        self.setFixedHeight(PREVIEW_PX + TEXT_PX)
        self.setSpacing(4)

    def fill(self, candidates: tuple[Candidate, ...]) -> None:
        """Candidates that can be told apart by eye: the same picture is not offered twice."""
        self.clear()
        shown: list[Candidate] = []
        for candidate in candidates:
            if not any(_is_same(candidate.preview, known.preview) for known in shown):
                shown.append(candidate)
                self.addItem(_item_of(candidate))
        if shown:
            self.setCurrentRow(0)

    @property
    def answer(self) -> dict[str, str]:
        """Range, order and what else goes with the chosen picture."""
        item = self.currentItem()
        return {} if item is None else dict(item.data(Qt.ItemDataRole.UserRole))


def _is_same(first: Any, second: Any) -> bool:
    return bool(first.shape == second.shape and abs(first.astype(int) - second.astype(int)).max() <= 2)


def _further_texts(candidate: Candidate) -> list[str]:
    texts = [tr(f"import.hole.{candidate.more['hole']}")] if "hole" in candidate.more else []
    return texts + ([tr("import.class_shown", number=candidate.more["class"])] if "class" in candidate.more else [])


def _item_of(candidate: Candidate) -> QListWidgetItem:
    pixels = candidate.preview
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, width * 3, QImage.Format.Format_RGB888).copy()
    pixmap = QPixmap.fromImage(image).scaled(
        PREVIEW_PX, PREVIEW_PX, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    picture = QIcon(pixmap)
    picture.addPixmap(pixmap, QIcon.Mode.Selected)  # Qt would tint it, and colours are what is judged here
    item = QListWidgetItem(picture, "\n".join([f"{candidate.range} · {candidate.order}", *_further_texts(candidate)]))
    item.setData(Qt.ItemDataRole.UserRole, candidate.answers)
    return item
