"""The AI panel: the model, its form, input and region, run with progress and cancel in place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from desktop.runtime.runner import Progress, Stage
from desktop.tools.ai_tool import Landing, Source, Where
from desktop.ui.action_set import ActionSet, shown_key, tip_of
from desktop.ui.actions import action_spec
from desktop.ui.commands.ai_commands import AiCommands
from desktop.ui.i18n import tr
from desktop.ui.panels.model_card import ParameterForm, title_of
from desktop.ui.panels.model_picker import ModelPicker
from desktop.ui.panels.second_picture import AskFile, SecondPictureCombo
from desktop.ui.panels.seed_row import SeedRow
from desktop.ui.state import EditorState, Tool
from desktop.ui.widgets.basics import IconButton, Segments, dim_label, rule, wrapped_label
from desktop.ui.widgets.value_slider import Range, ValueSlider

PROGRESS_STEPS = 1000
MASK_LANDINGS = (Landing.SELECTION, Landing.MASK, Landing.LAYER)
CURVE_LANDINGS = (Landing.LAYER, Landing.CURVES)


class AiPanel(QWidget):
    def __init__(
        self,
        state: EditorState,
        ai: AiCommands,
        actions: ActionSet,
        ask_picture: AskFile,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._ai, self._actions = state, ai, actions
        self._shown_form = ""
        self.picker = ModelPicker(self)
        self.form: ParameterForm | None = None
        self.seed_row = SeedRow(ai.form, self)
        self.empty = wrapped_label(parent=self)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.source_label, self.where_label = dim_label(parent=self), dim_label(parent=self)
        self.second_label, self.landing_label = dim_label(parent=self), dim_label(parent=self)
        self.second = SecondPictureCombo(state, ai.form, ask_picture, self)
        self.landing = Segments([landing.value for landing in MASK_LANDINGS], self)
        self.curves_landing = Segments([landing.value for landing in CURVE_LANDINGS], self)
        self.source = Segments([source.value for source in (Source.VISIBLE, Source.LAYER)], self)
        self.where = Segments([where.value for where in (Where.PAINTED, Where.SELECTION, Where.ALL)], self)
        self.paint = IconButton("region-brush", self)
        self.erase = IconButton("eraser", self)
        self.clear = IconButton("clear", self)
        self.hint = wrapped_label(parent=self)
        self.need = wrapped_label(parent=self)
        self.feather = ValueSlider(Range(0, 100, 8, curve=2), unit="px", parent=self)
        self.run = QPushButton(self)
        self.quick = QPushButton(self)
        self.cancel = QPushButton(self)
        self.bar = QProgressBar(self)
        self.stage = dim_label(parent=self)
        self._form_place = QVBoxLayout()
        self._lay_out()
        self._connect()

    def retranslate(self) -> None:
        self.source_label.setText(tr("ai.source"))
        self.where_label.setText(tr("ai.where"))
        self.seed_row.retranslate()
        self.landing_label.setText(tr("ai.landing"))
        self.landing.set_texts([tr(f"ai.landing.{landing.value}") for landing in MASK_LANDINGS])
        self.curves_landing.set_texts([tr(f"ai.landing.{landing.value}") for landing in CURVE_LANDINGS])
        self.source.set_texts((tr("ai.source.visible"), tr("ai.source.layer")))
        self.where.set_texts((tr("ai.where.painted"), tr("ai.where.selection"), tr("ai.where.all")))
        self.paint.set_tip(tip_of(action_spec("tool.region")))
        self.erase.set_tip(tr("ai.erase_tip"))
        self.clear.set_tip(tip_of(action_spec("ai.clear_region")))
        self.feather.set_label(tr("ai.feather"))
        self.feather.set_tip(tr("ai.feather_tip"))
        self.run.setText(tr("ai.run_button"))
        self.run.setToolTip(tip_of(action_spec("ai.run")))
        self.quick.setText(tr("ai.preview_button"))
        self.quick.setToolTip(f"{tip_of(action_spec('ai.preview'))}\n{tr('ai.preview_tip')}")
        self.cancel.setText(tr("ai.cancel_button"))
        self.cancel.setToolTip(tip_of(action_spec("ai.cancel")))
        self.empty.setText(tr("ai.no_models"))
        self.picker.retranslate()
        self._shown_form = ""
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _lay_out(self) -> None:
        inner = QWidget(self)
        inner.setProperty("role", "scrolled")
        body = QVBoxLayout(inner)
        body.setContentsMargins(12, 8, 12, 8)
        body.setSpacing(8)
        body.addWidget(self.picker)
        body.addWidget(self.empty)
        body.addLayout(self._form_place)
        body.addWidget(self.seed_row)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        rows = (
            (self.source_label, self.source),
            (self.second_label, self.second),
            (self.where_label, self.where),
            (self.landing_label, self.landing),
        )
        for row, (label, control) in enumerate(rows):
            grid.addWidget(label, row, 0)
            grid.addWidget(control, row, 1)
        grid.addWidget(self.curves_landing, len(rows) - 1, 1)  # in the place of the other
        grid.setColumnStretch(1, 1)
        body.addLayout(grid)
        brushes = QHBoxLayout()
        brushes.setSpacing(2)
        brushes.addWidget(self.paint)
        brushes.addWidget(self.erase)
        brushes.addWidget(self.clear)
        brushes.addSpacing(6)
        brushes.addWidget(self.hint, 1)
        self._brushes = QWidget(inner)
        brushes.setContentsMargins(0, 0, 0, 0)
        self._brushes.setLayout(brushes)
        body.addWidget(self._brushes)
        body.addWidget(self.feather)
        body.addWidget(self.need)
        body.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        column.addWidget(rule(self))
        column.addLayout(self._foot())

    def _foot(self) -> QVBoxLayout:
        """Run and preview, or progress and cancel in the same place."""
        ready, busy = QWidget(self), QWidget(self)
        ready_row, busy_row = QHBoxLayout(ready), QHBoxLayout(busy)
        ready_row.addWidget(self.quick, 2)
        ready_row.addWidget(self.run, 3)
        progress = QVBoxLayout()
        progress.setSpacing(4)
        progress.addWidget(self.stage)
        progress.addWidget(self.bar)
        busy_row.addLayout(progress, 1)
        busy_row.addWidget(self.cancel)
        holder = QWidget(self)
        self._foot_stack = QStackedLayout(holder)
        for part, row in ((ready, ready_row), (busy, busy_row)):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
            self._foot_stack.addWidget(part)
        holder.setFixedHeight(36)
        self.run.setProperty("role", "primary")
        self.bar.setRange(0, PROGRESS_STEPS)
        self.bar.setTextVisible(False)
        foot = QVBoxLayout()
        foot.setContentsMargins(12, 8, 12, 8)
        foot.addWidget(holder)
        return foot

    def _connect(self) -> None:
        for button, action_id in ((self.run, "ai.run"), (self.quick, "ai.preview"), (self.cancel, "ai.cancel")):
            action = self._actions[action_id]
            button.clicked.connect(lambda _checked=False, a=action: a.trigger())
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.paint.setCheckable(True)
        self.erase.setCheckable(True)
        self.paint.clicked.connect(lambda: self._take_brush(erases=False))
        self.erase.clicked.connect(lambda: self._take_brush(erases=True))
        self.clear.clicked.connect(self._actions["ai.clear_region"].trigger)
        self.source.chosen.connect(lambda value: self._ai.form.set_source(Source(value)))
        self.where.chosen.connect(lambda value: self._ai.form.set_where(Where(value)))
        for landing in (self.landing, self.curves_landing):
            landing.chosen.connect(lambda value: self._ai.form.set_landing(Landing(value)))
        self.feather.value_changed.connect(self._set_feather)
        self.picker.chosen.connect(self._ai.form.choose_model)
        self._ai.changed.connect(self._refresh)
        self._state.tool_changed.connect(self._refresh)
        self._state.options_changed.connect(self._refresh)
        self._state.region_changed.connect(self._refresh_hint)
        self._state.document_replaced.connect(self._refresh)
        self._state.active_layer_changed.connect(self._refresh_second)

    def _take_brush(self, *, erases: bool) -> None:
        self._state.change_options(region_erases=erases)
        self._state.choose_tool(Tool.REGION)
        self._ai.form.set_where(Where.PAINTED)

    def _set_feather(self, value: float) -> None:
        self._ai.form.feather_px = value

    def _refresh(self) -> None:
        self.picker.set_models(self._ai.form.models, self._ai.form.model)
        self._refresh_form()
        self.empty.setVisible(not self._ai.form.models)
        form = self._ai.form
        self.source.set_value(form.source.value)
        self.where.set_value(form.where.value)
        has_curves = Landing.CURVES in form.landings_offered
        if form.is_for_masks or has_curves:
            (self.curves_landing if has_curves else self.landing).set_value(form.landing.value)
        self._show_row(self.second_label, self.second, form.wants_second)
        self._show_row(self.landing_label, self.landing, form.is_for_masks)
        self._show_row(self.landing_label, self.curves_landing, has_curves)
        self.landing_label.setVisible(form.is_for_masks or has_curves)
        self._show_row(self.where_label, self.where, form.has_region)
        if form.wants_second:
            self._refresh_second()
        self.seed_row.refresh()
        self._brushes.setVisible(form.has_region and form.where is Where.PAINTED)
        self.feather.setVisible(form.has_region and form.where is not Where.ALL)
        self.feather.set_value(self._ai.form.feather_px)
        in_hand = self._state.tool is Tool.REGION
        self.paint.setChecked(in_hand and not self._state.options.region_erases)
        self.erase.setChecked(in_hand and self._state.options.region_erases)
        self.need.setText(self._ai.need_text())
        self.need.setVisible(bool(self.need.text()))
        can_run = self._ai.can_run
        self.run.setEnabled(can_run)
        self.quick.setVisible(form.landing is Landing.LAYER and not form.is_for_masks)
        self.quick.setEnabled(self._ai.can_preview)
        self._refresh_hint()
        self._refresh_progress()

    def _refresh_second(self) -> None:
        form = self._ai.form
        if form.wants_second:
            is_needed = form.is_second_needed
            self.second_label.setText(tr("ai.second") if is_needed else tr("ai.hints"))
            tip = tr("ai.second_tip") if is_needed else tr("ai.hints_tip")
            self.second.setAccessibleName(tip)
            self.second.setToolTip(tip)
            self.second.refresh()

    def _show_row(self, label: QWidget, control: QWidget, shown: bool) -> None:
        label.setVisible(shown)
        control.setVisible(shown)

    def _refresh_form(self) -> None:
        shown = f"{self._ai.form.model.id} {self._ai.form.seed}" if self._ai.form.model is not None else ""
        if shown == self._shown_form:
            return
        self._shown_form = shown
        if self.form is not None:
            self._form_place.removeWidget(self.form)
            self.form.deleteLater()
            self.form = None
        form = self._ai.form
        if form.model is not None:
            self.form = ParameterForm(form.model.manifest, form.parameters(), form.set_parameter)
            self._form_place.addWidget(self.form)

    def _refresh_hint(self) -> None:
        is_empty = self._state.region.is_empty
        self.clear.setEnabled(not is_empty)
        if self._state.open_document is None:
            self.hint.setText(tr("ai.hint.no_document"))
        elif is_empty:
            self.hint.setText(tr("ai.hint.paint", key=shown_key("tool.region")))
        else:
            self.hint.setText(tr("ai.hint.painted", key=shown_key("ai.run")))

    def _refresh_progress(self) -> None:
        progress = self._ai.progress
        self._foot_stack.setCurrentIndex(0 if progress is None else 1)
        if progress is None:
            return
        self.cancel.setEnabled(not self._ai.is_cancelling)
        self.stage.setText(progress_text(progress, is_cancelling=self._ai.is_cancelling))
        is_counted = progress.stage is Stage.RUNNING
        self.bar.setRange(0, PROGRESS_STEPS if is_counted else 0)
        if is_counted:
            self.bar.setValue(round(progress.fraction * PROGRESS_STEPS))
        model = self._ai.form.model
        self.bar.setAccessibleName("" if model is None else title_of(model.manifest))


def progress_text(progress: Progress, *, is_cancelling: bool) -> str:
    if is_cancelling:
        return tr("ai.stage.cancelling")
    if progress.stage is Stage.RUNNING and progress.total > 1:
        return tr("ai.stage.tiles", done=progress.done, total=progress.total)
    return tr(f"ai.stage.{progress.stage.value}")
