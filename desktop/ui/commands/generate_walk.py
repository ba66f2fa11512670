"""A walk between the two pictures of the blend, saved as an animation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from desktop.io.animations import check_animation_name, write_animation
from desktop.runtime.runner import Request, Result
from desktop.tools.generate_tool import Picture
from desktop.tools.walks import enlarged, walk, walk_requests
from desktop.ui.commands.generate_explorer import Slot
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

FRAMES, FRAMES_A_SECOND = 60, 20.0
SMALLEST_SIDE = 256  # smaller pictures are enlarged to it: a stamp of 32 px is hard to see


class WalkFiles:
    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def save(self) -> None:
        """Asks for a file, makes the frames in the background and writes them; a note says when it is done."""
        window = self._window
        if not window.explorer.can_blend or window.generate.model is None:
            return
        suggestion = Path.home() / f"{window.generate.model.id}.webp"
        kinds = f"{tr('generate.animation')} (*.webp *.gif *.mp4)"
        path = window.dialogs.ask_new_file(tr("generate.walk_tip"), suggestion, kinds)
        if path is not None:
            self.write(path if path.suffix else path.with_suffix(".webp"))

    def write(self, path: Path) -> None:
        """UserError for a name that is no animation's."""
        check_animation_name(path)
        window, model = self._window, self._window.generate.model
        if model is None:
            return
        stops = [window.explorer.slots[slot].sample for slot in Slot]
        frames = walk(model.manifest, stops, FRAMES)
        requests = walk_requests(model.manifest, frames, window.ai.form.device_for(model))
        self._make(requests, {}, path)

    def _make(self, left: list[tuple[list[int], Request]], made: dict[int, Picture], path: Path) -> None:
        """One request after the other, since each has other parameters; then the file."""
        if not left:
            self._write(made, path)
            return
        (numbers, request), *rest = left

        def pictures(result: Result) -> list[Picture]:
            return list(result.outputs["images"].copy())

        def taken(found: list[Picture]) -> None:
            self._make(rest, made | dict(zip(numbers, found, strict=True)), path)

        self._window.generate.run_walk(request, pictures, taken)

    def _write(self, made: dict[int, Picture], path: Path) -> None:
        def written() -> None:
            frames = [made[number] for number in sorted(made)]
            side = max(SMALLEST_SIDE, *frames[0].shape[:2])
            write_animation(path, enlarged(frames, side), frames_a_second=FRAMES_A_SECOND)

        self._window.background.run(
            written,
            on_done=lambda _: self._window.info.show_note(tr("generate.walk_saved", name=path.name)),
            on_error=self._window.show_error,
            name="walk",
        )
