"""A screen of its own (Xvfb) with hands (xdotool) and eyes (ImageMagick), for trying installed programs on Linux."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from PIL import Image, ImageChops

PATIENCE_S = 300  # a busy machine may be ten times slower
LOOK_AGAIN_S = 1.0
STILL_LOOKS = 3  # on a busy machine seconds lie between two tiles
CARET_PIXELS = 120  # a blinking cursor in a text field is no movement
STARTED_S = 10.0


class Screen:
    """A context: the server runs inside. Points and sizes are pixels of the screen."""

    def __init__(self, number: int, size: tuple[int, int], scratch: Path) -> None:
        self.display, self.size, self._scratch = f":{number}", size, scratch
        self._socket = Path(f"/tmp/.X11-unix/X{number}")
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Screen:
        geometry = f"{self.size[0]}x{self.size[1]}x24"
        self._server = subprocess.Popen(
            ["Xvfb", self.display, "-screen", "0", geometry, "-nolisten", "tcp"], stderr=subprocess.DEVNULL
        )
        wait_for(self._socket.exists, "The X server did not start.", STARTED_S)
        return self

    def __exit__(self, *_details: object) -> None:
        assert self._server is not None
        self._server.terminate()
        self._server.wait(timeout=30)

    def hands(self, *arguments: str, fails_well: bool = False) -> str:
        """xdotool's words; returns what it says."""
        environment = {**os.environ, "DISPLAY": self.display}
        done = subprocess.run(["xdotool", *arguments], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0 and not fails_well:
            raise SystemExit(f"FAILED: xdotool {arguments}: {done.stderr}")
        return done.stdout

    def keys(self, *names: str) -> None:
        """Keys or chords one after the other, as "ctrl+s"."""
        for name in names:
            self.hands("key", "--clearmodifiers", name)

    def write(self, text: str) -> None:
        self.hands("type", "--delay", "20", text)

    def drag(self, points: Iterable[tuple[int, int]]) -> None:
        first, *others = points
        self.hands("mousemove", *map(str, first), "mousedown", "1")
        for point in others:
            self.hands("mousemove", *map(str, point))
        self.hands("mouseup", "1")

    def window(self, title: str) -> str:
        """The id of a window whose title has these words, as soon as there is one."""
        found: list[str] = []

        def look() -> bool:
            found[:] = self.hands("search", "--onlyvisible", "--name", title, fails_well=True).split()
            return bool(found)

        wait_for(look, f"No window named {title} appeared.")
        return found[0]

    def has_window(self, *titles: str) -> bool:
        names = "|".join(titles)
        return bool(self.hands("search", "--onlyvisible", "--name", names, fails_well=True).split())

    def focus(self, window: str) -> None:
        """Without a window manager nobody gives the keyboard back when a dialog closes."""
        self.hands("windowfocus", "--sync", window)

    def fill_with(self, window: str) -> None:
        self.hands("windowmove", window, "0", "0")
        self.hands("windowsize", window, *map(str, self.size))

    def picture(self, target: Path | None = None) -> Image.Image:
        file = target or self._scratch / "screen.png"
        environment = {**os.environ, "DISPLAY": self.display}
        subprocess.run(["import", "-window", "root", str(file)], env=environment, check=True)
        with Image.open(file) as taken:
            return taken.convert("RGB")

    def wait_until_still(self) -> Image.Image:
        """The picture that has been the same in several looks, a second apart, but for a blinking cursor."""
        looks = [self.picture()]

        def is_still() -> bool:
            time.sleep(LOOK_AGAIN_S)
            now = self.picture()
            if pixels_changed(looks[-1], now, (0, 0, *self.size)) > CARET_PIXELS:
                looks.clear()
            looks.append(now)
            return len(looks) > STILL_LOOKS

        wait_for(is_still, "The screen did not come to rest.")
        return looks[-1]


def pixels_changed(before: Image.Image, after: Image.Image, box: tuple[int, int, int, int], *, over: int = 24) -> int:
    """How many pixels in the box differ by more than `over` of 255 levels."""
    difference = ImageChops.difference(before.crop(box), after.crop(box)).convert("L")
    return sum(difference.histogram()[over + 1 :])


def wait_for(condition: Callable[[], bool], problem: str, seconds: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"FAILED: {problem}")
        time.sleep(0.2)
