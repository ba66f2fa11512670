"""Does the frozen program work? `python build/smoke_frozen.py DIST/scumble [--deb FILE.deb]`, on Linux.

Starts it as a user would, with an empty home: version, models' self-test, the window's self-test, a run, a picture of
the window; asserts a clean standard error and the sizes. With --deb (as root) the package is installed, its desktop and
AppStream files are validated, a picture is opened through the desktop entry under Xvfb, a stroke is painted with
xdotool and seen on the screen; then it is removed. What was measured is printed, and left in smoke.json
beside the folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "build"))

from screen import Screen, pixels_changed  # noqa: E402

SAMPLE = ROOT / "resources" / "samples" / "neuschwanstein.jpg"
LARGEST_MB = {"cpu": 900, "cuda": 4000}
LONGEST_START_S = 20.0  # of a cold machine that is busy; the benchmark measures the warm start
NVIDIA = ("libcublas", "libcudart", "libcudnn", "libcufft", "libcurand", "libnvrtc", "libonnxruntime_providers_cuda")
MEASURED = "smoke.json"
DISPLAY = 97
SCREEN = (1280, 800)
APP_ID = "org.scumble.Scumble"


class Frozen:
    """The program with a home of its own."""

    def __init__(self, program: Path, home: Path) -> None:
        self.program, self.home = program, home

    def environment(self, **more: str) -> dict[str, str]:
        keep = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return {**keep, "HOME": str(self.home), "LANG": "C.UTF-8", **more}

    def run(self, *arguments: str, **more: str) -> str:
        """Standard output; a failure or a word on standard error ends the test."""
        started = subprocess.run(
            [str(self.program), *arguments],
            env=self.environment(QT_QPA_PLATFORM="offscreen", **more),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        expect(started.returncode == 0, f"{arguments}: exit {started.returncode}\n{started.stdout}\n{started.stderr}")
        expect(started.stderr.strip() == "", f"{arguments} wrote on standard error: {started.stderr}")
        return started.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the frozen folder")
    parser.add_argument("--deb", type=Path, help="install this package too, as root")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        measured = try_folder(given.folder.resolve(), Path(scratch))
        if given.deb is not None:
            measured |= try_deb(given.deb.resolve(), Path(scratch))
    text = json.dumps(measured, indent=1)
    (given.folder.resolve().parent / MEASURED).write_text(text + "\n", encoding="utf-8")
    print(text)


def try_folder(folder: Path, scratch: Path) -> dict[str, object]:
    home = scratch / "home"
    home.mkdir()
    frozen = Frozen(folder / "scumble", home)
    facts = json.loads((folder / "_internal" / "desktop" / "_data" / "build.json").read_text(encoding="utf-8"))
    megabytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink()) / 1e6
    expect(megabytes <= LARGEST_MB[facts["variant"]], f"The folder has {megabytes:.0f} MB.")
    expect(not any(folder.rglob("libtorch*")), "torch was packed.")
    expect(any(folder.rglob("qtbase_zh_CN.qm")), "Qt's own texts in Chinese were not packed.")
    cuda = [file.name for file in folder.rglob("*.so*") if file.name.startswith(NVIDIA)]
    expect(facts["variant"] == "cuda" or not cuda, f"NVIDIA's libraries were packed into the CPU build: {cuda}")
    expect(facts["version"] in frozen.run("--version"), "--version does not say the version.")
    models = json.loads(frozen.run("selftest", "--json"))
    expect(models["passed"], f"The models' self-test failed: {models}")
    window = json.loads(frozen.run("selftest", "--window", "--json"))
    expect(window["passed"], f"The window's self-test failed: {window}")
    kernels = list((home / ".cache" / "scumble" / "kernels").rglob("*.nbi"))
    expect(len(kernels) > 20, "The compiled kernels were not brought to numba's cache.")
    expect(_nothing_compiled_since(kernels), "Kernels were compiled although the package brings them.")
    cold, warm = (_seconds_of_start(frozen, scratch) for _ in range(2))
    expect(warm <= LONGEST_START_S, f"The start took {warm:.1f} s.")
    frozen.run("run", "denoise-photo", str(SAMPLE), str(scratch / "clean.png"))
    expect(Image.open(scratch / "clean.png").size == Image.open(SAMPLE).size, "A run changed the size.")
    return {
        **facts,
        "folder_mb": round(megabytes),
        "window_seconds_first": round(cold, 2),
        "window_seconds": round(warm, 2),
        "models": {check["model_id"]: check["seconds"] for check in models["models"]},
        "window": {step["name"]: round(step["seconds"], 2) for step in window["steps"]},
    }


def _nothing_compiled_since(kernels: list[Path]) -> bool:
    """All were copied in one go; one compiled later would be younger than the rest by more than that takes."""
    times = sorted(file.stat().st_mtime for file in kernels)
    return times[-1] - times[0] < 3


def _seconds_of_start(frozen: Frozen, scratch: Path) -> float:
    started = time.monotonic()
    frozen.run(str(SAMPLE), "--screenshot", str(scratch / "window.png"), "--size", "1280x800")
    return time.monotonic() - started


def try_deb(package: Path, scratch: Path) -> dict[str, object]:
    expect(os.geteuid() == 0, "--deb installs a package: that needs root.")
    subprocess.run(["apt-get", "install", "-y", "-qq", str(package)], check=True, stdout=subprocess.DEVNULL)
    try:
        share = Path("/usr/share")
        entry = share / "applications" / f"{APP_ID}.desktop"
        validate("desktop-file-validate", str(entry))
        validate("appstreamcli", "validate", "--no-net", str(share / "metainfo" / f"{APP_ID}.metainfo.xml"))
        painted = _paint_on_screen(entry, scratch)
    finally:
        subprocess.run(["apt-get", "remove", "-y", "-qq", "scumble"], check=True, stdout=subprocess.DEVNULL)
    expect(not Path("/opt/scumble").exists(), "Removing the package left files in /opt/scumble.")
    return {"deb_mb": round(package.stat().st_size / 1e6), "pixels_painted_on_screen": painted}


def validate(tool: str, *arguments: str) -> None:
    if shutil.which(tool) is None:
        print(f"{tool} is not installed: not validated", file=sys.stderr)
        return
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"{tool}: {done.stdout}{done.stderr}")


def _paint_on_screen(entry: Path, scratch: Path) -> int:
    """Open a picture by the entry's own command, paint across it with a mouse, count what changed on the screen."""
    home = scratch / "desktop-home"
    home.mkdir()
    command = next(line for line in entry.read_text(encoding="utf-8").splitlines() if line.startswith("Exec="))
    words = [str(SAMPLE) if word == "%F" else word for word in command.removeprefix("Exec=").split()]
    with Screen(DISPLAY, SCREEN, scratch) as screen:
        environment = {**os.environ, "HOME": str(home), "DISPLAY": screen.display, "LANG": "C.UTF-8"}
        environment.pop("QT_QPA_PLATFORM", None)
        program = subprocess.Popen(words, env=environment, cwd=home)
        try:
            screen.fill_with(screen.window(SAMPLE.stem))
            before = screen.wait_until_still()
            screen.hands("mousemove", "450", "400")
            screen.keys("b")
            screen.drag((x, 400) for x in range(450, 650, 10))
            after = screen.wait_until_still()
        finally:
            program.terminate()
            program.wait(timeout=30)
    changed = pixels_changed(before, after, (440, 380, 660, 420))
    expect(changed > 500, f"A stroke with the mouse changed {changed} pixels on the screen.")
    return changed


def expect(holds: bool, problem: str) -> None:
    if not holds:
        raise SystemExit(f"FAILED: {problem}")


if __name__ == "__main__":
    main()
