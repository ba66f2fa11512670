"""Does the .deb work where there is nothing? `python build/try_bare_debian.py FILE.deb --out DIR`, as root.

Makes a bare Debian root with debootstrap (which fetches packages: this needs the network; --root keeps and reuses one),
installs the package there, and lets a user of that root, with an empty home, start it by its desktop entry on a screen
outside (Xvfb): open a photograph, cut its subject out with a network, paint, save, quit, and open the file again. Then
the package is purged, and what is the user's must still be there. What was measured is printed, and left in bare.json
beside the package; pictures of the screen and the saved file go to DIR. Needs debootstrap, Xvfb, xdotool, ImageMagick.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "build"))

from screen import Image, Screen, pixels_changed, wait_for  # noqa: E402

APP_ID = "org.scumble.Scumble"
SAMPLE = ROOT / "resources" / "samples" / "kingfisher.jpg"
USER = "painter"
HOME = Path("/home") / USER
RESULT = HOME / "bird.ora"
MEASURED = "bare.json"
DISPLAY, SCREEN = 96, (1280, 800)
STROKE_Y, STROKE_X = 560, (120, 620)  # below the bird, in the view that fits the picture
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
LAUNCHER = "libglib2.0-bin"  # brings `gio launch`, which starts desktop entries; the program does not need it


class BareRoot:
    """A Debian root, and commands in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def inside(self, path: Path | str) -> Path:
        return self.folder / str(path).lstrip("/")

    def make(self, suite: str, mirror: str | None) -> None:
        command = ["debootstrap", "--variant=minbase", suite, str(self.folder), *([mirror] if mirror else [])]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """/proc, shared memory and the sockets of X servers, as every running system has them."""
        with ExitStack() as stack:
            for what, where in (("proc", "proc"), ("tmpfs", "dev/shm"), ("/tmp/.X11-unix", "tmp/.X11-unix")):
                target = self.folder / where
                target.mkdir(parents=True, exist_ok=True)
                how = ["--bind", what] if what.startswith("/") else ["-t", what, what]
                subprocess.run(["mount", *how, str(target)], check=True)
                stack.callback(subprocess.run, ["umount", "--lazy", str(target)], check=False)
            yield

    def run(self, *command: str) -> str:
        """As root; its standard output."""
        return self._run(["chroot", str(self.folder), *command], {"HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"})

    def run_as_user(self, *command: str, **variables: str) -> str:
        words = ["chroot", f"--userspec={USER}:{USER}", str(self.folder), *command]
        return self._run(words, {"HOME": str(HOME), "USER": USER, **variables})

    def is_running(self, name: str) -> bool:
        """Whether a program of this root, by the name of its file, runs."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                root, program = os.readlink(process / "root"), (process / "cmdline").read_bytes().split(b"\0")[0]
            except OSError:  # it ended meanwhile
                continue
            if root == str(self.folder) and Path(os.fsdecode(program)).name == name:
                return True
        return False

    def launch(self, entry: str, file: str, *, display: str, log: Path) -> None:
        """By the desktop entry, as a click in a file manager; what the program says goes to `log`."""
        words = ["chroot", f"--userspec={USER}:{USER}", str(self.folder), "gio", "launch", entry, file]
        environment = {**PLAIN, "HOME": str(HOME), "USER": USER, "DISPLAY": display}
        with log.open("wb") as said:
            subprocess.run(words, env=environment, stdout=said, stderr=said, check=True)

    def _run(self, command: list[str], variables: dict[str, str]) -> str:
        done = subprocess.run(command, env={**PLAIN, **variables}, capture_output=True, text=True, check=False)
        expect(done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout


def main() -> None:
    given = _arguments()
    expect(os.geteuid() == 0, "A root for chroot can be made by root only.")
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        bare = BareRoot(given.root.resolve() if given.root else Path(scratch) / "root")
        if not bare.inside("/usr/bin/dpkg").exists():
            bare.make(given.suite, given.mirror)
        Path("/tmp/.X11-unix").mkdir(mode=0o1777, exist_ok=True)
        with bare.mounted():
            measured = try_package(bare, given.deb.resolve(), given.out.resolve())
    text = json.dumps(measured, indent=1)
    (given.deb.resolve().parent / MEASURED).write_text(text + "\n", encoding="utf-8")
    print(text)


def try_package(bare: BareRoot, package: Path, out: Path) -> dict[str, object]:
    seconds = install(bare, package)
    models = json.loads(bare.run_as_user("scumble", "selftest", "--json"))
    expect(models["passed"], f"The models' self-test failed: {models}")
    seconds["models_selftest"] = sum(check["seconds"] for check in models["models"])
    kept = edit_and_save(bare, out)
    flat = HOME / "bird.png"
    bare.run_as_user("scumble", "convert", str(RESULT), str(flat))
    bare.run_as_user("scumble", "thumbnail", str(RESULT), str(HOME / "small.png"))
    expect(bare.inside(flat).stat().st_size > 10_000, "The saved file does not open again.")
    for file in (RESULT, flat):
        (out / file.name).write_bytes(bare.inside(file).read_bytes())
    kind = bare.run("gio", "info", "-a", "standard::content-type", str(RESULT))
    expect("image/openraster" in kind, f"The system does not know .ora files: {kind}")
    facts = json.loads(bare.inside("/opt/scumble/_internal/desktop/_data/build.json").read_text(encoding="utf-8"))
    bare.run("apt-get", "purge", "-y", "-qq", "scumble")
    expect(not bare.inside("/opt/scumble").exists(), "Purging the package left files in /opt/scumble.")
    left = [path for path in (HOME / ".config/scumble", RESULT) if not bare.inside(path).exists()]
    expect(not left, f"Purging the package took the user's {left}.")
    debian = bare.inside("/etc/debian_version").read_text(encoding="ascii").strip()
    return {"debian": debian, "commit": facts["commit"], "seconds": seconds, **kept}


def install(bare: BareRoot, package: Path) -> dict[str, float]:
    """Only what the package asks for, and the launcher of desktop entries."""
    bare.inside("/etc/resolv.conf").write_bytes(Path("/etc/resolv.conf").read_bytes())
    bare.inside("/tmp/scumble.deb").write_bytes(package.read_bytes())
    bare.run("apt-get", "update", "-qq")
    started = time.monotonic()
    bare.run("apt-get", "install", "-y", "-qq", "/tmp/scumble.deb")
    seconds = time.monotonic() - started
    if not bare.inside(HOME).exists():
        bare.run("useradd", "--create-home", USER)
    first = bare.run_as_user("scumble", "--version")
    expect("scumble" in first.lower(), f"--version says {first!r} with nothing but what the package depends on.")
    bare.run("apt-get", "install", "-y", "-qq", LAUNCHER)
    photograph = bare.inside(HOME / SAMPLE.name)
    photograph.write_bytes(SAMPLE.read_bytes())
    photograph.chmod(0o644)
    return {"install": round(seconds, 1)}


def edit_and_save(bare: BareRoot, out: Path) -> dict[str, object]:
    """By the desktop entry, with mouse and keys; what the screen and the saved file show."""
    entry = f"/usr/share/applications/{APP_ID}.desktop"
    saved = bare.inside(RESULT)
    saved.unlink(missing_ok=True)
    with Screen(DISPLAY, SCREEN, out) as screen:
        started = time.monotonic()
        bare.launch(entry, str(HOME / SAMPLE.name), display=screen.display, log=out / "said.txt")
        window = screen.window(SAMPLE.name)
        seconds = time.monotonic() - started
        screen.fill_with(window)
        opened = screen.wait_until_still()
        screen.picture(out / "1-opened.png")
        screen.keys("slash")
        screen.wait_until_still()
        screen.write("remove background")
        screen.wait_until_still()
        screen.keys("Return")
        cut = _wait_for_change(screen, opened)
        screen.picture(out / "2-cut-out.png")
        screen.focus(window)
        screen.keys("b")
        screen.drag((x, STROKE_Y) for x in range(*STROKE_X, 10))
        painted = screen.wait_until_still()
        screen.picture(out / "3-painted.png")
        screen.keys("ctrl+s")
        screen.wait_until_still()
        screen.keys("ctrl+a")
        screen.write(str(RESULT))
        screen.keys("Return")
        wait_for(saved.exists, "Nothing was saved.")
        screen.wait_until_still()
        screen.focus(window)
        screen.keys("ctrl+q")
        wait_for(lambda: not bare.is_running("scumble"), "The program did not quit.")
    box = (STROKE_X[0], STROKE_Y - 30, STROKE_X[1], STROKE_Y + 30)
    said = (out / "said.txt").read_text(encoding="utf-8").strip()
    expect(said == "", f"The program wrote on standard error: {said}")
    stroke = pixels_changed(cut, painted, box)
    expect(stroke > 500, f"A stroke with the mouse changed {stroke} pixels.")
    return {
        "window_seconds": round(seconds, 1),
        "pixels_cut_out": pixels_changed(opened, cut, (0, 0, *SCREEN)),
        "pixels_painted": stroke,
        "saved": _content_of(saved),
    }


def _wait_for_change(screen: Screen, before: Image.Image) -> Image.Image:
    """The screen after the network's answer has landed: a large part of the picture is gone."""
    box = (0, 0, *SCREEN)
    wait_for(lambda: pixels_changed(before, screen.picture(), box) > 50_000, "The network changed nothing.")
    return screen.wait_until_still()


def _content_of(file: Path) -> dict[str, object]:
    """What OpenRaster holds: its members, and that a mask came with the layer."""
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    expect("stack.xml" in names, "The saved file is no OpenRaster.")
    expect(any("mask" in name for name in names), f"The network's mask is not in the file: {names}")
    return {"megabytes": round(file.stat().st_size / 1e6, 1), "members": len(names)}


def expect(holds: bool, problem: str) -> None:
    if not holds:
        raise SystemExit(f"FAILED: {problem}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("deb", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="pictures of the screen and the saved file go there")
    parser.add_argument("--root", type=Path, help="an existing bare root, or where to keep the new one")
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--mirror", help="where debootstrap fetches from, if not from its default")
    return parser.parse_args()


if __name__ == "__main__":
    main()
