"""How far enlarging by networks is, as a sentence: by the tiles that are done, so by what this computer can do now."""

from __future__ import annotations

import time
from collections.abc import Callable

from desktop.runtime.runner import Progress, Stage
from desktop.ui.commands.enlarging_need import duration_text
from desktop.ui.i18n import tr

TELLING_SHARE = 0.02  # before it, the first tiles say too little about how long the rest will take


class EnlargingProgress:
    """Over all runs of one command. `show` comes from the runner's thread, one run after the other."""

    def __init__(self, runs: int, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._runs, self._say, self._clock = max(runs, 1), say, clock
        self._done = 0
        self._began: float | None = None
        self._said = ""

    def next_run(self) -> None:
        self._done += 1

    def show(self, progress: Progress) -> None:
        """Says something only where it would read differently."""
        if progress.stage is not Stage.RUNNING:
            return
        if self._began is None:
            self._began = self._clock()
        share = min((self._done + progress.fraction) / self._runs, 1.0)
        if share < TELLING_SHARE:
            return
        left = (self._clock() - self._began) * (1 - share) / share
        text = tr("size.network_progress", percent=round(100 * share), time=duration_text(left))
        if text != self._said:
            self._said = text
            self._say(text)
