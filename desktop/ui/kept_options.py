"""The options of every tool, kept from one start to the next: brushes as brush files, the rest in the settings.

What a file gets wrong is left at its default.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from desktop.core.brush import BrushMode
from desktop.core.errors import UserError
from desktop.io.atomic import write_error
from desktop.io.brush_presets import read_preset, write_preset
from desktop.settings import TOOL_OPTIONS
from desktop.ui.commands.brush_commands import options_of
from desktop.ui.state import BLACK, BrushOptions, Tool, ToolOptions

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

SAVE_AFTER_MS = 2000  # a slider's drag is one change
LARGEST_NUMBER = 10_000.0
APART = ("brushes", "symmetry")  # brushes have files; the centre of a symmetry belongs to a picture

logger = logging.getLogger(__name__)


class KeptOptions(QObject):
    """Restores the options when it is made and saves them a little after each change; `save` does so at once."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        super().__init__(window)
        self._state, self._settings, self._background = window.state, window.settings, window.background
        self._folder = folder
        self._restore()
        self._saved = dict(self._state.options.brushes)
        self._later = QTimer(self, singleShot=True, interval=SAVE_AFTER_MS)
        self._later.timeout.connect(self._save_in_thread)
        for changed in (self._state.options_changed, self._state.colors_changed):
            changed.connect(self._later.start)

    def save(self) -> None:
        """Raises UserError when the disk does not take it."""
        self._later.stop()
        self._write(self._changed())

    def _save_in_thread(self) -> None:
        brushes = self._changed()
        self._background.run(
            lambda: self._write(brushes),
            on_done=lambda _: None,
            on_error=lambda error: logger.info("The options of the tools are not kept: %s", error),
            name="tool-options",
        )

    def _changed(self) -> dict[Tool, BrushOptions]:
        """Notes everything but brushes in the settings; returns the brushes that differ from their files."""
        kept = {**dict(_leaves(self._state.options)), "color": self._state.color, "background": self._state.background}
        self._settings.put(TOOL_OPTIONS, tuple(f"{name}={_text_of(value)}" for name, value in kept.items()))
        brushes = self._state.options.brushes
        changed = {tool: brush for tool, brush in brushes.items() if brush != self._saved.get(tool)}
        self._saved.update(changed)
        return changed

    def _write(self, brushes: dict[Tool, BrushOptions]) -> None:
        self._settings.save()
        for tool, brush in brushes.items():
            path = self._folder / f"{tool.value}.toml"
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise write_error(error, path) from error
            write_preset(path, brush.preset or tool.value, brush.settings(BLACK, BrushMode.PAINT))

    def _restore(self) -> None:
        stored = dict(line.split("=", 1) for line in self._settings.get(TOOL_OPTIONS) if "=" in line)
        options = _with_leaves(self._state.options, stored)
        for field in fields(ToolOptions):
            if field.name not in APART:
                setattr(self._state.options, field.name, getattr(options, field.name))
        for tool, brush in self._state.options.brushes.items():
            self._state.options.brushes[tool] = self._read_brush(tool) or brush
        self._state.color = _color_of(stored.get("color"), self._state.color)
        self._state.background = _color_of(stored.get("background"), self._state.background)
        self._state.options_changed.emit()
        self._state.colors_changed.emit()

    def _read_brush(self, tool: Tool) -> BrushOptions | None:
        path = self._folder / f"{tool.value}.toml"
        if not path.is_file():
            return None
        try:
            preset = read_preset(path)
        except UserError as error:
            logger.info("The brush of %s starts afresh: %s", tool.value, error)
            return None
        return replace(options_of(preset), preset="" if preset.name == tool.value else preset.name)


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every switch, number and choice of a dataclass of dataclasses, with its name."""
    if not is_dataclass(value):
        if isinstance(value, bool | int | float | str | Enum):
            yield name, value
        return
    for field in fields(value):
        if name or field.name not in APART:
            yield from _leaves(getattr(value, field.name), f"{name}.{field.name}".lstrip("."))


def _with_leaves(value: Any, stored: Mapping[str, str], name: str = "") -> Any:
    """The same with what was stored in its place, where that is valid."""
    if not is_dataclass(value):
        return _value_of(stored[name], value) if name in stored else value
    changes = {
        field.name: _with_leaves(getattr(value, field.name), stored, f"{name}.{field.name}".lstrip("."))
        for field in fields(value)
        if name or field.name not in APART
    }
    return replace(value, **changes)  # type: ignore[type-var]


def _text_of(value: Any) -> str:
    return json.dumps(value.value if isinstance(value, Enum) else value)


def _value_of(text: str, default: Any) -> Any:
    """What a text says, if it is of the default's kind."""
    try:
        found = json.loads(text)
        if isinstance(default, Enum):
            return type(default)(found)
    except (ValueError, RecursionError):
        return default
    if isinstance(default, bool) or isinstance(found, bool):
        return found if isinstance(found, bool) and isinstance(default, bool) else default
    if isinstance(default, int | float):
        is_number = isinstance(found, int | float) and math.isfinite(found) and abs(found) <= LARGEST_NUMBER
        return type(default)(found) if is_number else default
    return found if isinstance(found, str) and isinstance(default, str) else default


def _color_of(text: str | None, default: tuple[float, float, float]) -> tuple[float, float, float]:
    try:
        red, green, blue = (float(level) for level in json.loads(text or "null"))
    except (TypeError, ValueError, RecursionError):
        return default
    return (red, green, blue) if all(0 <= level <= 1 for level in (red, green, blue)) else default
