"""PySide6 6.12.0 kills CPython 3.11 after some 5,200 calls that return nothing; the installed pair must not."""

from __future__ import annotations

import subprocess
import sys

CALLS = 25_000

SCRIPT = f"""
from PySide6.QtGui import QImage
image = QImage(2, 2, QImage.Format.Format_ARGB32)
for _ in range({CALLS}):
    image.fill(0)
print("alive")
"""


def test_many_calls_that_return_nothing_survive() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    assert run.stdout.strip() == "alive", run.stderr
