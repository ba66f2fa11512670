"""Where things lie: in a source tree, in an installed wheel, in a frozen program. Read by app, cli and ui only."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP_NAME = "scumble"
HOME_VARIABLE = "SCUMBLE_HOME"  # one folder for everything of the user's, for portable copies and for tests

_PACKAGE = Path(__file__).resolve().parent
_BUILD_FILE = "build.json"


@dataclass(frozen=True)
class BuildFacts:
    """When and from what a package was built; empty in a source tree."""

    commit: str = ""
    date: str = ""
    variant: str = ""

    def text(self) -> str:
        return " · ".join(part for part in (self.date, self.commit, self.variant) if part)


def shipped_models_dir() -> Path:
    """The models that came with the program."""
    return _shipped("onnx")


def resources_dir() -> Path:
    """Icons, themes, translations, brushes, samples."""
    return _shipped("resources")


def package_data_dir() -> Path:
    """What was laid inside the package when it was built; need not exist."""
    frozen = getattr(sys, "_MEIPASS", None)
    return (Path(frozen) / "desktop" if frozen else _PACKAGE) / "_data"


def build_facts() -> BuildFacts:
    try:
        stated = json.loads((package_data_dir() / _BUILD_FILE).read_text(encoding="utf-8"))
        return BuildFacts(str(stated["commit"]), str(stated["date"]), str(stated["variant"]))
    except (OSError, ValueError, KeyError, TypeError):
        return BuildFacts()


def trial_photo() -> Path:
    """The photograph that foreign models are tried on where nobody gave one."""
    return resources_dir() / "samples" / "gateway-of-india.jpg"


def user_models_dir() -> Path:
    """Models that the user added; need not exist yet."""
    return user_data_dir() / "models"


def user_brushes_dir() -> Path:
    """Brushes that the user kept or imported; need not exist yet."""
    return user_data_dir() / "brushes"


def user_tools_dir() -> Path:
    """The brush each tool was left with; need not exist yet."""
    return user_data_dir() / "tools"


def user_patterns_dir() -> Path:
    """Patterns that the user took from pictures; need not exist yet."""
    return user_data_dir() / "patterns"


def model_folders() -> tuple[Path, ...]:
    """Where models are looked for, shipped ones first."""
    return (shipped_models_dir(), user_models_dir())


def user_data_dir() -> Path:
    """What must not be lost: models, journals of open documents."""
    return _own_home("data") or Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))


def user_journal_dir() -> Path:
    """One folder per running program, with the journals of its documents."""
    return user_data_dir() / "journals"


def user_config_dir() -> Path:
    return _own_home("config") or Path(platformdirs.user_config_dir(APP_NAME, appauthor=False))


def user_cache_dir() -> Path:
    """What may be deleted at any time."""
    return _own_home("cache") or Path(platformdirs.user_cache_dir(APP_NAME, appauthor=False))


def user_scratch_dir() -> Path:
    """For nameless files of tiles: not the folder for temporary files, which is often kept in memory."""
    return user_cache_dir() / "scratch"


def kernel_stamp_file() -> Path:
    """Says for what machine kernels were compiled last."""
    return user_cache_dir() / "kernels.txt"


def user_log_dir() -> Path:
    return _own_home("log") or Path(platformdirs.user_log_dir(APP_NAME, appauthor=False))


def settings_file() -> Path:
    return user_config_dir() / "settings.json"


def _shipped(name: str) -> Path:
    """In a wheel and a frozen program the folder travels inside the package, in a source tree it lies beside it."""
    inside = package_data_dir() / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def _own_home(kind: str) -> Path | None:
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) / kind if home else None
