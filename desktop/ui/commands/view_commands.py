"""What the View and Help menus do."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.settings import LANGUAGE, PIXEL_GRID, THEME
from desktop.ui import i18n
from desktop.ui.i18n import tr
from desktop.ui.keymap import choose_keymap
from desktop.ui.theme import theme_name

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


SPLIT_NAMES = {
    "saved": "split.saved",
    "first": "split.first",
    "step": "split.step",
    "snapshot": "split.snapshot",
}


class ViewCommands:
    def __init__(self, window: MainWindow) -> None:
        self._window = window
        window.canvas.shows_pixel_grid = window.settings.get(PIXEL_GRID)

    def zoom_in(self) -> None:
        self._window.canvas.zoom_step(1)

    def zoom_out(self) -> None:
        self._window.canvas.zoom_step(-1)

    def fit(self) -> None:
        self._window.canvas.fit()

    def actual_size(self) -> None:
        self._window.canvas.zoom_to(1.0)

    def turn(self, degrees: float) -> None:
        """Turns what is shown, clockwise, to the next multiple."""
        canvas = self._window.canvas
        steps = canvas.view.rotation / degrees
        canvas.turn_to((math.floor(steps + 1e-6) + 1) * degrees)

    def flip(self) -> None:
        self._window.canvas.mirror()

    def set_upright(self) -> None:
        self._window.canvas.set_upright()

    def turn_by_hand(self) -> None:
        """From the menu: dragging turns the view until Escape or this again."""
        self.hold_turn(not self._window.canvas.pointer.turns)

    def hold_turn(self, turns: bool) -> None:
        self._window.canvas.pointer.set_turns(turns and self._window.state.open_document is not None)

    def pan_by_hand(self) -> None:
        """From the menu: dragging moves the view until Escape, this again, or until the canvas is left."""
        self.hold_pan(not self._window.canvas.pointer.pans)

    def hold_pan(self, pans: bool) -> None:
        self._window.canvas.pointer.set_pans(pans and self._window.state.open_document is not None)

    def holds(self) -> dict[str, Callable[[bool], None]]:
        """By action, what lasts as long as its key is held."""
        return {"view.before": self.hold_before, "view.turn": self.hold_turn, "view.pan": self.hold_pan}

    def show_before(self) -> None:
        """From the menu: switches between before and after."""
        self.hold_before(not self._window.canvas.is_showing_before)

    def hold_before(self, shows: bool) -> None:
        """The picture without the result that waits, or as it was before the last step."""
        window, opened = self._window, self._window.state.open_document
        if not shows or opened is None or opened.is_editing:
            window.canvas.show_before(None)
            return
        history = opened.history
        if window.ai.has_preview:
            before = opened.document
        elif history.can_undo:
            before = history.entries[history.position - 1].document
        else:
            return
        window.canvas.show_before(OpenDocument(before))

    def toggle_split(self) -> None:
        """The document as it was left of a line, as it is right of it."""
        split = self._window.canvas.split
        if split.picture is not None:
            split.hide()
        else:
            self.split_with("saved")

    def split_with(self, which: str) -> None:
        """Chooses the version left of the line: "saved", "first", "step" or "snapshot"."""
        session, state = self._window.state.current, self._window.state
        if session is None or state.is_editing:
            return
        history, snapshots = session.open_document.history, session.snapshots.all
        name = tr(SPLIT_NAMES[which])
        if which == "snapshot" and snapshots:
            name, document = snapshots[-1].name, snapshots[-1].document
        elif self._window.ai.has_preview:
            name, document = tr("split.present"), history.document
        elif which == "step":
            document = history.entry(max(history.position - 1, 0)).document
        else:
            document = (history.saved_document if which == "saved" else None) or history.entry(0).document
        self._window.canvas.split.show(document, name)

    def split_with_version(self, document: Document, name: str) -> None:
        self._window.canvas.split.show(document, name)

    def toggle_mask(self) -> None:
        self._window.canvas.shows_mask = not self._window.canvas.shows_mask
        self._window.canvas.update()

    def toggle_selection_line(self) -> None:
        canvas = self._window.canvas
        canvas.shows_selection = not canvas.shows_selection
        canvas.update()

    def toggle_pixel_grid(self) -> None:
        canvas = self._window.canvas
        canvas.shows_pixel_grid = not canvas.shows_pixel_grid
        canvas.update()
        self._window.settings.set(PIXEL_GRID, canvas.shows_pixel_grid)

    def toggle_panels(self) -> None:
        self._window.show_panels(not self._window.panels.are_shown)

    def toggle_fullscreen(self) -> None:
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()

    def toggle_theme(self) -> None:
        name = "light" if theme_name() == "dark" else "dark"
        self._window.set_theme(name)
        self._window.settings.set(THEME, name)

    def import_model(self) -> None:
        path = self._window.dialogs.ask_model_file()
        if path is not None:
            self.import_model_file(path)

    def import_model_file(self, path: Path) -> None:
        """Examines a file and asks what it does not say."""
        imported = self._window.dialogs.import_model(path, self._window.models)
        if imported:
            self._window.info.show_note(tr("import.done", model=imported))

    def fill_with_texture(self) -> None:
        """The texture model in the AI panel, for the selection or, without one, for the whole canvas."""
        self._window.ai.quick.choose_texture()
        self._window.panels.bring_to_front("ai")

    def show_models(self) -> None:
        self._window.dialogs.show_models(self._window.models, self._window.ai, self.import_model)

    def set_language(self, name: str) -> None:
        i18n.set_language(name)
        self._window.settings.set(LANGUAGE, name)


class HelpCommands:
    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def search(self) -> None:
        self._window.action_search.open_over(self._window)

    def show_ai(self) -> None:
        self._window.panels.bring_to_front("ai")

    def preferences(self) -> None:
        """Asks, keeps and applies; each value that changed is on disk when this returns."""
        window = self._window
        chosen = window.dialogs.ask_preferences(window.settings, window.ai.devices)
        if chosen is None:
            return
        for setting, value in chosen:
            window.settings.set(setting, value)
        if theme_name() != window.settings.get(THEME):
            window.set_theme(window.settings.get(THEME))
        i18n.set_language(window.settings.get(LANGUAGE))
        window.ai.form.changed.emit()

    def shortcuts(self) -> None:
        chosen = self._window.dialogs.ask_shortcuts()
        if chosen is not None:
            choose_keymap(self._window.settings, *chosen)

    def guide(self) -> None:
        self._window.dialogs.show_guide()

    def about(self) -> None:
        self._window.dialogs.about()
