"""Take the guide's pictures from the real window, in every language: `python build/guide_pictures.py`.

Run it whenever the window changes, or with the names of some scenes. The pictures are kept in
resources/guide/pictures/<language>.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QPoint, QRect, Qt  # noqa: E402
from PySide6.QtGui import QColor, QPainter, QPixmap  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from desktop.app import make_application, make_window  # noqa: E402
from desktop.core.composite import flatten  # noqa: E402
from desktop.core.document import Document  # noqa: E402
from desktop.core.edits import OpenDocument  # noqa: E402
from desktop.core.geometry import Point, Rect, Size  # noqa: E402
from desktop.core.layer_styles import STYLE_KINDS  # noqa: E402
from desktop.core.layers import RasterLayer  # noqa: E402
from desktop.core.shapes import ShapeKind, ShapeStyle  # noqa: E402
from desktop.core.tiles import TileMap  # noqa: E402
from desktop.io.journal import JournalKeeper  # noqa: E402
from desktop.io.journal_folder import new_folder  # noqa: E402
from desktop.options import OpenOptions  # noqa: E402
from desktop.tools.ai_tool import Where  # noqa: E402
from desktop.ui.canvas.scripted_pointer import scripted_stroke  # noqa: E402
from desktop.ui.dialogs.effect_dialog import EffectDialog  # noqa: E402
from desktop.ui.dialogs.layer_style_dialog import LayerStyleDialog  # noqa: E402
from desktop.ui.dialogs.models_window import ModelsWindow  # noqa: E402
from desktop.ui.dialogs.text_dialog import TextDialog  # noqa: E402
from desktop.ui.i18n import LANGUAGES, tr  # noqa: E402
from desktop.ui.main_window import MainWindow  # noqa: E402

TARGET = ROOT / "resources" / "guide" / "pictures"
SAMPLES = ROOT / "resources" / "samples"
PHOTO = SAMPLES / "neuschwanstein.jpg"
SUBJECT = SAMPLES / "kingfisher.jpg"
SIZE = (1280, 800)
SHOWN_WIDTH = 700  # of a page of the guide
QUALITY = 82
FRAME = "#707070"
PATIENCE_S = 300
SETTLED_S = 0.6
REMOVED_AT = Rect(330, 540, 340, 228)  # around the seated man of the tour
Kind = TypeVar("Kind", bound=QWidget)
CURVE = "0,0 0.3,0.18 0.7,0.84 1,1"
SHOWN_SEED = 7
STAR_FILL = "#f0b429"
STAR_AT = ((0.08, 0.1), (0.3, 0.42))
LETTERS = "Neuschwanstein"
LETTERS_AT = (0.05, 0.06)  # of the picture
PAGE_WHITE = 255
PAPER = Size(600, 450)
BLACK, BLUE, BROWN = (0.0, 0.0, 0.0), (0.2, 0.45, 0.85), (0.45, 0.27, 0.12)
CUP = ((0.25, 0.35), (0.3, 0.75), (0.6, 0.75), (0.65, 0.35), (0.25, 0.35))
HANDLE = ((0.63, 0.42), (0.78, 0.42), (0.78, 0.62), (0.61, 0.64))
SAUCER = ((0.15, 0.78), (0.25, 0.88), (0.65, 0.88), (0.75, 0.78), (0.15, 0.78))
DRINK = ((0.25, 0.35), (0.45, 0.29), (0.65, 0.35))
DRAWING = (  # colour, width of the brush, strokes in shares of the paper
    (BLACK, 5.0, (CUP, HANDLE, SAUCER, DRINK)),
    (BLUE, 16.0, (((0.44, 0.55), (0.48, 0.56)),)),
    (BROWN, 10.0, (((0.44, 0.33), (0.46, 0.33)),)),
)


class Photographer:
    """One window in one language, and where its pictures go."""

    def __init__(self, application: QApplication, language: str) -> None:
        self.application, self.folder = application, TARGET / language
        self.folder.mkdir(parents=True, exist_ok=True)
        self.window: MainWindow = make_window(OpenOptions(size=SIZE))
        self.window.show()
        self.window.files.open_paths([PHOTO])
        self.wait(lambda: self.window.state.document is not None)
        self.window.ai.find_devices()  # the status bar shows them
        self.wait(lambda: bool(self.window.ai.devices))

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """The whole window, or one part of it, no wider than the page."""
        self.settle()
        self.keep(name, (widget or self.window).grab())

    def keep(self, name: str, shown: QPixmap) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            aside = Path(scratch) / "a.png"
            shown.save(str(aside))
            picture = Image.open(aside).convert("RGB")
        if picture.width > SHOWN_WIDTH:
            picture = picture.resize((SHOWN_WIDTH, round(picture.height * SHOWN_WIDTH / picture.width)), Image.LANCZOS)
        picture.save(self.folder / f"{name}.webp", quality=QUALITY, method=6)

    def stroke(self, *shares: tuple[float, float]) -> None:
        """Press at the first point of the picture, move through the others, release."""
        document = self.window.state.document
        assert document is not None
        size = document.size
        scripted_stroke(self.window.canvas, [Point(size.width * x, size.height * y) for x, y in shares])
        self.wait(lambda: not self.window.state.is_editing)

    def settle(self) -> None:
        """Until nothing moves; the hand is off the canvas, or the brush's outline would stay there."""
        QCoreApplication.sendEvent(self.window.canvas, QEvent(QEvent.Type.Leave))
        self.window.canvas.grab()
        until = time.monotonic() + SETTLED_S
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < min(until, deadline):
            self.application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
            # outside Qt's own loop, what was deleted for later stays, and is drawn
            self.application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            window = self.window
            runs = window.generate.runs.is_busy or window.styles.is_busy or not window.live.is_settled
            busy = window.background.is_busy or runs
            if busy or not self.window.canvas.is_complete:
                until = time.monotonic() + SETTLED_S

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition() and time.monotonic() < deadline:
            self.application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def close_picture(self) -> None:
        """The shown one, and back to the photograph."""
        assert self.window.state.open_document is not None
        self.window.state.open_document.mark_saved()
        self.window.files.close()

    def close(self) -> None:
        """Nobody is there to answer a question about unsaved work."""
        self.window.files.can_close = lambda: True  # type: ignore[method-assign]
        self.window.close()
        self.window.deleteLater()
        self.application.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def main() -> None:
    names = scene_names(sys.argv[1:])
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:  # nothing is left from the other one
            os.environ["SCUMBLE_HOME"] = home
            application = make_application(OpenOptions(theme="dark", language=language))
            photographer = Photographer(application, language)
            for name in names:
                SCENES[name](photographer)
            photographer.close()
            print(f"{language}: {len(list(photographer.folder.glob('*.webp')))} pictures")


def _take_removal(photographer: Photographer) -> None:
    """Before and after, side by side, at the pixels of the picture."""
    window = photographer.window
    window.tours.start("remove")
    photographer.wait(lambda: window.tours.bar.isVisible())
    opened = window.state.open_document
    assert opened is not None
    before = flatten(opened.document, REMOVED_AT)
    photographer.settle()
    window.tours.bar.show_me.click()
    photographer.wait(lambda: opened.history.position > 0)
    pair = np.concatenate([before, flatten(opened.document, REMOVED_AT)], axis=1)[..., :3]
    Image.fromarray(pair).save(photographer.folder / "remove.webp", quality=QUALITY, method=6)
    window.tours.end()
    photographer.close_picture()


def _take_cutout(photographer: Photographer) -> None:
    """The sample, and what the network leaves of it on white."""
    window = photographer.window
    window.files.open_paths([SUBJECT])
    photographer.wait(lambda: window.state.path == SUBJECT)
    opened = window.state.open_document
    assert opened is not None
    whole = Rect(0, 0, opened.document.size.width, opened.document.size.height)
    before = flatten(opened.document, whole)
    photographer.settle()
    window.perform("layer.remove_background")
    photographer.wait(lambda: opened.history.position > 0)
    after = Image.fromarray(flatten(opened.document, whole))
    page = Image.new("RGBA", after.size, (PAGE_WHITE,) * 4)
    page.alpha_composite(after)
    pair = Image.fromarray(np.concatenate([before[..., :3], np.asarray(page)[..., :3]], axis=1))
    pair = pair.resize((SHOWN_WIDTH, round(pair.height * SHOWN_WIDTH / pair.width)), Image.LANCZOS)
    pair.save(photographer.folder / "cutout.webp", quality=QUALITY, method=6)
    photographer.close_picture()


def _take_colourise(photographer: Photographer) -> None:
    """A grey photograph, and the colours that a network proposes."""
    window = photographer.window
    with Image.open(PHOTO) as photo:
        grey = np.asarray(photo.convert("L").convert("RGBA"))
    document = Document(Size(grey.shape[1], grey.shape[0]))
    layer = RasterLayer(id=document.next_layer_id(), name=tr("layer.background"), tiles=TileMap.from_array(grey))
    window.files.show_made(document.with_layer_inserted(layer), tr("file.untitled"))
    photographer.settle()
    window.ai.form.choose_model("colourise")
    window.ai.form.set_where(Where.ALL)
    window.perform("ai.run")
    photographer.wait(lambda: window.ai.has_preview)
    window.perform("ai.keep")
    opened = window.state.open_document
    assert opened is not None
    coloured = flatten(opened.document, opened.document.size.rect())
    pair = Image.fromarray(np.concatenate([grey, coloured], axis=1)[..., :3])
    pair = pair.resize((SHOWN_WIDTH, round(pair.height * SHOWN_WIDTH / pair.width)), Image.LANCZOS)
    pair.save(photographer.folder / "colourise.webp", quality=QUALITY, method=6)
    photographer.close_picture()


def _take_shapes(photographer: Photographer) -> None:
    """A star on the picture, and the dialog that gives it a stroke and a shadow."""
    window = photographer.window
    window.panels.bring_to_front("ai")
    window.panels.bring_to_front("layers")
    window.perform("tool.shape")
    window.state.change_options(shape=ShapeStyle(kind=ShapeKind.STAR, fill=STAR_FILL))
    photographer.stroke(*STAR_AT)
    window.perform("layer.style")
    dialog = _shown(LayerStyleDialog)[0]
    for name in ("shadow", "stroke"):
        row = list(STYLE_KINDS).index(name)
        dialog.list.item(row).setCheckState(Qt.CheckState.Checked)
        dialog.list.setCurrentRow(row)
    photographer.settle()
    photographer.wait(lambda: not dialog.is_at_work)
    photographer.settle()
    photographer.keep("shapes", _over(window, dialog))
    dialog.reject()
    window.perform("edit.undo")
    window.perform("tool.brush")


def _take_models(photographer: Photographer) -> None:
    """The window of models, and in it the card of a generator: its samples come first."""
    window = photographer.window
    window.perform("ai.models")
    models = _shown(ModelsWindow)[0]
    photographer.take("models", models)
    rows = [models.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(models.list.count())]
    models.list.setCurrentRow(rows.index("letters"))
    photographer.take("card", models)
    models.close()


def _take_recovery(photographer: Photographer) -> None:
    """What a program that was killed leaves, offered at the next start."""
    window = photographer.window
    opened = window.state.open_document
    assert opened is not None
    lost = OpenDocument(opened.document)
    folder = new_folder(window.recovery.root)
    keeper = JournalKeeper(folder.path)
    keeper.follow(lost, path=None, title=PHOTO.name)
    with lost.edit(tr("action.layer.new")) as edit:
        edit.insert_layer(RasterLayer(id=lost.document.next_layer_id(), name=tr("layer.background")))
    keeper.flush()
    keeper.close(is_kept=True)
    folder.release()
    window.recovery.show()
    photographer.wait(lambda: window.recovery.dialog is not None)
    dialog = window.recovery.dialog
    assert dialog is not None
    photographer.settle()
    photographer.keep("recovery", _over(window, dialog))
    dialog.rows[0].discard.click()
    photographer.settle()


def _take_styles(photographer: Photographer) -> None:
    """A style in hand, its preview on the picture."""
    window = photographer.window
    window.panels.bring_to_front("styles")
    photographer.settle()
    window.styles.choose(window.styles.styles[0])
    photographer.wait(lambda: window.ai.has_preview)
    photographer.take("styles")
    window.perform("ai.discard")


def _take_draw(photographer: Photographer) -> None:
    """A cup in lines on a layer of its own, two dabs of colour, and what a network makes of it in the panel."""
    window = photographer.window
    paper = TileMap.filled(PAPER.rect(), (PAGE_WHITE,) * 4, np.dtype(np.uint8))
    document = Document(PAPER)
    layer = RasterLayer(id=document.next_layer_id(), name=tr("layer.background"), tiles=paper)
    window.files.show_made(document.with_layer_inserted(layer), tr("file.untitled"))
    window.perform("layer.new")
    window.perform("tool.brush")
    for color, size, strokes in DRAWING:
        window.state.set_color(color)
        window.state.change_brush(size_px=size)
        for stroke in strokes:
            photographer.stroke(*stroke)
    window.panels.bring_to_front("live")
    photographer.settle()
    photographer.wait(lambda: window.live.is_settled)
    photographer.take("draw")
    window.state.set_color((0.0, 0.0, 0.0))
    photographer.close_picture()


def _take_text(photographer: Photographer) -> None:
    """Letters on the picture, and their dialog over the window."""
    window = photographer.window
    window.panels.bring_to_front("ai")
    window.panels.bring_to_front("layers")
    window.perform("tool.text")
    window.state.set_color((1.0, 1.0, 1.0))
    photographer.stroke(LETTERS_AT)
    photographer.wait(lambda: window.texts.is_writing)
    window.texts.open_dialog()
    dialog = _shown(TextDialog)[0]
    dialog.text.setPlainText(LETTERS)
    photographer.settle()
    photographer.keep("text", _over(window, dialog))
    dialog.reject()
    window.perform("tool.brush")


def _take_curves(photographer: Photographer) -> None:
    """The dialog lies over the window, as on a screen."""
    window = photographer.window
    window.perform("adjust.curves")
    dialog = _shown(EffectDialog)[0]
    dialog.form.set_values({"all": CURVE})
    photographer.settle()
    photographer.wait(lambda: not dialog.is_at_work)
    photographer.settle()
    photographer.keep("curves", _over(window, dialog))
    dialog.reject()
    photographer.settle()


def _shown(kind: type[Kind]) -> list[Kind]:
    return [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, kind) and widget.isVisible()]


def _over(window: QWidget, dialog: QWidget) -> QPixmap:
    shown = window.grab()
    painter = QPainter(shown)
    corner = window.mapFromGlobal(dialog.mapToGlobal(QPoint(0, 0)))
    painter.drawPixmap(corner, dialog.grab())
    painter.setPen(QColor(FRAME))  # a screen shows the system's frame there
    painter.drawRect(QRect(corner, dialog.rect().size()).adjusted(-1, -1, 0, 0))
    painter.end()
    return shown


def _take_window(photographer: Photographer) -> None:
    """The photograph with each of the main panels."""
    window = photographer.window
    photographer.take("window")
    _take_curves(photographer)
    window.perform("layer.new")
    window.perform("layer.add_mask")
    window.perform("layer.duplicate")
    window.perform("layer.group")
    window.panels.bring_to_front("layers")
    photographer.settle()
    photographer.take("layers", window.panels.layers)
    for _ in range(4):
        window.perform("edit.undo")
    window.ai.form.choose_model("denoise-photo")
    window.panels.bring_to_front("ai")
    window.perform("tool.region")
    window.state.change_brush(size_px=160.0)
    photographer.stroke((0.15, 0.25), (0.35, 0.2), (0.55, 0.22), (0.8, 0.2))
    photographer.take("region")
    window.perform("ai.clear_region")
    window.generate.choose_model("emoji-faces")
    window.generate.set_seed(SHOWN_SEED)
    window.panels.bring_to_front("generate")
    photographer.take("generate")


SCENES = {
    "window": _take_window,
    "recovery": _take_recovery,
    "shapes": _take_shapes,
    "models": _take_models,
    "text": _take_text,
    "styles": _take_styles,
    "draw": _take_draw,
    "cutout": _take_cutout,
    "colourise": _take_colourise,
    "remove": _take_removal,
}


def scene_names(arguments: list[str]) -> list[str]:
    """Those that were named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {', '.join(SCENES)}")
    names = parser.parse_args(arguments).names
    if unknown := set(names) - set(SCENES):  # not by argparse's choices: Python 3.11 wants a name with them
        parser.error(f"no such scene: {', '.join(sorted(unknown))}")
    return names or list(SCENES)


if __name__ == "__main__":
    main()
