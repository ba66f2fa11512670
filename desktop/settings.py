"""What the user has chosen: declared once as data, which gives defaults, checks and the rows of the dialog.

A settings file that is damaged, or from a newer program, costs the values it gets wrong and nothing else.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from desktop.core.errors import UserError
from desktop.core.events import Signal
from desktop.io.atomic import replacing

FORMAT = 1
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}  # format n → values of format n + 1

logger = logging.getLogger(__name__)

Value = TypeVar("Value")


@dataclass(frozen=True)
class Setting(Generic[Value]):
    """One choice. Checked by `choices`, by `limits`, or by the type of the default alone."""

    key: str
    label: str
    default: Value
    choices: tuple[Value, ...] = ()
    limits: tuple[float, float] | None = None

    def is_valid(self, value: object) -> bool:
        if isinstance(value, bool) != isinstance(self.default, bool):
            return False
        if isinstance(self.default, tuple):
            return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
        if self.choices:
            return value in self.choices
        if self.limits is not None:
            return isinstance(value, int | float) and self.limits[0] <= value <= self.limits[1]
        return isinstance(value, type(self.default))


THEME = Setting("theme", "Theme", "dark", choices=("dark", "light"))
LANGUAGE = Setting("language", "Language", "system", choices=("system", "en", "zh_CN"))
DEVICE = Setting("device", "Device for models", "auto", choices=("auto", "cpu", "cuda"))
MODEL_DEVICES: Setting[tuple[str, ...]] = Setting("model_devices", "Device of single models", ())  # "id=cpu"
MODEL_TILES: Setting[tuple[str, ...]] = Setting("model_tiles", "Tile side of single models", ())  # "id=512"
SCRATCH_FOLDER = Setting("scratch_folder", "Folder of scratch files (empty: the usual one)", "")
UNDO_MEMORY_PERCENT = Setting("undo_memory_percent", "Memory for the history (%)", 25, limits=(1, 75))
TILE_MEMORY_PERCENT = Setting("tile_memory_percent", "Memory for open pictures (%)", 50, limits=(1, 90))
MODEL_IDLE_SECONDS = Setting("model_idle_seconds", "Free the models' memory after (s)", 60, limits=(1, 3600))
JOURNAL = Setting("journal", "Keep a recovery journal", True)
JOURNAL_FOLDER = Setting("journal_folder", "Folder of the journals (empty: the usual one)", "")
TRAIN_PYTHON = Setting("train_python", "Python with the train extra (empty: the editor's own)", "")
RECENT_FILES: Setting[tuple[str, ...]] = Setting("recent_files", "Recent files", ())
SHORTCUTS: Setting[tuple[str, ...]] = Setting("shortcuts", "Keyboard shortcuts", ())  # "action.id=Ctrl+K"
FIRST_SWATCHES = (
    "#000000", "#3a3a3a", "#747474", "#aeaeae", "#ffffff", "#7a1f1f", "#d43d2f", "#ef8a2c", "#f5c945", "#f7e9b8",
    "#2f5d3a", "#57a05a", "#a8cf72", "#1d4e5f", "#3a8fa8", "#8fc7d6", "#26366f", "#4f6ad0", "#6b3f87", "#c98fc0",
)  # fmt: skip
SWATCHES: Setting[tuple[str, ...]] = Setting("swatches", "Swatches", FIRST_SWATCHES)  # "#rrggbb name"
GRADIENTS: Setting[tuple[str, ...]] = Setting("gradients", "Own gradients", ())  # see tools/gradient_text.py
KEY_PRESET = Setting("key_preset", "Keyboard preset", "default", choices=("default", "gimp"))
RULERS = Setting("rulers", "Show rulers", False)
RULER_UNIT = Setting("ruler_unit", "Unit of the rulers", "px", choices=("px", "mm", "cm", "in", "percent"))
GUIDES_SHOWN = Setting("guides_shown", "Show guides", True)
GUIDES_LOCKED = Setting("guides_locked", "Lock guides", False)
SNAP = Setting("snap", "Snap", True)
SNAP_TO: Setting[tuple[str, ...]] = Setting("snap_to", "Snap to", ("guides", "grid"))  # names of SnapKind
GRID: Setting[tuple[str, ...]] = Setting("grid", "Grid of new pictures", ())  # spacing, subdivisions, offset, colour
PIXEL_GRID = Setting("pixel_grid", "Show the pixel grid from 800 %", True)
SCREEN_PROFILE = Setting("screen_profile", "Colour profile of the screen: system, off, or a file", "system")
TOOL_OPTIONS: Setting[tuple[str, ...]] = Setting("tool_options", "Options of the tools", ())  # "bucket.opacity=80.0"
WINDOW_STATE = Setting("window_state", "Window layout", "")

ALL_SETTINGS: tuple[Setting[Any], ...] = (
    THEME,
    LANGUAGE,
    DEVICE,
    MODEL_DEVICES,
    MODEL_TILES,
    SCRATCH_FOLDER,
    UNDO_MEMORY_PERCENT,
    TILE_MEMORY_PERCENT,
    MODEL_IDLE_SECONDS,
    JOURNAL,
    JOURNAL_FOLDER,
    RECENT_FILES,
    SHORTCUTS,
    KEY_PRESET,
    SWATCHES,
    GRADIENTS,
    RULERS,
    RULER_UNIT,
    GUIDES_SHOWN,
    GUIDES_LOCKED,
    SNAP,
    SNAP_TO,
    GRID,
    PIXEL_GRID,
    SCREEN_PROFILE,
    TOOL_OPTIONS,
    WINDOW_STATE,
)


class Settings:
    """The chosen values. `changed(setting)` is emitted after each change; changes are on disk when `set` returns."""

    def __init__(self, path: Path) -> None:
        self.changed: Signal[[Setting[Any]]] = Signal()
        self._path = path
        self._writing = threading.Lock()
        self._values = _read(path)

    def get(self, setting: Setting[Value]) -> Value:
        value: Value = self._values.get(setting.key, setting.default)
        return value

    def set(self, setting: Setting[Value], value: Value) -> None:
        """UserError when the file cannot be written; the value holds for this run all the same."""
        if self.put(setting, value):
            self.save()

    def put(self, setting: Setting[Value], value: Value) -> bool:
        """Sets the value for this run; True when it is another one, which `save` will keep."""
        assert setting.is_valid(value), f"{setting.key} cannot be {value!r}"
        if self.get(setting) == value:
            return False
        self._values[setting.key] = value
        self.changed.emit(setting)
        return True

    def save(self) -> None:
        """Writes all values, in any thread: the disk may take its time. UserError when it cannot be done."""
        with self._writing:
            self._write()

    def _write(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError("settings.not_saved", path=self._path, reason=error.strerror) from error
        text = json.dumps({"format": FORMAT, **self._values.copy()}, indent=2)  # ASCII: names of files can be no text
        with replacing(self._path) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    """The valid values of the file; what is wrong is left at its default and logged."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        logger.info("Settings start afresh, %s cannot be read: %s", path, error)
        return {}
    if not isinstance(stored, dict):
        return {}
    return _valid_values(_migrated(stored))


def _migrated(stored: dict[str, Any]) -> dict[str, Any]:
    version = stored.pop("format", FORMAT)
    while version in MIGRATIONS:
        stored, version = MIGRATIONS[version](stored), version + 1
    return stored


def _valid_values(stored: dict[str, Any]) -> dict[str, Any]:
    values = {}
    for setting in ALL_SETTINGS:
        if setting.key not in stored:
            continue
        value = stored[setting.key]
        value = tuple(value) if isinstance(value, list) else value
        if setting.is_valid(value):
            values[setting.key] = value
        else:
            logger.info("The setting %s cannot be %r; using %r", setting.key, value, setting.default)
    return values
