"""Files are written aside and moved into place: a reader sees the old file or the new one, never half of one."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from desktop.core.errors import UserError

FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NEW_FILE_MODE = 0o666  # less the umask, as any program's new file
USUAL_NAME_BYTES = 255  # where the system cannot be asked


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """``with replacing(path) as aside:`` — write the file `aside`; leaving the block moves it to `path`.

    Any exception removes `aside` and leaves what was at `path` untouched. An OSError becomes a UserError. A link is
    followed, and an existing file keeps its permissions.
    """
    try:
        target = _checked_target(Path(path))
        aside = _new_file_beside(target)
        try:
            yield aside
            _sync(aside)
            os.replace(aside, target)
        except BaseException:
            with contextlib.suppress(OSError):
                aside.unlink()
            raise
        _sync_folder(target.parent)
    except OSError as error:
        raise write_error(error, Path(path)) from error


def write_error(error: OSError, path: Path) -> UserError:
    """The sentence for an OSError met while writing `path`."""
    if error.errno in FULL_DISK:
        return UserError("file.disk_full", path=path)
    if error.errno in (errno.EACCES, errno.EPERM):
        return UserError("file.no_write_permission", path=path)
    if error.errno == errno.EROFS:
        return UserError("file.read_only_disk", path=path)
    if error.errno == errno.ENAMETOOLONG:
        return UserError("file.name_too_long", path=path)
    if isinstance(error, IsADirectoryError):
        return UserError("file.is_folder", path=path)
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return UserError("file.no_folder", folder=path.parent)
    return UserError("file.cannot_write", path=path, reason=_reason(error))


def read_error(error: OSError, path: Path) -> UserError:
    """The sentence for an OSError met while reading `path`."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return UserError("file.missing", path=path)
    if isinstance(error, IsADirectoryError):
        return UserError("file.is_folder", path=path)
    if isinstance(error, PermissionError):
        return UserError("file.no_permission", path=path)
    if error.errno == errno.ENAMETOOLONG:
        return UserError("file.name_too_long", path=path)
    return UserError("file.cannot_read", path=path, reason=_reason(error))


def _checked_target(path: Path) -> Path:
    """The real file behind links; refuses folders and files that may not be written."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise UserError("file.is_folder", path=path)
    if target.exists() and not os.access(target, os.W_OK):
        raise UserError("file.no_write_permission", path=path)
    return target


def _new_file_beside(target: Path) -> Path:
    """An empty file in the same folder, so that the move stays on one disk; its own name is always short enough."""
    if len(os.fsencode(target.name)) > _longest_name(target.parent):
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    aside = target.parent / f".scumble-{os.getpid()}-{secrets.token_hex(6)}.tmp"
    os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, NEW_FILE_MODE))
    with contextlib.suppress(FileNotFoundError):
        aside.chmod(stat.S_IMODE(target.stat().st_mode))
    return aside


def _longest_name(folder: Path) -> int:
    return os.pathconf(folder, "PC_NAME_MAX") if hasattr(os, "pathconf") else USUAL_NAME_BYTES


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Makes the move itself last; not possible everywhere, and no reason to fail a save that is done."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).rstrip(".")
