"""The AI tool of the window: the run, its progress, and the result that waits to be kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.layers import RasterLayer
from desktop.runtime.catalog import Catalog
from desktop.runtime.runner import (
    Cancelled,
    DeviceInfo,
    Failed,
    Job,
    Outcome,
    Progress,
    Result,
    Runner,
    Stage,
)
from desktop.settings import Settings
from desktop.tools import ai_landing, ai_tool
from desktop.tools.ai_preview import preview_of
from desktop.tools.ai_tool import Landing, Plan, RunSettings
from desktop.tools.enlarging import Enlarging, Paces
from desktop.ui.background import Background
from desktop.ui.commands.ai_form import AiForm
from desktop.ui.commands.enlarging_need import check_plan, text_for_picture
from desktop.ui.commands.quick_models import QuickModels
from desktop.ui.documents import DocumentSession
from desktop.ui.i18n import tr, tr_error
from desktop.ui.panels.model_card import title_of
from desktop.ui.state import EditorState

Land = Callable[[DocumentSession, Plan, Result], None]  # what becomes of a result, instead of what the settings say

STROKE_POLL_MS = 50  # how often a finished result looks whether the stroke in progress has ended


@dataclass(frozen=True, slots=True)
class Preview:
    """A result on the screen that is not yet in the document."""

    plan: Plan
    layer: RasterLayer
    result: Result
    shown: OpenDocument


class AiCommands(QObject):
    """One run at a time. `changed` when anything that the panels show is different."""

    changed = Signal()
    devices_found = Signal()
    noted = Signal(str)
    failed = Signal(object)  # UserError
    preview_changed = Signal()
    document_made = Signal(object, str)  # Document and its title: a result that is a picture of its own

    def __init__(
        self,
        state: EditorState,
        catalog: Catalog,
        make_runner: Callable[[], Runner],
        background: Background,
        settings: Settings,
    ) -> None:
        super().__init__(background)
        self._state = state
        self.form = AiForm(catalog, settings, background)
        self.form.changed.connect(self.changed)
        self.form.failed.connect(self.failed)
        self.quick = QuickModels(self, state, catalog, background)
        self._make_runner = make_runner
        self._background = background
        self._runner: Runner | None = None
        self._job: Job | None = None
        self._number = 0
        self.paces = Paces()  # of the networks that enlarge
        self.devices: list[DeviceInfo] = []
        self.last_provider = ""
        self.progress: Progress | None = None
        self.is_cancelling = False
        self._waiting: dict[DocumentSession, Preview] = {}
        self._session: DocumentSession | None = None  # the document of the run on its way
        self._shown: Preview | None = None
        self._land: Land | None = None  # of the run on its way
        state.document_replaced.connect(self._document_replaced)
        state.document_closed.connect(self._document_closed)

    # what can be done

    @property
    def can_preview(self) -> bool:
        """Only what lands as a layer over the picture can be looked at first."""
        return self.can_run and self.form.landing is Landing.LAYER and not self.form.is_for_masks

    @property
    def is_running(self) -> bool:
        return self.progress is not None

    @property
    def result(self) -> Preview | None:
        """The result that waits over the shown document."""
        return None if self._state.current is None else self._waiting.get(self._state.current)

    @property
    def has_preview(self) -> bool:
        return self.result is not None

    def has_preview_of(self, session: DocumentSession) -> bool:
        return session in self._waiting

    @property
    def can_run(self) -> bool:
        return self._state.open_document is not None and self.form.model is not None and not self.is_running

    def need_text(self) -> str:
        """What enlarging the picture by the chosen network will take; empty for networks that do something else."""
        model, document = self.form.model, self._state.document
        if model is None or document is None or self.form.landing is not Landing.DOCUMENT:
            return ""
        return text_for_picture(document, Enlarging(model), self.paces)

    def find_devices(self) -> None:
        """Asks the runner in the background; the status bar shows the answer."""
        runner = self.runner
        self._background.run(runner.devices, on_done=self._take_devices, on_error=lambda _error: None, name="devices")

    def run(self) -> None:
        self._start(is_preview=False)

    def start(self, settings: RunSettings, *, is_preview: bool = False, land: Land | None = None) -> None:
        """Runs a model with settings that are not the form's; nothing while another run is on its way."""
        opened = self._state.open_document
        if opened is None or self.is_running or opened.is_editing:
            return
        self._drop_preview()
        document, layer_id, region = opened.document, self._state.layer_id, self._state.region.tiles
        self._number += 1
        number = self._number
        self.is_cancelling = False
        self._session, self._land = self._state.current, land
        self.progress = Progress(Stage.WAITING)
        self.changed.emit()

        def plan() -> Plan:
            whole = ai_tool.plan_run(document, layer_id, region, settings)
            check_plan(whole)
            return preview_of(whole) if is_preview else whole

        self._background.run(
            plan,
            on_done=lambda made: self._submit(number, made),
            on_error=lambda error: self._fail(number, error),
            name="plan",
        )

    def preview(self) -> None:
        self._start(is_preview=True)

    def cancel(self) -> None:
        if not self.is_running:
            return
        self.is_cancelling = True
        if self._job is not None:
            self._job.cancel()
        else:
            self._end()
        self.changed.emit()

    def keep(self) -> None:
        """Puts the result into the document as one edit; a quick preview is computed in full first."""
        if self.result is None or self._state.open_document is None:
            return
        waiting = self.result
        self._drop_preview()
        if waiting.plan.is_preview and waiting.result.image.shape[:2] != (
            waiting.plan.crop.height,
            waiting.plan.crop.width,
        ):
            self._start(is_preview=False)
            return
        if ai_tool.changed_meanwhile(waiting.plan, self._state.open_document.document):
            self.noted.emit(tr("ai.changed_meanwhile"))
        name = ai_tool.run_name(waiting.plan)
        layer_id = ai_tool.land(self._state.open_document, waiting.layer, waiting.plan, name)
        self._state.region.clear()
        self._state.choose_layer(layer_id)

    def discard(self) -> None:
        self._drop_preview()

    def settle(self) -> None:
        """Before another edit: a full result is kept, a quick preview is not."""
        if self.result is None:
            return
        if self.result.plan.is_preview:
            self.discard()
        else:
            self.keep()

    def close(self) -> None:
        """Ends everything; waits for the runner."""
        if self._runner is not None:
            self._runner.close()

    # a run on its way

    def _start(self, *, is_preview: bool) -> None:
        model = self.form.model
        if model is not None and not self.is_running:
            self.start(self.form.run_settings(model), is_preview=is_preview and self.can_preview)

    def _submit(self, number: int, plan: Plan) -> None:
        if self._is_over(number):
            return
        call = self._background.call
        self._job = self.runner.submit(
            replace(plan.request, owner=self._session),
            on_progress=lambda progress: call(lambda: self._take_progress(number, progress)),
            on_done=lambda outcome: call(lambda: self._take_outcome(number, plan, outcome)),
        )

    def _take_progress(self, number: int, progress: Progress) -> None:
        if number == self._number and self.is_running:
            self.progress = progress
            self.changed.emit()

    def _take_outcome(self, number: int, plan: Plan, outcome: Outcome) -> None:
        if isinstance(outcome, Cancelled) and number == self._number:
            self.is_cancelling = True
        if self._is_over(number):
            return
        if isinstance(outcome, Failed):
            self._fail(number, outcome.error)
        else:
            self._place(number, plan, outcome.result)

    def _place(self, number: int, plan: Plan, result: Result) -> None:
        assert self._session is not None
        if self._land is not None:
            land, session = self._land, self._session
            self.last_provider = result.provider
            self._end()
            self._say(result)
            land(session, plan, result)
            return
        document = self._session.open_document.document
        name = title_of(plan.settings.model.manifest)
        if plan.settings.landing is Landing.DOCUMENT:
            title = f"{self._session.title} ×{plan.settings.model.manifest.scale}"
            self._background.run(
                lambda: ai_landing.enlarged_document(plan, result, name),
                on_done=lambda made: self._open(number, made, title, result),
                on_error=lambda error: self._fail(number, error),
                name="place",
            )
            return
        land_at_once = ai_landing.without_preview(plan)
        if land_at_once is not None:
            self._land_at_once(number, plan, result, land_at_once)
            return
        self._background.run(
            lambda: ai_tool.landed(plan, result, document, name),
            on_done=lambda layer: self._show(number, plan, layer, result),
            on_error=lambda error: self._fail(number, error),
            name="place",
        )

    def _open(self, number: int, made: Document, title: str, result: Result) -> None:
        self.last_provider = result.provider
        if (model := self.form.model) is not None and model.sha256 == result.model_sha256:
            scale = model.manifest.scale
            self.paces.saw(model, Size(made.size.width // scale, made.size.height // scale), result.seconds)
        if not self._is_over(number):
            self._end()
            self._say(result)
            self.document_made.emit(made, title)

    def _land_at_once(self, number: int, plan: Plan, result: Result, land: ai_landing.LandAtOnce) -> None:
        """What needs no preview, because it can be edited or undone as it is: masks, selections, curves."""
        session = self._session
        self.last_provider = result.provider
        if self._is_over(number) or session is None:
            return
        if session.open_document.is_editing:
            QTimer.singleShot(STROKE_POLL_MS, self, lambda: self._land_at_once(number, plan, result, land))
            return
        try:
            layer_id = land(session.open_document, plan, result, ai_tool.run_name(plan))
        except UserError as error:
            self._fail(number, error)
            return
        self._end()
        self._say(result)
        if session is self._state.current and layer_id is not None:
            self._state.choose_layer(layer_id)

    def _say(self, result: Result) -> None:
        for note in result.notes:
            self.noted.emit(tr_error(note))

    def _show(self, number: int, plan: Plan, layer: RasterLayer, result: Result) -> None:
        session = self._session
        self.last_provider = result.provider
        if self._is_over(number) or session is None:
            return
        opened = session.open_document
        if opened.is_editing:  # the hand is on the canvas: the result waits until the stroke is done
            QTimer.singleShot(STROKE_POLL_MS, self, lambda: self._show(number, plan, layer, result))
            return
        layer = layer.changed(id=opened.document.next_layer_id())
        shown = OpenDocument(ai_tool.with_layer(opened.document, layer, plan))
        self._waiting[session] = Preview(plan, layer, result, shown)
        self._end()
        if session is not self._state.current:
            self.noted.emit(tr("ai.landed_elsewhere", title=session.title))
        self._announce_preview()
        self._say(result)

    def _fail(self, number: int, error: UserError) -> None:
        if number == self._number and self.is_running:
            self._end()
            self.failed.emit(error)

    def _is_over(self, number: int) -> bool:
        """Whether a step comes too late: for a run that ended or was followed by another, or one that is cancelled."""
        if number != self._number or not self.is_running:
            return True
        if self.is_cancelling:
            self._end()
            self.noted.emit(tr("ai.cancelled"))
            return True
        return False

    def _end(self) -> None:
        self._job = None
        self._session, self._land = None, None
        self.progress = None
        self.is_cancelling = False
        self.changed.emit()

    def _drop_preview(self) -> None:
        if self._state.current is not None and self._waiting.pop(self._state.current, None) is not None:
            self._announce_preview()
            self.changed.emit()

    def _announce_preview(self) -> None:
        if self.result is not self._shown:
            self._shown = self.result
            self.preview_changed.emit()

    def _document_replaced(self) -> None:
        self._announce_preview()
        self.changed.emit()

    def _document_closed(self, session: DocumentSession) -> None:
        """A run of a document that is gone is of no use to anybody."""
        self._waiting.pop(session, None)
        if self._runner is not None:
            self._runner.drop(session)
        if self.is_running and session is self._session:
            self._number += 1
            self._end()

    def _take_devices(self, devices: list[DeviceInfo]) -> None:
        self.devices = devices
        self.devices_found.emit()

    @property
    def runner(self) -> Runner:
        """The one runner of the window, made when it is first needed."""
        if self._runner is None:
            self._runner = self._make_runner()
        return self._runner
