"""The one table of panels: a row gives a panel its dock, its tick in the View menu and its name on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from desktop.ui.main_window import MainWindow


class Group(Enum):
    """The tabs a panel lies under in the default layout, both on the right."""

    UPPER = "upper"
    LOWER = "lower"


class Panel(Protocol):
    """What every panel is: a widget that takes its texts again on demand."""

    def retranslate(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """`name` is also that of its texts, `panel.<name>` and `action.panel.<name>`; `make` imports it."""

    name: str
    make: Callable[[MainWindow], QWidget]
    group: Group
    aliases: tuple[str, ...] = ()

    def made(self, window: MainWindow) -> tuple[QWidget, Panel]:
        widget = self.make(window)
        return widget, cast(Panel, widget)


def _ai(window: MainWindow) -> QWidget:
    from desktop.ui.panels.ai_panel import AiPanel

    return AiPanel(window.state, window.ai, window.actions_by_id, window.files.ask_picture)


def _color(window: MainWindow) -> QWidget:
    from desktop.ui.panels.color_panel import ColorPanel

    return ColorPanel(window.state, window.colors)


def _history(window: MainWindow) -> QWidget:
    from desktop.ui.panels.history_panel import HistoryPanel

    return HistoryPanel(window.state, window.history)


def _layers(window: MainWindow) -> QWidget:
    from desktop.ui.panels.layers_panel import LayersPanel

    return LayersPanel(window.state, window.actions_by_id, window.layers, window.background)


def _navigator(window: MainWindow) -> QWidget:
    from desktop.ui.panels.navigator_panel import NavigatorPanel

    return NavigatorPanel(window.state, window.canvas, window.actions_by_id)


def _info(window: MainWindow) -> QWidget:
    from desktop.ui.panels.info_panel import InfoPanel

    return InfoPanel(window.state, window.canvas)


def _brushes(window: MainWindow) -> QWidget:
    from desktop.ui.panels.brush_panel import BrushPanel

    return BrushPanel(window.state, window.brushes, window.actions_by_id)


def _generate(window: MainWindow) -> QWidget:
    from desktop.ui.focus import is_behind
    from desktop.ui.panels.generate_panel import GeneratePanel

    panel = GeneratePanel(window.generate, window.explorer, window.actions_by_id)
    window.generate.is_in_sight = lambda: panel.isVisible() and not is_behind(panel)
    return panel


def _styles(window: MainWindow) -> QWidget:
    from desktop.ui.focus import is_behind
    from desktop.ui.panels.style_panel import StylePanel

    panel = StylePanel(window.styles, window.actions_by_id)
    window.styles.is_in_sight = lambda: panel.isVisible() and not is_behind(panel)
    return panel


def _live(window: MainWindow) -> QWidget:
    from desktop.ui.focus import is_behind
    from desktop.ui.panels.live_panel import LivePanel

    panel = LivePanel(window.live, window.state, window.actions_by_id)
    window.live.is_in_sight = lambda: panel.isVisible() and not is_behind(panel)
    return panel


def _channels(window: MainWindow) -> QWidget:
    from desktop.ui.panels.channels_panel import ChannelsPanel

    return ChannelsPanel(window.state, window.editing.channels, window.background)


PANELS: tuple[PanelSpec, ...] = (
    PanelSpec("ai", _ai, Group.UPPER),
    PanelSpec("generate", _generate, Group.UPPER),
    PanelSpec("styles", _styles, Group.UPPER, aliases=("style",)),
    PanelSpec("live", _live, Group.UPPER, aliases=("draw",)),
    PanelSpec("color", _color, Group.UPPER, aliases=("colour", "colors")),
    PanelSpec("brushes", _brushes, Group.UPPER, aliases=("brush",)),
    PanelSpec("layers", _layers, Group.LOWER),
    PanelSpec("channels", _channels, Group.LOWER, aliases=("channel",)),
    PanelSpec("history", _history, Group.LOWER),
    PanelSpec("navigator", _navigator, Group.LOWER),
    PanelSpec("info", _info, Group.LOWER),
)


def panel_named(name: str) -> PanelSpec | None:
    return next((spec for spec in PANELS if name == spec.name or name in spec.aliases), None)
