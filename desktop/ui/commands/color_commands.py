"""Recent colours and swatches: kept in the settings, exchanged with other programs as .gpl and .ase files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.core.errors import UserError
from desktop.io.palettes import ADOBE_SUFFIX, GIMP_SUFFIX, MOST_COLORS, PaletteColor, read_palette, write_palette
from desktop.settings import SWATCHES
from desktop.ui.i18n import tr
from desktop.ui.state import Color

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

RECENT_LIMIT = 12
LOAD_PATTERN = f"GIMP, Adobe (*{GIMP_SUFFIX} *{ADOBE_SUFFIX})"
SAVE_PATTERN = f"GIMP (*{GIMP_SUFFIX});;Adobe (*{ADOBE_SUFFIX})"


class ColorCommands(QObject):
    palette_changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.recent: tuple[PaletteColor, ...] = ()
        stored = (_parsed(text) for text in window.settings.get(SWATCHES))
        self.swatches: tuple[PaletteColor, ...] = tuple(color for color in stored if color is not None)

    def take(self, color: PaletteColor) -> None:
        """Paints with it from now on."""
        red, green, blue = (level / 255 for level in color.levels)
        self._window.state.set_color((red, green, blue))

    def note_use(self, color: PaletteColor) -> None:
        if self.recent[:1] != (color,):
            self.recent = (color, *(other for other in self.recent if other != color))[:RECENT_LIMIT]
            self.palette_changed.emit()

    def add(self) -> None:
        """Keeps the foreground colour as a swatch."""
        color = palette_color(self._window.state.color)
        if len(self.swatches) < MOST_COLORS and all(other.levels != color.levels for other in self.swatches):
            self._keep((*self.swatches, color))

    def remove(self, index: int) -> None:
        if 0 <= index < len(self.swatches):
            self._keep((*self.swatches[:index], *self.swatches[index + 1 :]))

    def rename(self, index: int) -> None:
        if not 0 <= index < len(self.swatches):
            return
        color = self.swatches[index]
        name = self._window.dialogs.ask_name(tr("color.rename_title"), color.name, tr("dialog.rename"))
        if name is not None:
            renamed = PaletteColor(color.levels, name)
            self._keep((*self.swatches[:index], renamed, *self.swatches[index + 1 :]))

    def load(self) -> None:
        """Adds the colours of a palette file that are not there yet."""
        path = self._window.dialogs.ask_file(tr("color.load_tip"), Path.home(), LOAD_PATTERN)
        if path is None:
            return
        try:
            colors = read_palette(path)
        except UserError as error:
            self._window.show_error(error)
            return
        known = {color.levels for color in self.swatches}
        fresh = {color.levels: color for color in reversed(colors) if color.levels not in known}
        self._keep((*self.swatches, *reversed(fresh.values()))[:MOST_COLORS])

    def save(self) -> None:
        path = self._window.dialogs.ask_new_file(
            tr("color.save_tip"), Path.home() / f"scumble{GIMP_SUFFIX}", SAVE_PATTERN
        )
        if path is None:
            return
        if path.suffix.lower() not in (GIMP_SUFFIX, ADOBE_SUFFIX):
            path = path.with_name(path.name + GIMP_SUFFIX)
        try:
            write_palette(path, self.swatches)
        except UserError as error:
            self._window.show_error(error)
            return
        self._window.info.show_note(tr("file.exported", name=path.name))

    def _keep(self, swatches: tuple[PaletteColor, ...]) -> None:
        self.swatches = swatches
        self.palette_changed.emit()
        try:
            self._window.settings.set(SWATCHES, tuple(f"{color.hex} {color.name}".strip() for color in swatches))
        except UserError as error:
            self._window.show_error(error)


def palette_color(color: Color) -> PaletteColor:
    red, green, blue = (round(level * 255) for level in color)
    return PaletteColor((red, green, blue))


def _parsed(text: str) -> PaletteColor | None:
    """A swatch of the settings, "#rrggbb name"; None when it is damaged."""
    digits, _, name = text.partition(" ")
    try:
        red, green, blue = bytes.fromhex(digits.removeprefix("#"))
    except ValueError:
        return None
    return PaletteColor((red, green, blue), name)
