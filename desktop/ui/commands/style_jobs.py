"""Styles that need PyTorch: a picture painted slowly, and a style learned, by a Python with the train extra.

They run as programs of their own (`python -m models.neural_style`, `python -m models.learn_style`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.core.color import to_depth
from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.errors import UserError
from desktop.io.documents import flat_image
from desktop.io.image_files import read_image, write_image
from desktop.paths import user_models_dir
from desktop.tools.layer_edits import place_above
from desktop.ui.commands.program_jobs import ProgramJobs
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.documents import DocumentSession
    from desktop.ui.main_window import MainWindow

PROGRAMS = {
    "slow": ("models.neural_style", "--side", "640"),
    "learn": ("models.learn_style", "--minutes", "12"),
}


class StyleJobs(ProgramJobs):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window, PROGRAMS, "styles")

    @property
    def can_paint(self) -> bool:
        return self._window.state.open_document is not None and not self.is_running

    def paint_slowly(self) -> None:
        """The visible picture in the manner of a painting from a file, as a new layer."""
        session = self._window.state.current
        if session is None:
            raise UserError("tool.no_document")
        painting = self._ask_painting()
        if painting is None:
            return
        document = session.open_document.document
        folder = self._begin("slow")
        out = folder / "painted.png"
        self._window.background.run(
            lambda: write_image(folder / "picture.png", flat_image(document)),
            on_done=lambda _none: self._start(
                [str(folder / "picture.png"), str(painting), str(out)],
                lambda: self._land(session, document, out),
            ),
            on_error=self._fail,
            name="slow style",
        )

    def learn(self) -> None:
        """A style of one's own from one picture; it joins the others in the panel."""
        painting = self._ask_painting()
        if painting is None:
            return
        folder = self._begin("learn")
        target = user_models_dir() / _free_id(painting.stem)
        arguments = [str(painting), "--export", str(target), "--run", str(folder / "run")]
        self._start(arguments, lambda: self._learned(target))

    def _ask_painting(self) -> Path | None:
        self._check_can_start()
        return self._window.files.ask_picture()

    def _land(self, session: DocumentSession, document: Document, out: Path) -> None:
        """The painted picture as a layer over all others of the document it was made from."""
        opened = session.open_document
        if opened.is_editing or opened.document.size != document.size:
            raise UserError("styles.changed_meanwhile")
        pixels = to_depth(read_image(out).pixels, opened.document.depth)
        layer = new_layer_from_pixels(opened.document, pixels, tr("styles.slow_layer"))
        parent, index = place_above(opened.document, None)
        with opened.edit(tr("edit.paint_slowly")) as edit:
            edit.insert_layer(layer, parent, index)

    def _learned(self, target: Path) -> None:
        self._window.ai.form.load_models()
        self.noted.emit(tr("styles.learned", name=target.name))


def _free_id(name: str) -> str:
    """A model id out of a file's name that no folder has yet."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "picture"
    number, found = 1, f"style-{plain}"
    while (user_models_dir() / found).exists():
        number += 1
        found = f"style-{plain}-{number}"
    return found
