"""What the File menu does. Reading and writing happen off the UI thread, on immutable documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

from desktop.core.color import Depth, dtype_of_depth, max_level
from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.layers import RasterLayer
from desktop.core.tiles import Placer, TileMap
from desktop.io.atomic import FULL_DISK
from desktop.settings import RECENT_FILES, UNDO_MEMORY_PERCENT
from desktop.tools.depth import with_depth
from desktop.tools.names import EditName
from desktop.ui.dialogs.dialogs import PROJECT_SUFFIX, ExportOptions, Unsaved
from desktop.ui.documents import DocumentSession
from desktop.ui.i18n import tr
from desktop.ui.memory import check_new_size, live_limit, scratch_dir, tiles_for_opening

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

RECENT_LIMIT = 10


class FileCommands:
    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._state = window.state
        self._machine_bytes = psutil.virtual_memory().total
        self._folder = Path.home()
        self._given_up: dict[DocumentSession, Document] = {}  # the version that need not be saved

    def new(self) -> None:
        wanted = self._window.dialogs.ask_new()
        if wanted is not None:
            self._make_new(Size(wanted.width, wanted.height), not wanted.is_transparent, wanted.depth)

    def open(self) -> None:
        self.open_paths(self._window.dialogs.ask_open(self._folder))

    def open_path(self, path: Path) -> None:
        """Opens a file in a tab of its own; one that is open already is shown."""
        self.open_paths([path])

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Opens files one after the other; one that cannot be read does not keep the others from it."""
        if not paths:
            return
        first, rest = paths[0].absolute(), paths[1:]  # a journal may be read from another folder
        known = self._session_of(first)
        if known is not None:
            self._state.show_document(known)
            self.open_paths(rest)
        else:
            self._read(first, lambda: self.open_paths(rest))

    def place(self) -> None:
        for path in self._window.dialogs.ask_open(self._folder):
            self.place_path(path)

    def place_path(self, path: Path) -> None:
        """Puts a picture as a new layer into the middle of the canvas."""
        self._in_background(
            tr("task.opening", name=path.name), lambda: _flat_pixels(path), lambda pixels: self._insert(path, pixels)
        )

    def ask_picture(self) -> Path | None:
        """One picture file of the user's choice, not opened."""
        paths = self._window.dialogs.ask_open(self._folder)
        return paths[0] if paths else None

    def drop(self, paths: list[Path]) -> None:
        """On an empty window files open; on the canvas they become layers."""
        if self._state.open_document is None:
            self.open_paths(paths)
            return
        for path in paths:
            self.place_path(path)

    def save(self, then: Callable[[], None] | None = None) -> None:
        path, session = self._state.path, self._state.current
        if path is None or session is None or path.suffix.lower() != PROJECT_SUFFIX:
            self.save_as(then)
        else:
            self._write(session, path, then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        session = self._state.current
        base = self._state.path or self._folder / self._state.title
        path = self._window.dialogs.ask_save(base.with_suffix(PROJECT_SUFFIX))
        if path is None or session is None:
            return
        path = path if path.suffix.lower() == PROJECT_SUFFIX else path.with_name(path.name + PROJECT_SUFFIX)
        self._write(session, path, then)

    def set_depth(self, depth: Depth) -> None:
        """The picture with 8 or 16 bits a channel, as a step that can be undone."""
        session = self._state.current
        if session is None or session.open_document.document.depth == depth:
            return
        opened = session.open_document
        version = opened.document

        def land(converted: Document) -> None:
            if opened.document is not version or opened.is_editing:
                self.set_depth(depth)  # the picture changed meanwhile: the change counts for what it is now
                return
            with opened.edit(EditName.DEPTH) as edit:
                edit.replace_document(converted)

        self._in_background(tr("task.depth"), lambda: with_depth(version, depth), land)

    def duplicate(self) -> None:
        """The shown picture once more, as a document without a file."""
        document = self._state.document
        if document is not None:
            self.show_made(document, tr("file.copy_of", name=self._state.title))

    def show_made(self, document: Document, title: str) -> None:
        """A document that came into being here: it has no file and is to be saved."""
        self.show(document, None, title)
        assert self._state.open_document is not None
        self._state.open_document.mark_unsaved()

    def revert(self) -> None:
        """The picture as its file has it, as a step that can be undone."""
        session, path = self._state.current, self._state.path
        if session is None or path is None:
            return

        def reverted(document: Document) -> None:
            opened = session.open_document
            if opened.is_editing:
                self._window.canvas.pointer.cancel()
            with opened.edit(EditName.REVERT) as edit:
                edit.replace_document(document)
            opened.mark_saved()

        self._in_background(tr("task.opening", name=path.name), lambda: _document_of(path), reverted)

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
        if self._state.current is not None:
            self.close_documents([self._state.current])

    def close_all(self) -> None:
        self.close_documents(self._state.documents)

    def close_others(self, session: DocumentSession) -> None:
        self.close_documents([other for other in self._state.documents if other is not session])

    def close_documents(self, sessions: Sequence[DocumentSession]) -> None:
        """Closes documents, after one question about all unsaved work among them."""
        sessions = tuple(sessions)

        def close_now() -> None:
            for session in sessions:
                if session in self._state.documents:
                    self._state.close_document(session)
                self._given_up.pop(session, None)

        if self._may_give_up(sessions, close_now):
            close_now()

    def can_close(self) -> bool:
        """Asks about unsaved work when the window closes; saving ends in a second close."""
        return self._may_give_up(self._state.documents, lambda: bool(self._window.close()))

    def next_document(self) -> None:
        self._step(1)

    def previous_document(self) -> None:
        self._step(-1)

    def show_folder(self, session: DocumentSession) -> None:
        if session.path is not None:
            self._window.dialogs.show_folder(session.path.parent)

    def recent(self) -> list[Path]:
        return [Path(name) for name in self._window.settings.get(RECENT_FILES)]

    def show(self, document: Document, path: Path | None, title: str) -> None:
        """Puts a document into the window."""
        from desktop.io.scratch import ScratchFile

        opened = OpenDocument(
            document,
            name=EditName.OPEN if path is not None else EditName.NEW,
            history_bytes=self.memory_budget(),
            store=ScratchFile(scratch_dir(self._window.settings)),
            live=live_limit(self._window.settings),
        )
        opened.history.steps_lost.connect(self._tell_lost_steps)
        self._state.add_document(DocumentSession(opened, path, title))

    def _tell_lost_steps(self, error: OSError) -> None:
        folder = scratch_dir(self._window.settings)
        if error.errno in FULL_DISK:
            self._window.info.show_error(tr("history.disk_full", folder=folder))
        else:
            reason = error.strerror or str(error)
            self._window.info.show_error(tr("history.not_written", folder=folder, reason=reason))

    def show_recovered(self, document: Document, path: Path | None, title: str) -> None:
        """Puts a document of a journal into the window, modified, to be saved where it came from."""
        with self._window.recovery.recovering():
            self.show(document, path, title)
        opened = self._state.open_document
        assert opened is not None
        opened.mark_unsaved()

    def memory_budget(self) -> int:
        """Bytes for the histories and snapshots of all documents together."""
        share = self._window.settings.get(UNDO_MEMORY_PERCENT) / 100
        return int(self._machine_bytes * share)

    def _may_give_up(self, sessions: Sequence[DocumentSession], then: Callable[[], None]) -> bool:
        """True when nothing is lost by closing these now. Otherwise asks; after saving, `then` is called."""
        if not self._window.texts.keep():
            return False
        modified = [session for session in sessions if self._is_modified(session)]
        if not modified:
            return True
        chosen = self._ask_which(modified)
        if chosen is None:
            return False
        for session in modified:
            if session not in chosen:
                self._given_up[session] = session.open_document.document
        if chosen:
            self._save_each(chosen, then)
        return not chosen

    def _ask_which(self, modified: Sequence[DocumentSession]) -> list[DocumentSession] | None:
        """The documents to save before all of these are given up; None when the person stays."""
        if len(modified) > 1:
            answers = self._window.dialogs.ask_unsaved_list([session.title for session in modified])
            return None if answers is None else [s for s, saves in zip(modified, answers, strict=True) if saves]
        self._state.show_document(modified[0])
        answer = self._window.dialogs.ask_unsaved(modified[0].title)
        return {Unsaved.SAVE: list(modified), Unsaved.DISCARD: []}.get(answer)

    def _save_each(self, sessions: Sequence[DocumentSession], then: Callable[[], None]) -> None:
        if not sessions:
            then()
            return
        self._state.show_document(sessions[0])
        self._window.ai.settle()
        self.save(lambda: self._save_each(sessions[1:], then))

    def _is_modified(self, session: DocumentSession) -> bool:
        if self._given_up.get(session) is session.open_document.document:
            return False
        return session.is_modified or self._window.ai.has_preview_of(session)

    def _step(self, by: int) -> None:
        documents, current = self._state.documents, self._state.current
        if current is not None:
            self._state.show_document(documents[(documents.index(current) + by) % len(documents)])

    def _session_of(self, path: Path) -> DocumentSession | None:
        """The document that came from a file."""
        wanted = path.resolve()
        return next((s for s in self._state.documents if s.path is not None and s.path.resolve() == wanted), None)

    def _make_new(self, size: Size, is_white: bool, depth: Depth) -> None:
        check_new_size(self._window.settings, size, depth)
        document, dtype = Document(size, depth), dtype_of_depth(depth)
        if is_white:
            white = TileMap.filled(size.rect(), (max_level(dtype),) * 4, dtype)
            layer = RasterLayer(id=document.next_layer_id(), name=tr("layer.background"), tiles=white)
        else:
            layer = new_layer_from_pixels(document, np.zeros((0, 0, 4), dtype), tr("layer.default_name", number=1))
        self.show(document.with_layer_inserted(layer), None, tr("file.untitled"))

    def _read(self, path: Path, then: Callable[[], None]) -> None:
        def opened(document: Document) -> None:
            self._folder = path.parent
            self.show(document, path, path.name)
            self._remember(path)

        others = [session.open_document.document for session in self._state.documents]
        place = tiles_for_opening(self._window.settings, others).place
        self._in_background(tr("task.opening", name=path.name), lambda: _document_of(path, place), opened, then)

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

    def _write(self, session: DocumentSession, path: Path, then: Callable[[], None] | None) -> None:
        opened = session.open_document
        document = opened.document

        def write() -> None:
            from desktop.io.openraster import save_openraster

            save_openraster(document, path)

        def written(_: object) -> None:
            opened.mark_saved(document)
            self._state.set_path(session, path, path.name)
            self._folder = path.parent
            self._remember(path)
            self._window.info.show_note(tr("file.saved", name=path.name))
            if then is not None:
                then()

        self._in_background(tr("task.saving", name=path.name), write, written)

    def _remember(self, path: Path) -> None:
        known = [str(path.resolve()), *self._window.settings.get(RECENT_FILES)]
        settings = self._window.settings
        if settings.put(RECENT_FILES, tuple(dict.fromkeys(known))[:RECENT_LIMIT]):
            self._window.background.run(
                settings.save, on_done=lambda _: None, on_error=self._window.show_error, name="settings"
            )

    def _in_background(
        self,
        text: str,
        work: Callable[[], object],
        on_done: Callable[..., None],
        then: Callable[[], None] | None = None,
    ) -> None:
        """`then` comes after success and failure alike."""
        status = self._window.status
        status.show_task(text)

        def done(value: object) -> None:
            status.show_task("")
            on_done(value)
            if then is not None:
                then()

        def failed(error: UserError) -> None:
            status.show_task("")
            self._window.show_error(error)
            if then is not None:
                then()

        self._window.background.run(work, on_done=done, on_error=failed, name="files")


def _document_of(path: Path, place: Placer | None = None) -> Document:
    import desktop.io.scratch  # noqa: F401 - showing the document needs it: here it takes no time of the window's
    from desktop.io.documents import open_document_file

    return open_document_file(path, place, background=tr("layer.background"))


def _flat_pixels(path: Path) -> np.ndarray:
    from desktop.io.documents import flat_image, open_document_file

    return flat_image(open_document_file(path)).pixels


def _export(document: Document, options: ExportOptions) -> None:
    from desktop.io.documents import flat_image
    from desktop.io.image_files import write_image

    write_image(options.path, flat_image(document), quality=options.quality, lossless=options.lossless)
