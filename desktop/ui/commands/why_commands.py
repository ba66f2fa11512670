"""Why a model decided as it did: asked in the worker, shown over the picture until something else is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import LayerId
from desktop.core.tiles import TileMap
from desktop.runtime.catalog import Model
from desktop.runtime.explaining import REGION
from desktop.runtime.manifest import Task
from desktop.runtime.runner import Failed, Finished, Job, Outcome, Progress, Request, Stage, Why, WhyMethod
from desktop.tools.ai_tool import RunSettings, Source, Where, plan_run
from desktop.tools.clicking import Clicks
from desktop.tools.hole_network import hole_model
from desktop.tools.why_map import WhyMap
from desktop.ui.canvas.why_overlay import WhyOverlay
from desktop.ui.panels.model_card import title_of
from desktop.ui.state import Tool
from desktop.ui.widgets.why_bar import WhyBar

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

QUESTIONS: dict[WhyMethod, Why] = {"occlusion": Why("occlusion", parts=14), "shapley": Why("shapley", parts=20)}


@dataclass(frozen=True, slots=True)
class Question:
    """A request, and the part of the canvas that the model is shown."""

    request: Request
    place: Rect


class WhyCommands(QObject):
    """`changed` when the question or its answer is another; `answer` is what is shown."""

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._state = window, window.state
        self.overlay, self.bar = WhyOverlay(window.canvas), WhyBar(window.canvas)
        self.answer: WhyMap | None = None
        self.questions = dict(QUESTIONS)
        self._method: WhyMethod = "occlusion"
        self._model: Model | None = None
        self._job: Job | None = None
        self._number = 0
        self._progress: Progress | None = None
        self.bar.method_chosen.connect(self._choose_method)
        self.bar.cancelled.connect(self.close)
        self.bar.closed.connect(self.close)
        self.changed.connect(self._refresh)
        self._state.document_replaced.connect(self.close)

    @property
    def is_running(self) -> bool:
        return self._progress is not None

    @property
    def is_shown(self) -> bool:
        return self.is_running or self.answer is not None

    @property
    def model(self) -> Model | None:
        """The one that would be asked: the object tool's while something is pointed at, the one that fills holes while
        something is painted or selected for removal, else the panel's."""
        objects = self._window.objects
        if self._state.tool is Tool.OBJECT and not objects.clicks.is_empty:
            return objects.model
        if self._removes and (filling := hole_model(self._window.models.catalog)) is not None:
            return filling
        model = self._window.ai.form.model
        return None if model is None or model.manifest.task is Task.GENERATE else model

    @property
    def _removes(self) -> bool:
        """Whether the question is about a hole that the removal would ask a network to fill."""
        options = self._state.options.retouch.remove
        is_meant = self._state.tool is Tool.REMOVE and options.settings(seed=0).asks_network
        return is_meant and self._window.editing.removal.can_run

    @property
    def can_ask(self) -> bool:
        return self.is_shown or (self._state.open_document is not None and self.model is not None)

    def toggle(self) -> None:
        """Asks, or puts the answer away."""
        if self.is_shown:
            self.close()
        else:
            self.ask()

    def ask(self) -> None:
        model, document = self.model, self._state.document
        if model is None or document is None:
            return
        self._window.ai.settle()
        self._stop()
        self._number += 1
        number, why = self._number, self.questions[self._method]
        self._model, self._progress = model, Progress(Stage.WAITING)
        session = self._state.current
        objects, layer_id, region = self._window.objects, self._state.layer_id, self._state.region.tiles
        clicks = objects.clicks if self._state.tool is Tool.OBJECT else Clicks()
        settings = self._window.ai.form.run_settings(model)
        if self._removes:
            where = Where.SELECTION if self._state.region.is_empty else Where.PAINTED
            settings = replace(settings, where=where, source=Source.LAYER)

        def question() -> Question:
            if not clicks.is_empty:
                return Question(objects.request(model, document, clicks), document.size.rect())
            return question_of(document, layer_id, region, settings)

        self._window.background.run(
            question,
            on_done=lambda made: self._submit(
                number, replace(made, request=replace(made.request, why=why, owner=session))
            ),
            on_error=lambda error: self._fail(number, error),
            name="why",
        )
        self.changed.emit()

    def close(self) -> None:
        """Ends what is on its way and puts the answer away."""
        if self.is_shown:
            self._stop()
            self.changed.emit()

    def key(self, key: Qt.Key) -> bool:
        """Escape puts the answer away; False for what is nothing to us."""
        if key != Qt.Key.Key_Escape or not self.is_shown:
            return False
        self.close()
        return True

    def _choose_method(self, name: str) -> None:
        method = next(method for method in QUESTIONS if method == name)
        if method != self._method:
            self._method = method
            self.ask()

    def _submit(self, number: int, question: Question) -> None:
        if number != self._number or not self.is_running:
            return
        call = self._window.background.call
        self._job = self._window.ai.runner.submit(
            question.request,
            on_progress=lambda progress: call(lambda: self._take_progress(number, progress)),
            on_done=lambda outcome: call(lambda: self._take(number, question.place, outcome)),
        )

    def _take_progress(self, number: int, progress: Progress) -> None:
        if number == self._number and self.is_running:
            self._progress = progress
            self.changed.emit()

    def _take(self, number: int, place: Rect, outcome: Outcome) -> None:
        if number != self._number or not self.is_running:
            return
        if isinstance(outcome, Failed):
            self._fail(number, outcome.error)
            return
        self._job, self._progress = None, None
        if isinstance(outcome, Finished):
            found = outcome.result.outputs
            first, nothing = (float(score) for score in found["scores"])
            self.answer = WhyMap(np.array(found["why"]), (first, nothing))
            self.overlay.show(self.answer, place)
        self.changed.emit()

    def _fail(self, number: int, error: UserError) -> None:
        if number == self._number and self.is_running:
            self.close()
            self._window.show_error(error)

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._job, self._progress, self.answer = None, None, None
        self.overlay.show(None, Rect(0, 0, 0, 0))

    def _refresh(self) -> None:
        if self._model is None or not self.is_shown:
            self.bar.hide()
            return
        title = title_of(self._model.manifest)
        if self.answer is not None:
            self.bar.show_answer(title, self._method, self.answer)
        else:
            share = self._progress.fraction if self._progress and self._progress.stage is Stage.RUNNING else 0.0
            self.bar.show_work(title, self._method, share)


def question_of(document: Document, layer_id: LayerId | None, region: TileMap, settings: RunSettings) -> Question:
    """What the panel's model is asked about: what is painted or selected, else its whole answer."""
    is_empty = {Where.PAINTED: len(region) == 0, Where.SELECTION: document.selection is None}
    if is_empty.get(settings.where, False):
        settings = replace(settings, where=Where.ALL)
    plan = plan_run(document, layer_id, region, replace(settings, feather_px=0.0))
    inputs = dict(plan.request.inputs)
    if plan.mask is not None and "mask" not in inputs:
        about = np.zeros((plan.crop.height, plan.crop.width), np.uint8)
        left, top = plan.rect.x - plan.crop.x, plan.rect.y - plan.crop.y
        about[top : top + plan.rect.height, left : left + plan.rect.width] = plan.mask
        inputs[REGION] = about
    return Question(replace(plan.request, inputs=inputs), plan.crop)
