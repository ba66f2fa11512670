"""At every scale of the screen one image pixel at 100 % is one device pixel, and the pointer lands on the right one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.gui.scaled_window import SCALES


def test_100_percent_is_exact_at_every_scale_of_the_screen(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.gui.scaled_window", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, env=dict(os.environ), check=False)
    assert run.returncode == 0, run.stderr
    reports = [json.loads(line) for line in run.stdout.splitlines()]
    assert [report.pop("ratio") for report in reports] == list(SCALES)
    shifts = [report.pop("shift") for report in reports]
    assert any(0 < part < 1 for shift in shifts for part in shift)  # the canvas begins inside a device pixel somewhere
    for scale, report in zip(SCALES, reports, strict=True):
        assert set(report.values()) == {0}, (scale, report)
