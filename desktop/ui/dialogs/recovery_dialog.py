"""Offers the documents of journals that were left behind, each with its picture."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.core.color import Rgba8
from desktop.ui.canvas.picture import draw_checkerboard
from desktop.ui.i18n import tr, tr_error
from desktop.ui.icons import icon_pixmap
from desktop.ui.theme import tokens
from desktop.ui.widgets.basics import ElidedLabel, dim_label, wrapped_label

if TYPE_CHECKING:
    from desktop.ui.commands.recovery_commands import Offer

PREVIEW_PX = 96
ROWS_SHOWN = 4  # more scroll


class RecoveryDialog(QDialog):
    """Closing it means later: what is not chosen stays where it is."""

    recovered = Signal(object)  # Offer
    discarded = Signal(object)  # Offer

    def __init__(self, offers: Sequence[Offer], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("recovery.title"))
        self.rows = [OfferRow(offer, self) for offer in offers]
        intro = wrapped_label(parent=self)
        intro.setText(tr("recovery.intro"))
        holder = QWidget(self)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for row in self.rows:
            row.recover.clicked.connect(lambda _=False, chosen=row: self._resolve(chosen, self.recovered))
            row.discard.clicked.connect(lambda _=False, chosen=row: self._resolve(chosen, self.discarded))
            row.later.clicked.connect(lambda _=False, chosen=row: self._resolve(chosen, None))
            column.addWidget(row)
        column.addStretch(1)
        area = QScrollArea(self)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(holder)
        row_height = self.rows[0].sizeHint().height() + 8
        area.setMinimumHeight(row_height * min(len(self.rows), ROWS_SHOWN))
        area.setMaximumHeight(row_height * len(self.rows))
        self.all = QPushButton(tr("recovery.recover_all"), self)
        self.all.setProperty("role", "primary")
        whole_rows = [row for row in self.rows if row.offer.recovered is not None]
        self.all.setVisible(len(whole_rows) > 1)
        if len(whole_rows) == 1:  # one primary button a dialog
            whole_rows[0].recover.setProperty("role", "primary")
        self.all.clicked.connect(self._recover_all)
        close = QPushButton(tr("recovery.close"), self)
        close.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(self.all)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 16)
        whole.setSpacing(12)
        whole.addWidget(intro)
        whole.addWidget(area, 1)
        whole.addLayout(buttons)
        self.setMinimumWidth(620)

    def _recover_all(self) -> None:
        for row in [row for row in self.rows if row.offer.recovered is not None]:
            self._resolve(row, self.recovered)

    def _resolve(self, row: OfferRow, signal: Signal | None) -> None:
        if row not in self.rows:
            return
        self.rows.remove(row)
        row.hide()
        if not self.rows:
            self.accept()
        if signal is not None:
            signal.emit(row.offer)


class OfferRow(QFrame):
    """One document: picture, name, what it is, and what to do with it."""

    def __init__(self, offer: Offer, parent: QWidget) -> None:
        super().__init__(parent)
        self.offer = offer
        self.setProperty("role", "card")
        self.picture = QLabel(self)
        self.picture.setFixedSize(PREVIEW_PX, PREVIEW_PX)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setPixmap(self._pixmap())
        texts = QVBoxLayout()
        texts.setSpacing(3)
        texts.addStretch(1)
        for label in self._labels():
            texts.addWidget(label)
        texts.addStretch(1)
        self.recover = QPushButton(tr("recovery.recover"), self)
        self.recover.setVisible(offer.recovered is not None)
        self.discard = QPushButton(tr("recovery.discard"), self)
        self.later = QPushButton(tr("recovery.later"), self)
        buttons = QVBoxLayout()
        buttons.setSpacing(6)
        buttons.addStretch(1)
        for button in (self.recover, self.later, self.discard):
            button.setMinimumWidth(104)
            buttons.addWidget(button)
        buttons.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(14)
        row.addWidget(self.picture)
        row.addLayout(texts, 1)
        row.addLayout(buttons)

    def _labels(self) -> list[QLabel]:
        found = self.offer.recovered
        if found is None:
            assert self.offer.error is not None
            sentence = wrapped_label("", self)
            sentence.setText(tr_error(self.offer.error))
            return [sentence]
        name = ElidedLabel(self)
        name.setProperty("role", "header")
        name.set_full_text(found.title)
        size, layers = found.document.size, found.layer_count
        key = "recovery.about_one" if layers == 1 else "recovery.about"
        numbers = {"width": size.width, "height": size.height} | ({} if layers == 1 else {"layers": layers})
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found.time))
        labels = [name, dim_label(tr(key, **numbers), self), dim_label(tr("recovery.changed", time=when), self)]
        if found.path is not None:
            place = dim_label("", self)
            place.setText(place.fontMetrics().elidedText(str(found.path), Qt.TextElideMode.ElideMiddle, 300))
            place.setToolTip(str(found.path))
            labels.append(place)
        return labels

    def _pixmap(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        if self.offer.recovered is None:
            return icon_pixmap("warning", tokens().warning, 40, ratio)
        if self.offer.preview is None:
            return icon_pixmap("picture", tokens().dim, 40, ratio)
        return _preview_pixmap(self.offer.preview, round(PREVIEW_PX * ratio), ratio)


def _preview_pixmap(preview: Rgba8, side: int, ratio: float) -> QPixmap:
    """The picture over a checkerboard, as large as fits."""
    pixels = np.ascontiguousarray(preview)
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGBA8888)
    scale = min(side / width, side / height)
    shown = QPixmap(max(1, round(width * scale)), max(1, round(height * scale)))
    painter = QPainter(shown)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    draw_checkerboard(painter, QRectF(shown.rect()), tokens().checker_light, tokens().checker_dark)
    painter.drawImage(QRectF(shown.rect()), image)
    painter.end()
    shown.setDevicePixelRatio(ratio)
    return shown
