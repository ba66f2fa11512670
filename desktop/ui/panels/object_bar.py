"""The part of the context bar for the object tool: the model, how the object meets the selection, the next object."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from desktop.ui.action_set import ActionSet, tip_of
from desktop.ui.actions import action_spec
from desktop.ui.commands.object_commands import ObjectCommands
from desktop.ui.i18n import tr
from desktop.ui.panels.model_card import title_of
from desktop.ui.panels.select_bars import HowSegments
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import IconButton, dim_label


class ObjectBar(QWidget):
    def __init__(self, state: EditorState, objects: ObjectCommands, actions: ActionSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._objects = objects
        self.model = QComboBox(self)
        self.how = HowSegments(state, self)
        self.back, self.next, self.drop = (IconButton(name, self) for name in ("undo", "check", "close"))
        self.working: QLabel = dim_label(parent=self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for widget in (self.model, self.how, self.back, self.next, self.drop, self.working):
            row.addWidget(widget)
        self.model.activated.connect(lambda index: objects.choose_model(self.model.itemData(index)))
        self.back.clicked.connect(actions["select.undo_click"].trigger)
        self.next.clicked.connect(actions["select.new_object"].trigger)
        self.drop.clicked.connect(actions["select.discard_object"].trigger)
        objects.changed.connect(self.refresh)

    def retranslate(self) -> None:
        self.model.clear()  # filled again with the titles of this language
        self.model.setToolTip(tr("object.model_tip"))
        self.model.setAccessibleName(tr("object.model_tip"))
        self.how.retranslate()
        self.back.set_tip(tip_of(action_spec("select.undo_click")))
        self.next.set_tip(tip_of(action_spec("select.new_object")))
        self.drop.set_tip(tip_of(action_spec("select.discard_object")))
        self.working.setText(tr("object.working"))

    def refresh(self) -> None:
        models, chosen = self._objects.models, self._objects.model
        ids = [self.model.itemData(index) for index in range(self.model.count())]
        if ids != [model.id for model in models]:
            self.model.clear()
            for model in models:
                self.model.addItem(title_of(model.manifest), model.id)
        self.model.setCurrentIndex(-1 if chosen is None else self.model.findData(chosen.id))
        self.model.setVisible(bool(models))
        self.how.refresh()
        has_clicks = not self._objects.clicks.is_empty
        self.back.setEnabled(has_clicks)
        self.next.setEnabled(has_clicks)
        self.drop.setEnabled(has_clicks)
        self.working.setVisible(self._objects.is_running)
