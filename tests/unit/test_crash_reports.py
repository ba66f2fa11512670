"""Errors nobody caught and crashes of the process leave a report on this computer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.crash_reports import FOLDER, KEPT_REPORTS, CrashReports


@pytest.fixture
def reports(tmp_path: Path) -> Iterator[CrashReports]:
    made = CrashReports(tmp_path)
    made.install()
    yield made
    made.uninstall()


def test_an_uncaught_error_becomes_a_report_and_is_told(
    reports: CrashReports, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scumble.log").write_text("the last words of the log", encoding="utf-8")
    told: list[Path] = []
    reports.told = told.append
    error = ValueError("a broken brush")
    sys.excepthook(ValueError, error, None)
    assert "a broken brush" in capsys.readouterr().err, "who watches the console still sees it"
    text = told[0].read_text(encoding="utf-8")
    assert "ValueError: a broken brush" in text
    assert "the last words of the log" in text
    assert "Scumble" in text


def test_an_error_in_a_thread_becomes_a_report(reports: CrashReports, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[Path] = []
    reports.told = told.append
    hook = threading.ExceptHookArgs((RuntimeError, RuntimeError("in the back"), None, threading.current_thread()))
    threading.excepthook(hook)
    assert "in the back" in told[0].read_text(encoding="utf-8")
    assert "in the back" in capsys.readouterr().err


def test_only_the_newest_reports_are_kept(reports: CrashReports) -> None:
    for number in range(KEPT_REPORTS + 3):
        (reports.folder / f"report-20200101-0000{number:02}-1.txt").write_text("old", encoding="utf-8")
    newest = reports.write(ValueError("new"))
    left = sorted(reports.folder.glob("report-*.txt"))
    assert len(left) == KEPT_REPORTS
    assert newest in left


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_a_crash_is_found_at_the_next_start(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from desktop.crash_reports import CrashReports;"
        "CrashReports(Path(sys.argv[1])).install(); os.kill(os.getpid(), signal.SIGSEGV)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGSEGV
    found = CrashReports(tmp_path).found()
    assert found is not None
    assert "Segmentation fault" in found.read_text(encoding="utf-8")
    assert CrashReports(tmp_path).found() is None, "it is told once"


def test_a_running_instance_and_a_clean_end_leave_nothing_to_find(reports: CrashReports, tmp_path: Path) -> None:
    assert (tmp_path / FOLDER / f"running-{os.getpid()}.txt").is_file()
    assert CrashReports(tmp_path).found() is None
    reports.uninstall()
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_folder_that_cannot_be_written_keeps_nobody_from_starting(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file in the way", encoding="utf-8")
    reports = CrashReports(tmp_path / "log")
    reports.install()
    assert reports.write(ValueError("x")) is None
    reports.uninstall()
