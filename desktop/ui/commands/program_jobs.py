"""A program with the train extra that works for the window: started, followed and ended.

Programs say on standard output how far they are, one line of JSON each, and end when they are cancelled. What they are
asked for and what becomes of their result is said by the classes made of this one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from desktop.core.errors import UserError
from desktop.settings import TRAIN_PYTHON
from desktop.training_programs import told, train_python, training_root
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

KILL_AFTER_MS = 3000  # of a program that does not end when it is asked to

Programs = Mapping[str, tuple[str, ...]]  # kind → module and its first arguments


class ProgramJobs(QObject):
    """One job at a time. `changed` when it moves on, `failed` (UserError) when it cannot."""

    changed = Signal()
    failed = Signal(object)
    noted = Signal(str)

    def __init__(self, window: MainWindow, programs: Programs, errors: str) -> None:
        """`errors` begins the names of what is told: "<errors>.busy" and "<errors>.failed"."""
        super().__init__(window)
        self._window, self._programs, self._errors = window, programs, errors
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

    def cancel(self) -> None:
        """Asks the program to end; its result is given up."""
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

    def _check_can_start(self) -> None:
        if self.is_running:
            raise UserError(f"{self._errors}.busy")
        self.interpreter()  # says at once what is missing

    @property
    def _folder_name(self) -> str:
        assert self._folder is not None
        return self._folder.name

    def _begin(self, kind: str) -> Path:
        """The folder of a new job, gone after it."""
        self._folder = tempfile.TemporaryDirectory(prefix="scumble-job-")
        self._window.info.end_error()  # of the job before
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
        process.start(program, [*first, "-m", *self._programs[self.kind], *arguments, "--report", self._folder_name])
        self.changed.emit()

    def _read(self) -> None:
        process = self._process
        if process is None:
            return
        self._said += bytes(process.readAllStandardOutput().data()).decode(errors="replace")
        *lines, self._said = self._said.split("\n")
        for line in lines:
            said = told(line)
            if said is not None:
                self.step, self.of = int(said["step"]), int(said["of"])
                self.picture = Path(said["picture"]) if "picture" in said else self.picture
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
            self._fail(self._failure(said[-1] if said else str(code)))
        else:
            try:
                finish()
            except UserError as error:
                self._fail(error)
            self._done()

    def _failure(self, last: str) -> UserError:
        """What the last line that a program said means to people."""
        if last.startswith("ModuleNotFoundError"):
            return UserError("styles.no_python")
        return UserError(f"{self._errors}.failed", reason=last)

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
