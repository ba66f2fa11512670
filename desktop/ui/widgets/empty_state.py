"""What an empty window says: open, drop, go on with a recent file, or see what a tool can do on a sample."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.paths import resources_dir
from desktop.ui.action_set import ActionSet, tip_of
from desktop.ui.actions import action_spec
from desktop.ui.i18n import tr
from desktop.ui.icons import icon_pixmap, set_icon
from desktop.ui.theme import tokens
from desktop.ui.widgets.basics import dim_label

RECENT_SHOWN = 5
SAMPLES = ("gateway-of-india", "neuschwanstein", "kingfisher", "brushes")
TOUR_ICONS = {"remove": "remove", "cutout": "cutout", "upscale": "upscale"}


class EmptyState(QWidget):
    """Lies over the canvas while there is no document; drops go through to the canvas."""

    tour_chosen = Signal(str)

    def __init__(
        self, actions: ActionSet, recent: Callable[[], list[Path]], open_path: Callable[[Path], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._recent, self._open_path = recent, open_path
        self.mark = QLabel(self)
        self.title = QLabel(self)
        self.title.setProperty("role", "header")
        self.text = dim_label(parent=self)
        self.open = QPushButton(self)
        self.open.setProperty("role", "primary")
        self.new = QPushButton(self)
        self.recent_title = dim_label(parent=self)
        self._links = QVBoxLayout()
        self.tours_title = dim_label(parent=self)
        self.tours_title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.samples_title = dim_label(parent=self)
        self.samples_title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.samples = {name: QPushButton(self) for name in SAMPLES}
        self.tours = {tour_id: QPushButton(self) for tour_id in TOUR_ICONS}
        self.open.clicked.connect(actions["file.open"].trigger)
        self.new.clicked.connect(actions["file.new"].trigger)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self.open)
        buttons.addWidget(self.new)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch(2)
        for label in (self.mark, self.title, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addSpacing(8)
        column.addLayout(buttons)
        column.addSpacing(24)
        self.recent_title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.recent_title)
        column.addLayout(self._links)
        column.addSpacing(24)
        column.addWidget(self.tours_title)
        column.addLayout(self._tour_row())
        column.addSpacing(16)
        column.addWidget(self.samples_title)
        column.addLayout(self._sample_row())
        column.addStretch(3)

    def retranslate(self) -> None:
        self.title.setText(tr("empty.title"))
        self.text.setText(tr("empty.text"))
        self.open.setText(tr("action.file.open"))
        self.open.setToolTip(tip_of(action_spec("file.open")))
        self.new.setText(tr("action.file.new"))
        self.new.setToolTip(tip_of(action_spec("file.new")))
        self.recent_title.setText(tr("empty.recent"))
        self.tours_title.setText(tr("empty.tours"))
        self.samples_title.setText(tr("empty.samples"))
        for name, button in self.samples.items():
            button.setText(tr(f"sample.{name}"))
        for tour_id, button in self.tours.items():
            button.setText(tr(f"tour.{tour_id}.name"))
            button.setToolTip(tr(f"tour.{tour_id}.text"))
        self.refresh()

    def refresh(self) -> None:
        self.mark.setPixmap(icon_pixmap("picture", tokens().dim, 48, self.devicePixelRatioF()))
        while (item := self._links.takeAt(0)) is not None:
            item.widget().deleteLater()
        paths = [path for path in self._recent() if path.exists()][:RECENT_SHOWN]
        self.recent_title.setVisible(bool(paths))
        for path in paths:
            link = QPushButton(path.name, self)
            link.setToolTip(str(path))
            self._make_link(link, path)
            self._links.addWidget(link, 0, Qt.AlignmentFlag.AlignCenter)

    def _tour_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for tour_id, button in self.tours.items():
            set_icon(button, TOUR_ICONS[tour_id])
            button.clicked.connect(partial(self.tour_chosen.emit, tour_id))
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _sample_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addStretch(1)
        for name, link in self.samples.items():
            self._make_link(link, resources_dir() / "samples" / f"{name}.jpg")
            row.addWidget(link)
        row.addStretch(1)
        return row

    def _make_link(self, link: QPushButton, path: Path) -> None:
        link.setProperty("role", "link")
        link.setCursor(Qt.CursorShape.PointingHandCursor)
        link.clicked.connect(lambda _checked=False: self._open_path(path))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.PaletteChange:
            self.mark.setPixmap(icon_pixmap("picture", tokens().dim, 48, self.devicePixelRatioF()))
        super().changeEvent(event)
