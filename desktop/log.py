"""The log: a file that stays small, and warnings on standard error. Set up once, by app and cli."""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_LIMIT_BYTES = 1_000_000
KEPT_LOGS = 2
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def set_up_log(folder: Path | None) -> None:
    """Log to `folder`/scumble.log (None: no file) and warnings to standard error, where there is one."""
    root = logging.getLogger("desktop")
    root.setLevel(logging.INFO)
    for handler in (_file_handler(folder), _console_handler()):
        if handler is not None:
            root.addHandler(handler)


def _file_handler(folder: Path | None) -> logging.Handler | None:
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / "scumble.log", maxBytes=LOG_LIMIT_BYTES, backupCount=KEPT_LOGS, encoding="utf-8", delay=True
        )
    except OSError:  # a home that cannot be written must not keep the program from starting
        return None
    handler.setFormatter(logging.Formatter(_FORMAT))
    return handler


def _console_handler() -> logging.Handler | None:
    if sys.stderr is None:  # a windowed program has none
        return None
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    return handler
