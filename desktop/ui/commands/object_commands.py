"""Selecting an object by pointing at it: every click asks an encoder and decoder, the answer is the selection."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.select import Joined, Shape, joined
from desktop.core.tiles import TileMap
from desktop.runtime.catalog import Model
from desktop.runtime.needs import takes_rough_mask
from desktop.runtime.runner import Failed, Finished, Job, Outcome, Request
from desktop.tools.clicking import Clicks, point_at
from desktop.tools.gestures import Gesture
from desktop.tools.names import EditName
from desktop.ui.background import Background
from desktop.ui.commands.ai_commands import STROKE_POLL_MS, AiCommands
from desktop.ui.documents import DocumentSession
from desktop.ui.i18n import tr_error
from desktop.ui.state import EditorState, Tool


class ObjectCommands(QObject):
    """`changed` when the clicks, the model or the work on its way differ; `dragged` while a box or stroke is drawn."""

    changed = Signal()
    dragged = Signal(object)  # Rect | Stroke | None
    failed = Signal(object)  # UserError
    noted = Signal(str)

    def __init__(self, state: EditorState, ai: AiCommands, background: Background) -> None:
        super().__init__(background)
        self._state, self._ai, self._background = state, ai, background
        self.clicks = Clicks()
        self._how = self.how
        self.is_running = False
        self._model_id = ""
        self._session: DocumentSession | None = None
        self._before: TileMap | None = None  # the selection when the first click came
        self._ours: TileMap | None = None  # the selection that the last answer made
        self._serial = 0  # of the object that is meant
        self._asked: Clicks | None = None  # what the run on its way was asked
        self._picture: tuple[Document, np.ndarray] | None = None
        self._job: Job | None = None
        state.document_replaced.connect(self._leave_document)
        state.tool_changed.connect(self._tool_changed)
        state.options_changed.connect(self._options_changed)
        ai.form.changed.connect(self.changed)

    @property
    def models(self) -> list[Model]:
        return self._ai.form.click_models

    @property
    def model(self) -> Model | None:
        models = self.models
        return next((model for model in models if model.id == self._model_id), models[0] if models else None)

    def choose_model(self, model_id: str) -> None:
        self._model_id = model_id
        self.forget()

    @property
    def how(self) -> Joined:
        """How the object meets the selection there is."""
        return self._state.options.select.how

    def gesture(self, zoom: float) -> Gesture:
        """A click, a box or a stroke. UserError when there is nothing to ask."""
        document = self._state.document
        if document is None:
            raise UserError("tool.no_document")
        if self.model is None:
            raise UserError("object.no_model")
        if not self.clicks.is_empty and document.selection is not self._ours:
            self.forget()  # the selection was changed by other means: another object is meant
        return point_at(document.size, self.clicks, self._take, self.dragged.emit, 1 / zoom)

    def forget(self) -> None:
        """The selection stays; the next click means another object."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self.clicks, self._asked = Clicks(), None
        self._session, self._before, self._ours = None, None, None
        self._serial += 1
        self.is_running = False
        self.changed.emit()

    def key(self, key: Qt.Key) -> bool:
        """Enter keeps what is selected, Escape brings back what was before; False for what is nothing to us."""
        answers = {Qt.Key.Key_Return: self.forget, Qt.Key.Key_Enter: self.forget, Qt.Key.Key_Escape: self.discard}
        if self._state.tool is not Tool.OBJECT or self.clicks.is_empty or key not in answers:
            return False
        answers[key]()
        return True

    def undo_click(self) -> None:
        """Takes the last click back, and with the last one the object."""
        fewer = self.clicks.one_less()
        if fewer.is_empty:
            self.discard()
        else:
            self._take(fewer)

    def discard(self) -> None:
        """The selection is again what it was before the first click."""
        if self._session is not None and not self.clicks.is_empty:
            self._select(self._session.open_document, self._before)
        self.forget()

    def request(self, model: Model, document: Document, clicks: Clicks) -> Request:
        """What is pointed at, asked about the visible picture; any thread may call it."""
        takes_mask = takes_rough_mask(model.manifest)
        inputs = {"image": self._pixels(document), "points": clicks.as_array(takes_mask=takes_mask)}
        rough = clicks.rough_mask(document.size) if takes_mask else None
        if rough is not None:
            inputs["mask"] = rough
        return Request(model.id, model.sha256, inputs, device=self._ai.form.device_for(model))

    # a question on its way

    def _leave_document(self) -> None:
        self._picture = None  # a closed document must not stay in memory
        self.forget()

    def _options_changed(self) -> None:
        if self.how is not self._how and not self.clicks.is_empty:
            self.forget()  # another way to meet the selection: another object is meant
        self._how = self.how

    def _tool_changed(self) -> None:
        if self._state.tool is not Tool.OBJECT and not self.clicks.is_empty:
            self.forget()

    def _take(self, clicks: Clicks) -> None:
        document = self._state.document
        if document is None:
            return
        if self.clicks.is_empty:
            self._session, self._before, self._ours = self._state.current, document.selection, document.selection
        self.clicks = clicks
        if not self.is_running:
            self._ask(self._serial, document)
        self.changed.emit()

    def _ask(self, serial: int, document: Document) -> None:
        model, clicks, session = self.model, self.clicks, self._session
        if model is None:
            return
        self.is_running, self._asked = True, clicks

        call = self._background.call

        def submit(made: Request) -> None:
            if serial == self._serial:
                self._job = self._ai.runner.submit(
                    made,
                    on_progress=lambda _progress: None,
                    on_done=lambda outcome: call(lambda: self._answer(serial, outcome)),
                )

        self._background.run(
            lambda: replace(self.request(model, document, clicks), owner=session),
            on_done=submit,
            on_error=lambda error: self._fail(serial, error),
            name="object",
        )

    def _pixels(self, document: Document) -> np.ndarray:
        """The visible picture: the same array for every click, since the encoder's answer is kept by its content."""
        known = self._picture
        if known is not None and known[0].layers is document.layers and known[0].size == document.size:
            return known[1]
        pixels = flatten(document)
        self._picture = (document, pixels)
        return pixels

    def _answer(self, serial: int, outcome: Outcome) -> None:
        if serial != self._serial or self._session is None:
            return
        opened = self._session.open_document
        if opened.is_editing:
            QTimer.singleShot(STROKE_POLL_MS, self, lambda: self._answer(serial, outcome))
            return
        if isinstance(outcome, Failed):
            self._fail(serial, outcome.error)
            return
        asked, self.is_running, self._job = self._asked, False, None
        if isinstance(outcome, Finished):
            for note in outcome.result.notes:
                self.noted.emit(tr_error(note))
            found: Any = outcome.result.outputs["mask"]
            self._select(opened, joined(self._before, Shape(opened.document.size.rect(), found), self.how))
        if self.clicks != asked:  # more clicks came meanwhile
            self._ask(serial, opened.document)
        self.changed.emit()

    def _select(self, opened: OpenDocument, selection: TileMap | None) -> None:
        with opened.edit(EditName.SELECT_OBJECT, merge_key=("object", self._serial)) as edit:
            edit.set_selection(selection)
        self._ours = opened.document.selection

    def _fail(self, serial: int, error: UserError) -> None:
        if serial == self._serial:
            self.forget()
            self.failed.emit(error)
