"""The Generate panel: which generator, which of its pictures, the ways to others, and into the document."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.runtime.catalog import Model
from desktop.runtime.latents import SEED_LIMIT
from desktop.runtime.runner import ParameterValue
from desktop.tools import generate_tool
from desktop.tools.generate_tool import Fit
from desktop.ui.action_set import ActionSet, tip_of
from desktop.ui.actions import action_spec
from desktop.ui.commands.generate_commands import GenerateCommands
from desktop.ui.commands.generate_explorer import GenerateExplorer, Page
from desktop.ui.i18n import tr, tr_error
from desktop.ui.icons import icon, set_icon
from desktop.ui.panels.generate_pages import BlendPage, DirectionsPage, MapPage, NeighboursPage
from desktop.ui.panels.model_card import ParameterForm, choice_name, title_of
from desktop.ui.widgets.basics import ElidedLabel, IconButton, Segments, rule, wrapped_label
from desktop.ui.widgets.choice_grid import ChoiceGrid
from desktop.ui.widgets.number_field import NumberField, Range
from desktop.ui.widgets.picture_tile import PictureTile

PREVIEW_PX = 88
MODEL_PICTURE = QSize(22, 22)
ICON_GROUND = QColor("#e8e8e8")
ROOMY_PX = 500  # a panel as high as this has room for larger pictures


class GeneratePanel(QWidget):
    def __init__(
        self, commands: GenerateCommands, explorer: GenerateExplorer, actions: ActionSet, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._commands, self._explorer, self._actions = commands, explorer, actions
        self._listed: list[Model] | None = None
        self._formed: tuple[object, ...] = ()
        self.empty = wrapped_label(parent=self)
        self.bring = QPushButton(self)
        self.models = QComboBox(self)
        self.status = ElidedLabel(self)
        self.detach = IconButton("plus", self)
        self.preview = PictureTile(PREVIEW_PX, self)
        self.seed = NumberField(Range(0, SEED_LIMIT - 1, 0), parent=self)
        self.dice, self.lock = IconButton("dice", self), IconButton("lock", self)
        self.reset = IconButton("undo", self)
        self.load, self.save = IconButton("open", self), IconButton("save", self)
        self.encode = QPushButton(self)
        self.label = ChoiceGrid(self)
        self.form: ParameterForm | None = None
        self._form_place = QVBoxLayout()
        self.choice = Segments([page.value for page in Page], self)
        self.neighbours, self.directions = NeighboursPage(explorer, self), DirectionsPage(commands, explorer, self)
        self.map, self.blend = MapPage(explorer, self), BlendPage(explorer, self)
        self.pages: dict[Page, NeighboursPage | DirectionsPage | MapPage | BlendPage] = {
            Page.NEIGHBOURS: self.neighbours,
            Page.DIRECTIONS: self.directions,
            Page.MAP: self.map,
            Page.BLEND: self.blend,
        }
        self.fit = Segments([fit.value for fit in Fit], self)
        self.region, self.stamp = IconButton("region-brush", self), IconButton("stamp", self)
        self.place = QPushButton(self)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._refresh)
        self._look = QTimer(self, singleShot=True, interval=0)
        self._look.timeout.connect(commands.look)
        self._lay_out()
        self._connect()

    def retranslate(self) -> None:
        self.empty.setText(tr("generate.empty"))
        self.bring.setText(tr("generate.bring"))
        self.models.setToolTip(tr("generate.model_tip"))
        self.models.setAccessibleName(tr("generate.model_tip"))
        self.preview.set_tip(tr("generate.preview_tip"))
        self.seed.setToolTip(tr("generate.seed_tip"))
        self.seed.setAccessibleName(tr("generate.seed"))
        self.dice.set_tip(tip_of(action_spec("generate.dice")))
        self.lock.set_tip(tr("generate.lock_tip"))
        self.reset.set_tip(tr("generate.reset_tip"))
        self.load.set_tip(tr("generate.load_tip"))
        self.save.set_tip(tr("generate.save_tip"))
        self.encode.setText(tr("generate.encode"))
        self.encode.setToolTip(tip_of(action_spec("generate.encode")))
        self.choice.set_texts(
            (
                tr("generate.page_neighbours"),
                tr("generate.page_directions"),
                tr("generate.page_map"),
                tr("generate.page_blend"),
            )
        )
        self.fit.set_texts(
            (tr("generate.whole"), tr("generate.fill")), (tr("generate.whole_tip"), tr("generate.fill_tip"))
        )
        self.region.set_tip(tip_of(action_spec("tool.region")))
        self.stamp.set_tip(tip_of(action_spec("tool.stamp")))
        self.place.setText(tr("generate.place_button"))
        self.place.setToolTip(tip_of(action_spec("generate.place")))
        for page in self.pages.values():
            page.retranslate()
        self._listed, self._formed = None, ()
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A panel behind a tab is not painted: this is how it learns that somebody looks."""
        super().paintEvent(event)
        if self._commands.needs_look:
            self._look.start()

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        self.neighbours.set_roomy(self.height() >= ROOMY_PX)
        self._fit_map()

    def _fit_map(self) -> None:
        """As large as can be seen at once."""
        self.map.set_room(self._scroll.viewport().height() - self.map.y() - self._margin_px)

    # putting together

    def _lay_out(self) -> None:
        inner = QWidget(self)
        inner.setProperty("role", "scrolled")
        body = QVBoxLayout(inner)
        body.setContentsMargins(12, 8, 12, 6)
        body.setSpacing(6)
        self.models.setIconSize(MODEL_PICTURE)
        self.models.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        body.addWidget(self.empty)
        body.addWidget(self.bring)
        first = QHBoxLayout()
        first.setSpacing(4)
        first.addWidget(self.models, 1)
        first.addWidget(self.detach)
        self._first = _holder(first, inner)
        body.addWidget(self._first)
        self._head = _holder(self._head_row(), inner)
        body.addWidget(self._head)
        body.addWidget(self.label)
        body.addLayout(self._form_place)
        body.addWidget(self.choice)
        for page in self.pages.values():
            body.addWidget(page)
        body.addStretch(1)
        self._margin_px = body.contentsMargins().bottom()
        scroll = self._scroll = QScrollArea(self)
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        self._rule = rule(self)
        column.addWidget(self._rule)
        foot = QHBoxLayout()
        foot.setSpacing(4)
        foot.addWidget(self.fit)
        foot.addWidget(self.region)
        foot.addWidget(self.stamp)
        foot.addWidget(self.place, 1)
        self._foot = _holder(foot, self)
        self._foot.setContentsMargins(12, 8, 12, 8)
        column.addWidget(self._foot)

    def _head_row(self) -> QHBoxLayout:
        """The picture in hand; beside it which layer it goes to, its seed, and what to do with its latent."""
        self.preview.setFixedSize(PREVIEW_PX, PREVIEW_PX)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row, parts in ((first, (self.seed, self.dice, self.lock)), (second, (self.reset, self.load, self.save))):
            row.setSpacing(2)
            for part in parts:
                row.addWidget(part)
        first.addStretch(1)
        second.addStretch(1)
        self.lock.setCheckable(True)
        self.status.setProperty("role", "dim")
        second.addWidget(self.encode)
        side = QVBoxLayout()
        side.setSpacing(2)
        side.addWidget(self.status)
        side.addLayout(first)
        side.addLayout(second)
        side.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.preview)
        head.addLayout(side, 1)
        return head

    def _connect(self) -> None:
        commands, explorer = self._commands, self._explorer
        for button, action_id in (
            (self.bring, "ai.import"),
            (self.dice, "generate.dice"),
            (self.preview, "generate.dice"),
            (self.encode, "generate.encode"),
            (self.place, "generate.place"),
            (self.region, "tool.region"),
            (self.stamp, "tool.stamp"),
            (self.load, "generate.load"),
            (self.save, "generate.save"),
            (self.blend.walk, "generate.walk"),
        ):
            action = self._actions[action_id]
            button.clicked.connect(lambda _=False, a=action: a.trigger())
        for pushed in (self.bring, self.encode, self.place):
            pushed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.place.setProperty("role", "primary")
        for button, action_id in ((self.region, "tool.region"), (self.stamp, "tool.stamp")):
            button.setCheckable(True)
            self._actions[action_id].toggled.connect(button.setChecked)
        self.models.activated.connect(lambda index: commands.choose_model(str(self.models.itemData(index))))
        self.detach.clicked.connect(self._detach)
        self.seed.value_changed.connect(lambda value: commands.set_seed(int(value)))
        self.lock.toggled.connect(commands.set_locked)
        self.reset.clicked.connect(commands.back_to_seed)
        self.label.chosen.connect(self._choose_label)
        self.choice.chosen.connect(lambda value: explorer.show(Page(value)))
        self.fit.chosen.connect(lambda value: commands.set_fit(Fit(value)))
        for signal in (commands.changed, commands.picture_changed, commands.busy_changed, explorer.changed):
            signal.connect(self._later.start)

    def _detach(self) -> None:
        if self._commands.layer.layer is not None:
            self._commands.start_new()
        else:
            self._commands.edit_layer()

    def _choose_label(self, value: str) -> None:
        model = self._commands.model
        label = None if model is None else generate_tool.label_param(model.manifest)
        if label is not None:
            self._commands.set_parameter(label.id, value)

    def _set_parameter(self, name: str, value: ParameterValue) -> None:
        """From the form, which shows the value already: made anew it would slip out of the hand that drags."""
        self._commands.set_parameter(name, value)
        self._formed = self._form_wanted()

    def _form_wanted(self) -> tuple[object, ...]:
        """What the form shows: the model, and its parameters but for the class."""
        model, sample = self._commands.model, self._commands.sample
        label = None if model is None else generate_tool.label_param(model.manifest)
        values = () if sample is None else sample.parameters
        others = ((name, value) for name, value in values if label is None or name != label.id)
        return ("" if model is None else model.sha256, *others)

    # what is shown

    def _refresh(self) -> None:
        commands, has_models = self._commands, bool(self._commands.models)
        self._refresh_models()
        self._refresh_form()
        self._refresh_status()
        self.empty.setVisible(not has_models)
        self.bring.setVisible(not has_models)
        for part in (self._first, self._head, self.choice, self._foot, self._rule):
            part.setVisible(has_models)
        sample = commands.sample
        self.preview.set_picture(commands.picture)
        self.preview.setText(tr("generate.waiting") if commands.runs.is_busy else "")
        self.preview.setEnabled(sample is not None and not commands.is_locked)
        self.dice.setEnabled(sample is not None and not commands.is_locked)
        self.lock.setChecked(commands.is_locked)
        self.seed.setEnabled(sample is not None)
        is_changed = sample is not None and bool(sample.latent)
        self.reset.setEnabled(is_changed)
        self.encode.setVisible(commands.is_encoder)
        self.encode.setEnabled(commands.can_encode)
        self.load.setEnabled(commands.latent is not None)
        self.save.setEnabled(commands.latent is not None)
        self.place.setEnabled(commands.can_place)
        self.fit.set_value(commands.fit.value)
        if sample is not None:
            self.seed.set_value(sample.seed)
        for page, widget in self.pages.items():
            widget.setVisible(has_models and page is self._explorer.page)
        if self.form is not None and self._explorer.has_named_directions:  # many: on their own page
            self.form.setVisible(self._explorer.page is Page.DIRECTIONS)
        self.pages[self._explorer.page].refresh()
        QTimer.singleShot(0, self, self._fit_map)  # the page has its place by then
        self.choice.set_value(self._explorer.page.value)

    def _refresh_models(self) -> None:
        models = self._commands.models
        if models != self._listed:
            self._listed = list(models)
            self.models.clear()
            for model in models:
                self.models.addItem(_picture_of(model), title_of(model.manifest), model.id)
        chosen = self._commands.model
        self.models.setCurrentIndex(-1 if chosen is None else self.models.findData(chosen.id))

    def _refresh_form(self) -> None:
        """The class and the other parameters; made anew when something else than the form changed them."""
        model, sample = self._commands.model, self._commands.sample
        label = None if model is None else generate_tool.label_param(model.manifest)
        values = {} if sample is None else dict(sample.parameters)
        self.label.setVisible(label is not None)
        if model is not None and label is not None:
            self.label.set_choices({choice: choice_name(model.manifest, choice) for choice in label.choices})
            self.label.set_value(str(values[label.id]))
        formed = self._form_wanted()
        if formed == self._formed:
            return
        self._formed = formed
        if self.form is not None:
            self._form_place.removeWidget(self.form)
            self.form.deleteLater()
            self.form = None
        if model is not None and len(formed) > 1:
            self.form = ParameterForm(model.manifest, values, self._set_parameter)
            if label is not None:
                self.form.controls[label.id].hide()
            self._form_place.addWidget(self.form)

    def _refresh_status(self) -> None:
        """Which layer the changes go to, or why there is no picture."""
        link, error = self._commands.layer, self._commands.error
        held, other = link.layer, link.other
        if error is not None:
            text = tr_error(error)
        elif held is not None:
            text = tr("generate.editing", name=held.name)
        elif other is not None:
            text = tr("generate.not_editing", name=other.name)
        elif link.unknown_model:
            text = tr("generate.model_missing", model=link.unknown_model)
        else:
            is_changed = self._commands.sample is not None and bool(self._commands.sample.latent)
            text = tr("generate.seed_changed") if is_changed else tr("generate.seed")
        self.status.set_full_text(text)
        self.detach.setVisible(held is not None or other is not None)
        set_icon(self.detach, "plus" if held is not None else "rename")
        self.detach.set_tip(tr("generate.new_tip") if held is not None else tr("generate.edit_tip"))


def _picture_of(model: Model) -> QIcon:
    """A picture that the model made: its golden sample; an icon where it brings none."""
    golden = model.manifest.golden
    path = None if golden is None else model.folder / Path(golden.output)
    if path is not None and path.is_file():
        picture = QPixmap(str(path))
        if not picture.isNull():
            tile = QPixmap(picture.size())
            tile.fill(ICON_GROUND)  # ink on nothing is seen in the dark theme too
            painter = QPainter(tile)
            painter.drawPixmap(0, 0, picture)
            painter.end()
            return QIcon(tile)
    return icon("generate")


def _holder(layout: QHBoxLayout, parent: QWidget) -> QWidget:
    holder = QWidget(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    holder.setLayout(layout)
    return holder
