"""Two styles at once: one over everything, another inside the painted region or the selection, as two layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.layers import RasterLayer
from desktop.runtime.runner import Result
from desktop.tools import ai_tool
from desktop.tools.ai_tool import Plan, RunSettings, Where
from desktop.tools.layer_edits import place_above
from desktop.tools.style_tool import StyleChoice, pair_settings
from desktop.ui.commands.ai_commands import STROKE_POLL_MS
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.documents import DocumentSession
    from desktop.ui.main_window import MainWindow

Run = tuple[Plan, Result]


class StylePair(QObject):
    """The second run follows the first; both land as one edit, the second with the region as its mask."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._state, self._ai, self._background = window.state, window.ai, window.background

    def paint(self, settings: RunSettings, inside: StyleChoice) -> None:
        """UserError: neither a region is painted nor anything selected."""
        outside, second = pair_settings(settings, inside, self._where())

        def then(session: DocumentSession, plan: Plan, result: Result) -> None:
            self._go_on(session, (plan, result), second)

        self._ai.start(outside, land=then)

    def _where(self) -> Where:
        opened = self._state.open_document
        if not self._state.region.is_empty:
            return Where.PAINTED
        if opened is not None and opened.document.selection is not None:
            return Where.SELECTION
        raise UserError("styles.no_inside")

    def _go_on(self, session: DocumentSession, first: Run, second: RunSettings) -> None:
        """The second run, once the hand is off the canvas; given up when another document is shown."""
        if session is not self._state.current:
            self._ai.failed.emit(UserError("styles.left_meanwhile"))
            return
        if session.open_document.is_editing:
            QTimer.singleShot(STROKE_POLL_MS, self, lambda: self._go_on(session, first, second))
            return
        self._ai.start(second, land=lambda where, plan, result: self._make(where, [first, (plan, result)]))

    def _make(self, session: DocumentSession, runs: list[Run]) -> None:
        document = session.open_document.document
        self._background.run(
            lambda: [ai_tool.landed(plan, result, document, _title(plan)) for plan, result in runs],
            on_done=lambda layers: self._land(session, document, layers, runs),
            on_error=self._ai.failed.emit,
            name="place styles",
        )

    def _land(self, session: DocumentSession, read: Document, layers: list[RasterLayer], runs: list[Run]) -> None:
        opened = session.open_document
        if opened.is_editing:
            QTimer.singleShot(STROKE_POLL_MS, self, lambda: self._land(session, read, layers, runs))
            return
        if opened.document.size != read.size:
            self._ai.failed.emit(UserError("styles.changed_meanwhile"))
            return
        first = runs[0][0]
        above = first.layer_id if first.settings.source is ai_tool.Source.LAYER else None
        with opened.edit(tr("edit.paint_two_styles")) as edit:
            for layer in layers:
                placed = layer.changed(id=edit.document.next_layer_id())
                parent_id, index = place_above(edit.document, above)
                edit.insert_layer(placed, parent_id, index)
                above = placed.id
        if session is self._state.current:
            self._state.region.clear()
            self._state.choose_layer(above)


def _title(plan: Plan) -> str:
    """The style's name where the model has several."""
    chosen = plan.request.parameters.get("style")
    return str(chosen) if isinstance(chosen, str) else plan.settings.model.manifest.title
