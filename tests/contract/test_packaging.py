"""What the packages are made of is complete and well formed; building them is the work of build/make.py."""

from __future__ import annotations

import configparser
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import onnxruntime
import pytest

import desktop
from desktop.app import DESKTOP_ID
from desktop.cli import COMMANDS, COMMANDS_HELP
from desktop.licences import as_text, installed_components

BUILD = Path(__file__).resolve().parents[2] / "build"
LINUX = BUILD / "linux"
NEEDS_MARKDOWN = ("make.py", "guide_site.py")  # which the tests have from tensorboard, if at all
WITH_ARGUMENTS = (*NEEDS_MARKDOWN, "smoke_frozen.py", "try_bare_debian.py")
SCRIPTS = (*WITH_ARGUMENTS, "screen.py", "icons.py", "cuda_files.py", "linux_package.py", "start.py")


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


def test_makensis_is_found_where_its_installer_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installer of NSIS leaves the search path alone."""
    pytest.importorskip("markdown")
    monkeypatch.syspath_prepend(str(BUILD))
    make = importlib.import_module("make")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PROGRAMFILES(X86)", str(tmp_path))
    assert make.find_makensis() is None
    tool = tmp_path / "NSIS" / ("makensis.exe" if sys.platform == "win32" else "makensis")
    tool.parent.mkdir()
    tool.write_bytes(b"stand-in")
    tool.chmod(0o755)
    assert make.find_makensis() == str(tool)


def test_every_library_has_its_licence() -> None:
    found = installed_components()
    names = {part.name.lower().replace("_", "-") for part in found}
    assert {"numpy", "pillow", "onnx", "numba", "pyside6-essentials"} <= names
    assert all(part.licence for part in found)
    assert "torch" not in names
    assert "numpy" in as_text(found)


def test_the_file_of_licences_names_all_that_is_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("markdown")
    monkeypatch.syspath_prepend(str(BUILD))
    make = importlib.import_module("make")
    make.write_facts(tmp_path, "cpu")
    text = (tmp_path / "licences.txt").read_text(encoding="utf-8")
    contents = text.partition("=" * 78)[0]
    assert "\nnumpy " in contents
    assert contents.startswith("Python "), "the interpreter is packed too"
    assert "Denoise photo " in contents, "and the models"
    assert "Apache-2.0" in text
    shown = (tmp_path / "licences.json").read_text(encoding="utf-8")
    assert "Denoise photo" not in shown, "the About window lists the models of its catalog itself"


def test_the_licences_of_nvidias_wheels_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BUILD))
    cuda_files = importlib.import_module("cuda_files")
    for name, library in (("nvidia_cudnn_cu13", "nvidia/cudnn/lib/libcudnn.so.9"), ("other", "other/libother.so")):
        facts = tmp_path / f"{name}-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        (facts / "RECORD").write_text(f"{library},,\n{facts.name}/License.txt,,\n", encoding="utf-8")
        (facts / "License.txt").write_text(f"The terms of {name}.", encoding="utf-8")
    assert cuda_files.cuda_wheels(tmp_path) == ["nvidia_cudnn_cu13"]
    monkeypatch.syspath_prepend(str(tmp_path))
    found = {part.name: part for part in installed_components(cuda_files.cuda_wheels(tmp_path))}
    assert found["nvidia_cudnn_cu13"].text == "The terms of nvidia_cudnn_cu13."
    assert "numpy" in found


def test_a_package_counts_what_it_installs_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BUILD))
    linux_package = importlib.import_module("linux_package")
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries" / "libQt6Core.so.6").write_bytes(bytes(64 << 10))
    (tmp_path / "libQt6Core.so.6").symlink_to("libraries/libQt6Core.so.6")
    assert linux_package.kilobytes_below(tmp_path) == 64


def test_all_pictures_of_the_guide_are_taken_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BUILD))
    guide_pictures = importlib.import_module("guide_pictures")
    assert guide_pictures.scene_names([]) == list(guide_pictures.SCENES)
    assert guide_pictures.scene_names(["draw"]) == ["draw"]


def test_the_guide_becomes_a_site_whose_links_all_lead_somewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("markdown")
    monkeypatch.syspath_prepend(str(BUILD))
    guide_site = importlib.import_module("guide_site")
    site = tmp_path / "site"
    pages = guide_site.build(site)
    assert pages == 1 + 2 * len(list((guide_site.GUIDE / "en").glob("*.md")))
    assert "<table>" in (site / "en" / "02-layers.html").read_text(encoding="utf-8")
    (site / "en" / "02-layers.html").write_text('<a href="https://example.org/">away</a>', encoding="utf-8")
    (site / "zh_CN" / "02-layers.html").unlink()
    problems = guide_site.broken_links(site)
    assert "en/02-layers.html: https://example.org/" in problems
    assert any(problem.endswith(": 02-layers.html") for problem in problems)


def test_an_appimage_starts_the_program_it_holds(tmp_path: Path) -> None:
    folder, root = tmp_path / "scumble", tmp_path / "Scumble.AppDir"
    folder.mkdir()
    root.mkdir()
    (folder / "scumble").write_text('#!/bin/sh\necho "started with $1"\n', encoding="ascii")
    (folder / "scumble").chmod(0o755)
    # in a process of its own: the icons are drawn by a Qt application
    code = "import sys, pathlib, linux_package; linux_package.lay_out_appimage(*map(pathlib.Path, sys.argv[1:]))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(BUILD), str(BUILD.parent)])}
    subprocess.run([sys.executable, "-c", code, str(folder), str(root)], env=environment, check=True)
    for name in (f"{DESKTOP_ID}.desktop", f"{DESKTOP_ID}.png", "usr/bin/scumble"):
        assert (root / name).resolve().is_relative_to(root.resolve()), name
        assert (root / name).is_file(), name
    said = subprocess.run([str(root / "AppRun"), "a picture"], capture_output=True, text=True, check=True).stdout
    assert said == "started with a picture\n"


@pytest.mark.skipif(not hasattr(onnxruntime, "_get_nvidia_dll_paths"), reason="this onnxruntime knows no CUDA wheels")
def test_the_cuda_variant_packs_what_onnxruntime_loads_where_it_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BUILD))
    cuda_files = importlib.import_module("cuda_files")
    wanted = ["/".join(parts) for parts in onnxruntime._get_nvidia_dll_paths(sys.platform == "win32")]
    assert cuda_files.missing_libraries(tmp_path) == wanted
    for name in [*wanted, "nvidia/cudnn/include/cudnn.h", "nvidia/cudnn/lib/libcudnn_static.a"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"stand-in")
    packed = [f"{folder}/{Path(file).name}" for file, folder in cuda_files.cuda_libraries(tmp_path)]
    assert packed == sorted(wanted)
    assert cuda_files.missing_libraries(tmp_path) == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_of_the_build_compiles(script: str) -> None:
    compile((BUILD / script).read_text(encoding="utf-8"), script, "exec")
    can_run = script not in NEEDS_MARKDOWN or importlib.util.find_spec("markdown") is not None
    if script in WITH_ARGUMENTS and can_run:
        done = subprocess.run(
            [sys.executable, str(BUILD / script), "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
