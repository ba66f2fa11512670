"""The one style sheet, made from a theme's tokens. 8-pixel rhythm, 4 inside controls, 28-pixel rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.ui.theme import Tokens

_SHEET = """
QWidget { color: @text; }
QMainWindow, QDialog { background: @panel; }
QToolTip { background: @raised; color: @text; border: 1px solid @line; padding: 4px 6px; }

QMenuBar { background: @panel; padding: 2px 4px; border-bottom: 1px solid @line; }
QMenuBar::item { padding: 4px 8px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: @raised; }
QMenu { background: @panel; border: 1px solid @line; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 8px; border-radius: 4px; min-height: 18px; }
QMenu::item:selected { background: @selected; }
QMenu::item:disabled { color: @disabled; }
QMenu::separator { height: 1px; background: @line; margin: 4px 6px; }
QMenu::icon { padding-left: 6px; }

QStatusBar { background: @panel; border-top: 1px solid @line; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: @dim; }
QLabel#dim, QLabel[role="dim"] { color: @dim; }
QLabel[role="header"] { color: @text; font-weight: 600; }
QLabel[role="error"] { color: @error; }
QLabel[role="warning"] { color: @warning; }
QLabel:disabled { color: @disabled; }

QFrame[role="bar"] { background: @panel; border: none; }
QFrame[role="rule"] { background: @line; border: none; max-height: 1px; min-height: 1px; }
QFrame[role="rule-v"] { background: @line; border: none; max-width: 1px; min-width: 1px; }
QFrame[role="card"] { background: @sunken; border: 1px solid @line; border-radius: 6px; }
QFrame[role="card"][chosen="true"] { border: 1px solid @accent; }
QFrame[role="card"]:hover { background: @raised; }
QFrame[role="card"]:focus { border-color: @text; }
QFrame[role="note"] { background: @sunken; border: none; border-radius: 6px; }
QFrame[role="popup"] { background: @panel; border: 1px solid @line; border-radius: 8px; }

QToolButton { background: transparent; border: none; border-radius: 5px; padding: 3px; }
QToolButton:hover { background: @raised; }
QToolButton:pressed, QToolButton:checked { background: @selected; }
QToolButton:disabled { color: @disabled; }
QToolButton:focus { border: 1px solid @accent; padding: 2px; }
QToolButton::menu-indicator { image: none; width: 0; }

QPushButton { background: @raised; border: 1px solid @line; border-radius: 5px; padding: 0 12px; min-height: 26px; }
QPushButton:hover { border-color: @dim; }
QPushButton:pressed, QPushButton:checked { background: @selected; }
QPushButton:focus { border-color: @accent; }
QPushButton:disabled { color: @disabled; background: @panel; }
QPushButton[role="primary"] { background: @accent_fill; border-color: @accent_fill; color: @on_accent;
  font-weight: 600; }
QPushButton[role="primary"]:hover { background: @accent; }
QPushButton[role="primary"]:focus { border-color: @text; }
QPushButton[role="primary"]:disabled { background: @raised; border-color: @line; color: @disabled; }
QPushButton[role="segment"] { background: @sunken; border: 1px solid @line; padding: 0 8px; border-radius: 0;
  margin-left: -1px; min-height: 24px; }
QPushButton[role="segment"][edge="first"] { border-top-left-radius: 5px; border-bottom-left-radius: 5px;
  margin-left: 0; }
QPushButton[role="segment"][edge="last"] { border-top-right-radius: 5px; border-bottom-right-radius: 5px; }
QPushButton[role="segment"]:checked { background: @selected; color: @text; }
QPushButton[role="segment"]:focus { border-color: @accent; }
QPushButton[role="key"] { background: @sunken; padding: 0; min-width: 16px; min-height: 24px; }
QPushButton[role="key"]:checked { background: @selected; border-color: @accent; }
QPushButton[role="link"] { background: transparent; border: none; color: @dim; padding: 0 2px; }
QPushButton[role="link"]:hover { color: @text; }
QPushButton[role="link"]:focus { color: @accent; text-decoration: underline; }

QLineEdit, QComboBox, QPlainTextEdit { background: @sunken; border: 1px solid @line;
  border-radius: 5px; padding: 0 6px; min-height: 24px; selection-background-color: @accent_fill;
  selection-color: @on_accent; }
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus { border-color: @accent; }
QLineEdit:disabled, QComboBox:disabled { color: @disabled; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url(@arrow); width: 14px; height: 14px; }
QComboBox QAbstractItemView { background: @panel; border: 1px solid @line; padding: 4px; outline: none;
  selection-background-color: @selected; selection-color: @text; }

QCheckBox { spacing: 8px; min-height: 24px; }
QCheckBox::indicator, QListView::indicator { width: 14px; height: 14px; border: 1px solid @dim; border-radius: 3px;
  background: @sunken; }
QCheckBox::indicator:checked, QListView::indicator:checked { background: @accent_fill; border-color: @accent_fill;
  image: url(@check); }
QCheckBox::indicator:focus { border-color: @accent; }

QListView, QTreeView { background: @sunken; border: 1px solid transparent; border-radius: 4px; outline: none; }
QTextBrowser { border: 1px solid transparent; }
QListView:focus, QTreeView:focus, QTextBrowser:focus { border-color: @accent; }
QComboBox QAbstractItemView:focus { border-color: @line; }
QListView::item { border-radius: 4px; padding: 0 6px; min-height: 28px; color: @text; }
QListView::item:hover { background: @raised; }
QListView::item:selected { background: @selected; color: @text; }

QTreeView::item { padding: 0 6px; }
QTreeView::item:hover { background: @raised; }
QTreeView::item:selected { background: @selected; color: @text; }
QTreeView::branch { background: @sunken; }
QTreeView::branch:selected { background: @selected; }
QHeaderView { background: @panel; border: none; }
QHeaderView::section { background: @panel; color: @dim; border: none; border-bottom: 1px solid @line;
  padding: 4px 6px; }

QListView::item:disabled { color: @disabled; background: transparent; }
QListView[role="headed"]::item:disabled { color: @dim; }

QTabBar { background: @panel; }
QTabBar::tab { background: transparent; color: @dim; padding: 0 6px; min-height: 32px; border: none;
  border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:selected { color: @text; border-bottom: 2px solid @accent; }
QTabBar:focus { border: 1px solid @accent; border-radius: 4px; }
QTabWidget::pane { border: none; border-top: 1px solid @line; }

QMainWindow::separator { background: @line; width: 1px; height: 1px; }
QDockWidget { border: 1px solid @line; }
DockHeader { border-bottom: 1px solid @line; }

QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget[role="scrolled"] { background: transparent; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: @line; border-radius: 3px; min-height: 28px; margin: 2px; }
QScrollBar::handle:vertical:hover { background: @dim; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle:horizontal { background: @line; border-radius: 3px; min-width: 28px; margin: 2px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QDialogButtonBox { button-layout: 3; }
QProgressBar { background: @raised; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: @accent; border-radius: 3px; }
QSplitter::handle { background: @line; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
"""


def style_sheet(tokens: Tokens, *, arrow: str = "", check: str = "") -> str:
    """The sheet with every @token filled in, longest names first. `arrow` and `check` are paths of tinted pictures."""
    values = {**asdict(tokens), "arrow": arrow, "check": check}
    sheet = _SHEET
    for name in sorted(values, key=len, reverse=True):
        sheet = sheet.replace(f"@{name}", values[name])
    return sheet
