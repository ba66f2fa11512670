"""The Styles panel: every style on the user's own picture, and how strongly, mixed with which, in whose colours."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
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
from desktop.ui.widgets.basics import ElidedLabel, rule, wrapped_label
from desktop.ui.widgets.picture_tile import PictureTile

COLUMNS = 3
TILE_PX = 96


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
        self.paint = QPushButton(self)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._refresh)
        self._lay_out()
        styles.changed.connect(self._later.start)
        styles.thumbnail_made.connect(self._show_thumbnail)

    def retranslate(self) -> None:
        self.empty.setText(tr("styles.empty"))
        for button, action_id in ((self.paint, "ai.run"), (self.learn, "styles.learn"), (self.slow, "styles.slow")):
            button.setToolTip(tip_of(action_spec(action_id)))
        self.paint.setText(tr("styles.paint"))
        self.learn.setText(tr("styles.learn_button"))
        self.slow.setText(tr("styles.slow_button"))
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
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 8, 12, 8)
        foot.setSpacing(4)
        for button, action_id in ((self.learn, "styles.learn"), (self.slow, "styles.slow"), (self.paint, "ai.run")):
            action = self._actions[action_id]
            button.clicked.connect(lambda _checked=False, a=action: a.trigger())
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            foot.addWidget(button, 1)
        self.paint.setProperty("role", "primary")
        column.addLayout(foot)

    def _list_styles(self) -> None:
        for cell in self._cells:
            self._grid.removeWidget(cell)
            cell.deleteLater()
        self._cells, self.tiles = [], {}
        for index, choice in enumerate(self._styles.styles):
            cell = self._cell(choice)
            self._cells.append(cell)
            self._grid.addWidget(cell, index // COLUMNS, index % COLUMNS)
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
        name = ElidedLabel(cell)
        name.set_full_text(title)
        name.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(tile)
        column.addWidget(name)
        self.tiles[choice.key] = tile
        return cell

    def _show_thumbnail(self, key: tuple[str, str]) -> None:
        if key in self.tiles:
            self.tiles[key].set_picture(self._styles.thumbnails[key])

    def _refresh(self) -> None:
        if list(self.tiles) != [choice.key for choice in self._styles.styles]:
            self._list_styles()
        chosen = self._styles.chosen
        for key, tile in self.tiles.items():
            tile.set_chosen(chosen is not None and key == chosen.key)
        self.empty.setVisible(not self._styles.styles)
        self.paint.setEnabled(self._styles.can_paint)
        self.learn.setEnabled(self._actions["styles.learn"].isEnabled())
        self.slow.setEnabled(self._actions["styles.slow"].isEnabled())
        self._refresh_form()

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
    if not choice.name:
        return title_of(choice.model.manifest)
    return tr_or(f"style.{choice.name}", choice.name)
