"""What the packages are made of is complete and well formed; building them is the work of build/make.py."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import desktop
from desktop.app import DESKTOP_ID
from desktop.cli import COMMANDS, COMMANDS_HELP
from desktop.licences import as_text, installed_components

BUILD = Path(__file__).resolve().parents[2] / "build"
LINUX = BUILD / "linux"
WITH_ARGUMENTS = ("make.py", "smoke_frozen.py", "try_bare_debian.py")
SCRIPTS = (*WITH_ARGUMENTS, "screen.py", "icons.py", "linux_package.py", "start.py")


def test_the_desktop_entry_opens_files_with_the_program() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[method-assign,assignment]
    entry.read(LINUX / "scumble.desktop", encoding="utf-8")
    values = entry["Desktop Entry"]
    assert values["Exec"] == "scumble %F"
    assert values["Icon"] == DESKTOP_ID
    assert "image/openraster" in values["MimeType"].split(";")


def test_the_store_page_names_the_entry_and_the_version() -> None:
    root = ET.parse(LINUX / f"{DESKTOP_ID}.metainfo.xml").getroot()
    assert root.findtext("id") == DESKTOP_ID
    assert root.findtext("launchable") == f"{DESKTOP_ID}.desktop"
    release = root.find("releases/release")
    assert release is not None
    assert release.get("version") == desktop.__version__


def test_the_manual_page_names_every_command() -> None:
    page = (LINUX / "scumble.1").read_text(encoding="utf-8")
    assert desktop.__version__ in page
    assert "@COMMANDS@" in page, "the list of --help goes there"
    missing = [name for name in COMMANDS if f"\n  {name}" not in COMMANDS_HELP]
    assert not missing, missing


def test_the_thumbnailer_calls_a_command_that_exists() -> None:
    text = (LINUX / "scumble.thumbnailer").read_text(encoding="utf-8")
    words = next(line for line in text.splitlines() if line.startswith("Exec=")).removeprefix("Exec=").split()
    assert words[0] == "scumble"
    assert words[1] in COMMANDS


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="desktop-file-validate is not installed")
def test_the_desktop_entry_passes_its_validator(tmp_path: Path) -> None:
    entry = tmp_path / f"{DESKTOP_ID}.desktop"
    shutil.copyfile(LINUX / "scumble.desktop", entry)
    subprocess.run(["desktop-file-validate", str(entry)], check=True)


@pytest.mark.skipif(shutil.which("makensis") is None, reason="makensis is not installed")
def test_the_windows_installer_compiles_around_a_stand_in(tmp_path: Path) -> None:
    """The script is right; what it installs is untested without Windows."""
    payload = tmp_path / "payload"
    (payload / "_internal").mkdir(parents=True)
    for name in ("scumble.exe", "scumble-cli.exe", "_internal/base.dll"):
        (payload / name).write_bytes(b"stand-in")
    defines = [f"-DVERSION={desktop.__version__}", f"-DPAYLOAD={payload}", f"-DOUTPUT={tmp_path / 'setup.exe'}"]
    command = ["makensis", "-V2", *defines, str(BUILD / "windows" / "scumble.nsi")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "setup.exe").stat().st_size > 10_000


def test_every_library_has_its_licence() -> None:
    found = installed_components()
    names = {part.name.lower().replace("_", "-") for part in found}
    assert {"numpy", "pillow", "onnx", "numba", "pyside6-essentials"} <= names
    assert all(part.licence for part in found)
    assert "torch" not in names
    assert "numpy" in as_text(found)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_of_the_build_compiles(script: str) -> None:
    compile((BUILD / script).read_text(encoding="utf-8"), script, "exec")
    if script in WITH_ARGUMENTS:
        done = subprocess.run(
            [sys.executable, str(BUILD / script), "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
