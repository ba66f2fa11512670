"""The .deb: the frozen folder in /opt/scumble, a command in /usr/bin, and everything a desktop asks for.

And an AppImage of the same, where appimagetool is found. Untested: there was no such tool where it was written.
"""

from __future__ import annotations

import gzip
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import icons

from desktop.cli import COMMANDS_HELP

ROOT = Path(__file__).resolve().parents[1]
LINUX = ROOT / "build" / "linux"
APP_ID = "org.scumble.Scumble"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# Libraries that Qt loads from the system; a desktop has them.
DEPENDS = (
    "libc6 (>= 2.34), libegl1, libgl1, libglib2.0-0 | libglib2.0-0t64, libfontconfig1, libdbus-1-3, "
    "libxkbcommon-x11-0, libxcb-cursor0, libxcb-icccm4, libxcb-keysyms1, libxcb-randr0, libxcb-shape0, libxcb-xkb1, "
    "libxcb-image0, libxcb-render-util0, libgssapi-krb5-2, fonts-dejavu-core | fonts-freefont-ttf | fonts-noto-core"
)
CONTROL = """\
Package: scumble
Version: {version}
Section: graphics
Priority: optional
Architecture: {architecture}
Installed-Size: {kilobytes}
Depends: {depends}
Recommends: shared-mime-info, desktop-file-utils
Maintainer: The Scumble project <scumble@localhost>
Description: image editor in which every neural network is a brush
 Layers, soft masks and a full history as painters know them; small networks
 that clean, repair and invent pixels under those masks. Works offline, on a
 plain processor.
"""


def write_deb(folder: Path, dist: Path, version: str, variant: str) -> Path:
    """Needs dpkg-deb. User data are never touched by installing, upgrading or removing."""
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    suffix = "" if variant == "cpu" else f"+{variant}"
    target = dist / f"scumble_{version}{suffix}_{architecture}.deb"
    with tempfile.TemporaryDirectory(dir=dist) as scratch:
        root = Path(scratch) / "root"
        root.mkdir(mode=0o755)
        lay_out(folder, root)
        control = CONTROL.format(
            version=version + suffix, architecture=architecture, kilobytes=kilobytes_below(root), depends=DEPENDS
        )
        (root / "DEBIAN").mkdir()
        (root / "DEBIAN" / "control").write_text(control, encoding="utf-8")
        _make_readable(root)
        command = ["dpkg-deb", "--root-owner-group", "-Zzstd", "-z6", "--build", str(root), str(target)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return target


def kilobytes_below(root: Path) -> int:
    """What it takes on the disk; libraries that a link names a second time are there once."""
    return sum(file.stat().st_size for file in root.rglob("*") if file.is_file() and not file.is_symlink()) // 1024


def write_appimage(folder: Path, dist: Path, version: str, variant: str) -> Path | None:
    """One file that runs without being installed; None where appimagetool is not installed."""
    tool = shutil.which("appimagetool")
    if tool is None:
        print("appimagetool is not found: no AppImage.")
        return None
    suffix = "" if variant == "cpu" else f"-{variant}"
    target = dist / f"scumble-{version}{suffix}-{platform.machine()}.AppImage"
    with tempfile.TemporaryDirectory(dir=dist) as scratch:
        root = Path(scratch) / "Scumble.AppDir"
        root.mkdir(mode=0o755)
        lay_out_appimage(folder, root)
        subprocess.run([tool, "--no-appstream", str(root), str(target)], check=True, stdout=subprocess.DEVNULL)
    return target


def lay_out_appimage(folder: Path, root: Path) -> None:
    """The package's files, and what AppImages want to see on top: the entry, the icon, a program named AppRun."""
    lay_out(folder, root)
    (root / "usr" / "bin" / "scumble").unlink()
    (root / "usr" / "bin" / "scumble").symlink_to("../../opt/scumble/scumble")
    share = Path("usr") / "share"
    (root / f"{APP_ID}.desktop").symlink_to(share / "applications" / f"{APP_ID}.desktop")
    (root / f"{APP_ID}.png").symlink_to(share / "icons" / "hicolor" / "256x256" / "apps" / f"{APP_ID}.png")
    start = root / "AppRun"
    start.write_text('#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/opt/scumble/scumble" "$@"\n', encoding="ascii")
    _make_readable(root)
    start.chmod(0o755)


def lay_out(folder: Path, root: Path) -> None:
    """The files of the package below `root`."""
    shutil.copytree(folder, root / "opt" / "scumble", symlinks=True)
    share = root / "usr" / "share"
    command = root / "usr" / "bin" / "scumble"
    command.parent.mkdir(parents=True)
    command.symlink_to("/opt/scumble/scumble")
    _copy("scumble.desktop", share / "applications" / f"{APP_ID}.desktop")
    _copy(f"{APP_ID}.metainfo.xml", share / "metainfo" / f"{APP_ID}.metainfo.xml")
    _copy("scumble-mime.xml", share / "mime" / "packages" / "scumble.xml")
    _copy("scumble.thumbnailer", share / "thumbnailers" / "scumble.thumbnailer")
    manual = share / "man" / "man1" / "scumble.1.gz"
    manual.parent.mkdir(parents=True)
    manual.write_bytes(gzip.compress(manual_page().encode(), mtime=0))
    legal = share / "doc" / "scumble" / "copyright"
    legal.parent.mkdir(parents=True)
    legal.write_text(_copyright(), encoding="utf-8")
    icons.write_hicolor(share, APP_ID)


def manual_page() -> str:
    """With the commands as `scumble --help` lists them."""
    commands = "\n".join(COMMANDS_HELP.splitlines()[1:]).replace("\\", "\\\\").replace("-", "\\-")
    return (LINUX / "scumble.1").read_text(encoding="utf-8").replace("@COMMANDS@", commands)


def _copyright() -> str:
    return (
        "Scumble is licensed under the Apache License 2.0: /opt/scumble/_internal/desktop/_data/licences.txt\n"
        "holds the licences of everything that is bundled with it. On Debian systems the Apache licence is\n"
        "in /usr/share/common-licenses/Apache-2.0.\n"
    )


def _copy(name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(LINUX / name, target)


def _make_readable(root: Path) -> None:
    """Whatever the umask of whoever builds."""
    for path in [root, *root.rglob("*")]:
        if path.is_symlink():
            continue
        runs = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if runs else 0o644)
