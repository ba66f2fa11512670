"""The tabs of the open documents above the canvas; away while there is one document or none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QTabBar, QWidget

from desktop.ui.documents import DocumentSession
from desktop.ui.i18n import tr
from desktop.ui.state import EditorState
from desktop.ui.theme import tokens
from desktop.ui.widgets.basics import IconButton

if TYPE_CHECKING:
    from desktop.ui.commands.file_commands import FileCommands

CLOSE_PX = 18
MODIFIED_MARK = " •"


class DocumentTabs(QTabBar):
    def __init__(self, state: EditorState, files: FileCommands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._files = state, files
        self._is_filling = False
        self.setMovable(True)
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setDocumentMode(True)
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUsesScrollButtons(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("role", "documents")
        self.currentChanged.connect(self._choose)
        self.tabMoved.connect(self._moved)
        state.documents_changed.connect(self._fill)
        state.document_replaced.connect(self._refresh)
        state.document_renamed.connect(self._refresh)
        self._fill()

    def retranslate(self) -> None:
        self.setAccessibleName(tr("tabs.name"))
        for place in range(self.count()):
            button = self.tabButton(place, QTabBar.ButtonPosition.RightSide)
            if isinstance(button, IconButton):
                button.set_tip(tr("tabs.close"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def tabSizeHint(self, index: int) -> QSize:
        return super().tabSizeHint(index).boundedTo(QSize(260, 200))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and place >= 0:
            self._close(place)
        else:
            super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = self.tabAt(event.pos())
        if place >= 0:
            self.menu_of(place).popup(self.mapToGlobal(event.pos()))

    def menu_of(self, place: int) -> QMenu:
        """What can be done with one document."""
        session = self._state.documents[place]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("tabs.close")).triggered.connect(lambda: self._files.close_documents([session]))
        others = menu.addAction(tr("tabs.close_others"))
        others.setEnabled(len(self._state.documents) > 1)
        others.triggered.connect(lambda: self._files.close_others(session))
        menu.addSeparator()
        folder = menu.addAction(tr("tabs.show_folder"))
        folder.setEnabled(session.path is not None)
        folder.triggered.connect(lambda: self._files.show_folder(session))
        return menu

    def session_at(self, place: QPoint) -> DocumentSession | None:
        """The document whose tab lies at a point of the screen."""
        inside = self.mapFromGlobal(place)
        number = self.tabAt(inside) if self.isVisible() and self.rect().contains(inside) else -1
        return self._state.documents[number] if 0 <= number < len(self._state.documents) else None

    def mark(self, session: DocumentSession | None) -> None:
        """Shows that something dragged would go to this document; None: to none."""
        for place, one in enumerate(self._state.documents):
            self.setTabTextColor(place, QColor(tokens().accent) if one is session else QColor())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self._files.open_paths([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    def _fill(self) -> None:
        """One tab for every document; the bar's own moves change nothing here."""
        self._is_filling = True
        while self.count() > len(self._state.documents):
            self.removeTab(self.count() - 1)
        while self.count() < len(self._state.documents):
            place = self.addTab("")
            button = IconButton("close", self)
            button.setFixedSize(CLOSE_PX, CLOSE_PX)
            button.setIconSize(QSize(12, 12))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _checked=False, chosen=button: self._close(self._place_of(chosen)))
            self.setTabButton(place, QTabBar.ButtonPosition.RightSide, button)
        self._is_filling = False
        self.retranslate()
        self._refresh()

    def _refresh(self) -> None:
        documents = self._state.documents
        if len(documents) != self.count():
            return  # the list is on its way
        self._is_filling = True
        for place, session in enumerate(documents):
            text = session.title.replace("&", "&&") + (MODIFIED_MARK if session.is_modified else "")
            if self.tabText(place) != text:
                self.setTabText(place, text)
            self.setTabToolTip(place, session.title if session.path is None else str(session.path))
        if self._state.current is not None:
            self.setCurrentIndex(documents.index(self._state.current))
        self._is_filling = False
        self.setVisible(len(documents) > 1)

    def _choose(self, place: int) -> None:
        if not self._is_filling and 0 <= place < len(self._state.documents):
            self._state.show_document(self._state.documents[place])

    def _moved(self, place: int, to: int) -> None:
        if not self._is_filling:
            self._state.move_document(place, to)

    def _close(self, place: int) -> None:
        self._files.close_documents([self._state.documents[place]])

    def _place_of(self, button: QWidget) -> int:
        side = QTabBar.ButtonPosition.RightSide
        return next(place for place in range(self.count()) if self.tabButton(place, side) is button)
