"""What went wrong, kept on this computer for its user to read and to pass on: nothing is sent anywhere.

An error that nobody caught becomes one text file with the traceback, the versions and the end of the log. A crash of
the whole process (a signal) leaves what Python's fault handler could write; it is found at the next start.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TextIO

import desktop
from desktop.paths import build_facts

FOLDER = "reports"
KEPT_REPORTS = 10
LOG_TAIL_CHARACTERS = 20_000
FAULT_FILE = "running-{pid}.txt"
_FAULTS = "running-*.txt"

logger = logging.getLogger(__name__)

Told = Callable[[Path], None]


class CrashReports:
    """Installed once by app. `told` is called with each new report, from whatever thread failed."""

    def __init__(self, log_folder: Path) -> None:
        self.folder = log_folder / FOLDER
        self.told: Told | None = None
        self._log_file = log_folder / "scumble.log"
        self._faults: TextIO | None = None

    def install(self) -> None:
        sys.excepthook = self._take_uncaught
        threading.excepthook = self._take_from_thread
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._faults = (self.folder / FAULT_FILE.format(pid=os.getpid())).open("w", encoding="utf-8")
            faulthandler.enable(self._faults)
        except OSError as error:
            logger.info("No reports about crashes: %s", error)

    def uninstall(self) -> None:
        """At a proper end: what the fault handler would have written to is gone."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        if self._faults is None:
            return
        faulthandler.disable()
        self._faults.close()
        Path(self._faults.name).unlink(missing_ok=True)
        self._faults = None

    def found(self) -> Path | None:
        """The report of an earlier run that a signal ended, None where there is none. Asked once at the start."""
        newest: Path | None = None
        for file in sorted(self.folder.glob(_FAULTS)):
            if _is_running(_pid_of(file)):
                continue
            text = _read(file)
            file.unlink(missing_ok=True)
            if text.strip():
                newest = self._write(text)
        return newest

    def write(self, error: BaseException) -> Path | None:
        """The report about an error; None where it cannot be kept."""
        return self._write("".join(traceback.format_exception(error)))

    def _write(self, what: str) -> Path | None:
        facts = [
            f"Scumble {desktop.__version__} {build_facts().text()}".strip(),
            f"Python {platform.python_version()}, {platform.platform()}, {platform.machine()}",
            time.strftime("%Y-%m-%d %H:%M:%S"),
        ]
        text = "\n".join([*facts, "", what.rstrip(), "", "Log:", _read(self._log_file)[-LOG_TAIL_CHARACTERS:]])
        path = self.folder / f"report-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            for old in sorted(self.folder.glob("report-*.txt"))[:-KEPT_REPORTS]:
                old.unlink(missing_ok=True)
        except OSError as error:
            logger.info("The report cannot be kept: %s", error)
            return None
        return path

    def _take_uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if not isinstance(error, KeyboardInterrupt):
            self._tell(self.write(error))

    def _take_from_thread(self, hook: threading.ExceptHookArgs) -> None:
        threading.__excepthook__(hook)
        if hook.exc_value is not None:
            self._tell(self.write(hook.exc_value))

    def _tell(self, path: Path | None) -> None:
        if path is not None and self.told is not None:
            self.told(path)


def _pid_of(file: Path) -> int:
    digits = file.stem.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0


def _is_running(pid: int) -> bool:
    import psutil

    return pid != 0 and psutil.pid_exists(pid)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
