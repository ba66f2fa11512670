"""Journals of the open documents, and documents that journals of an earlier run bring back."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.core.color import Rgba8
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.io.atomic import FULL_DISK
from desktop.io.journal import Journal, JournalKeeper
from desktop.io.journal_folder import JournalFolder, claim_abandoned, new_folder, remove_old
from desktop.io.journal_reader import Recovered, journals_in, preview_of, read_journal
from desktop.io.journal_writer import Version
from desktop.paths import user_journal_dir
from desktop.settings import JOURNAL, JOURNAL_FOLDER, Setting
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.dialogs.recovery_dialog import RecoveryDialog
    from desktop.ui.main_window import MainWindow

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """A journal that nobody alive keeps: a document, or the sentence why there is none."""

    folder: JournalFolder
    files: tuple[Path, ...]
    recovered: Recovered | None = None
    preview: Rgba8 | None = None
    error: UserError | None = None


class RecoveryCommands:
    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._keeper: JournalKeeper | None = None
        self._folder: JournalFolder | None = None
        self._journals: dict[int, Journal] = {}  # by the identity of the open document
        self._claimed: dict[Path, JournalFolder] = {}
        self._resolved: set[Path] = set()
        self._waiting: list[tuple[OpenDocument, Offer]] = []  # shown, not yet in a journal of their own
        self._dialog: RecoveryDialog | None = None
        self._is_recovering = False
        window.state.documents_changed.connect(self._follow)
        window.state.document_renamed.connect(self._rename)
        window.settings.changed.connect(self._setting_changed)

    @property
    def root(self) -> Path:
        chosen = self._window.settings.get(JOURNAL_FOLDER)
        return Path(chosen) if chosen else user_journal_dir()

    @property
    def dialog(self) -> RecoveryDialog | None:
        return self._dialog

    # journals of what is open

    @contextmanager
    def recovering(self) -> Iterator[None]:
        """Documents shown inside it do not come from the file they have the name of."""
        self._is_recovering = True
        try:
            yield
        finally:
            self._is_recovering = False

    def flush(self) -> bool:
        """Waits until all finished changes are in the journals."""
        return self._keeper is None or self._keeper.flush()

    def close(self) -> None:
        """The window closes properly: its journals go, those of others stay."""
        self._window.settings.changed.disconnect(self._setting_changed)
        self._stop()
        for folder in self._claimed.values():
            folder.release()
        self._claimed.clear()

    def _follow(self) -> None:
        """Starts journals of documents that are new here, ends those of closed ones."""
        sessions = self._window.state.documents
        alive = {id(session.open_document) for session in sessions}
        for gone in self._journals.keys() - alive:
            self._journals.pop(gone).close()
        for session in sessions:
            opened = session.open_document
            if id(opened) in self._journals or not self._window.settings.get(JOURNAL):
                continue
            keeper = self._started()
            if keeper is None:
                return
            source = None if self._is_recovering else session.path
            self._journals[id(opened)] = keeper.follow(opened, path=session.path, title=session.title, source=source)

    def _rename(self) -> None:
        for session in self._window.state.documents:
            journal = self._journals.get(id(session.open_document))
            if journal is not None:
                journal.set_target(session.path, session.title)

    def _started(self) -> JournalKeeper | None:
        """The keeper, made when the first document needs it."""
        if self._keeper is None:
            try:
                self._folder = new_folder(self.root)
            except OSError as error:
                self._tell_paused(error)
                return None
            call = self._window.background.call
            self._keeper = JournalKeeper(
                self._folder.path,
                on_paused=lambda error: call(lambda: self._tell_paused(error)),
                on_resumed=lambda: call(self._tell_resumed),
                on_written=lambda journal, version: self._written(journal, version),
            )
        return self._keeper

    def _stop(self) -> None:
        self._journals.clear()
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None
        if self._folder is not None:
            self._folder.remove()
            self._folder = None

    def _tell_resumed(self) -> None:
        self._window.status.show_warning("")
        self._window.info.show_note(tr("journal.resumed"))

    def _tell_paused(self, error: OSError) -> None:
        self._window.status.show_warning(tr("journal.paused_short"))
        if error.errno in FULL_DISK:
            self._window.info.show_error(tr("journal.paused", folder=self.root))
        else:
            reason = error.strerror or str(error)
            self._window.info.show_error(tr("journal.failed", folder=self.root, reason=reason))

    def _setting_changed(self, setting: Setting[object]) -> None:
        if setting.key not in (JOURNAL.key, JOURNAL_FOLDER.key):
            return
        self._stop()
        self._follow()
        for journal in self._journals.values():
            if journal.opened.is_modified:
                journal.keep_now()

    # journals that were left behind

    def look(self) -> None:
        """Looks in the background for journals without an owner and offers what they hold."""
        self._search(is_asked=False)

    def show(self) -> None:
        """The menu entry: the same, and says when there is nothing."""
        self._search(is_asked=True)

    def _search(self, *, is_asked: bool) -> None:
        if self._dialog is not None:
            self._dialog.raise_()
            return
        root, held, resolved = self.root, list(self._claimed.values()), set(self._resolved)

        def found(offers: list[Offer]) -> None:
            for offer in offers:
                self._claimed[offer.folder.path] = offer.folder
            if offers:
                self._offer(offers)
            elif is_asked:
                self._window.info.show_note(tr("recovery.nothing"))

        self._window.background.run(
            lambda: find_offers(root, held, resolved), on_done=found, on_error=self._window.show_error, name="recovery"
        )

    def _offer(self, offers: list[Offer]) -> None:
        from desktop.ui.dialogs.recovery_dialog import RecoveryDialog

        self._dialog = RecoveryDialog(offers, self._window)
        self._dialog.recovered.connect(self._recover)
        self._dialog.discarded.connect(self._discard)
        self._dialog.finished.connect(self._dialog_closed)
        self._dialog.open()
        for folder in {offer.folder.path: offer.folder for offer in offers}.values():
            folder.note_offer()

    def _dialog_closed(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None

    def _recover(self, offer: Offer) -> None:
        """The old journal goes once the document is in a journal of its own again."""
        found = offer.recovered
        assert found is not None

        self._window.files.show_recovered(found.document, found.path, found.title)
        opened = self._window.state.open_document
        assert opened is not None
        if id(opened) in self._journals:
            self._waiting.append((opened, offer))
            self._journals[id(opened)].keep_now()
        self._window.info.show_note(tr("recovery.done", name=found.title))

    def _written(self, journal: Journal, version: Version) -> None:
        """Called in the keeper's thread."""
        for opened, offer in list(self._waiting):
            if journal.opened is opened and version.document is not None:
                self._waiting.remove((opened, offer))
                self._window.background.call(lambda done=offer: self._discard(done))

    def _discard(self, offer: Offer) -> None:
        self._resolved.add(offer.files[0])
        for path in offer.files:
            path.unlink(missing_ok=True)
        if not journals_in(offer.folder.path):
            self._claimed.pop(offer.folder.path, None)
            offer.folder.remove()


def find_offers(root: Path, held: Iterable[JournalFolder], resolved: set[Path]) -> list[Offer]:
    """Every document that journals without an owner hold, the latest first; those of no use are removed."""
    remove_old(root)
    offers = []
    for folder in [*held, *claim_abandoned(root)]:
        kept = [offer for files in journals_in(folder.path) if (offer := _offer_of(folder, files)) is not None]
        kept = [offer for offer in kept if offer.files[0] not in resolved]
        if not kept and folder not in held:
            folder.release()
        offers += kept
    return sorted(offers, key=lambda offer: -offer.recovered.time if offer.recovered is not None else 0.0)


def _offer_of(folder: JournalFolder, files: tuple[Path, ...]) -> Offer | None:
    try:
        return _read_offer(folder, files)
    except UserError as error:
        return Offer(folder, files, error=error)
    except Exception:  # whatever one journal holds, the others must be offered
        logger.warning("A journal could not be read: %s", files[0], exc_info=True)
        return Offer(folder, files, error=UserError("journal.nameless_damaged"))


def _read_offer(folder: JournalFolder, files: tuple[Path, ...]) -> Offer | None:
    found = read_journal(files)
    is_on_disk = found is not None and not found.is_modified and found.path is not None and found.path.exists()
    if found is None or is_on_disk:
        for path in files:
            path.unlink(missing_ok=True)
        return None
    return Offer(folder, files, found, preview_of(found.document))
