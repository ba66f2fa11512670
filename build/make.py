"""Build the program for the platform it runs on: `python build/make.py [--variant cpu|cuda] [--work DIR] [--dist DIR]`.

Needs what `pip install '.[build]'` brings. Linux: a folder, a portable tar.gz, a .deb, an AppImage where appimagetool
is found. Windows: a folder, a portable zip, an installer where makensis is found. macOS: Scumble.app and a disk image.
Everywhere the user guide as a static site. Every file gets a checksum beside it.
Windows and macOS are written for, and untested.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "build")]

import cuda_files  # noqa: E402
import guide_site  # noqa: E402
import icons  # noqa: E402
import linux_package  # noqa: E402

import desktop  # noqa: E402
from desktop import licences  # noqa: E402
from desktop.runtime.catalog import Catalog  # noqa: E402

LEGAL_TEXTS = {"LGPL": ("LGPL-3.0.txt", "GPL-3.0.txt")}  # for wheels that bring no text of their own


def main() -> None:
    given = _arguments()
    work, dist = given.work.resolve(), given.dist.resolve()
    work.mkdir(parents=True, exist_ok=True)
    dist.mkdir(parents=True, exist_ok=True)
    if given.variant == "cuda" and (missing := cuda_files.missing_libraries(_site_packages())):
        sys.exit(f"NVIDIA's libraries are missing ({', '.join(missing)}): pip install '.[build,cuda]' first.")
    folder = freeze(work, dist, given.variant)
    if given.folder_only:
        return
    made = [*pack(folder, dist, given.variant), pack_guide(dist)]
    for file in made:
        print(f"{file.name}: {file.stat().st_size / 1e6:.0f} MB, sha256 {write_checksum(file)}")


def freeze(work: Path, dist: Path, variant: str) -> Path:
    """Run PyInstaller and put the compiled kernels in; the folder (macOS: the .app) of the program."""
    extra = work / "extra"
    shutil.rmtree(extra, ignore_errors=True)
    extra.mkdir(parents=True)
    write_facts(extra, variant)
    environment = {**os.environ, "SCUMBLE_VARIANT": variant, "SCUMBLE_EXTRA": str(extra), "SCUMBLE_ICON": _icon(work)}
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--workpath", str(work / "pyinstaller"), "--distpath", str(dist), str(ROOT / "build" / "scumble.spec")]
    subprocess.run(command, check=True, env=environment, cwd=work)
    folder = dist / ("Scumble.app" if sys.platform == "darwin" else "scumble")
    if variant == "cuda" and (missing := cuda_files.missing_libraries(data_folder(folder).parents[1])):
        sys.exit(f"PyInstaller left out {', '.join(missing)}.")
    program = program_in(folder)
    kernels = data_folder(folder) / "kernels"
    subprocess.run([str(program), "kernels", "--into", str(kernels)], check=True)
    return folder


def _site_packages() -> Path:
    import onnxruntime

    return Path(onnxruntime.__file__).parents[1]


def program_in(folder: Path) -> Path:
    """The executable that has a console."""
    if sys.platform == "darwin":
        return folder / "Contents" / "MacOS" / "scumble"
    return folder / ("scumble-cli.exe" if sys.platform == "win32" else "scumble")


def data_folder(folder: Path) -> Path:
    inside = folder / "Contents" / "Resources" if sys.platform == "darwin" else folder / "_internal"
    return inside / "desktop" / "_data"


def write_facts(folder: Path, variant: str) -> None:
    """build.json and the licences, shown by the About window; licences.txt for people who look into the folder."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    facts = {
        "version": desktop.__version__,
        "commit": commit.stdout.strip(),
        "date": datetime.date.today().isoformat(),
        "variant": variant,
    }
    (folder / "build.json").write_text(json.dumps(facts), encoding="utf-8")
    wheels = licences.installed_components()
    if not wheels:
        sys.exit("The licences cannot be collected: install the program with pip install '.[build]' first.")
    also = ["pyinstaller", *(cuda_files.cuda_wheels(_site_packages()) if variant == "cuda" else [])]
    parts = [_python(), *(_with_text(part) for part in licences.installed_components(also))]
    (folder / licences.LIST_FILE).write_bytes(licences.as_json(parts))
    models = licences.model_components(Catalog((ROOT / "onnx",)).models())  # the About window adds them by itself
    (folder / "licences.txt").write_text(licences.as_text([*parts, *models]), encoding="utf-8")


def _python() -> licences.Component:
    """The interpreter and its library, which are no distribution."""
    places = (Path(sysconfig.get_path("stdlib")) / "LICENSE.txt", Path(sys.base_prefix) / "LICENSE.txt")
    text = next(
        (place.read_text(encoding="utf-8") for place in places if place.is_file()), "https://docs.python.org/license"
    )
    return licences.Component("Python", platform.python_version(), "PSF-2.0", text)


def _with_text(part: licences.Component) -> licences.Component:
    if part.text:
        return part
    files = next((names for word, names in LEGAL_TEXTS.items() if word in part.licence), ())
    texts = [(ROOT / "build" / "licences" / name).read_text(encoding="utf-8") for name in files]
    if not texts and "Apache" in part.licence:
        texts = [(ROOT / "LICENSE").read_text(encoding="utf-8")]
    return licences.Component(part.name, part.version, part.licence, "\n\n".join(texts))


def pack(folder: Path, dist: Path, variant: str) -> list[Path]:
    name = f"scumble-{desktop.__version__}" + ("" if variant == "cpu" else f"-{variant}")
    if sys.platform == "win32":
        return _pack_windows(folder, dist, name)
    if sys.platform == "darwin":
        subprocess.run(
            ["bash", str(ROOT / "build" / "macos" / "make_dmg.sh"), str(dist), desktop.__version__], check=True
        )
        return [dist / f"scumble-{desktop.__version__}.dmg"]
    archive = dist / f"{name}-linux-{platform.machine()}.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=6) as packed:
        packed.add(folder, arcname="scumble", filter=_owned_by_root)
    deb = linux_package.write_deb(folder, dist, desktop.__version__, variant)
    image = linux_package.write_appimage(folder, dist, desktop.__version__, variant)
    return [archive, deb, *([image] if image else [])]


def pack_guide(dist: Path) -> Path:
    """The user guide as a static site, in dist/guide and as a zip."""
    guide_site.build(dist / "guide")
    return Path(shutil.make_archive(str(dist / f"scumble-guide-{desktop.__version__}"), "zip", dist, "guide"))


def write_checksum(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    file.with_name(file.name + ".sha256").write_text(f"{digest.hexdigest()}  {file.name}\n", encoding="ascii")
    return digest.hexdigest()


def _pack_windows(folder: Path, dist: Path, name: str) -> list[Path]:
    made = [Path(shutil.make_archive(str(dist / f"{name}-windows"), "zip", folder.parent, folder.name))]
    makensis = find_makensis()
    if makensis is None:
        print("makensis is not found: no installer, only the portable zip.")
        return made
    setup = dist / f"{name}-setup.exe"
    defines = {"VERSION": desktop.__version__, "PAYLOAD": str(folder), "OUTPUT": str(setup)}
    arguments = [f"-D{key}={value}" for key, value in defines.items()]
    subprocess.run([makensis, *arguments, str(ROOT / "build" / "windows" / "scumble.nsi")], check=True)
    return [*made, setup]


def find_makensis() -> str | None:
    """On the search path, or where the installer of NSIS puts it, which leaves that path alone."""
    folder = Path(os.environ.get("PROGRAMFILES(X86)", "")) / "NSIS"
    return shutil.which("makensis") or shutil.which("makensis", path=str(folder))


def _icon(work: Path) -> str:
    if sys.platform == "win32":
        return str(icons.write_ico(work / "scumble.ico"))
    return str(icons.write_icns(work / "scumble.icns")) if sys.platform == "darwin" else ""


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variant", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "build", help="for scratch files")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="where the results go")
    parser.add_argument("--folder-only", action="store_true", help="no archives and installers")
    return parser.parse_args()


if __name__ == "__main__":
    main()
