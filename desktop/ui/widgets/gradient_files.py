"""Two buttons: a gradient from a file, and into one. What is wrong with a file stands beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSizePolicy, QWidget

from desktop.core.errors import UserError
from desktop.core.gradients import Gradient
from desktop.io.gradient_files import SUFFIX, read_gradient, write_gradient
from desktop.ui.i18n import tr, tr_error
from desktop.ui.widgets.basics import IconButton, dim_label

PATTERN = f"GIMP (*{SUFFIX})"


class GradientFiles(QWidget):
    """`loaded` (Gradient). `gradient` says what is saved."""

    loaded = Signal(object)

    def __init__(self, gradient: Callable[[], Gradient], parent: QWidget) -> None:
        super().__init__(parent)
        self._gradient = gradient
        self.load, self.save = IconButton("open", self), IconButton("export", self)
        self.note = dim_label("", self)
        self.note.setWordWrap(True)
        self.note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.load)
        row.addWidget(self.save)
        row.addWidget(self.note, 1)
        self.load.clicked.connect(self._ask_load)
        self.save.clicked.connect(self._ask_save)
        self.retranslate()

    def retranslate(self) -> None:
        self.load.set_tip(tr("gradient_editor.load_tip"))
        self.save.set_tip(tr("gradient_editor.export_tip"))

    def read(self, path: Path) -> None:
        self._try(lambda: self.loaded.emit(read_gradient(path)))

    def write(self, path: Path) -> None:
        target = path if path.suffix.lower() == SUFFIX else path.with_name(path.name + SUFFIX)
        self._try(lambda: write_gradient(target, self._gradient()))

    def _ask_load(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self.window(), tr("gradient_editor.load_tip"), str(Path.home()), PATTERN)
        if name:
            self.read(Path(name))
        self._come_back()

    def _ask_save(self) -> None:
        suggestion = str(Path.home() / f"gradient{SUFFIX}")
        name, _ = QFileDialog.getSaveFileName(self.window(), tr("gradient_editor.export_tip"), suggestion, PATTERN)
        if name:
            self.write(Path(name))
        self._come_back()

    def _come_back(self) -> None:
        """A popover closes when a dialog opens over it."""
        if not self.window().isVisible():
            self.window().show()

    def _try(self, work: Callable[[], None]) -> None:
        self.note.setText("")
        try:
            work()
        except UserError as error:
            self.note.setText(tr_error(error))
