"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from desktop.core.errors import UserError
from desktop.io import atomic
from desktop.io.atomic import replacing
from desktop.io.image_files import ImageFile, write_image
from desktop.io.openraster import save_openraster
from tests.builders import noise, noise_document

NOBODY = 65534
SUFFIXES = (".png", ".jpg", ".webp", ".tif", ".bmp", ".ora")


@contextmanager
def without_root_rights() -> Iterator[None]:
    """Root may do everything, so that tests of permissions have to give that up for a while."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def write_picture(path: Path, side: int = 40) -> None:
    if path.suffix == ".ora":
        save_openraster(noise_document(2, width=side, height=side), path)
    else:
        write_image(path, ImageFile(noise(side, side)))


def key_of_failure(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        write_picture(path)
    assert str(caught.value).endswith(".")
    return caught.value.key


def test_a_file_is_replaced_and_nothing_else_stays_behind(tmp_path: Path) -> None:
    path = tmp_path / "ä.txt"
    path.write_text("old")
    with replacing(path) as aside:
        aside.write_text("new")
        assert path.read_text() == "old"
        assert aside.parent == tmp_path
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_exception_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half() -> None:
        with replacing(path) as aside:
            aside.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_of_the_old_file_are_kept_and_new_ones_follow_the_umask(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("x")
    old.chmod(0o640)
    for path in (old, new):
        with replacing(path) as aside:
            aside.write_text("y")
    umask = os.umask(0)
    os.umask(umask)
    assert old.stat().st_mode & 0o777 == 0o640
    assert new.stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)
    with replacing(link) as aside:
        aside.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, suffix: str) -> None:
    assert key_of_failure(tmp_path / "no" / f"a{suffix}") == "file.no_folder"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_is_not_overwritten(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").mkdir()
    assert key_of_failure(tmp_path / f"a{suffix}") == "file.is_folder"


def test_a_name_longer_than_the_disk_allows_is_refused(tmp_path: Path) -> None:
    assert key_of_failure(tmp_path / ("a" * 300 + ".png")) == "file.name_too_long"
    longest = tmp_path / ("a" * 251 + ".png")
    write_picture(longest)
    assert longest.exists()


def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    for part in (tmp_path.parent.parent, tmp_path.parent, tmp_path, folder):
        part.chmod(0o755)
    folder.chmod(0o555)
    with without_root_rights():
        assert key_of_failure(folder / "a.png") == "file.no_write_permission"
    folder.chmod(0o755)


def test_a_write_protected_file_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    for part in (tmp_path.parent.parent, tmp_path.parent, tmp_path):
        part.chmod(0o755)
    folder.chmod(0o777)
    path = folder / "a.png"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with without_root_rights():
        assert key_of_failure(path) == "file.no_write_permission"
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_the_old_picture(tmp_path: Path, suffix: str) -> None:
    """A limit on file sizes in a process of its own is as real as a full disk gets without being root."""
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from desktop.core.errors import UserError\n"
        "from tests.unit.test_io_atomic import write_picture\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try: write_picture(Path(sys.argv[1]), 120)\n"
        "except UserError as error: sys.exit(0 if error.key == 'file.disk_full' else str(error))\n"
        "sys.exit('it was written')\n"
    )
    command = [sys.executable, "-W", "error", "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (errno.ENOSPC, "file.disk_full"),
        (errno.EDQUOT, "file.disk_full"),
        (errno.EROFS, "file.read_only_disk"),
        (errno.EIO, "file.cannot_write"),
    ],
)
def test_failing_to_reach_the_disk_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, key: str
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(atomic.os, "fsync", fail)
    assert key_of_failure(path) == key
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_ending_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        write_image(tmp_path / "a.xyz", ImageFile(np.zeros((2, 2, 4), np.uint8)))
    assert caught.value.key == "file.unknown_suffix"
    assert ".png" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
