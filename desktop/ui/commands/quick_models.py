"""Menu entries that run one shipped model at once, or take it in hand: remove a background, fill with a texture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.layers import LayerId
from desktop.io.image_files import read_image
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.runner import Result
from desktop.tools import ai_landing
from desktop.tools.ai_tool import Landing, Plan, RunSettings, Source, Where
from desktop.tools.backgrounds import BackgroundNames, with_new_background
from desktop.tools.names import EditName
from desktop.ui.background import Background
from desktop.ui.documents import DocumentSession
from desktop.ui.i18n import tr
from desktop.ui.state import EditorState

if TYPE_CHECKING:
    from desktop.ui.commands.ai_commands import AiCommands
    from desktop.ui.dialogs.background_dialog import BackgroundChoice

CUTOUT, TEXTURES, AUTO_ENHANCE = "cutout", "textures", "auto-enhance"
STROKE_POLL_MS = 50  # how often a finished background looks whether the stroke in progress has ended


class QuickModels:
    """`ask_background` may be replaced by tests; None is cancelled."""

    def __init__(self, ai: AiCommands, state: EditorState, catalog: Catalog, background: Background) -> None:
        self._ai, self._state, self._catalog, self._background = ai, state, catalog, background
        self.ask_background: Callable[[], BackgroundChoice | None] = _ask_background

    @property
    def can_run(self) -> bool:
        return self._state.open_document is not None and not self._ai.is_running

    def remove_background(self) -> None:
        """Hides all but the subject of the active layer by a layer mask."""
        self._run(CUTOUT, Landing.MASK, Source.LAYER)

    def select_subject(self) -> None:
        """The selection becomes what stands out in the visible picture."""
        self._run(CUTOUT, Landing.SELECTION, Source.VISIBLE)

    def auto_enhance(self) -> None:
        """A curves layer over the picture that mends its light and colour; the selection becomes its mask."""
        document = self._state.document
        has_selection = document is not None and document.selection is not None
        where = Where.SELECTION if has_selection else Where.ALL
        self._run(AUTO_ENHANCE, Landing.CURVES, Source.VISIBLE, where)

    def replace_background(self) -> None:
        """Asks what comes behind the subject, then puts it there, each in a layer of its own."""
        model, choice = self._model(CUTOUT), self.ask_background()
        if choice is None:
            return

        def land(session: DocumentSession, plan: Plan, result: Result) -> None:
            self._compose(session, plan, result, choice)

        self._ai.start(self._settings(model, Landing.MASK, Source.LAYER), land=land)

    def choose_texture(self) -> None:
        """Textures, for what is selected: what the panel's form then asks for may still be changed."""
        model, document, form = self._model(TEXTURES), self._state.document, self._ai.form
        form.choose_model(model.id)
        has_selection = document is not None and document.selection is not None
        form.set_where(Where.SELECTION if has_selection else Where.ALL)

    def _run(self, model_id: str, landing: Landing, source: Source, where: Where = Where.ALL) -> None:
        self._ai.start(replace(self._settings(self._model(model_id), landing, source), where=where))

    def _settings(self, model: Model, landing: Landing, source: Source) -> RunSettings:
        return RunSettings(
            model=model,
            source=source,
            where=Where.ALL,
            landing=landing,
            device=self._ai.form.device_for(model),
            tile_side=self._ai.form.tile_override(model.id),
        )

    def _model(self, model_id: str) -> Model:
        found = next((model for model in self._catalog.models() if model.id == model_id), None)
        if found is None:
            raise UserError("quick.no_model", model_id=model_id)
        return found

    def _compose(self, session: DocumentSession, plan: Plan, result: Result, choice: BackgroundChoice) -> None:
        """In a thread: the layers; then one edit, computed anew when the document moved on."""
        opened, layer_id = session.open_document, plan.layer_id
        version = opened.document
        names = BackgroundNames(tr("quick.subject"), tr("quick.shadow"), tr("quick.background"))

        def made() -> tuple[Document, LayerId]:
            assert layer_id is not None
            picture = None if choice.picture is None else read_image(choice.picture).pixels
            settings = replace(choice.settings, picture=picture)
            return with_new_background(version, layer_id, ai_landing.mask_of(plan, result), settings, names)

        def land(found: tuple[Document, LayerId]) -> None:
            if opened.is_editing:
                QTimer.singleShot(STROKE_POLL_MS, lambda: land(found))
                return
            if opened.document is not version:
                self._compose(session, plan, result, choice)
                return
            with opened.edit(EditName.REPLACE_BACKGROUND) as edit:
                edit.replace_document(found[0])
            if session is self._state.current:
                self._state.choose_layer(found[1])

        self._background.run(made, on_done=land, on_error=self._ai.failed.emit, name="background")


def _ask_background() -> BackgroundChoice | None:
    from desktop.ui.dialogs.background_dialog import ask_background

    return ask_background()
