"""The Draw panel: what a network makes of the active layer's drawing, beside the canvas while one draws."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QFrame, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from desktop.runtime.catalog import Model
from desktop.tools import live_tool
from desktop.ui.action_set import ActionSet, tip_of
from desktop.ui.actions import action_spec
from desktop.ui.commands.live_commands import LiveCommands
from desktop.ui.i18n import tr, tr_error
from desktop.ui.panels.model_card import ParameterForm, title_of
from desktop.ui.state import EditorState, Tool
from desktop.ui.widgets.basics import dim_label, wrapped_label
from desktop.ui.widgets.picture_tile import PictureTile
from desktop.ui.widgets.swatch_grid import SwatchGrid

LARGEST_PX = 420
MARGIN_PX = 12


class LivePanel(QWidget):
    def __init__(
        self, commands: LiveCommands, state: EditorState, actions: ActionSet, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._commands, self._state, self._actions = commands, state, actions
        self._listed: list[Model] | None = None
        self._formed = ""
        self.models = QComboBox(self)
        self.about = wrapped_label(parent=self)
        self.picture = PictureTile(LARGEST_PX, self)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)  # as high as the panel is wide: a fixed height leaves a gap in a narrow one
        self.picture.setSizePolicy(policy)
        self.lines = QPushButton(self)
        self.hint = wrapped_label(parent=self)
        self.dabs_label = dim_label(parent=self)
        self.dabs = SwatchGrid(self)
        self.keep = QPushButton(self)
        self.form: ParameterForm | None = None
        self._form_place = QVBoxLayout()
        self._look = QTimer(self, singleShot=True, interval=0)
        self._look.timeout.connect(commands.follow)
        self._was_in_sight = False
        self._lay_out()
        commands.changed.connect(self._refresh)
        commands.picture_changed.connect(self._show_picture)
        self.models.activated.connect(lambda index: commands.choose_model(self.models.itemData(index)))
        self.dabs.chosen.connect(self._take_dab)
        self.lines.clicked.connect(lambda: actions["live.lines"].trigger())
        self.keep.clicked.connect(lambda: actions["live.keep"].trigger())
        self.picture.clicked.connect(lambda: actions["live.keep"].trigger())
        self.retranslate()

    def retranslate(self) -> None:
        self.models.setToolTip(tr("live.model_tip"))
        self.models.setAccessibleName(tr("live.model_tip"))
        self.picture.set_tip(tr("live.picture_tip"))
        self.keep.setText(tr("live.keep_button"))
        self.keep.setToolTip(tip_of(action_spec("live.keep")))
        self.lines.setText(tr("live.lines_button"))
        self.lines.setToolTip(tip_of(action_spec("live.lines")))
        self._listed, self._formed = None, ""
        self._refresh()
        self._show_picture()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A panel behind a tab is not painted: this is how it learns that somebody looks."""
        super().paintEvent(event)
        if not self._was_in_sight:
            self._was_in_sight = True
            self._look.start()

    def hideEvent(self, event: object) -> None:
        self._was_in_sight = False

    def _lay_out(self) -> None:
        self.models.setMinimumContentsLength(8)
        inner = QWidget(self)
        inner.setProperty("role", "scrolled")
        scroll = QScrollArea(self)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        column = QVBoxLayout(inner)
        column.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, 8)
        column.setSpacing(8)
        column.addWidget(self.models)
        column.addWidget(self.about)
        column.addLayout(self._form_place)
        column.addWidget(self.picture)
        column.addWidget(self.hint)
        column.addWidget(self.lines, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.dabs_label)
        column.addWidget(self.dabs)
        column.addWidget(self.keep, 0, Qt.AlignmentFlag.AlignRight)
        column.addStretch(1)

    def _refresh(self) -> None:
        commands = self._commands
        if self._listed != commands.models:
            self._listed = commands.models
            self.models.clear()
            for model in commands.models:
                self.models.addItem(title_of(model.manifest), model.id)
        model = commands.model
        self.models.setCurrentIndex(-1 if model is None else self.models.findData(model.id))
        self.models.setVisible(bool(commands.models))
        side = None if model is None else live_tool.fixed_side(model.manifest)
        self.about.setText("" if side is None else tr("live.fixed_size", side=side))
        self.about.setVisible(side is not None)
        self._show_palette()
        self._refresh_buttons()
        self._form_for(model)

    def _refresh_buttons(self) -> None:
        error = self._commands.error
        self.lines.setVisible(error is not None and error.key == "live.photograph")
        for name, button in (("live.lines", self.lines), ("live.keep", self.keep)):
            can = self._commands.can_find_lines if button is self.lines else self._commands.can_keep
            self._actions[name].setEnabled(can)  # it is triggered, and refreshed itself only with the window
            button.setEnabled(can)

    def _show_palette(self) -> None:
        commands = self._commands
        is_map = commands.paints_labels
        self.dabs_label.setText(tr("live.labels") if is_map else tr("live.dabs"))
        self.dabs.setAccessibleName(tr("live.labels_tip") if is_map else tr("live.dabs_tip"))
        if self.dabs.colors != commands.palette:
            self.dabs.set_colors(commands.palette)
        for part in (self.dabs_label, self.dabs):
            part.setVisible(bool(commands.palette))

    def _form_for(self, model: Model | None) -> None:
        wanted = "" if model is None or not model.manifest.params else model.id
        if wanted == self._formed:
            return
        self._formed = wanted
        if self.form is not None:
            self._form_place.removeWidget(self.form)
            self.form.deleteLater()
            self.form = None
        if model is not None and wanted:
            self.form = ParameterForm(model.manifest, self._commands.parameters(), self._commands.set_parameter)
            self._form_place.addWidget(self.form)

    def _show_picture(self) -> None:
        commands = self._commands
        self.picture.set_picture(commands.picture)
        error = commands.error
        self.picture.setText(commands.text() if error is None else tr_error(error))
        is_refused = error is not None and error.key == "live.photograph"
        self.picture.setVisible(not is_refused)  # there is nothing to expect in it: the sentence and its button suffice
        told = commands.notes if error is None or not is_refused else (error,)
        self.hint.setText(" ".join(map(tr_error, told)))
        self.hint.setVisible(bool(told))
        self._refresh_buttons()

    def _take_dab(self, index: int) -> None:
        """A colour from the row is painted with: the brush is at hand, the drawing goes on."""
        red, green, blue = self.dabs.colors[index].levels
        self._state.set_color((red / 255, green / 255, blue / 255))
        self._state.choose_tool(Tool.BRUSH)
