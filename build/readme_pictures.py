"""Take the README's pictures of the window: `python build/readme_pictures.py`, kept in resources/screenshots.

They show work in progress: a bird cut out of its photograph, the background behind it painted by a style,
letters with a shadow, and the layers that it is made of.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "build")]

import numpy as np  # noqa: E402
from guide_pictures import SAMPLES, Photographer  # noqa: E402 - first: it chooses the platform without a screen
from PIL import Image  # noqa: E402

from desktop.app import make_application  # noqa: E402
from desktop.core.layer_styles import LayerStyles, ShadowStyle  # noqa: E402
from desktop.core.layers import RasterLayer  # noqa: E402
from desktop.core.tiles import TileMap  # noqa: E402
from desktop.options import OpenOptions  # noqa: E402
from desktop.tools.layer_edits import place_above  # noqa: E402
from desktop.ui.dialogs.text_dialog import TextDialog  # noqa: E402
from desktop.ui.i18n import tr  # noqa: E402
from desktop.ui.main_window import MainWindow  # noqa: E402

TARGET = ROOT / "resources" / "screenshots"
SUBJECT = SAMPLES / "kingfisher.jpg"
SIZE = (1440, 900)
QUALITY = 84
THEMES = ("dark", "light")
STYLE = "Great Wave"  # the calmest behind a bird in full colour
LETTERS, LETTERS_AT, LETTERS_PX = "Kingfisher", (0.55, 0.07), 112
LETTERS_COLOR = (0.99, 0.97, 0.92)
CUT_OUT = "Bird"
SHADOW = LayerStyles(shadow=ShadowStyle(opacity=0.5, distance_px=6.0, size_px=14.0))


def main() -> None:
    for theme in THEMES:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            os.environ["SCUMBLE_HOME"] = home
            application = make_application(OpenOptions(theme=theme, language="en"))
            photographer = Photographer(application, "en")
            photographer.window.resize(*SIZE)
            _compose(photographer)
            _keep(photographer, TARGET / f"window-{theme}.webp")
            photographer.close()


def _compose(photographer: Photographer) -> None:
    window = photographer.window
    window.files.close()
    window.files.open_paths([SUBJECT])
    photographer.wait(lambda: window.state.path == SUBJECT)
    window.perform("layer.duplicate")
    _rename(window, CUT_OUT)
    _wait_for_edit(photographer, "layer.remove_background")
    document = window.state.document
    assert document is not None
    photograph = document.layers[0].id
    _insert_painted(window, photograph)
    photographer.settle()
    _write(photographer)
    document = window.state.document
    assert document is not None
    window.state.choose_layer(next(layer.id for layer in document.layers if layer.name == CUT_OUT))
    window.perform("tool.move")
    photographer.settle()


def _insert_painted(window: MainWindow, photograph: int) -> None:
    """The photograph in a style, by the command line, over the photograph."""
    opened = window.state.open_document
    assert opened is not None
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "painted.png"
        run = [sys.executable, "-m", "desktop", "run", "styles", str(SUBJECT), str(out), "--param", f"style={STYLE}"]
        subprocess.run(run, cwd=ROOT, check=True)
        pixels = np.asarray(Image.open(out).convert("RGBA"))
    document = opened.document
    layer = RasterLayer(id=document.next_layer_id(), name=STYLE, tiles=TileMap.from_array(pixels))
    with opened.edit(STYLE) as edit:
        edit.insert_layer(layer, *place_above(document, photograph))


def _write(photographer: Photographer) -> None:
    window = photographer.window
    document = window.state.document
    assert document is not None
    window.state.choose_layer(document.layers[-1].id)
    window.perform("tool.text")
    window.state.set_color(LETTERS_COLOR)
    photographer.stroke(LETTERS_AT)
    photographer.wait(lambda: window.texts.is_writing)
    window.texts.open_dialog()
    dialog = next(each for each in photographer.application.topLevelWidgets() if isinstance(each, TextDialog))
    dialog.text.setPlainText(LETTERS)
    dialog.size.set_value(LETTERS_PX)
    photographer.settle()
    dialog.accept()
    photographer.settle()
    opened, layer = window.state.open_document, window.state.active_layer
    assert opened is not None
    assert layer is not None
    with opened.edit(tr("action.layer.style")) as edit:
        edit.replace_layer(layer.changed(styles=SHADOW))
    window.state.set_color((0.0, 0.0, 0.0))


def _rename(window: MainWindow, name: str) -> None:
    opened, layer = window.state.open_document, window.state.active_layer
    assert opened is not None
    assert layer is not None
    with opened.edit(tr("action.layer.rename")) as edit:
        edit.replace_layer(layer.changed(name=name))


def _wait_for_edit(photographer: Photographer, action: str) -> None:
    opened = photographer.window.state.open_document
    assert opened is not None
    before = opened.history.position
    photographer.window.perform(action)
    photographer.wait(lambda: opened.history.position > before)


def _keep(photographer: Photographer, path: Path) -> None:
    photographer.settle()
    with tempfile.TemporaryDirectory() as scratch:
        aside = Path(scratch) / "a.png"
        photographer.window.grab().save(str(aside))
        Image.open(aside).convert("RGB").save(path, quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
