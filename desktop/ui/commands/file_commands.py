"""What the File menu does. Reading and writing happen off the UI thread, on immutable documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.settings import RECENT_FILES, UNDO_MEMORY_PERCENT
from desktop.tools.names import EditName
from desktop.ui.dialogs.dialogs import PROJECT_SUFFIX, ExportOptions, Unsaved
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

RECENT_LIMIT = 10


class FileCommands:
    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._state = window.state
        self._folder = Path.home()

    def new(self) -> None:
        wanted = self._window.dialogs.ask_new()
        if wanted is not None:
            self._after_saving(lambda: self._make_new(Size(wanted.width, wanted.height), not wanted.is_transparent))

    def open(self) -> None:
        paths = self._window.dialogs.ask_open(self._folder)
        if paths:
            self.open_path(paths[0], then_place=paths[1:])

    def open_path(self, path: Path, then_place: Sequence[Path] = ()) -> None:
        """Opens a file in this window, after asking about unsaved work; more files become layers over it."""
        self._after_saving(lambda: self._read(path, then_place))

    def place(self) -> None:
        for path in self._window.dialogs.ask_open(self._folder):
            self.place_path(path)

    def place_path(self, path: Path) -> None:
        """Puts a picture as a new layer into the middle of the canvas."""
        self._in_background(
            tr("task.opening", name=path.name), lambda: _flat_pixels(path), lambda pixels: self._insert(path, pixels)
        )

    def drop(self, paths: list[Path]) -> None:
        """On an empty window a file opens; on the canvas it becomes a layer."""
        if self._state.open_document is None:
            if paths:
                self.open_path(paths[0], then_place=paths[1:])
            return
        for path in paths:
            self.place_path(path)

    def save(self, then: Callable[[], None] | None = None) -> None:
        path = self._state.path
        if path is None or path.suffix.lower() != PROJECT_SUFFIX:
            self.save_as(then)
        else:
            self._write(path, then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        base = self._state.path or self._folder / self._state.title
        path = self._window.dialogs.ask_save(base.with_suffix(PROJECT_SUFFIX))
        if path is None:
            return
        self._write(path if path.suffix.lower() == PROJECT_SUFFIX else path.with_name(path.name + PROJECT_SUFFIX), then)

    def export(self) -> None:
        base = self._state.path or self._folder / self._state.title
        suggestion = base.with_suffix(".png") if base.suffix.lower() == PROJECT_SUFFIX else base
        options = self._window.dialogs.ask_export(suggestion)
        document = self._state.document
        if options is not None and document is not None:
            self._in_background(
                tr("task.exporting", name=options.path.name),
                lambda: _export(document, options),
                lambda _: self._window.info.show_note(tr("file.exported", name=options.path.name)),
            )

    def close(self) -> None:
        self._after_saving(self._close_now)

    def can_close(self) -> bool:
        """Asks about unsaved work when the window closes; saving ends in a second close."""
        if not self._is_modified():
            return True
        answer = self._window.dialogs.ask_unsaved(self._state.title)
        if answer is Unsaved.SAVE:
            self.save(then=self._window.close)
        return answer is Unsaved.DISCARD

    def recent(self) -> list[Path]:
        return [Path(name) for name in self._window.settings.get(RECENT_FILES)]

    def show(self, document: Document, path: Path | None, title: str) -> None:
        """Puts a document into the window."""
        from desktop.io.scratch import ScratchFile

        share = self._window.settings.get(UNDO_MEMORY_PERCENT) / 100
        opened = OpenDocument(
            document,
            name=EditName.OPEN if path is not None else EditName.NEW,
            history_bytes=int(psutil.virtual_memory().total * share),
            store=ScratchFile(),
        )
        self._window.canvas.close_document()
        self._state.set_document(opened, path=path, title=title)

    def _after_saving(self, then: Callable[[], None]) -> None:
        """Does something that replaces the document, once it is saved or given up."""
        if self._is_modified():
            answer = self._window.dialogs.ask_unsaved(self._state.title)
            if answer is Unsaved.CANCEL:
                return
            if answer is Unsaved.SAVE:
                self.save(then)
                return
        then()

    def _is_modified(self) -> bool:
        opened = self._state.open_document
        return (opened is not None and opened.is_modified) or self._window.ai.has_preview

    def _make_new(self, size: Size, is_white: bool) -> None:
        document = Document(size)
        if is_white:
            pixels = np.full((size.height, size.width, 4), 255, np.uint8)
            layer = new_layer_from_pixels(document, pixels, tr("layer.background"))
        else:
            layer = new_layer_from_pixels(document, np.zeros((0, 0, 4), np.uint8), tr("layer.default_name", number=1))
        self.show(document.with_layer_inserted(layer), None, tr("file.untitled"))

    def _read(self, path: Path, then_place: Sequence[Path]) -> None:
        def read() -> Document:
            from desktop.io.documents import open_document_file

            return open_document_file(path)

        def opened(document: Document) -> None:
            self._opened(path, document)
            for other in then_place:
                self.place_path(other)

        self._in_background(tr("task.opening", name=path.name), read, opened)

    def _opened(self, path: Path, document: Document) -> None:
        self._folder = path.parent
        self.show(document, path, path.name)
        self._remember(path)

    def _insert(self, path: Path, pixels: np.ndarray) -> None:
        opened = self._state.open_document
        if opened is None or opened.is_editing:
            return
        from desktop.core.color import to_depth

        document = opened.document
        x = (document.size.width - pixels.shape[1]) // 2
        y = (document.size.height - pixels.shape[0]) // 2
        layer = new_layer_from_pixels(document, to_depth(pixels, document.depth), path.stem, x, y)
        with opened.edit(EditName.PLACE) as edit:
            edit.insert_layer(layer)
        self._state.choose_layer(layer.id)

    def _write(self, path: Path, then: Callable[[], None] | None) -> None:
        document, opened = self._state.document, self._state.open_document
        if document is None or opened is None:
            return

        def write() -> None:
            from desktop.io.openraster import save_openraster

            save_openraster(document, path)

        def written(_: object) -> None:
            opened.mark_saved(document)
            if self._state.open_document is opened:
                self._state.set_path(path, path.name)
            self._folder = path.parent
            self._remember(path)
            self._window.info.show_note(tr("file.saved", name=path.name))
            if then is not None:
                then()

        self._in_background(tr("task.saving", name=path.name), write, written)

    def _close_now(self) -> None:
        self._window.canvas.close_document()
        self._state.set_document(None, path=None, title="")

    def _remember(self, path: Path) -> None:
        known = [str(path.resolve()), *self._window.settings.get(RECENT_FILES)]
        try:
            self._window.settings.set(RECENT_FILES, tuple(dict.fromkeys(known))[:RECENT_LIMIT])
        except UserError as error:
            self._window.show_error(error)

    def _in_background(self, text: str, work: Callable[[], object], on_done: Callable[..., None]) -> None:
        status = self._window.status
        status.show_task(text)

        def done(value: object) -> None:
            status.show_task("")
            on_done(value)

        def failed(error: UserError) -> None:
            status.show_task("")
            self._window.show_error(error)

        self._window.background.run(work, on_done=done, on_error=failed, name="files")


def _flat_pixels(path: Path) -> np.ndarray:
    from desktop.io.documents import flat_image, open_document_file

    return flat_image(open_document_file(path)).pixels


def _export(document: Document, options: ExportOptions) -> None:
    from desktop.io.documents import flat_image
    from desktop.io.image_files import write_image

    write_image(options.path, flat_image(document), quality=options.quality, lossless=options.lossless)
