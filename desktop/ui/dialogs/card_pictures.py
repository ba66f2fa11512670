"""Pictures of a card that are wider than the window are shown smaller, so that nothing has to be scrolled sideways."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QImageReader, QTextCursor, QTextDocument, QTextFragment


def fit_pictures(document: QTextDocument, width: int) -> None:
    """Give every picture of `document` its own width in pixels, but no more than `width`."""
    for fragment in pictures_of(document):
        shown = fragment.charFormat().toImageFormat()
        path = document.baseUrl().resolved(QUrl(shown.name())).toLocalFile()
        own = QImageReader(path).size().width()
        if own > 0:
            shown.setWidth(min(own, max(width, 1)))
            cursor = QTextCursor(document)
            cursor.setPosition(fragment.position())
            cursor.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(shown)


def pictures_of(document: QTextDocument) -> list[QTextFragment]:
    found = []
    block = document.begin()
    while block.isValid():
        place = block.begin()
        while not place.atEnd():
            if place.fragment().charFormat().isImageFormat():
                found.append(place.fragment())
            place += 1
        block = block.next()
    return found
