"""Commands that compute in a thread: one at a time for each document, in the order they were asked for.

The second of two quick merges begins when the first has landed, so that it looks at what the first one left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QTimer

from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.ui.background import Background
from desktop.ui.state import EditorState

EDIT_WAIT_MS = 20  # between two looks whether a gesture has ended

Begin = Callable[[], None]


class LongCommands:
    def __init__(self, state: EditorState, background: Background, show_error: Callable[[UserError], None]) -> None:
        self._state = state
        self._background = background
        self._show_error = show_error
        self._running: dict[OpenDocument, object] = {}  # with a token of the command
        self._waiting: WeakKeyDictionary[OpenDocument, deque[Begin]] = WeakKeyDictionary()
        state.document_replaced.connect(self._go_on_here)

    def in_turn(self, begin: Begin) -> None:
        """Calls `begin` now, or when what runs for the shown document has landed; it may ask what is chosen then."""
        opened = self._opened()
        if opened in self._running:
            self._waiting.setdefault(opened, deque()).append(begin)
        else:
            begin()

    def compute(self, work: Callable[[Document], Any], land: Callable[[Any], None]) -> None:
        """Reads a version in a thread and lands the answer; once more when the document moved on meanwhile."""
        opened = self._opened()
        self.in_turn(lambda: self._start(opened, work, land))

    def is_at_work(self, opened: OpenDocument) -> bool:
        return opened in self._running

    def give_up(self, opened: OpenDocument) -> bool:
        """Forgets what runs and waits for a document. False when nothing does."""
        self._waiting.pop(opened, None)
        return self._running.pop(opened, None) is not None

    def _opened(self) -> OpenDocument:
        if self._state.open_document is None:
            raise UserError("tool.no_document")
        return self._state.open_document

    def _start(self, opened: OpenDocument, work: Callable[[Document], Any], land: Callable[[Any], None]) -> None:
        token = self._running[opened] = object()
        version = opened.document

        def read() -> None:
            nonlocal version
            version = opened.document
            self._background.run(lambda: work(version), on_done=done, on_error=failed, name="layers")

        def done(answer: Any) -> None:
            if not self._is_wanted(opened, token):
                return
            if opened.is_editing:
                QTimer.singleShot(EDIT_WAIT_MS, lambda: done(answer))
            elif opened.document is not version:
                read()
            else:
                self._land(opened, lambda: land(answer))

        def failed(error: UserError) -> None:
            if self._is_wanted(opened, token):
                self._waiting.pop(opened, None)
                self._land(opened, lambda: self._show_error(error))

        read()

    def _is_wanted(self, opened: OpenDocument, token: object) -> bool:
        """False when it was given up, or its document was closed."""
        if self._running.get(opened) is not token:
            return False
        if any(session.open_document is opened for session in self._state.documents):
            return True
        self.give_up(opened)
        return False

    def _land(self, opened: OpenDocument, land: Begin) -> None:
        self._attempt(opened, land)
        self._running.pop(opened, None)
        self._go_on_here()

    def _go_on_here(self) -> None:
        """Begins what waits for the shown document; what waits for others goes on when they are shown."""
        opened = self._state.open_document
        waiting = None if opened is None else self._waiting.get(opened)
        while opened is not None and waiting and opened not in self._running:
            self._attempt(opened, waiting.popleft())

    def _attempt(self, opened: OpenDocument, work: Begin) -> None:
        """What fails takes along what waits behind it: that would fail as well, or do what nobody meant."""
        try:
            work()
        except UserError as error:
            waiting = self._waiting.get(opened)
            if waiting is not None:
                waiting.clear()
            self._show_error(error)
