"""What the Models window and the import dialog do: examine, install, remove, verify; always off the UI thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.io.image_files import read_image
from desktop.paths import trial_photo, user_models_dir
from desktop.runtime.catalog import Catalog
from desktop.runtime.importing.importer import Importer, Staged
from desktop.runtime.importing.trial_pictures import trial_picture
from desktop.ui.background import Background
from desktop.ui.commands.ai_commands import AiCommands
from desktop.ui.state import EditorState

TRIED_SIDE_PX = 1024  # of the user's picture, its middle: enough to judge colours and edges by


@dataclass(frozen=True)
class ImportAnswers:
    """What a person said about a file; `settings` as for `--set`."""

    path: Path
    settings: Mapping[str, str]


class ModelCommands(QObject):
    """`installed(model_id)` and `removed(model_id)` after the models on disk changed."""

    installed = Signal(str)
    removed = Signal(str)

    def __init__(self, state: EditorState, catalog: Catalog, ai: AiCommands, background: Background) -> None:
        super().__init__(background)
        self._state, self._ai, self._background = state, ai, background
        self.catalog = catalog
        self.importer = Importer(catalog, user_models_dir())

    def examine(
        self,
        answers: ImportAnswers,
        *,
        on_step: Callable[[str], None],
        is_cancelled: Callable[[], bool],
        on_done: Callable[[OpenStaging | None], None],
        on_error: Callable[[UserError], None],
    ) -> None:
        """Calls `on_done` with the examined file, which the caller closes; None when it was cancelled."""
        picture = self._shown_picture()

        def work() -> OpenStaging | None:
            context = self.importer.examined(
                answers.path,
                picture=trial_picture(read_image(trial_photo()).pixels) if picture is None else picture,
                settings=answers.settings,
                on_step=lambda step: self._background.call(lambda: on_step(step)),
                is_cancelled=is_cancelled,
            )
            try:
                return OpenStaging(context, context.__enter__())
            except KeyboardInterrupt:
                return None

        self._background.run(work, on_done=on_done, on_error=on_error, name="import")

    def install(self, staging: OpenStaging) -> str:
        """Among the models from now on, chosen in the AI panel where it can be used."""
        model = self.importer.install(staging.staged)
        self._ai.form.load_models()
        if any(known.id == model.id for known in self._ai.form.models):
            self._ai.form.choose_model(model.id)
        self.installed.emit(model.id)
        return model.id

    def remove(self, model_id: str) -> None:
        self.importer.remove(model_id)
        self._ai.form.load_models()
        self.removed.emit(model_id)

    def verify(self, model_id: str, on_done: Callable[[Any], None], on_error: Callable[[UserError], None]) -> None:
        self._background.run(
            lambda: self.catalog.verified(model_id, reads_again=True), on_done=on_done, on_error=on_error, name="verify"
        )

    def is_own(self, model_id: str) -> bool:
        """The user's, so it can be removed."""
        return self.catalog.folder_of(model_id).parent.resolve() == user_models_dir().resolve()

    def open_folder(self, model_id: str) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.catalog.folder_of(model_id))))

    def _shown_picture(self) -> NDArray[np.uint8] | None:
        """The middle of the picture that is open, so that previews show what the user knows."""
        document = self._state.document
        return None if document is None else trial_picture(_middle_of(document)[..., :3])


class OpenStaging:
    """An examined file whose folder is still there; `close` throws away what was not installed."""

    def __init__(self, context: AbstractContextManager[Staged], staged: Staged) -> None:
        self._context, self.staged = context, staged

    def close(self) -> None:
        self._context.__exit__(None, None, None)


def _middle_of(document: Document) -> NDArray[Any]:
    width, height = min(document.size.width, TRIED_SIDE_PX), min(document.size.height, TRIED_SIDE_PX)
    left, top = (document.size.width - width) // 2, (document.size.height - height) // 2
    return flatten(document, Rect(left, top, width, height))
