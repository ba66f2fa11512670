"""Programs that need PyTorch (`python -m models.…`), for the window and the command line: which Python, what it says.

They say on standard output how far they are, one line of JSON each, and on standard error why they ended.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from desktop.core.errors import UserError
from desktop.paths import resources_dir


def train_python(chosen: str) -> Path:
    """The Python of the preferences, else the one that runs the editor. UserError: neither has PyTorch's scripts."""
    if chosen:
        path = Path(chosen)
        if not path.is_file():
            raise UserError("styles.no_python")
        training_root(path)
        return path
    if getattr(sys, "frozen", False) or importlib.util.find_spec("torch") is None:
        raise UserError("styles.no_python")
    training_root(Path(sys.executable))
    return Path(sys.executable)


def training_root(python: Path) -> Path:
    """The folder that holds `models/`: the source tree of the editor, or the one whose environment the Python is."""
    candidates = [resources_dir().parent, *list(python.absolute().parents)[:4]]
    for folder in candidates:
        if (folder / "models" / "neural_style.py").is_file():
            return folder
    raise UserError("styles.no_python")


def told(line: str) -> dict[str, Any] | None:
    """What a line of a program says; None for any other text."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) and {"step", "of"} <= set(said) else None
