"""Themes and languages switch without a restart; contrast; the picture of the window."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from desktop.app import main
from desktop.options import OpenOptions
from desktop.ui.i18n import set_language
from desktop.ui.state import Tool
from desktop.ui.theme import THEMES, tokens_of
from desktop.ui.widgets.value_slider import ValueSlider
from tests.gui.conftest import Studio
from tests.gui.every_place import dialogs_of


def luminance(name: str) -> float:
    color = QColor(name)
    parts = [level / 12.92 if level <= 0.03928 else ((level + 0.055) / 1.055) ** 2.4 for level in color.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", THEMES)
def test_text_can_be_read_on_every_ground(name: str) -> None:
    t = tokens_of(name)
    for ground in (t.panel, t.sunken, t.raised, t.selected):
        assert contrast(t.text, ground) >= 4.5
        assert contrast(t.dim, ground) >= 4.5, (t.dim, ground, contrast(t.dim, ground))
    for ground in (t.panel, t.sunken, t.raised):
        assert contrast(t.disabled, ground) >= 3, (t.disabled, ground)
    for ground in (t.panel, t.sunken):
        assert contrast(t.accent, ground) >= 4.5, (t.accent, ground)  # links
    assert contrast(t.on_accent, t.accent_fill) >= 4.5
    assert contrast(t.error, t.panel) >= 4.5
    assert contrast(t.warning, t.panel) >= 4.5


def test_the_theme_switches_without_a_restart(studio: Studio) -> None:
    studio.show_plain()
    dark = studio.window.grab().toImage().pixelColor(4, 400).lightness()
    studio.window.perform("view.theme")
    QApplication.processEvents()
    light = studio.window.grab().toImage().pixelColor(4, 400).lightness()
    assert light > dark + 120
    assert studio.on_screen(150, 100) == (255, 255, 255), "the picture is not touched"
    studio.window.perform("view.theme")
    assert studio.window.grab().toImage().pixelColor(4, 400).lightness() == dark


def test_icons_follow_the_theme(studio: Studio) -> None:
    def ink() -> int:
        image = studio.window.strip.buttons["move"].icon().pixmap(20, 20).toImage()
        return image.pixelColor(10, 10).lightness()

    before = ink()
    studio.window.perform("view.theme")
    assert before > 180
    assert ink() < 80


def test_the_language_switches_without_a_restart(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("view.chinese")
    assert studio.window.menuBar().actions()[0].text().startswith("文件")
    assert studio.window.panels.ai.run.text() == "运行"
    studio.drag((50, 50), (80, 50))
    studio.wait_for(lambda: studio.window.panels.history.model.rowCount() == 2)
    assert studio.window.panels.history.model.index(1).data() == "画笔笔触"
    studio.window.perform("view.english")
    assert studio.window.panels.history.model.index(1).data() == "Brush stroke"


@pytest.mark.parametrize("has_document", [False, True])
def test_no_english_is_left_in_the_chinese_window(studio: Studio, has_document: bool) -> None:
    if has_document:
        studio.show_plain()
    set_language("zh_CN")
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    allowed = re.compile(
        r"AI|RGB|HSV|OKLCH|KB|GB|"
        r"models|ONNX|px|MB|sRGB|NVIDIA GPU|Esc|Ctrl\+\w+|Alt|Shift|\(A\)|（A）|Steps|Gentle|Mode|×|W?ebP"
    )
    for kind in (QPushButton, QLabel):
        for widget in studio.window.findChildren(kind):
            left = allowed.sub("", widget.text()) if isinstance(widget, QPushButton | QLabel) else ""
            assert not re.search(r"[A-Za-z]{2,}", left), widget.text()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)])
def test_nothing_is_cut_off(studio: Studio, size: tuple[int, int], language: str) -> None:
    set_language(language)
    studio.window.resize(*size)
    studio.show_plain()
    for tool in (*Tool, *reversed(Tool)):  # every change from one tool's options to another's
        studio.window.perform(f"tool.{tool.value}")
        QApplication.processEvents()
        for widget in (*studio.window.findChildren(QPushButton), *studio.window.findChildren(QLabel)):
            if widget.isVisible() and widget.text() and not getattr(widget, "wordWrap", lambda: False)():
                needed = widget.minimumSizeHint().width()
                assert widget.width() >= needed or "…" in widget.text(), (tool, widget.text(), widget.width(), needed)
    assert studio.window.size().toTuple() == size


def test_every_slider_has_room_for_its_largest_number(studio: Studio) -> None:
    """With its unit: the wide brush of 2000 px too."""
    studio.show_plain()
    sliders = studio.window.findChildren(ValueSlider)
    assert len(sliders) > 20
    for field in (slider.number for slider in sliders):
        text = field._text_of(field._range.maximum)
        assert field.fontMetrics().horizontalAdvance(text) + 20 <= field.width(), (field.accessibleName(), text)


def test_a_low_window_has_every_tool_in_several_columns(studio: Studio) -> None:
    strip = studio.window.strip
    for height, columns in ((1300, 1), (900, 2), (600, 3)):
        studio.window.resize(1280, height)
        QApplication.processEvents()
        assert studio.window.height() == height
        places = [button.geometry() for button in (*strip.buttons.values(), strip.colors)]
        assert len({place.left() for place in places}) == columns
        assert all(strip.rect().contains(place) for place in places)
        assert not any(one.intersects(other) for one in places for other in places if one is not other)


def test_a_screenshot_shows_the_picture_and_the_program_ends(tmp_path: Path, qapp: QApplication) -> None:
    from desktop.io.image_files import ImageFile, write_image
    from tests.builders import noise

    pixels = noise(64, 64, seed=1)
    pixels[...] = (200, 30, 30, 255)
    write_image(tmp_path / "in.png", ImageFile(pixels, has_alpha=False))
    out = tmp_path / "out.png"
    options = OpenOptions(
        files=(tmp_path / "in.png",), screenshot=out, size=(1000, 700), theme="light", panel="history"
    )
    assert main(options) == 0
    image = QImage(str(out))
    assert (image.width(), image.height()) == (1000, 700)
    reds = sum(image.pixelColor(x, 350).getRgb()[:3] == (200, 30, 30) for x in range(1000))
    assert reds >= 64


def test_a_screenshot_of_a_broken_file_fails_with_a_sentence(
    tmp_path: Path, qapp: QApplication, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "in.png"
    broken.write_bytes(b"nonsense")
    assert main(OpenOptions(files=(broken,), screenshot=tmp_path / "out.png")) == 2
    assert "is not a picture" in capsys.readouterr().err


def test_without_a_screen_the_program_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert main(OpenOptions()) == 2
    assert "there is no screen" in capsys.readouterr().err


class _NoLibrary:
    """Python's import as it is where a library of Qt is missing."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "desktop.ui.main_window":
            raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")


def test_where_qt_libraries_are_missing_the_line_that_installs_them_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delitem(sys.modules, "desktop.ui.main_window")
    monkeypatch.setattr(sys, "meta_path", [_NoLibrary(), *sys.meta_path])
    assert main(OpenOptions(screenshot=tmp_path / "out.png")) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert "libEGL.so.1" in lines[0]
    assert lines[1].strip().startswith("sudo apt-get install -y libegl1")
    assert len(lines) == 2


def test_a_dialog_has_at_most_one_primary_button(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain()
    for name, dialog in dialogs_of(studio, tmp_path):
        buttons = [button for button in dialog.findChildren(QPushButton) if not button.isHidden()]
        primary = [button.text() for button in buttons if button.property("role") == "primary"]
        assert len(primary) <= 1, (name, primary)
