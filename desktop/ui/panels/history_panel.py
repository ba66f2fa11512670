"""The history: every step by name and size, the later ones dim, a click goes there; snapshots below it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListView, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from desktop.ui.action_set import tip_of
from desktop.ui.actions import action_spec
from desktop.ui.commands.history_commands import HistoryCommands
from desktop.ui.i18n import tr
from desktop.ui.panels.history_model import SIZE_ROLE, HistoryModel, SizeDelegate, size_text
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import IconButton, SectionHeader, rule, wrapped_label

SNAPSHOT_ROWS = 4
ROW_PX = 30
REFRESH_MS = 30
OWN_KEYS = (Qt.Key.Key_Delete, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)


class HistoryPanel(QWidget):
    def __init__(self, state: EditorState, commands: HistoryCommands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._commands = state, commands
        self.model = HistoryModel(self)
        self.list = QListView(self)
        self.list.setModel(self.model)
        self.list.setItemDelegate(SizeDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.snapshots = _SnapshotList(self)
        self.header = SectionHeader(self)
        self.camera, self.restore, self.remove = (IconButton(name, self) for name in ("camera", "undo", "trash"))
        self.clear = IconButton("clear", self)
        self.size = wrapped_label(parent=self)
        for rows in (self.list, self.snapshots):
            rows.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._lay_out()
        self._connect()
        self._document_replaced()

    def refresh(self) -> None:
        """Cheap enough for every stroke: the model adds what is new, the texts are set again."""
        session = self._state.current
        self.clear.setEnabled(session is not None and len(session.open_document.history) > 1)
        self.camera.setEnabled(session is not None)
        self._refresh_snapshots()
        if session is None:
            self.size.setText(tr("history.empty"))
            return
        history = session.open_document.history
        self.model.refresh()
        shown = self.model.index(history.position)
        self.list.setCurrentIndex(shown)
        self.list.scrollTo(shown)
        self.size.setText(
            tr(
                "history.total",
                steps=len(history) - 1,
                used=size_text(self._commands.used_bytes()),
                budget=size_text(self._commands.budget_bytes()),
            )
        )

    def retranslate(self) -> None:
        self.list.setAccessibleName(tr("panel.history"))
        self.snapshots.setAccessibleName(tr("history.snapshots"))
        self.header.title.setText(tr("history.snapshots"))
        self.camera.set_tip(tip_of(action_spec("edit.snapshot")))
        self.restore.set_tip(tr("history.restore_tip"))
        self.remove.set_tip(tr("history.remove_tip"))
        self.clear.set_tip(tip_of(action_spec("edit.clear_history")))
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.PaletteChange:
            self._later.start()
        super().changeEvent(event)

    def _lay_out(self) -> None:
        for button in (self.camera, self.restore, self.remove):
            self.header.add(button)
        self.header.setContentsMargins(12, 2, 6, 2)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 4, 6, 4)
        foot.addWidget(self.size, 1)
        foot.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addWidget(rule(self))
        column.addWidget(self.header)
        column.addWidget(self.snapshots)
        column.addWidget(rule(self))
        column.addLayout(foot)

    def _connect(self) -> None:
        self._later = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._later.timeout.connect(self.refresh)
        self.list.clicked.connect(lambda index: self._jump(index.row()))
        self.list.activated.connect(lambda index: self._jump(index.row()))
        self.camera.clicked.connect(self._commands.snapshot)
        self.restore.clicked.connect(self._restore)
        self.remove.clicked.connect(lambda: self._commands.remove(self.snapshots.currentRow()))
        self.clear.clicked.connect(self._commands.clear)
        self.snapshots.itemActivated.connect(lambda _item: self._restore())
        self.snapshots.itemChanged.connect(self._rename)
        self.snapshots.remove = lambda: self._commands.remove(self.snapshots.currentRow())
        self.snapshots.currentRowChanged.connect(lambda _row: self._refresh_buttons())
        self.list.customContextMenuRequested.connect(lambda place: self._show_menu(self.list, place))
        self.snapshots.customContextMenuRequested.connect(lambda place: self._show_menu(self.snapshots, place))
        self._commands.snapshots_changed.connect(self.refresh)
        self._state.document_replaced.connect(self._document_replaced)

    def _show_menu(self, view: QListView, place: QPoint) -> None:
        """What can be done with the step or snapshot under the pointer."""
        row = view.indexAt(place).row()
        if row < 0:
            return
        is_step = view is self.list
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        go = menu.addAction(tr("history.go_to") if is_step else tr("history.restore_tip"))
        compare = menu.addAction(tr("history.compare"))
        go.triggered.connect(lambda: self._jump(row) if is_step else self._commands.restore(row))
        compare.triggered.connect(
            lambda: self._commands.compare_step(row) if is_step else self._commands.compare_snapshot(row)
        )
        menu.popup(view.viewport().mapToGlobal(place))

    def _jump(self, index: int) -> None:
        opened = self._state.open_document
        if opened is not None and not opened.is_editing and index != opened.history.position:
            opened.jump_to(index)

    def _restore(self) -> None:
        self._commands.restore(self.snapshots.currentRow())

    def _rename(self, item: QListWidgetItem) -> None:
        self._commands.rename(self.snapshots.row(item), item.text())

    def _refresh_snapshots(self) -> None:
        session = self._state.current
        kept = () if session is None else session.snapshots.all
        chosen = self.snapshots.currentRow()
        self.snapshots.blockSignals(True)
        while self.snapshots.count() > len(kept):
            self.snapshots.takeItem(self.snapshots.count() - 1)
        while self.snapshots.count() < len(kept):
            item = QListWidgetItem(self.snapshots)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        for row, snapshot in enumerate(kept):
            assert session is not None
            own = session.snapshots.own_bytes(snapshot, session.open_document.document)
            self.snapshots.item(row).setText(snapshot.name)
            self.snapshots.item(row).setData(SIZE_ROLE, size_text(own) if own else "")
        self.snapshots.setCurrentRow(min(chosen, len(kept) - 1))
        self.snapshots.blockSignals(False)
        self.snapshots.setVisible(bool(kept))
        self.snapshots.setFixedHeight(ROW_PX * min(len(kept), SNAPSHOT_ROWS) + 4)
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        for button in (self.restore, self.remove):
            button.setEnabled(self.snapshots.currentRow() >= 0)

    def _document_replaced(self) -> None:
        opened = self._state.open_document
        if opened is not None:
            opened.history_changed.connect(self._later.start)
        self.model.show(None if opened is None else opened.history)
        self.snapshots.setCurrentRow(-1)
        self.refresh()


class _SnapshotList(QListWidget):
    """Double click or Enter restores, F2 renames, Delete deletes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.remove = lambda: None
        self.setItemDelegate(SizeDelegate(self))
        self.setEditTriggers(QListWidget.EditTrigger.EditKeyPressed)

    def event(self, event: QEvent) -> bool:
        """Its own keys come before the window's."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in OWN_KEYS:
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.currentRow() >= 0:
            self.remove()
        else:
            super().keyPressEvent(event)
