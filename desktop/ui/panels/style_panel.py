"""The Styles panel: every style on the user's own picture, and how strongly, mixed with which, in whose colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QImage, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.tools.style_tool import STYLE, StyleChoice
from desktop.ui.action_set import ActionSet, tip_of
from desktop.ui.actions import action_spec
from desktop.ui.commands.style_commands import StyleCommands
from desktop.ui.i18n import tr, tr_or
from desktop.ui.panels.model_card import ParameterForm, title_of
from desktop.ui.widgets.basics import rule, wrapped_label
from desktop.ui.widgets.picture_tile import PictureTile
from desktop.ui.widgets.two_lines import TwoLineLabel

COLUMNS = 3
TILE_PX = 96
JOB_PX = 64


class StylePanel(QWidget):
    def __init__(self, styles: StyleCommands, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._styles, self._actions = styles, actions
        self.empty = wrapped_label(parent=self)
        self.tiles: dict[tuple[str, str], PictureTile] = {}
        self._cells: list[QWidget] = []
        self._grid = QGridLayout()
        self._form_place = QVBoxLayout()
        self._formed = ""
        self.form: ParameterForm | None = None
        self.learn, self.slow = QPushButton(self), QPushButton(self)
        self.paint, self.cancel = QPushButton(self), QPushButton(self)
        self.pick = PictureTile(TILE_PX, self)
        self.inside, self._inside_label, self._inside_row = QComboBox(self), QLabel(self), QWidget(self)
        self.progress, self.so_far = QProgressBar(self), PictureTile(JOB_PX, self)
        self.job = QWidget(self)
        self._so_far_path: Path | None = None
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._refresh)
        self._lay_out()
        styles.changed.connect(self._later.start)
        styles.jobs.changed.connect(self._later.start)
        styles.thumbnail_made.connect(self._show_thumbnail)

    def retranslate(self) -> None:
        self.empty.setText(tr("styles.empty"))
        for button, action_id in ((self.paint, "ai.run"), (self.learn, "styles.learn"), (self.slow, "styles.slow")):
            button.setToolTip(tip_of(action_spec(action_id)))
        self.paint.setText(tr("styles.paint"))
        self.pick.setText(tr("styles.pick_button"))
        self.pick.set_tip(tip_of(action_spec("styles.pick")))
        self._inside_label.setText(tr("styles.inside"))
        self.inside.setToolTip(tr("styles.inside_tip"))
        self.inside.setAccessibleName(tr("styles.inside"))
        self.learn.setText(tr("styles.learn_button"))
        self.slow.setText(tr("styles.slow_button"))
        self.cancel.setText(tr("ai.cancel_button"))
        self.cancel.setToolTip(tip_of(action_spec("styles.cancel")))
        self.so_far.set_tip(tr("styles.so_far"))
        self._formed = ""
        self._list_styles()
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A panel behind a tab is not painted: this is how it learns that somebody looks."""
        super().paintEvent(event)
        self._styles.watch()

    def _lay_out(self) -> None:
        inner = QWidget(self)
        inner.setProperty("role", "scrolled")
        body = QVBoxLayout(inner)
        body.setContentsMargins(12, 8, 12, 8)
        body.setSpacing(8)
        body.addWidget(self.empty)
        self._grid.setSpacing(8)
        body.addLayout(self._grid)
        body.addLayout(self._form_place)
        body.addWidget(self._inside_row)
        body.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        column.addWidget(rule(self))
        column.addWidget(self.job)
        self._lay_out_job()
        self._lay_out_inside()
        self.pick.clicked.connect(self._actions["styles.pick"].trigger)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 8, 12, 8)
        foot.setSpacing(4)
        for button, action_id in ((self.learn, "styles.learn"), (self.slow, "styles.slow"), (self.paint, "")):
            if action_id:
                action = self._actions[action_id]
                button.clicked.connect(lambda _checked=False, a=action: a.trigger())
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            foot.addWidget(button, 1)
        self.paint.clicked.connect(lambda: self._styles.paint())
        self.paint.setProperty("role", "primary")
        column.addLayout(foot)

    def _lay_out_inside(self) -> None:
        """The second style, for the painted region or the selection."""
        row = QHBoxLayout(self._inside_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._inside_label)
        row.addWidget(self.inside, 1)
        self.inside.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.inside.setMinimumContentsLength(8)
        self.inside.activated.connect(self._choose_inside)

    def _lay_out_job(self) -> None:
        """How far a program that paints or learns is, and how it looks."""
        row = QHBoxLayout(self.job)
        row.setContentsMargins(12, 8, 12, 0)
        row.setSpacing(8)
        self.so_far.setFixedSize(JOB_PX, JOB_PX)
        self.so_far.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.progress.setTextVisible(False)
        self.cancel.clicked.connect(self._actions["styles.cancel"].trigger)
        self.cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for part in (self.so_far, self.progress, self.cancel):
            row.addWidget(part)

    def _list_styles(self) -> None:
        for cell in self._cells:
            self._grid.removeWidget(cell)
            cell.deleteLater()
        self._cells, self.tiles = [], {}
        for index, choice in enumerate(self._styles.styles):
            cell = self._cell(choice)
            self._cells.append(cell)
            self._grid.addWidget(cell, index // COLUMNS, index % COLUMNS)
        self._grid.removeWidget(self.pick)
        count = len(self._cells)
        self._grid.addWidget(self.pick, count // COLUMNS, count % COLUMNS, Qt.AlignmentFlag.AlignTop)
        self.pick.setVisible(self._styles.takes_pictures)
        for column in range(COLUMNS):
            self._grid.setColumnStretch(column, 1)

    def _cell(self, choice: StyleChoice) -> QWidget:
        cell = QWidget(self)
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        tile = PictureTile(TILE_PX, cell)
        title = title_of_style(choice)
        tile.set_tip(title)
        tile.set_picture(self._styles.thumbnails.get(choice.key))
        tile.clicked.connect(lambda: self._styles.choose(choice))
        name = TwoLineLabel(cell)
        name.set_full_text(title)
        name.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        column.addWidget(tile)
        column.addWidget(name, 1)
        self.tiles[choice.key] = tile
        return cell

    def _show_thumbnail(self, key: tuple[str, str]) -> None:
        if key in self.tiles:
            self.tiles[key].set_picture(self._styles.thumbnails[key])

    def _refresh(self) -> None:
        has_pick = self._styles.takes_pictures
        if list(self.tiles) != [choice.key for choice in self._styles.styles] or has_pick == self.pick.isHidden():
            self._list_styles()
        chosen = self._styles.chosen
        for key, tile in self.tiles.items():
            tile.set_chosen(chosen is not None and key == chosen.key)
        self.empty.setVisible(not self._styles.styles and not has_pick)
        self._refresh_inside()
        self.paint.setEnabled(self._styles.can_paint)
        self.learn.setEnabled(not self._styles.jobs.is_running)
        self.slow.setEnabled(self._styles.jobs.can_paint)
        self._refresh_form()
        self._refresh_job()

    def _refresh_inside(self) -> None:
        styles, inside = self._styles.styles, self._styles.inside
        titles = [tr("styles.inside_none"), *map(title_of_style, styles)]
        if titles != [self.inside.itemText(index) for index in range(self.inside.count())]:
            self.inside.clear()
            self.inside.addItems(titles)
        keys = [style.key for style in styles]
        self.inside.setCurrentIndex(0 if inside is None else keys.index(inside.key) + 1)
        self._inside_row.setVisible(len(styles) > 1)

    def _choose_inside(self, index: int) -> None:
        self._styles.choose_inside(self._styles.styles[index - 1] if index else None)

    def _refresh_job(self) -> None:
        jobs = self._styles.jobs
        self.job.setVisible(jobs.is_running)
        if not jobs.is_running:
            self._so_far_path = None
            self.so_far.set_picture(None)
            return
        self.progress.setRange(0, jobs.of)  # without an end while the program starts
        self.progress.setValue(jobs.step)
        self.progress.setAccessibleName(tr(f"styles.job.{jobs.kind}"))
        if jobs.picture is not None and jobs.picture != self._so_far_path:
            self._so_far_path = jobs.picture
            self.so_far.set_picture(picture_of(jobs.picture))

    def _refresh_form(self) -> None:
        """The sliders of the style in hand; which of the model's styles it is, the pictures above say."""
        chosen = self._styles.chosen
        formed = "" if chosen is None else chosen.model.sha256
        if formed == self._formed:
            return
        self._formed = formed
        if self.form is not None:
            self._form_place.removeWidget(self.form)
            self.form.deleteLater()
            self.form = None
        if chosen is not None:
            self.form = ParameterForm(chosen.model.manifest, self._styles.values(), self._styles.set_parameter)
            if STYLE in self.form.controls:
                self.form.controls[STYLE].hide()
            self._form_place.addWidget(self.form)


def title_of_style(choice: StyleChoice) -> str:
    if choice.picture is not None:
        return choice.picture.path.stem
    if not choice.name:
        return title_of(choice.model.manifest)
    return tr_or(f"style.{choice.name}", choice.name)


def picture_of(path: Path) -> NDArray[np.uint8] | None:
    """(H, W, 3); None while the file is not there in whole."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB888)
    if image.isNull():
        return None
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()
