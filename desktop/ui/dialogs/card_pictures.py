"""Pictures of a card that are wider than the window are shown smaller, so that nothing has to be scrolled sideways."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QImageReader, QResizeEvent, QTextCursor, QTextDocument, QTextFragment
from PySide6.QtWidgets import QTextBrowser


class PageBrowser(QTextBrowser):
    """Shows a Markdown page with its pictures, none of them wider than the view."""

    def show_page(self, text: str, folder: Path, margin: int) -> None:
        """`folder` is what the pictures' names are relative to."""
        self.document().setDocumentMargin(margin)
        self.document().setBaseUrl(QUrl.fromLocalFile(f"{folder}/"))
        self.setMarkdown(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        document = self.document()
        fit_pictures(document, self.viewport().width() - round(2 * document.documentMargin()))


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
