"""The chosen model as a card; a click opens the list of all of them, by what they do, with a field to search in."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from desktop.runtime.catalog import Model
from desktop.ui.i18n import tr
from desktop.ui.icons import FALLBACK_ICON, has_icon, icon
from desktop.ui.panels.model_card import ModelCard, description_of, title_of
from desktop.ui.widgets.popover import Popover

LIST_WIDTH_PX, LIST_HEIGHT_PX = 300, 380
ID_ROLE = Qt.ItemDataRole.UserRole


class ModelPicker(QWidget):
    """`chosen` (id) is emitted when a person takes a model from the list."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models: tuple[Model, ...] = ()
        self._model: Model | None = None
        self.card: ModelCard | None = None
        self.list = ModelList(self)
        self.list.picked.connect(self.chosen)
        self._place = QVBoxLayout(self)
        self._place.setContentsMargins(0, 0, 0, 0)

    def set_models(self, models: Sequence[Model], model: Model | None) -> None:
        """What can be chosen, and what is."""
        self._models = tuple(models)
        if model != self._model:
            self._model = model
            self._show_card()
        self.setVisible(model is not None)

    def retranslate(self) -> None:
        if self.card is not None:
            self.card.retranslate()
        self.list.retranslate()

    def open(self) -> None:
        """Shows the list under the card."""
        assert self.card is not None
        self.list.fill(self._models, self._model)
        self.list.open_below(self.card)
        self.list.search.setFocus()

    def _show_card(self) -> None:
        if self.card is not None:
            self._place.removeWidget(self.card)
            self.card.deleteLater()
            self.card = None
        if self._model is not None:
            self.card = ModelCard(self._model, self, opens_list=True)
            self.card.set_chosen(True)
            self.card.clicked.connect(self.open)
            self._place.addWidget(self.card)


class ModelList(Popover):
    """All models under the names of their tasks. `picked` (id) when one is taken; arrow keys work while searching."""

    picked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.search = QLineEdit(self)
        self.search.setClearButtonEnabled(True)
        self.entries = QListWidget(self)
        self.entries.setProperty("role", "headed")  # what cannot be chosen is a heading
        self.entries.setIconSize(QSize(20, 20))
        self.entries.setFixedSize(LIST_WIDTH_PX, LIST_HEIGHT_PX)
        self.entries.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.entries.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.body.addWidget(self.search)
        self.body.addWidget(self.entries)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.entries.itemClicked.connect(self._take)
        self.entries.itemActivated.connect(self._take)
        self.retranslate()

    def retranslate(self) -> None:
        self.search.setPlaceholderText(tr("ai.search_models"))
        self.search.setAccessibleName(tr("ai.search_models"))
        self.entries.setAccessibleName(tr("ai.models"))

    def fill(self, models: Sequence[Model], chosen: Model | None) -> None:
        self.search.clear()
        self.entries.clear()
        tasks = list(dict.fromkeys(model.manifest.task for model in models))
        for task in sorted(tasks, key=lambda task: tr(f"task_kind.{task.value}")):
            heading = QListWidgetItem(tr(f"task_kind.{task.value}"), self.entries)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            for model in models:
                if model.manifest.task is task:
                    self._add(model, is_chosen=chosen is not None and model.id == chosen.id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self._step(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take(self.entries.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _add(self, model: Model, *, is_chosen: bool) -> None:
        manifest = model.manifest
        item = QListWidgetItem(title_of(manifest), self.entries)
        item.setIcon(icon(manifest.icon if has_icon(manifest.icon) else FALLBACK_ICON))
        item.setData(ID_ROLE, model.id)
        item.setToolTip(description_of(manifest))
        if is_chosen:
            self.entries.setCurrentItem(item)

    def _items(self) -> list[QListWidgetItem]:
        """The models that are shown, in order."""
        items = [self.entries.item(row) for row in range(self.entries.count())]
        return [item for item in items if item.data(ID_ROLE) is not None and not item.isHidden()]

    def _filter(self, text: str) -> None:
        wanted = text.casefold().strip()
        for row in range(self.entries.count()):
            item = self.entries.item(row)
            is_heading = item.data(ID_ROLE) is None
            found = wanted in f"{item.text()} {item.toolTip()}".casefold()
            item.setHidden(bool(wanted) and (is_heading or not found))
        shown = self._items()
        if wanted and shown:
            self.entries.setCurrentItem(shown[0])

    def _step(self, by: int) -> None:
        shown = self._items()
        if shown:
            current = self.entries.currentItem()
            row = shown.index(current) + by if current in shown else 0
            self.entries.setCurrentItem(shown[max(0, min(row, len(shown) - 1))])

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(ID_ROLE) is not None and not item.isHidden():
            self.hide()
            self.picked.emit(item.data(ID_ROLE))
