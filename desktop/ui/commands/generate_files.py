"""What the window has for generators, put together; and latents as files, as `scumble generate --latent` reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.runtime.runner import Runner
from desktop.ui.commands.generate_commands import GenerateCommands
from desktop.ui.commands.generate_explorer import GenerateExplorer, stamps_or_reason
from desktop.ui.commands.generate_walk import WalkFiles
from desktop.ui.i18n import tr
from desktop.ui.state import Tool

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class LatentFiles:
    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def load(self) -> None:
        path = self._window.dialogs.ask_file(tr("generate.load_tip"), Path.home(), f"{_kind()} (*.npy *.json)")
        if path is not None:
            self._window.generate.load_latent(path)

    def save(self) -> None:
        sample = self._window.generate.sample
        if sample is None:
            return
        suggestion = Path.home() / f"{sample.model_id}-{sample.seed}.npy"
        path = self._window.dialogs.ask_new_file(tr("generate.save_tip"), suggestion, f"{_kind()} (*.npy)")
        if path is not None:
            self._window.generate.save_latent(path if path.suffix else path.with_suffix(".npy"))


def make_generate(
    window: MainWindow, make_runner: Callable[[], Runner]
) -> tuple[GenerateCommands, GenerateExplorer, LatentFiles, WalkFiles]:
    """The commands, the ways from picture to picture, and the files; the stamp brush takes its stamps from them."""
    state = window.state
    commands = GenerateCommands(state, window.ai, make_runner, window.background)
    explorer = GenerateExplorer(commands)
    commands.failed.connect(lambda error: window.show_error(error))
    commands.noted.connect(lambda text: window.info.show_note(text))
    window.tools.stamps = lambda: stamps_or_reason(explorer, commands)
    explorer.wants_stamps = lambda: state.tool is Tool.STAMP
    state.tool_changed.connect(explorer.tool_changed)
    return commands, explorer, LatentFiles(window), WalkFiles(window)


def _kind() -> str:
    return tr("generate.latent_file")
