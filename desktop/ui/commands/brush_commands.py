"""What is done with brushes: choosing one, keeping the one in hand, importing, renaming and deleting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from desktop.core.brush import BrushMode, BrushSettings
from desktop.core.errors import UserError
from desktop.io.brush_library import BrushLibrary
from desktop.io.brush_presets import Preset
from desktop.io.brush_tips import read_tip
from desktop.ui.dialogs.brush_dialogs import BrushDialogs
from desktop.ui.i18n import tr_or
from desktop.ui.state import PAINT_TOOLS, BrushOptions, EditorState, Tool


class BrushCommands:
    """`dialogs` may be replaced by tests before anything is asked."""

    def __init__(self, state: EditorState, library: BrushLibrary, dialogs: BrushDialogs) -> None:
        self.library = library
        self.dialogs = dialogs
        self.on_problem: Callable[[UserError], None] = lambda _error: None
        self._told: set[str] = set()
        self._state = state

    def choose(self, preset: Preset) -> None:
        """Takes a brush in hand; one that erases brings the eraser with it."""
        state = self._state
        if state.tool not in PAINT_TOOLS:
            state.choose_tool(Tool.BRUSH)
        if preset.settings.mode is BrushMode.ERASE and state.tool is Tool.BRUSH:
            state.choose_tool(Tool.ERASER)
        state.set_brush(options_of(preset))

    def settings(self) -> BrushSettings:
        """The brush in hand, as it would be kept."""
        mode = BrushMode.ERASE if self._state.tool is Tool.ERASER else BrushMode.PAINT
        return self._state.brush.settings((0.0, 0.0, 0.0), mode)

    def chosen(self) -> Preset | None:
        """The preset that the brush in hand was made of."""
        return self.library.find(self._state.brush.preset)

    @property
    def is_own(self) -> bool:
        """True when the brush in hand was made of one of the user's; the library is not read for less."""
        preset = self.chosen() if self._state.brush.preset else None
        return preset is not None and not preset.is_shipped

    def tell_problems(self) -> None:
        """Says of each broken brush file once why it is not there."""
        for problem in self.library.problems:
            if str(problem) not in self._told:
                self._told.add(str(problem))
                self.on_problem(problem)

    def save(self) -> None:
        preset = self.chosen()
        suggestion = "" if preset is None else name_of(preset)
        name = self.dialogs.ask_new_name(suggestion)
        if name is not None:
            saved = self.library.save(name, self.settings())
            self._state.change_brush(preset=saved.id)

    def rename(self) -> None:
        preset = self.chosen()
        if preset is None:
            return
        name = self.dialogs.ask_name(preset.name)
        if name is not None:
            self.library.rename(preset, name)

    def delete(self) -> None:
        preset = self.chosen()
        if preset is not None:
            self.library.delete(preset)
            self._state.change_brush(preset="")

    def import_files(self) -> None:
        """GIMP brushes, pictures and brush files; the last one is taken in hand. A broken one does not stop others."""
        preset = None
        for path in self.dialogs.ask_files():
            try:
                preset = self.library.import_file(path)
            except UserError as problem:
                self.on_problem(problem)
        if preset is not None:
            self.choose(preset)

    def load_tip(self) -> None:
        """A tip from a file for the brush in hand."""
        path = self.dialogs.ask_tip()
        if path is not None:
            tip = read_tip(path)
            self._state.change_brush_further(tip=tip, spacing=tip.spacing)


def options_of(preset: Preset) -> BrushOptions:
    settings = preset.settings
    return BrushOptions(
        size_px=settings.diameter_px,
        hardness=round(settings.hardness * 100, 2),
        opacity=round(settings.opacity * 100, 2),
        flow=round(settings.flow * 100, 2),
        more=replace(settings, mode=BrushMode.PAINT),
        preset=preset.id,
    )


def name_of(preset: Preset) -> str:
    """A shipped brush has its name in every language."""
    return tr_or(f"brush.preset.{preset.id}", preset.name) if preset.is_shipped else preset.name
