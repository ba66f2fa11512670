"""What is said while networks enlarge: how far they are, and how long the rest takes by what was done so far."""

from __future__ import annotations

from desktop.runtime.runner import Progress, Stage
from desktop.ui.commands.enlarging_progress import EnlargingProgress


def test_time_left_is_reckoned_from_the_tiles_that_are_done() -> None:
    now, said = [100.0], list[str]()
    progress = EnlargingProgress(2, said.append, lambda: now[0])
    progress.show(Progress(Stage.LOADING))
    progress.show(Progress(Stage.RUNNING, 0, 10))
    assert said == []
    now[0] = 105.0
    progress.show(Progress(Stage.RUNNING, 5, 10))  # a quarter of both runs in five seconds
    assert "25" in said[-1]
    assert "15" in said[-1]
    progress.next_run()
    now[0] = 112.0
    progress.show(Progress(Stage.RUNNING, 0, 10))
    progress.show(Progress(Stage.RUNNING, 0, 10))
    assert "50" in said[-1]
    assert "12" in said[-1]
    assert len(said) == 2


def test_each_sentence_is_said_once() -> None:
    said = list[str]()
    progress = EnlargingProgress(1, said.append, lambda: 0.0)
    for _ in range(3):
        progress.show(Progress(Stage.RUNNING, 1, 4))
    assert len(said) == 1
