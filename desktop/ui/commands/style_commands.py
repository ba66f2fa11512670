"""The Styles panel's state: the styles there are, a small picture of each on the user's own, and the one in hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.runtime.runner import Cancelled, Failed, Job, Outcome, ParameterValue
from desktop.tools import style_tool
from desktop.tools.ai_tool import SecondPicture, Where
from desktop.tools.brush_size import BRUSH, first_brush
from desktop.tools.style_tool import StyleChoice, StylePicture
from desktop.ui.commands.ai_form import pixels_of
from desktop.ui.commands.style_jobs import StyleJobs
from desktop.ui.commands.style_pair import StylePair

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

SETTLED_MS = 400  # after the last change of the picture: before, a stroke would cost a run for each dab
FOLLOW_MS = 60  # after the last move of a slider
PICTURES_KEPT = 6  # styles' pictures in the panel, those chosen last

Picture = NDArray[np.uint8]


class StyleCommands(QObject):
    """`changed` when the styles or the one in hand differ, `thumbnail_made` (key) when a small picture is there.

    Nothing is computed before `is_in_sight` says that somebody looks.
    """

    changed = Signal()
    thumbnail_made = Signal(object)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        state, ai = window.state, window.ai
        self._state, self._ai, self._background = state, ai, window.background
        self._ask_picture: Callable[[], Path | None] = lambda: window.files.ask_picture()
        self.jobs, self.pair = StyleJobs(window), StylePair(window)
        self.jobs.changed.connect(ai.changed)  # what can be done now
        self.is_in_sight: Callable[[], bool] = lambda: False
        self.styles: list[StyleChoice] = []
        self.pictures: list[StylePicture] = []
        self.chosen: StyleChoice | None = None
        self.inside: StyleChoice | None = None  # the second style, for the painted region or the selection
        self.thumbnails: dict[tuple[str, str], Picture] = {}
        self._shown: Document | None = None  # the version that the thumbnails show
        self._small: Picture | None = None
        self._queue: list[StyleChoice] = []
        self._job: Job | None = None
        self._number = 0
        self._wants_preview = False
        self._settled = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self._settled.timeout.connect(self.look)
        self._follow = QTimer(self, singleShot=True, interval=FOLLOW_MS)
        self._follow.timeout.connect(self._preview)
        ai.form.changed.connect(self._models_changed)
        ai.changed.connect(self._ai_changed)
        state.document_replaced.connect(self._settled.start)
        state.document_replaced.connect(self.changed)

    @property
    def is_busy(self) -> bool:
        """Small pictures are on their way."""
        return self._job is not None or bool(self._queue) or self._settled.isActive() or self._follow.isActive()

    @property
    def can_paint(self) -> bool:
        return self.chosen is not None and self._ai.can_run

    @property
    def takes_pictures(self) -> bool:
        """Whether an installed network takes its style from a picture."""
        return any(style_tool.takes_picture(model.manifest) for model in self._ai.form.models)

    def pick_picture(self) -> None:
        """Takes the style of a picture from a file in hand."""
        path = self._ask_picture()
        if path is not None:
            self._background.run(
                lambda: StylePicture.of(path, pixels_of(path)),
                on_done=self._take_picture,
                on_error=self._ai.failed.emit,
                name="style picture",
            )

    def choose_inside(self, choice: StyleChoice | None) -> None:
        """The style for the painted region or the selection; None: the same everywhere."""
        self.inside = choice
        self.changed.emit()

    def paint(self) -> None:
        """The style in hand everywhere it is to be; with a second one everywhere, and that one inside the region."""
        model = self._ai.form.model
        if self.inside is None or model is None:
            self._ai.run()
        elif self.can_paint:
            try:
                self.pair.paint(self._ai.form.run_settings(model), self.inside)
            except UserError as error:  # no region
                self._ai.failed.emit(error)

    def look(self) -> None:
        """Somebody looks: the small pictures have to be those of the picture as it is now."""
        opened = self._state.open_document
        if not self.is_in_sight() or opened is None or opened.is_editing:
            return
        document = opened.document
        if document is self._shown:
            return
        self._shown = document
        self._number += 1
        number = self._number
        self._background.run(
            lambda: style_tool.small_picture(document),
            on_done=lambda small: self._take_small(number, small),
            on_error=lambda _error: None,
            name="style thumbnails",
        )

    def watch(self) -> None:
        """The picture may have changed."""
        opened = self._state.open_document
        if opened is not None and opened.document is not self._shown:
            self._settled.start()

    def choose(self, choice: StyleChoice) -> None:
        """Takes a style in hand and shows it on the picture, small at first."""
        form, opened = self._ai.form, self._state.open_document
        if form.model is None or form.model.id != choice.model.id:
            form.choose_model(choice.model.id)
        if opened is not None and BRUSH not in form.values.get(choice.model.id, {}):
            for name, value in first_brush(choice.model.manifest, _size_of(opened.document)).items():
                form.set_parameter(name, value)
        for name, value in choice.parameters.items():
            form.set_parameter(name, value)
        if choice.picture is not None:
            form.take_second(SecondPicture(pixels=choice.picture.pixels), choice.picture.path)
        if form.where is Where.PAINTED and self._state.region.is_empty:
            has_selection = opened is not None and opened.document.selection is not None
            form.set_where(Where.SELECTION if has_selection else Where.ALL)
        self.chosen = choice
        self.changed.emit()
        self._ask_preview()

    def set_parameter(self, name: str, value: ParameterValue) -> None:
        """A slider moves: the picture follows, small."""
        if self.chosen is None:
            return
        self._ai.form.set_parameter(name, value)
        self._ask_preview()

    def values(self) -> dict[str, ParameterValue]:
        return self._ai.form.parameters()

    def close(self) -> None:
        """Ends everything; waits for programs."""
        self.jobs.close()
        self._queue.clear()
        if self._job is not None:
            self._job.cancel()

    # the preview on the canvas

    def _ask_preview(self) -> None:
        self._wants_preview = True
        self._follow.start()

    def _preview(self) -> None:
        if self._wants_preview and self._ai.can_preview:
            self._wants_preview = False
            self._ai.preview()

    def _ai_changed(self) -> None:
        if self._wants_preview and not self._ai.is_running:
            self._follow.start()
        self.changed.emit()

    # thumbnails

    def _take_picture(self, picture: StylePicture) -> None:
        others = [known for known in self.pictures if known.path != picture.path]
        self.pictures = [*others, picture][-PICTURES_KEPT:]
        self.styles = style_tool.styles_of(self._ai.form.models, self.pictures)
        taken = next(style for style in self.styles if style.picture is picture)
        self.thumbnails.pop(taken.key, None)
        self._drop_what_is_gone()
        self.choose(taken)
        self._queue.append(taken)
        self._next()

    def _take_small(self, number: int, small: Picture) -> None:
        if number == self._number:
            self._small = small
            self._queue = list(self.styles)
            self._next()

    def _next(self) -> None:
        if self._job is not None or not self._queue or self._small is None:
            return
        choice = self._queue.pop(0)
        request = style_tool.thumbnail_request(choice, self._small, self._ai.form.device_for(choice.model))
        number, call = self._number, self._background.call

        def done(outcome: Outcome) -> None:
            is_there = not isinstance(outcome, Cancelled | Failed)
            picture = style_tool.reduced(outcome.result.image, style_tool.THUMBNAIL_PX).copy() if is_there else None
            call(lambda: self._take_thumbnail(number, choice, picture))

        self._job = self._ai.runner.submit(request, on_progress=lambda _progress: None, on_done=done)

    def _take_thumbnail(self, number: int, choice: StyleChoice, picture: Picture | None) -> None:
        self._job = None
        if number == self._number and picture is not None:
            self.thumbnails[choice.key] = picture
            self.thumbnail_made.emit(choice.key)
        self._next()

    def _models_changed(self) -> None:
        styles = style_tool.styles_of(self._ai.form.models, self.pictures)
        if [style.key for style in styles] != [style.key for style in self.styles]:
            self.styles = styles
            self._drop_what_is_gone()
            self._shown = None
            self.changed.emit()
            self._settled.start()
        elif self.chosen is not None and not self._is_in_hand(self.chosen):
            self.chosen = None  # another model or picture was chosen in the AI panel
            self.changed.emit()

    def _is_in_hand(self, choice: StyleChoice) -> bool:
        form = self._ai.form
        if form.model is not choice.model or choice.picture is None:
            return form.model is choice.model
        return form.second is not None and form.second.pixels is choice.picture.pixels

    def _drop_what_is_gone(self) -> None:
        known = {style.key for style in self.styles}
        self.chosen = self.chosen if self.chosen is not None and self.chosen.key in known else None
        self.inside = self.inside if self.inside is not None and self.inside.key in known else None


def _size_of(document: Document) -> tuple[int, int]:
    return document.size.width, document.size.height
