"""Whose journals are whose: every running program has a folder with a lock that the system drops when it dies.

A folder whose lock is free belongs to nobody, whatever number its process had: its journals may be offered.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

SUFFIX = ".journal"
LOCK_NAME = "lock"
OFFERED_NAME = "offered"  # an empty file: when somebody was last shown what lies here
UNBORN_PREFIX = ".new-"  # a folder whose lock is not taken yet
MAX_AGE_S = 14 * 24 * 3600.0  # since the offer; journals left alone for longer are removed
UNBORN_AGE_S = 3600.0


class JournalFolder:
    """A folder that this program holds: its own, or one that it found without an owner."""

    def __init__(self, path: Path, lock: BinaryIO) -> None:
        self.path = path
        self._lock = lock

    def note_offer(self) -> None:
        """Somebody was shown what lies here: from now on its age counts."""
        with contextlib.suppress(OSError):
            (self.path / OFFERED_NAME).touch()

    def release(self) -> None:
        """Lets go; the folder stays if there is anything in it."""
        names = {path.name for path in self.path.iterdir()} if self.path.is_dir() else {"gone"}
        is_empty = names <= {LOCK_NAME, OFFERED_NAME}
        if is_empty:
            self.remove()
        else:
            self._lock.close()

    def remove(self) -> None:
        """Deletes the folder with all that is in it."""
        if sys.platform == "win32":  # open files cannot be deleted there
            self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def new_folder(root: Path) -> JournalFolder:
    """A folder of our own, locked before anybody can see it. OSError when none can be made."""
    root.mkdir(parents=True, exist_ok=True)
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{secrets.token_hex(3)}"
    unborn = root / f"{UNBORN_PREFIX}{name}"
    unborn.mkdir(mode=0o700)
    path = root / name
    if sys.platform == "win32":  # a folder with an open file cannot be renamed there
        unborn.rename(path)
        return JournalFolder(path, _locked(path))
    lock = _locked(unborn)
    unborn.rename(path)
    return JournalFolder(path, lock)


def claim_abandoned(root: Path) -> list[JournalFolder]:
    """Every folder without a living owner, oldest first; now they are ours, and nobody else is offered them."""
    claimed = []
    for path in sorted(root.iterdir()) if root.is_dir() else []:
        if path.name.startswith(".") or not path.is_dir():
            continue
        try:
            claimed.append(JournalFolder(path, _locked(path)))
        except OSError:
            continue
    return claimed


def remove_old(root: Path, now: Callable[[], float] = time.time) -> None:
    """Deletes abandoned folders whose journals were offered and left alone for two weeks, and what a start that was
    cut off left. Journals that nobody was ever shown stay, however old they are.
    """
    for folder in claim_abandoned(root):
        has_waited = _newest(folder.path) < now() - MAX_AGE_S
        if has_waited and (_was_offered(folder.path) or not _has_journals(folder.path)):
            folder.remove()
        else:
            folder.release()
    for path in root.glob(f"{UNBORN_PREFIX}*"):
        if _newest(path) < now() - UNBORN_AGE_S:
            shutil.rmtree(path, ignore_errors=True)


def _was_offered(folder: Path) -> bool:
    return (folder / OFFERED_NAME).exists()


def _has_journals(folder: Path) -> bool:
    return any(folder.glob(f"*{SUFFIX}"))


def _newest(folder: Path) -> float:
    """When anything in it was last written."""
    times = [0.0]
    for path in [folder, *folder.glob("*")]:
        if path.name != LOCK_NAME:
            with contextlib.suppress(OSError):
                times.append(path.stat().st_mtime)
    return max(times)


def _locked(folder: Path) -> BinaryIO:
    """The folder's lock file, locked; OSError when somebody alive holds it."""
    file = (folder / LOCK_NAME).open("a+b")
    try:
        _lock(file)
    except OSError:
        file.close()
        raise
    return file


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
