"""The colours of the screen: untouched, by the system's profile of the screen, or by a profile file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from desktop.core.errors import UserError
from desktop.io.profiles import profile_name
from desktop.io.screen_colors import read_screen_profile, system_screen_profile
from desktop.settings import SCREEN_PROFILE
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

OFF, SYSTEM = "off", "system"  # everything else is the path of a file


class ScreenCommands:
    def __init__(self, window: MainWindow) -> None:
        self._window = window
        try:
            window.canvas.set_screen_profile(_profile_of(self.chosen))
        except UserError as error:
            problem = error  # told when there is a window to tell it
            QTimer.singleShot(0, window, lambda: window.show_error(problem))

    @property
    def chosen(self) -> str:
        return self._window.settings.get(SCREEN_PROFILE)

    @property
    def kind(self) -> str:
        """What the menu ticks."""
        return self.chosen if self.chosen in (OFF, SYSTEM) else "file"

    def choose(self, kind: str) -> None:
        """UserError, with everything as it was, when a profile cannot be used."""
        value = kind
        if kind == "file":
            path = self._window.dialogs.ask_file(tr("screen.choose_title"), Path.home(), tr("screen.pattern"))
            if path is None:
                return
            value = str(path)
        profile = _profile_of(value)
        self._window.canvas.set_screen_profile(profile)
        self._window.settings.set(SCREEN_PROFILE, value)
        note = tr("screen.untouched") if profile is None else tr("screen.using", name=profile_name(profile))
        self._window.info.show_note(note)


def _profile_of(value: str) -> bytes | None:
    if value == OFF:
        return None
    return system_screen_profile() if value == SYSTEM else read_screen_profile(Path(value))
