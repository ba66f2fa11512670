"""Styles that need PyTorch: a picture painted slowly, and a style learned, by a Python with the train extra.

They run as programs of their own (`python -m models.neural_style`, `python -m models.learn_style`), say on standard
output how far they are, one line of JSON each, and end when they are cancelled.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from desktop.core.color import to_depth
from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.errors import UserError
from desktop.io.documents import flat_image
from desktop.io.image_files import read_image, write_image
from desktop.paths import resources_dir, user_models_dir
from desktop.settings import TRAIN_PYTHON
from desktop.tools.layer_edits import place_above
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.documents import DocumentSession
    from desktop.ui.main_window import MainWindow

KILL_AFTER_MS = 3000  # of a program that does not end when it is asked to
PROGRAMS = {
    "slow": ("models.neural_style", "--side", "640"),
    "learn": ("models.learn_style", "--minutes", "12"),
}


class StyleJobs(QObject):
    """One job at a time. `changed` when it moves on, `failed` (UserError) when it cannot."""

    changed = Signal()
    failed = Signal(object)
    noted = Signal(str)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._process: QProcess | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._finish: Callable[[], None] | None = None
        self._said = ""  # the beginning of a line
        self.kind = ""
        self.step, self.of = 0, 0
        self.picture: Path | None = None  # how it looks so far
        self.interpreter: Callable[[], list[str]] = lambda: [str(train_python(window.settings.get(TRAIN_PYTHON)))]
        self.failed.connect(lambda error: window.show_error(error))
        self.noted.connect(lambda text: window.info.show_note(text))

    @property
    def is_running(self) -> bool:
        return bool(self.kind)

    @property
    def can_paint(self) -> bool:
        return self._window.state.open_document is not None and not self.is_running

    def paint_slowly(self) -> None:
        """The visible picture in the manner of a painting from a file, as a new layer."""
        session = self._window.state.current
        if session is None:
            raise UserError("tool.no_document")
        painting = self._ask_painting()
        if painting is None:
            return
        document = session.open_document.document
        folder = self._begin("slow")
        out = folder / "painted.png"
        self._window.background.run(
            lambda: write_image(folder / "picture.png", flat_image(document)),
            on_done=lambda _none: self._start(
                [str(folder / "picture.png"), str(painting), str(out)],
                lambda: self._land(session, document, out),
            ),
            on_error=self._fail,
            name="slow style",
        )

    def learn(self) -> None:
        """A style of one's own from one picture; it joins the others in the panel."""
        painting = self._ask_painting()
        if painting is None:
            return
        folder = self._begin("learn")
        target = user_models_dir() / _free_id(painting.stem)
        arguments = [str(painting), "--export", str(target), "--run", str(folder / "run")]
        self._start(arguments, lambda: self._learned(target))

    def cancel(self) -> None:
        """Asks the program to end; its picture or style is given up."""
        process = self._process
        if process is not None:
            self._finish = None
            process.terminate()
            QTimer.singleShot(KILL_AFTER_MS, process, process.kill)
            self.noted.emit(tr("ai.cancelled"))

    def close(self) -> None:
        """Ends what runs; waits for it."""
        process = self._process
        if process is not None:
            self._finish = None
            process.kill()
            process.waitForFinished(KILL_AFTER_MS)

    def _ask_painting(self) -> Path | None:
        if self.is_running:
            raise UserError("styles.busy")
        self.interpreter()  # says at once what is missing
        return self._window.files.ask_picture()

    @property
    def _folder_name(self) -> str:
        assert self._folder is not None
        return self._folder.name

    def _begin(self, kind: str) -> Path:
        self._folder = tempfile.TemporaryDirectory(prefix="scumble-style-")
        self.kind, self.step, self.of, self.picture, self._said = kind, 0, 0, None, ""
        return Path(self._folder.name)

    def _start(self, arguments: list[str], finish: Callable[[], None]) -> None:
        program, *first = self.interpreter()
        process = self._process = QProcess(self)
        process.setWorkingDirectory(str(training_root(Path(program))))
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUNBUFFERED", "1")
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._not_started)
        self._finish = finish
        process.start(program, [*first, "-m", *PROGRAMS[self.kind], *arguments, "--report", self._folder_name])
        self.changed.emit()

    def _read(self) -> None:
        process = self._process
        if process is None:
            return
        self._said += bytes(process.readAllStandardOutput().data()).decode(errors="replace")
        *lines, self._said = self._said.split("\n")
        for line in lines:
            told = _told(line)
            if told is not None:
                self.step, self.of = int(told["step"]), int(told["of"])
                self.picture = Path(told["picture"]) if "picture" in told else self.picture
        self.changed.emit()

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._done()
            self._fail(UserError("styles.no_python"))

    def _ended(self, code: int, _status: QProcess.ExitStatus) -> None:
        process, finish = self._process, self._finish
        assert process is not None
        said = bytes(process.readAllStandardError().data()).decode(errors="replace").strip().splitlines()
        if finish is None:  # cancelled
            self._done()
        elif code:
            self._done()
            self._fail(UserError("styles.failed", reason=said[-1] if said else str(code)))
        else:
            try:
                finish()
            except UserError as error:
                self._fail(error)
            self._done()

    def _done(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        self.kind = ""
        self.changed.emit()

    def _fail(self, error: UserError) -> None:
        if self._process is None and self._folder is not None:
            self._done()
        self.failed.emit(error)

    def _land(self, session: DocumentSession, document: Document, out: Path) -> None:
        """The painted picture as a layer over all others of the document it was made from."""
        opened = session.open_document
        if opened.is_editing or opened.document.size != document.size:
            raise UserError("styles.changed_meanwhile")
        pixels = to_depth(read_image(out).pixels, opened.document.depth)
        layer = new_layer_from_pixels(opened.document, pixels, tr("styles.slow_layer"))
        parent, index = place_above(opened.document, None)
        with opened.edit(tr("edit.paint_slowly")) as edit:
            edit.insert_layer(layer, parent, index)

    def _learned(self, target: Path) -> None:
        self._window.ai.form.load_models()
        self.noted.emit(tr("styles.learned", name=target.name))


def train_python(chosen: str) -> Path:
    """The Python of the preferences, else the one that runs the editor. UserError: neither has PyTorch's scripts."""
    if chosen:
        path = Path(chosen)
        if not path.is_file():
            raise UserError("styles.no_python")
        training_root(path)
        return path
    if getattr(sys, "frozen", False) or importlib.util.find_spec("torch") is None:
        raise UserError("styles.no_python")
    training_root(Path(sys.executable))
    return Path(sys.executable)


def training_root(python: Path) -> Path:
    """The folder that holds `models/`: the source tree of the editor, or the one whose environment the Python is."""
    candidates = [resources_dir().parent, *list(python.absolute().parents)[:4]]
    for folder in candidates:
        if (folder / "models" / "neural_style.py").is_file():
            return folder
    raise UserError("styles.no_python")


def _told(line: str) -> dict[str, Any] | None:
    """What a line of the program says; None for any other text."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) and {"step", "of"} <= set(told) else None


def _free_id(name: str) -> str:
    """A model id out of a file's name that no folder has yet."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "picture"
    number, found = 1, f"style-{plain}"
    while (user_models_dir() / found).exists():
        number += 1
        found = f"style-{plain}-{number}"
    return found
