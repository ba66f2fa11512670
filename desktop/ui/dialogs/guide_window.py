"""The user guide: pages of resources/guide in the language of the window, read beside the editor, without a network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QUrl
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from desktop.paths import resources_dir
from desktop.ui.dialogs.card_pictures import PageBrowser
from desktop.ui.i18n import FALLBACK, language, tr

SIZE_PX = (1060, 720)
LIST_PX = 264
MARGIN_PX = 16
ABOVE_HEADING_PX, ABOVE_PX, ABOVE_ITEM_PX = 16, 8, 3


@dataclass(frozen=True)
class GuidePage:
    """One Markdown file; its title is its first heading."""

    path: Path
    title: str


def guide_folder(name: str) -> Path:
    """Of a language; English where there is none."""
    folder = resources_dir() / "guide" / name
    return folder if folder.is_dir() else resources_dir() / "guide" / FALLBACK


def guide_pages(name: str) -> list[GuidePage]:
    """In reading order, which is that of the numbers their files begin with."""
    return [GuidePage(path, _title_of(path)) for path in sorted(guide_folder(name).glob("*.md"))]


class GuideWindow(QDialog):
    """Stays open beside the editor."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.list = QListWidget(self)
        self.list.setFixedWidth(LIST_PX)
        self.page = PageBrowser(self)
        self.page.setOpenLinks(False)
        self.page.anchorClicked.connect(self._follow)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(12)
        row.addWidget(self.list)
        row.addWidget(self.page, 1)
        self.list.currentItemChanged.connect(lambda _now, _before: self._show_chosen())
        self.retranslate()
        self.resize(*SIZE_PX)

    @property
    def chosen(self) -> str:
        """The file of the page that is shown, as "01-start.md"; it is the same in every language."""
        item = self.list.currentItem()
        return "" if item is None else str(item.data(Qt.ItemDataRole.UserRole))

    def choose(self, name: str) -> None:
        for row in range(self.list.count()):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole) == name:
                self.list.setCurrentRow(row)

    def retranslate(self) -> None:
        chosen = self.chosen
        self.setWindowTitle(tr("manual.title"))
        self.list.setAccessibleName(tr("manual.pages"))
        self.page.setAccessibleName(tr("manual.title"))
        self.list.clear()
        for page in guide_pages(language()):
            item = QListWidgetItem(page.title)
            item.setData(Qt.ItemDataRole.UserRole, page.path.name)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.choose(chosen)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.StyleChange:
            self._show_chosen()
        super().changeEvent(event)

    def _show_chosen(self) -> None:
        if not self.chosen:
            return
        folder = guide_folder(language())
        self.page.show_page((folder / self.chosen).read_text(encoding="utf-8"), folder, MARGIN_PX)
        _space_blocks(self.page.document())

    def _follow(self, target: QUrl) -> None:
        """To another page; what lies outside the guide is not opened: there is no network in this program."""
        self.choose(target.fileName())


def _space_blocks(document: QTextDocument) -> None:
    """Room above paragraphs and headings: what Qt makes of Markdown has none."""
    block = document.begin()
    while block.isValid():
        cursor = QTextCursor(block)
        look = block.blockFormat()
        heading, listed = look.headingLevel() > 0, block.textList() is not None
        look.setTopMargin(ABOVE_HEADING_PX if heading else ABOVE_ITEM_PX if listed else ABOVE_PX)
        if cursor.currentTable() is None:
            cursor.setBlockFormat(look)
        block = block.next()


def _title_of(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return next((line.lstrip("# ").strip() for line in lines if line.startswith("# ")), path.stem)
