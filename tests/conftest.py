"""For every test: no screen needed, a home of its own, and nothing unexpected in the log."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("QT_SCALE_FACTOR", "1")

OFFSCREEN_NOISE = "This plugin does not support"  # sizes, raising, grabbing: a screen has them


def pytest_configure(config: pytest.Config) -> None:
    """The default tier tries the same examples every time, so that a failure has a cause; nightly looks for more."""
    settings.register_profile("default", derandomize=True)
    settings.register_profile("nightly", max_examples=500)
    settings.load_profile("nightly" if config.option.markexpr.startswith("nightly") else "default")
    config.addinivalue_line("qt_log_ignore", OFFSCREEN_NOISE)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests that need a GPU run where there is one; elsewhere the reason is shown why they did not."""
    if item.get_closest_marker("gpu") is not None and (reason := _cuda_reason()):
        pytest.skip(reason)


@functools.cache
def _cuda_reason() -> str | None:
    from desktop.runtime.device import Devices

    reason = Devices().cuda_reason()
    return None if reason is None else str(reason)


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, models and logs of a user who starts the program for the first time."""
    home = tmp_path / "scumble-home"
    monkeypatch.setenv("SCUMBLE_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def no_stray_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A warning in the log is a failure; a test that provokes one calls `caplog.clear()`."""
    yield
    stray = [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING]
    assert not stray, [f"{record.name}: {record.getMessage()}" for record in stray]
