"""Draws a text with Qt's fonts and layout: the renderer of text layers, for the window and the command line."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QPainter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextLine,
    QTextOption,
    QTransform,
)

from desktop.core.affine import Affine
from desktop.core.errors import UserError
from desktop.core.layers import Alignment, TextContent
from desktop.tools.text_layers import RenderedText

LARGEST_SIDE_PX = 16_384
ROUNDING_PX = 0.5  # a box that was dragged to the end of a line has room for it
_ALIGNMENTS = {
    Alignment.LEFT: Qt.AlignmentFlag.AlignLeft,
    Alignment.CENTER: Qt.AlignmentFlag.AlignHCenter,
    Alignment.RIGHT: Qt.AlignmentFlag.AlignRight,
    Alignment.JUSTIFY: Qt.AlignmentFlag.AlignJustify,
}
_NOTHING = np.zeros((0, 0, 4), np.uint8)


def render_text(content: TextContent) -> RenderedText:
    """The letters alone, cut to where they are. UserError when they would be too large."""
    document = laid_out(content)
    margin = content.size_px  # letters reach beyond their boxes
    size = document.size()
    tall = min(size.height(), content.height) if content.height else size.height()
    left, top = content.x - margin, content.y - margin
    place = content.affine.bounds(left, top, left + size.width() + 2 * margin, top + tall + 2 * margin)
    width, height = place.width, place.height
    if max(width, height) > LARGEST_SIDE_PX:
        raise UserError("text.too_large", width=width, height=height, limit=LARGEST_SIDE_PX)
    pixels = np.zeros((height, width, 4), np.uint8)
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setTransform(qt_transform(content.affine.moved(-place.x, -place.y)))
    painter.translate(content.x, content.y)
    _draw_lines(document, painter, content.height)
    painter.end()
    del image
    x, y, width, height = cv2.boundingRect(cv2.extractChannel(pixels, 3))
    if width == 0:
        return RenderedText(_NOTHING, place.x, place.y)
    part = np.ascontiguousarray(pixels[y : y + height, x : x + width])
    return RenderedText(_straight(part, content.color), place.x + x, place.y + y)


def qt_transform(affine: Affine) -> QTransform:
    """The same map in Qt's order of numbers."""
    return QTransform(affine.xx, affine.yx, affine.xy, affine.yy, affine.x0, affine.y0)


def lines_within(document: QTextDocument, height: float) -> tuple[list[tuple[QTextLine, QPointF]], bool]:
    """The lines that have room in a height (0: in any) with the places they are drawn at, and whether that is all."""
    found: list[tuple[QTextLine, QPointF]] = []
    block = document.begin()
    while block.isValid():
        origin, lines = document.documentLayout().blockBoundingRect(block).topLeft(), block.layout()
        for line in (lines.lineAt(number) for number in range(lines.lineCount())):
            if height and origin.y() + line.y() + line.height() > height + ROUNDING_PX:
                return found, False
            found.append((line, origin))
        block = block.next()
    return found, True


def _draw_lines(document: QTextDocument, painter: QPainter, height: float) -> None:
    lines, is_all = lines_within(document, height)
    if is_all:
        document.drawContents(painter)
        return
    for line, origin in lines:
        line.draw(painter, origin)


def _straight(pixels: np.ndarray, color: str) -> np.ndarray:
    """All letters have one colour: it stands in every pixel, alpha says how much of it; emoji keep their own."""
    if _is_all_ink(pixels, color):
        out = np.empty_like(pixels)
        out[..., :3] = QColor(color).getRgb()[:3]
        out[..., 3] = pixels[..., 3]
        return out
    alpha = pixels[..., 3:].astype(np.float32)
    straight = np.where(alpha > 0, np.rint(pixels[..., :3] * (255 / np.maximum(alpha, 1))), 0)
    ink = np.array(QColor(color).getRgb()[:3], np.float32)
    is_ink = np.abs(pixels[..., :3] - ink * alpha / 255).max(axis=2, keepdims=True) <= 1.01
    out = np.concatenate([np.where(is_ink, ink, straight), alpha], axis=2)
    return np.clip(out, 0, 255).astype(np.uint8)


def _is_all_ink(pixels: np.ndarray, color: str) -> bool:
    """Whether every premultiplied pixel has the colour of the letters: then nothing has to be divided."""
    alpha = cv2.extractChannel(pixels, 3)
    for channel, level in enumerate(QColor(color).getRgb()[:3]):
        wanted = cv2.LUT(alpha, np.rint(np.arange(256) * (level / 255)).astype(np.uint8))
        if cv2.absdiff(cv2.extractChannel(pixels, channel), wanted).max() > 1:
            return False
    return True


def laid_out(content: TextContent) -> QTextDocument:
    font = QFont(content.family) if content.family else QFont()
    font.setPixelSize(content.size_px)
    font.setWeight(QFont.Weight(round(content.weight / 100) * 100))
    font.setItalic(content.italic)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, content.size_px * content.tracking / 1000)
    document = QTextDocument()
    document.setDocumentMargin(0)
    document.setDefaultFont(font)
    option = QTextOption(_ALIGNMENTS[content.alignment])
    option.setWrapMode(
        QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere if content.width else QTextOption.WrapMode.NoWrap
    )
    document.setDefaultTextOption(option)
    document.setPlainText(content.text)
    block, letters = QTextBlockFormat(), QTextCharFormat()
    block.setLineHeight(content.leading * 100, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    block.setAlignment(_ALIGNMENTS[content.alignment])
    letters.setForeground(QColor(content.color))
    letters.setFont(font)
    cursor = QTextCursor(document)
    cursor.select(QTextCursor.SelectionType.Document)
    cursor.mergeBlockFormat(block)
    cursor.mergeCharFormat(letters)
    document.setTextWidth(content.width or document.idealWidth())
    return document
