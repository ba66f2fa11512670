"""Cut, copy and paste. Pixels of this program keep depth, place and hidden colours; others give and get a picture."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QByteArray, QMimeData
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

OWN_CLIP = "application/x-scumble-clip"  # holds the name of the clip that this window keeps


class ClipboardCommands:
    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._state = window.state
        self._clip: Clip | None = None
        self._clip_name = b""

    def copy(self) -> None:
        """What the selection holds of the chosen layers."""
        ids, plane = self._state.chosen_ids, self._state.plane
        self._window.layers.compute(lambda document: _offered(clipping.copied(document, ids, plane)), self._offer)

    def copy_merged(self) -> None:
        """What the selection holds of the visible picture."""
        self._window.layers.compute(lambda document: _offered(clipping.copied_merged(document)), self._offer)

    def cut(self) -> None:
        opened, layer_id, plane = self._state.open_document, self._state.layer_id, self._state.plane
        assert opened is not None
        assert layer_id is not None
        self._window.ai.settle()

        def land(offered: tuple[Clip, QImage]) -> None:
            filling.clear_selection(opened, layer_id, plane, EditName.CUT)
            self._offer(offered)

        self._window.layers.compute(lambda document: _offered(clipping.copied(document, [layer_id], plane)), land)

    def paste(self) -> None:
        """A layer above the active one; over the mask while that is shown alone; a new picture where none is open."""
        opened = self._state.open_document
        if opened is None:
            self.paste_new()
            return
        self._window.ai.settle()
        found = self._found()
        if isinstance(found, list):
            self._window.files.drop(found)
            return
        layer_id, seen = self._state.layer_id, self._window.canvas.visible_rect()
        is_for_mask, is_own = self._state.is_mask_alone, isinstance(found, Clip)
        name = tr("layer.default_name", number=opened.document.next_layer_id())

        def work(document: Document) -> object:
            clip = _clip_of(found)
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
            pixels = _clip_of(found).pixels
            size = Size(pixels.shape[1], pixels.shape[0])
            check_new_size(self._window.settings, size)
            document = Document(size, depth=16 if pixels.dtype == np.uint16 else 8)
            return document.with_layer_inserted(new_layer_from_pixels(document, pixels, name))

        name = tr("layer.default_name", number=1)
        self._window.background.run(
            work,
            on_done=lambda document: self._window.files.show_made(document, tr("file.untitled")),
            on_error=self._window.show_error,
            name="paste",
        )

    def _offer(self, offered: tuple[Clip, QImage]) -> None:
        self._clip, image = offered
        self._clip_name = uuid.uuid4().hex.encode()
        data = QMimeData()
        data.setImageData(image)
        data.setData(OWN_CLIP, QByteArray(self._clip_name))
        QGuiApplication.clipboard().setMimeData(data)

    def _found(self) -> Clip | QImage | list[Path]:
        """What there is to paste: pixels of this window, another program's picture, or files."""
        data = QGuiApplication.clipboard().mimeData()
        if data is not None and self._clip is not None and bytes(data.data(OWN_CLIP).data()) == self._clip_name:
            return self._clip
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data is not None else []
        if files:
            return files
        image = QImage(data.imageData()) if data is not None and data.hasImage() else QImage()
        if image.isNull():
            raise UserError("clipboard.empty")
        return image


def _offered(clip: Clip) -> tuple[Clip, QImage]:
    """The clip, and a picture of it for other programs that keeps its own memory."""
    pixels = np.ascontiguousarray(to_depth8(clip.pixels))
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGBA8888).copy()
    return clip, image


def _clip_of(found: object) -> Clip:
    """Pixels from the clipboard as straight RGBA in sRGB."""
    if isinstance(found, Clip):
        return found
    assert isinstance(found, QImage)
    if found.colorSpace().isValid() and found.colorSpace() != QColorSpace(QColorSpace.NamedColorSpace.SRgb):
        found = found.convertedToColorSpace(QColorSpace(QColorSpace.NamedColorSpace.SRgb))
    is_deep = found.depth() == 64
    layout = QImage.Format.Format_RGBA64 if is_deep else QImage.Format.Format_RGBA8888
    image = found.convertToFormat(layout)
    if image.isNull():
        raise UserError("clipboard.bad_picture")
    height, width, dtype = image.height(), image.width(), np.uint16 if is_deep else np.uint8
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
    row_bytes = width * (8 if is_deep else 4)
    return Clip(lines[:, :row_bytes].copy().view(dtype).reshape(height, width, 4))  # the image frees its memory
