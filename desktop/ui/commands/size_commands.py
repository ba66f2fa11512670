"""The Image menu and the arranging of layers: sizes, turns, flips, trim, align. Computed in a thread, one edit each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from desktop.core.color import Pixels
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.turning import Turn
from desktop.runtime.catalog import Model
from desktop.runtime.manifest import Task
from desktop.runtime.runner import POLL_S, Failed, Finished, Request
from desktop.tools import enlarging, resizing, transforming
from desktop.tools.enlarging import Enlarging
from desktop.tools.extending import grows
from desktop.tools.made_layers import drawn_anew
from desktop.tools.names import EditName
from desktop.tools.transforming import Edge
from desktop.ui.commands.enlarging_need import checked_text
from desktop.ui.commands.enlarging_progress import EnlargingProgress
from desktop.ui.dialogs.size_dialogs import Enlargers, ImageSize, SizeDialogs
from desktop.ui.i18n import tr
from desktop.ui.makers import MAKERS
from desktop.ui.memory import check_new_size, check_resized, content_bytes_of
from desktop.ui.panels.model_card import title_of

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

Work = Callable[[Document], Document]


class _CancelledError(Exception):
    """The network was stopped."""


class SizeCommands:
    """Each method is one action."""

    def __init__(self, window: MainWindow) -> None:
        self._window, self._state = window, window.state
        self.dialogs = SizeDialogs(window)
        self._stop: threading.Event | None = None

    def image_size(self) -> None:
        document = self._state.document
        if document is None:
            return
        models = self._enlarging()
        able = Enlargers(
            {model.id: title_of(model.manifest) for model in models.values()},
            frozenset(model.id for model in models.values() if _partner(model, models) is not None),
            lambda wanted: self._need(document, wanted, _order(wanted, models)),
        )
        check = partial(check_resized, self._window.settings, document, content_bytes_of(document))
        wanted = self.dialogs.ask_image_size(document, able, check)
        if wanted is None:
            return
        if wanted.model_id:
            model = models[wanted.model_id]
            check_new_size(self._window.settings, _times(document.size, model.manifest.scale), document.depth)
            order = _order(wanted, models)
            self._need(document, wanted, order)
            self.change(EditName.IMAGE_SIZE, partial(self._by_network, wanted=wanted, order=order))
        else:
            self.change(EditName.IMAGE_SIZE, partial(_with_image_size, wanted=wanted))

    def cancel(self) -> bool:
        """Stops a network that enlarges; True when one was running."""
        if self._stop is None:
            return False
        self._stop.set()
        return True

    def canvas_size(self) -> None:
        document = self._state.document
        if document is None:
            return
        check = partial(check_new_size, self._window.settings, depth=document.depth)
        wanted = self.dialogs.ask_canvas_size(document, check)
        if wanted is None:
            return

        def work(version: Document) -> Document:
            canvas = wanted.anchor.place(version.size, wanted.size)
            if wanted.fills and grows(canvas, version.size):
                return self._window.editing.extending.filled(version, canvas, keeps_outside=True)
            return resizing.with_canvas(version, canvas, keeps_outside=True)

        self.change(EditName.CANVAS_SIZE, work)

    def trim(self) -> None:
        self.change(EditName.TRIM, resizing.trimmed)

    def turn_picture(self, turn: str) -> None:
        kind = Turn(turn)
        name = EditName.FLIP_PICTURE if kind in (Turn.ACROSS, Turn.DOWN) else EditName.TURN_PICTURE
        self.change(name, lambda document: resizing.turned_document(document, kind))

    def turn_layers(self, turn: str) -> None:
        kind, ids = Turn(turn), self._ids
        name = EditName.FLIP_LAYER if kind in (Turn.ACROSS, Turn.DOWN) else EditName.TURN_LAYER
        self.change(name, lambda document: transforming.turned_layers(document, ids, kind))

    def align(self, edge: str) -> None:
        ids = self._ids
        self.change(EditName.ALIGN, lambda document: transforming.aligned_layers(document, ids, Edge[edge.upper()]))

    def distribute(self, edge: str) -> None:
        ids = self._ids
        self.change(
            EditName.DISTRIBUTE, lambda document: transforming.distributed_layers(document, ids, Edge[edge.upper()])
        )

    def _enlarging(self) -> dict[str, Model]:
        """Installed models that make pictures larger, by id."""
        models = self._window.models.catalog.models()
        return {model.id: model for model in models if model.manifest.task is Task.UPSCALE}

    def _need(self, document: Document, wanted: ImageSize, order: Enlarging) -> str:
        """What a run takes, as a sentence. UserError where it does not fit into memory."""
        return checked_text(document, wanted.size, order, self._window.ai.paces)

    def _by_network(self, document: Document, wanted: ImageSize, order: Enlarging) -> Document:
        """In the background; the same document where it was cancelled."""
        stop = self._stop = threading.Event()
        call, owner, runner = self._window.background.call, self._state.current, self._window.ai.runner
        show = self._window.status.show_task
        call(lambda: show(tr("size.network_working")))
        progress = EnlargingProgress(enlarging.runs_of(document, order), lambda text: call(lambda: show(text)))

        def run(model: Model, pixels: Pixels) -> Pixels:
            if stop.is_set():  # between the runs of one picture
                raise _CancelledError
            device = self._window.ai.form.device_for(model)
            request = Request(model.id, model.sha256, {"image": pixels}, device=device, owner=owner)
            job = runner.submit(request, on_progress=progress.show, on_done=lambda _outcome: None)
            while (outcome := job.wait(POLL_S)) is None:
                if stop.is_set():
                    job.cancel()
            if isinstance(outcome, Failed):
                raise outcome.error
            if not isinstance(outcome, Finished):
                raise _CancelledError
            progress.next_run()
            self._window.ai.paces.saw(model, Size(pixels.shape[1], pixels.shape[0]), outcome.result.seconds)
            return outcome.result.image

        try:
            by_networks = partial(enlarging.enlarged, order=order, run=run)
            resized = resizing.with_size_by_network(document, wanted.size, order.scale, by_networks)
        except _CancelledError:
            return document
        finally:
            self._stop = None
            call(lambda: show(""))
        return _with_dpi(drawn_anew(document, resized, MAKERS), wanted)

    @property
    def _ids(self) -> tuple[int, ...]:
        if not self._state.chosen_ids:
            raise UserError("tool.no_layer")
        return self._state.chosen_ids

    def change(self, name: EditName, work: Work) -> None:
        """From one version to the next; no entry where nothing changed."""
        opened = self._state.open_document
        if opened is None:
            return
        self._window.ai.settle()

        def land(after: Document) -> None:
            if after is not opened.document:
                with opened.edit(name) as edit:
                    edit.replace_document(after)

        self._window.layers.compute(work, land)


def _with_image_size(document: Document, wanted: ImageSize) -> Document:
    resized = resizing.with_size(document, wanted.size, wanted.resampling)
    return _with_dpi(drawn_anew(document, resized, MAKERS), wanted)


def _partner(model: Model, models: dict[str, Model]) -> Model | None:
    return enlarging.photographic_for(model, list(models.values()))


def _order(wanted: ImageSize, models: dict[str, Model]) -> Enlarging:
    model = models[wanted.model_id]
    return Enlarging(model, _partner(model, models), wanted.detail, wanted.is_best)


def _times(size: Size, scale: int) -> Size:
    return Size(size.width * scale, size.height * scale)


def _with_dpi(document: Document, wanted: ImageSize) -> Document:
    if abs(wanted.dpi - document.resolution_dpi[0]) < 0.05:
        return document
    return document.changed(resolution_dpi=(wanted.dpi, wanted.dpi))
