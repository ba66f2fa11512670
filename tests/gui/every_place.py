"""Every part of the window, shown once: tools, panels, popovers, dialogs. A new dialog goes into `dialogs_of`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
from PySide6.QtWidgets import QDialog, QWidget

from desktop.core.errors import UserError
from desktop.core.geometry import Point
from desktop.core.seamless import SeamlessSettings
from desktop.io.journal_folder import JournalFolder
from desktop.io.journal_reader import Recovered
from desktop.licences import Component
from desktop.paths import BuildFacts
from desktop.tools.grid import Grid
from desktop.ui.commands.model_commands import ModelCommands
from desktop.ui.commands.recovery_commands import Offer
from desktop.ui.commands.selection_change import AMOUNTS
from desktop.ui.dialogs.about_dialog import AboutDialog
from desktop.ui.dialogs.amount_dialog import AmountDialog
from desktop.ui.dialogs.background_dialog import BackgroundDialog
from desktop.ui.dialogs.dialogs import NewDialog, QualityDialog
from desktop.ui.dialogs.extend_dialog import ExtendDialog
from desktop.ui.dialogs.guide_dialogs import GridDialog, GuideDialog
from desktop.ui.dialogs.guide_window import GuideWindow
from desktop.ui.dialogs.import_dialog import ImportDialog
from desktop.ui.dialogs.models_window import ModelsWindow
from desktop.ui.dialogs.name_dialog import NameDialog
from desktop.ui.dialogs.preferences_dialog import PreferencesDialog
from desktop.ui.dialogs.question import unsaved_question
from desktop.ui.dialogs.recovery_dialog import RecoveryDialog
from desktop.ui.dialogs.seamless_dialog import SeamlessDialog
from desktop.ui.dialogs.self_restoring_dialog import SelfRestoringDialog
from desktop.ui.dialogs.shortcuts_dialog import ShortcutsDialog
from desktop.ui.dialogs.size_dialogs import CanvasSizeDialog, Enlargers, ImageSizeDialog
from desktop.ui.dialogs.unsaved_dialog import UnsavedDialog
from desktop.ui.panels.fill_bars import GradientBar
from desktop.ui.panels.registry import PANELS
from desktop.ui.state import Tool
from desktop.ui.units import Unit
from tests.gui.conftest import Studio

LONG_NAME = "Two gulls over the harbour of Stralsund, early in the morning"


def places(studio: Studio, tmp_path: Path) -> Iterator[tuple[str, QWidget]]:
    """Every part of the window once, shown: tools, panels, popovers, dialogs."""
    window = studio.window
    for tool in Tool:
        window.perform(f"tool.{tool.value}")
        yield tool.value, window
    for panel in PANELS:
        window.panels.bring_to_front(panel.name)
        yield panel.name, window.panels.docks[panel.name]
    yield from popovers_of(studio)
    window.info.show_note("Note")
    yield "message", window.info
    window.info.hide()
    yield from dialogs_of(studio, tmp_path)


def popovers_of(studio: Studio) -> Iterator[tuple[str, QWidget]]:
    window = studio.window
    window.perform("tool.brush")
    bar = window.context.brush_bar
    for opens, name in ((bar.open_picker, "picker"), (bar.open_editor, "editor"), (bar.open_symmetry, "symmetry")):
        opens()
        popover = getattr(bar, name)
        yield name, popover
        popover.close()
    window.perform("tool.gradient")
    gradients = window.context.bars[Tool.GRADIENT]
    assert isinstance(gradients, GradientBar)
    gradients.open_editor()
    assert gradients.editor is not None
    yield "gradient editor", gradients.editor
    gradients.editor.close()
    window.perform("tool.brush")
    window.panels.bring_to_front("ai")
    window.panels.ai.picker.open()
    yield "list of models", window.panels.ai.picker.list
    window.panels.ai.picker.list.close()
    window.action_search.open_over(window)
    yield "search", window.action_search
    window.action_search.hide()


def dialogs_of(studio: Studio, tmp_path: Path) -> Iterator[tuple[str, QWidget]]:
    """Dialogs that stand for themselves, then those that change the document while they are open."""
    for make in DIALOGS:
        dialog = make(studio, tmp_path)
        dialog.show()
        dialog.activateWindow()
        yield make.__name__.strip("_"), dialog
        dialog.close()
        dialog.deleteLater()
    for dialog in _recoveries(studio, tmp_path):
        dialog.show()
        yield "recovery", dialog
        dialog.close()
        dialog.deleteLater()
    yield from _live_dialogs(studio)


def _live_dialogs(studio: Studio) -> Iterator[tuple[str, QWidget]]:
    window = studio.window
    window.texts._write(Point(20, 20), 0.0)
    window.texts.open_dialog()
    yield from _shown_by_effects(studio, "text")
    for action in ("layer.style", "select.color_range", "restore.mend", *(f"adjust.{effect}" for effect in SHOWN)):
        window.perform(action)
        yield from _shown_by_effects(studio, action)
    window.perform("filter.lens-blur")
    yield from _shown_by_effects(studio, "filter")


def _shown_by_effects(studio: Studio, name: str) -> Iterator[tuple[str, QWidget]]:
    dialog = studio.window.effects.dialog
    assert dialog is not None, name
    dialog.activateWindow()
    yield name, dialog
    studio.window.effects.give_up()
    studio.wait_for(lambda: studio.window.effects.dialog is None)


SHOWN = ("curves", "gradient-map", "lut", "colour-balance", "levels", "channel-mixer")


def _new(studio: Studio, _folder: Path) -> QDialog:
    return NewDialog(studio.window)


def _quality(studio: Studio, folder: Path) -> QDialog:
    return QualityDialog(folder / "a.webp", studio.window)


def _shortcuts(studio: Studio, _folder: Path) -> QDialog:
    return ShortcutsDialog(studio.window)


def _preferences(studio: Studio, _folder: Path) -> QDialog:
    return PreferencesDialog(studio.window.settings, studio.window.ai.devices, studio.window)


def _unsaved_list(studio: Studio, _folder: Path) -> QDialog:
    return UnsavedDialog(["one.ora", f"{LONG_NAME}.ora"], studio.window)


def _unsaved(studio: Studio, _folder: Path) -> QDialog:
    return unsaved_question(LONG_NAME, studio.window)


def _seamless(studio: Studio, _folder: Path) -> QDialog:
    stripes = np.full((120, 160, 4), 255, np.uint8)
    stripes[:, ::4, 1] = 90
    return SeamlessDialog(SeamlessSettings(), stripes, studio.window)


def _background(studio: Studio, _folder: Path) -> QDialog:
    return BackgroundDialog(studio.window)


def _image_size(studio: Studio, _folder: Path) -> QDialog:
    networks = Enlargers({"net": "Net"}, frozenset({"net"}))
    return ImageSizeDialog(studio.document, networks, lambda _size: None, studio.window)


def _canvas_size(studio: Studio, _folder: Path) -> QDialog:
    return CanvasSizeDialog(studio.document, lambda _size: None, studio.window)


def _extend(studio: Studio, _folder: Path) -> QDialog:
    return ExtendDialog(studio.document, lambda _size: None, studio.window)


def _models(studio: Studio, _folder: Path) -> QDialog:
    window = studio.window
    return ModelsWindow(window.models, window.ai, lambda: None, window)


def _about(studio: Studio, _folder: Path) -> QDialog:
    parts = [Component("numpy", "2.0.0", "BSD-3-Clause", "Redistribution and use in source and binary forms")]
    dialog = AboutDialog(BuildFacts("0123abc", "2026-01-01", "cpu"), lambda: parts, studio.window)
    dialog.show_licences.click()
    return dialog


def _name(studio: Studio, _folder: Path) -> QDialog:
    return NameDialog("Rename swatch", LONG_NAME, "Rename", studio.window)


def _amount(studio: Studio, _folder: Path) -> QDialog:
    return AmountDialog(AMOUNTS["feather"], studio.window)


def _guide_line(studio: Studio, _folder: Path) -> QDialog:
    return GuideDialog(studio.document, Unit.MILLIMETRE, None, studio.window)


def _grid(studio: Studio, _folder: Path) -> QDialog:
    return GridDialog(Grid(), lambda _grid: None, studio.window)


def _manual(studio: Studio, _folder: Path) -> QDialog:
    return GuideWindow(studio.window)


def _restoring(studio: Studio, _folder: Path) -> QDialog:
    return SelfRestoringDialog(studio.window.restoring, "denoise", studio.window)


def _import(studio: Studio, folder: Path) -> QDialog:
    """While a file is examined: nothing of what comes back is needed to see the dialog."""
    return ImportDialog(folder / "network.onnx", cast(ModelCommands, _Examining()), lambda: None, studio.window)


def _import_refused(studio: Studio, folder: Path) -> QDialog:
    error = UserError("import.half", path="network.onnx")
    return ImportDialog(folder / "network.onnx", cast(ModelCommands, _Examining(error)), lambda: None, studio.window)


DIALOGS: tuple[Callable[[Studio, Path], QDialog], ...] = (
    _new,
    _quality,
    _shortcuts,
    _preferences,
    _unsaved,
    _unsaved_list,
    _background,
    _seamless,
    _image_size,
    _canvas_size,
    _extend,
    _models,
    _about,
    _amount,
    _name,
    _guide_line,
    _grid,
    _manual,
    _restoring,
    _import,
    _import_refused,
)


class _Examining:
    """Stands for ModelCommands: an examination that goes on, or has failed."""

    def __init__(self, error: UserError | None = None) -> None:
        self._error = error

    def examine(
        self,
        _answers: object,
        *,
        on_step: Callable[[str], None],
        on_error: Callable[[UserError], None],
        **_more: object,
    ) -> None:
        on_step("running")
        if self._error is not None:
            on_error(self._error)


def _recoveries(studio: Studio, folder: Path) -> Iterator[QDialog]:
    """One document whole, one never saved, one journal that is damaged."""
    lock = (folder / "lock").open("wb")
    held = JournalFolder(folder, lock)
    preview = np.full((60, 96, 4), 200, np.uint8)
    saved, unsaved = (
        Offer(held, (), Recovered(studio.document, name, path, time.time() - 4000, True, ()), preview)
        for name, path in ((f"{LONG_NAME}.ora", folder / "deep" / f"{LONG_NAME}.ora"), ("Untitled", None))
    )
    damaged = Offer(held, (), error=UserError("journal.damaged", name=LONG_NAME))
    yield RecoveryDialog([saved, unsaved, damaged], studio.window)
    lock.close()
