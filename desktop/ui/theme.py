"""Dark and light: tokens from resources/themes become Qt's palette and one generated style sheet."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from desktop.paths import resources_dir
from desktop.ui.style_sheet import style_sheet

THEMES = ("dark", "light")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every colour of the interface, as #rrggbb, by what it is for."""

    surround: str
    panel: str
    sunken: str
    raised: str
    line: str
    text: str
    dim: str
    disabled: str
    accent: str
    accent_fill: str
    on_accent: str
    selected: str
    warning: str
    error: str
    checker_light: str
    checker_dark: str


class _Current:
    """The one theme of the process, like the application's palette."""

    name = "dark"


@cache
def tokens_of(name: str) -> Tokens:
    with (resources_dir() / "themes" / f"{name}.toml").open("rb") as file:
        return Tokens(**tomllib.load(file))


def tokens() -> Tokens:
    """The colours shown now; widgets that paint themselves ask on every paint."""
    return tokens_of(_Current.name)


def theme_name() -> str:
    return _Current.name


def color(value: str, alpha: float = 1.0) -> QColor:
    result = QColor(value)
    result.setAlphaF(alpha)
    return result


def apply_theme(application: QApplication, name: str) -> None:
    """Switches every window at once; widgets hear of it as a PaletteChange."""
    _Current.name = name if name in THEMES else THEMES[0]
    application.setStyle("Fusion")
    application.setPalette(palette_of(tokens()))
    folder = resources_dir() / "themes"
    arrow, check = folder / f"{_Current.name}-arrow.svg", folder / "check.svg"
    application.setStyleSheet(style_sheet(tokens(), arrow=arrow.as_posix(), check=check.as_posix()))


def palette_of(t: Tokens) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    pairs = {
        role.Window: t.panel,
        role.WindowText: t.text,
        role.Base: t.sunken,
        role.AlternateBase: t.panel,
        role.Text: t.text,
        role.PlaceholderText: t.dim,
        role.Button: t.raised,
        role.ButtonText: t.text,
        role.BrightText: t.error,
        role.Highlight: t.accent_fill,
        role.HighlightedText: t.on_accent,
        role.Accent: t.accent,
        role.Link: t.accent,
        role.ToolTipBase: t.raised,
        role.ToolTipText: t.text,
        role.Light: t.raised,
        role.Midlight: t.raised,
        role.Mid: t.line,
        role.Dark: t.surround,
        role.Shadow: t.surround,
    }
    for which, value in pairs.items():
        palette.setColor(which, QColor(value))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(t.disabled))
    return palette
