"""The Models window: every model with its card, its measured quality, where it came from, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.core.errors import UserError
from desktop.runtime.catalog import BrokenModel, Model
from desktop.runtime.manifest import Manifest, with_tile_side
from desktop.ui.commands.ai_commands import AiCommands
from desktop.ui.commands.model_commands import ModelCommands
from desktop.ui.dialogs.card_pictures import PageBrowser
from desktop.ui.dialogs.question import Question
from desktop.ui.i18n import tr, tr_card, tr_error, tr_or
from desktop.ui.icons import FALLBACK_ICON, has_icon, icon
from desktop.ui.panels.model_card import description_of, title_of
from desktop.ui.theme import tokens
from desktop.ui.widgets.basics import dim_label, wrapped_label

CARD_MARGIN = 12
SIZE_PX = (940, 640)
LIST_PX = 280
ROW_PX = 48
CARD_NAME = "card.md"
TILE_CHOICES = (128, 256, 384, 512, 768, 1024, 2048)


class ModelsWindow(QDialog):
    """Stays open beside the editor; follows imports and removals."""

    def __init__(self, models: ModelCommands, ai: AiCommands, import_file: Callable[[], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._catalog, self._models, self._ai = models.catalog, models, ai
        self.list = QListWidget(self)
        self.title = QLabel(self)
        self.title.setProperty("role", "header")
        self.facts = wrapped_label(parent=self)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.card = PageBrowser(self)
        self.card.setOpenExternalLinks(False)
        self.card.setOpenLinks(False)
        self.message = wrapped_label(parent=self)
        self.device_label, self.device = dim_label(parent=self), QComboBox(self)
        self.tile_label, self.tile = dim_label(parent=self), QComboBox(self)
        self.tile.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.import_button, self.folder_button = QPushButton(self), QPushButton(self)
        self.verify_button, self.remove_button = QPushButton(self), QPushButton(self)
        self._lay_out()
        self.list.currentItemChanged.connect(lambda _now, _before: self._show_chosen())
        self.import_button.clicked.connect(import_file)
        self.folder_button.clicked.connect(lambda: self._models.open_folder(self.chosen))
        self.verify_button.clicked.connect(self._verify)
        self.remove_button.clicked.connect(self._remove)
        self.device.currentIndexChanged.connect(self._choose_device)
        self.tile.currentIndexChanged.connect(self._choose_tile)
        models.installed.connect(self._reload)
        models.removed.connect(lambda _id: self._reload(""))
        self.retranslate()
        self._reload("")
        self.resize(*SIZE_PX)
        self.confirm_removal: Callable[[str], bool] = self._ask_removal

    @property
    def chosen(self) -> str:
        item = self.list.currentItem()
        return "" if item is None else str(item.data(Qt.ItemDataRole.UserRole))

    def choose(self, model_id: str) -> None:
        for row in range(self.list.count()):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole) == model_id:
                self.list.setCurrentRow(row)

    def retranslate(self) -> None:
        self.setWindowTitle(tr("models.title"))
        self.import_button.setText(tr("models.import"))
        self.folder_button.setText(tr("models.folder"))
        self.verify_button.setText(tr("models.verify"))
        self.remove_button.setText(tr("models.remove"))
        self.device_label.setText(tr("models.device"))
        self.list.setAccessibleName(tr("models.title"))
        self.card.setAccessibleName(tr("models.card"))
        self.device.setAccessibleName(tr("models.device"))
        self.tile_label.setText(tr("models.tile"))
        self.tile.setAccessibleName(tr("models.tile"))
        self.tile.setToolTip(tr("models.tile_tip"))
        chosen = self.device.currentIndex()
        self.device.blockSignals(True)
        self.device.clear()
        offered = dict.fromkeys(["", "cpu", "cuda", *(device.id for device in self._ai.devices)])
        for name in offered:
            self.device.addItem(tr(f"models.device.{name or 'same'}"), name)
        self.device.setCurrentIndex(max(chosen, 0))
        self.device.blockSignals(False)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
            self._reload(self.chosen)
        super().changeEvent(event)

    # what is shown

    def _reload(self, choose: str) -> None:
        self.list.clear()
        for model in self._catalog.models():
            manifest = model.manifest
            item = QListWidgetItem(
                icon(manifest.icon if has_icon(manifest.icon) else FALLBACK_ICON), title_of(manifest)
            )
            item.setText(f"{title_of(manifest)}\n{tr_or(f'task_kind.{manifest.task.value}', manifest.task.value)}")
            item.setData(Qt.ItemDataRole.UserRole, model.id)
            item.setSizeHint(QSize(0, ROW_PX))
            self.list.addItem(item)
        for broken in self._catalog.broken():
            item = QListWidgetItem(icon("warning"), f"{broken.id}\n{tr('models.broken')}")
            item.setData(Qt.ItemDataRole.UserRole, broken.id)
            item.setSizeHint(QSize(0, ROW_PX))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.choose(choose)

    def _show_chosen(self) -> None:
        self.message.clear()
        chosen = self.chosen
        broken = next((entry for entry in self._catalog.broken() if entry.id == chosen), None)
        for button in (self.folder_button, self.verify_button, self.remove_button):
            button.setEnabled(bool(chosen))
        if not chosen:
            return
        try:
            is_own = self._models.is_own(chosen)
            model = None if broken is not None else self._catalog.get(chosen)
        except UserError as error:  # its folder is gone since the list was read
            self._show_nothing(chosen, error)
            return
        self.remove_button.setEnabled(is_own)
        self.remove_button.setToolTip("" if is_own else tr("models.shipped_tip"))
        if broken is not None:
            self._show_broken(broken)
        elif model is not None:
            self._show_model(model)

    def _show_nothing(self, model_id: str, error: UserError) -> None:
        for part in (self.folder_button, self.verify_button, self.remove_button, self.device, self.tile):
            part.setEnabled(False)
        self.title.setText(model_id)
        self.facts.clear()
        self.card.setPlainText(tr_error(error))

    def _show_broken(self, broken: BrokenModel) -> None:
        self.title.setText(broken.id)
        self.facts.setText(str(broken.folder))
        self.card.setPlainText(tr_error(broken.error))
        self.verify_button.setEnabled(False)
        self.device.setEnabled(False)
        self.tile.setEnabled(False)

    def _show_model(self, model: Model) -> None:
        manifest = model.manifest
        size = sum(model.file(part).stat().st_size for part in manifest.files if model.file(part).exists())
        task = tr_or(f"task_kind.{manifest.task.value}", manifest.task.value)
        facts = [task, f"{manifest.version}", manifest.licence, f"{size / 1e6:.1f} MB"]
        if manifest.speed.cpu_seconds_per_megapixel is not None:
            facts.append(tr("ai.speed", seconds=f"{manifest.speed.cpu_seconds_per_megapixel:.2g}"))
        self.title.setText(title_of(manifest))
        self.facts.setText(f"{' · '.join(facts)}\nSHA-256 {model.sha256}")
        self.device.setEnabled(True)
        self.device.blockSignals(True)
        self.device.setCurrentIndex(max(self.device.findData(self._ai.form.device_override(model.id)), 0))
        self.device.blockSignals(False)
        self._show_tiles(model)
        self.card.document().setDefaultStyleSheet(f"a {{ color: {tokens().text}; }}")
        text = _card_text(_text_of(model.folder / CARD_NAME), manifest)
        self.card.show_page(text, model.folder, CARD_MARGIN)

    def _show_tiles(self, model: Model) -> None:
        tile = model.manifest.tile
        self.tile.blockSignals(True)
        self.tile.clear()
        own = tr("models.tile.never") if tile is None else tr("models.tile.own", side=tile.tile)
        self.tile.addItem(own, None)
        chosen = self._ai.form.tile_override(model.id)
        if tile is not None:
            least = with_tile_side(model.manifest, 1).tile
            sides = [side for side in TILE_CHOICES if least is not None and side >= least.tile]
            for side in sorted({*sides, *([chosen] if chosen is not None else [])}):
                self.tile.addItem(f"{side} px", side)
        self.tile.setCurrentIndex(max(self.tile.findData(chosen), 0))
        self.tile.setEnabled(tile is not None)
        self.tile.blockSignals(False)

    # what the buttons do

    def _choose_device(self) -> None:
        if self.chosen:
            try:
                self._ai.form.set_device_override(self.chosen, self.device.currentData() or "")
            except UserError as error:
                self._tell(error)

    def _choose_tile(self) -> None:
        if self.chosen:
            try:
                self._ai.form.set_tile_override(self.chosen, self.tile.currentData())
            except UserError as error:
                self._tell(error)

    def _verify(self) -> None:
        chosen = self.chosen
        self.message.setText(tr("models.verifying"))
        self._models.verify(
            chosen,
            on_done=lambda _model: self._say_of(chosen, tr("models.intact")),
            on_error=lambda error: self._say_of(chosen, tr_error(error)),
        )

    def _say_of(self, model_id: str, text: str) -> None:
        """An answer about a model that is no longer the chosen one is of no use."""
        if self.chosen == model_id:
            self.message.setText(text)

    def _remove(self) -> None:
        if not self.confirm_removal(self.title.text()):
            return
        try:
            self._models.remove(self.chosen)
        except UserError as error:
            self._tell(error)

    def _ask_removal(self, title: str) -> bool:
        question = Question(tr("models.remove_title", title=title), tr("models.remove_text"), tr("models.remove"), self)
        question.exec()
        return question.clickedButton() is question.yes

    def _tell(self, error: UserError) -> None:
        self.message.setText(tr_error(error))

    def _lay_out(self) -> None:
        self.list.setFixedWidth(LIST_PX)
        self.list.setIconSize(QSize(24, 24))
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addWidget(self.import_button)
        options = QHBoxLayout()
        options.addWidget(self.device_label)
        options.addWidget(self.device)
        options.addSpacing(8)
        options.addWidget(self.tile_label)
        options.addWidget(self.tile)
        options.addStretch(1)
        options.addWidget(self.folder_button)
        options.addWidget(self.verify_button)
        options.addWidget(self.remove_button)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(self.title)
        right.addWidget(self.facts)
        right.addWidget(self.card, 1)
        right.addWidget(self.message)
        right.addLayout(options)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(16)
        row.addLayout(left)
        row.addLayout(right, 1)
        for button in (self.import_button, self.folder_button, self.verify_button, self.remove_button):
            button.setAutoDefault(False)


def _text_of(card: Path) -> str:
    """What a card says; a stranger's may be no text at all, or not there."""
    try:
        return card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    except OSError:
        return ""


def _card_text(text: str, manifest: Manifest) -> str:
    """In the language of the window as far as it is translated; the title stands above the card already."""
    lines = text.split("\n")
    if lines[0].startswith("# "):
        del lines[0]
    said = description_of(manifest)
    return "\n".join(said if line == manifest.description else tr_card(line) for line in lines)
