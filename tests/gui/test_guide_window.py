"""The user guide: whole in both languages, every link and picture there, read from F1."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from desktop.ui import i18n
from desktop.ui.dialogs.card_pictures import pictures_of
from desktop.ui.dialogs.guide_window import GuideWindow, guide_folder, guide_pages
from tests.gui.conftest import Studio

LINK = re.compile(r"!?\[[^\]]*\]\(([^)]+)\)")
LANGUAGES = sorted(i18n.LANGUAGES)


def links_of(page: Path) -> list[str]:
    return LINK.findall(page.read_text(encoding="utf-8"))


def test_every_page_is_there_in_every_language() -> None:
    names = {language: [page.path.name for page in guide_pages(language)] for language in LANGUAGES}
    assert len(set(map(tuple, names.values()))) == 1, names
    assert len(names["en"]) >= 7


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_and_picture_of_the_guide_exists(language: str) -> None:
    for page in guide_pages(language):
        missing = [link for link in links_of(page.path) if not (page.path.parent / link).is_file()]
        assert not missing, (page.path.name, missing)
        others = [f"pictures/{other}/" for other in LANGUAGES if other != language]
        foreign = [link for link in links_of(page.path) if any(other in link for other in others)]
        assert not foreign, (page.path.name, foreign)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_a_picture_of_its_own_language(language: str) -> None:
    bare = [
        page.path.name
        for page in guide_pages(language)
        if f"](../pictures/{language}/" not in page.path.read_text(encoding="utf-8")
    ]
    assert not bare, bare


def test_no_picture_is_left_over() -> None:
    used = {link.rpartition("/")[2] for page in guide_pages("en") for link in links_of(page.path)}
    for language in LANGUAGES:
        pictures = {file.name for file in (guide_folder("en").parent / "pictures" / language).glob("*.webp")}
        assert pictures <= used, pictures - used


def test_f1_opens_the_guide_and_links_lead_to_pages(studio: Studio) -> None:
    studio.key(Qt.Key.Key_F1)
    guide = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, GuideWindow))
    assert guide.isVisible()
    assert guide.page.toPlainText().startswith("First steps")
    guide.page.anchorClicked.emit("02-layers.md")
    assert guide.chosen == "02-layers.md"
    assert "Layers and masks" in guide.page.toPlainText()
    i18n.set_language("zh_CN")
    assert guide.chosen == "02-layers.md"
    assert "图层与蒙版" in guide.page.toPlainText()
    guide.page.anchorClicked.emit("https://example.org/")
    assert guide.chosen == "02-layers.md", "nothing outside the guide is opened"


def test_no_picture_of_the_guide_is_wider_than_its_window(studio: Studio) -> None:
    guide = GuideWindow(studio.window)
    guide.show()
    for side in (1060, 800):
        guide.resize(side, 720)
        studio.settle()
        for page in guide_pages("en"):
            guide.choose(page.path.name)
            widths = [one.charFormat().toImageFormat().width() for one in pictures_of(guide.page.document())]
            assert widths, page.path.name
            assert 0 < max(widths) < guide.page.viewport().width(), (page.path.name, side)
    guide.close()
