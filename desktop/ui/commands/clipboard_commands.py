"""Cut, copy and paste. Pixels of this program keep depth, place and hidden colours; others give and get a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QColorSpace, QGuiApplication, QImage

from desktop.core.color import to_depth8
from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.tools import clipping, filling
from desktop.tools.clipping import Clip
from desktop.tools.names import EditName
from desktop.ui.i18n import tr
from desktop.ui.memory import check_new_size

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


@dataclass(frozen=True, slots=True, eq=False)
class _Offered:
    """A clip as it is, and the picture of it that every program gets."""

    clip: Clip
    image: QImage


class ClipboardCommands:
    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._state = window.state
        self._offered: _Offered | None = None

    def copy(self) -> None:
        """What the selection holds of the chosen layers."""
        self._window.layers.in_turn(self._copy)

    def _copy(self) -> None:
        ids, plane = self._state.chosen_ids, self._state.plane
        self._window.layers.compute(lambda document: _offered(clipping.copied(document, ids, plane)), self._offer)

    def copy_merged(self) -> None:
        """What the selection holds of the visible picture."""
        self._window.layers.compute(lambda document: _offered(clipping.copied_merged(document)), self._offer)

    def cut(self) -> None:
        self._window.layers.in_turn(self._cut)

    def _cut(self) -> None:
        opened, layer_id, plane = self._state.open_document, self._state.layer_id, self._state.plane
        assert opened is not None
        assert layer_id is not None
        self._window.ai.settle()

        def land(offered: _Offered) -> None:
            filling.clear_selection(opened, layer_id, plane, EditName.CUT)
            self._offer(offered)

        self._window.layers.compute(lambda document: _offered(clipping.copied(document, [layer_id], plane)), land)

    def paste(self) -> None:
        """A layer above the active one; over the mask while that is shown alone; a new picture where none is open."""
        if self._state.open_document is None:
            self.paste_new()
        else:
            self._window.layers.in_turn(self._paste)

    def _paste(self) -> None:
        opened = self._state.open_document
        assert opened is not None
        self._window.ai.settle()
        found = self._found()
        if isinstance(found, list):
            self._window.files.drop(found)
            return
        layer_id, seen = self._state.layer_id, self._window.canvas.visible_rect()
        is_for_mask, offered = self._state.is_mask_alone, self._offered
        name = tr("layer.default_name", number=opened.document.next_layer_id())

        def work(document: Document) -> object:
            clip, is_own = _clip_of(found, offered)
            place = clipping.placed if is_own else clipping.centered
            clip = place(document, clip, seen)
            return clip if is_for_mask else clipping.pasted_tiles(document, clip)

        def land(made: object) -> None:
            if isinstance(made, Clip):
                assert layer_id is not None
                clipping.paste_into_mask(opened, made, layer_id)
            else:
                pasted_id = clipping.land_pasted(opened, made, name, layer_id)
                if self._state.open_document is opened:
                    self._state.choose_layer(pasted_id)

        self._window.layers.compute(work, land)

    def paste_new(self) -> None:
        found = self._found()
        if isinstance(found, list):
            self._window.files.open_paths(found)
            return

        def work() -> Document:
            pixels = _clip_of(found, offered)[0].pixels
            size = Size(pixels.shape[1], pixels.shape[0])
            document = Document(size, depth=16 if pixels.dtype == np.uint16 else 8)
            check_new_size(self._window.settings, size, document.depth)
            return document.with_layer_inserted(new_layer_from_pixels(document, pixels, name))

        name, offered = tr("layer.default_name", number=1), self._offered
        self._window.background.run(
            work,
            on_done=lambda document: self._window.files.show_made(document, tr("file.untitled")),
            on_error=self._window.show_error,
            name="paste",
        )

    def _offer(self, offered: _Offered) -> None:
        self._offered = offered
        QGuiApplication.clipboard().setImage(offered.image)

    def _found(self) -> QImage | list[Path]:
        """What there is to paste: a picture, or files."""
        data = QGuiApplication.clipboard().mimeData()
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data is not None else []
        if files:
            return files
        image = QImage(data.imageData()) if data is not None and data.hasImage() else QImage()
        if image.isNull():
            raise UserError("clipboard.empty")
        return image


def _offered(clip: Clip) -> _Offered:
    """The clip, and a picture of it for other programs that keeps its own memory."""
    pixels = np.ascontiguousarray(to_depth8(clip.pixels))
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGBA8888).copy()
    return _Offered(clip, image)


def _clip_of(found: QImage, offered: _Offered | None) -> tuple[Clip, bool]:
    """A picture from the clipboard as straight RGBA in sRGB; as it was copied, and True, if it came from here."""
    if offered is not None and found.convertToFormat(QImage.Format.Format_RGBA8888) == offered.image:
        return offered.clip, True
    srgb = QColorSpace(QColorSpace.NamedColorSpace.SRgb)
    if found.colorSpace().isValid() and found.colorSpace() != srgb:
        found = found.convertedToColorSpace(srgb)
    is_deep = found.depth() == 64
    layout = QImage.Format.Format_RGBA64 if is_deep else QImage.Format.Format_RGBA8888
    image = found.convertToFormat(layout)
    if image.isNull():
        raise UserError("clipboard.bad_picture")
    height, width, dtype = image.height(), image.width(), np.uint16 if is_deep else np.uint8
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
    row_bytes = width * (8 if is_deep else 4)
    pixels = lines[:, :row_bytes].copy()  # the image frees its memory
    return Clip(pixels.view(dtype).reshape(height, width, 4)), False
