"""What the Adjust and Filter menus and adjustment layers do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog

from desktop.core.edits import OpenDocument
from desktop.core.effect_table import BY_ID, Effect
from desktop.core.effects import check_distortable, checked_settings, default_values, effect_of
from desktop.core.errors import UserError
from desktop.core.layers import AdjustmentLayer, EffectSettings, LayerId, Mask, RasterLayer
from desktop.io.cube_files import read_cube_file
from desktop.tools.effect_run import source_of
from desktop.tools.histogram import auto_levels, sampled
from desktop.tools.painting import Plane
from desktop.ui.commands.reference_choice import references_for
from desktop.ui.dialogs.effect_dialog import FRAME_MS, EffectDialog
from desktop.ui.effect_trials import LayerTrial, PixelTrial, Trial
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class EffectCommands(QObject):
    """`failed` (UserError). One effect is tried at a time; everything else waits for it."""

    failed = Signal(object)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._state = window, window.state
        self._last: dict[str, EffectSettings] = {}  # as each was used last
        self._repeated: EffectSettings | None = None
        self._trial: Trial | None = None  # without a dialog
        self.dialog: QDialog | None = None  # of an effect or a text
        self._frames = QTimer(self, interval=FRAME_MS)
        self._frames.timeout.connect(self._work)
        self._state.document_left.connect(self.give_up)

    # what can be done

    @property
    def can_apply(self) -> bool:
        """There are pixels, or a mask, to change."""
        layer = self._state.active_layer
        if self._state.plane is Plane.MASK:
            return layer is not None and layer.mask is not None
        return isinstance(layer, RasterLayer)

    @property
    def can_repeat(self) -> bool:
        return self._repeated is not None and self.can_apply

    @property
    def is_adjustment(self) -> bool:
        return isinstance(self._state.active_layer, AdjustmentLayer)

    # the menus

    def open(self, effect_id: str) -> None:
        """Tries an effect on the layer's pixels; one without values is applied at once."""
        effect = effect_of(effect_id)
        if not effect.has_form:
            self._apply(checked_settings(effect_id, {}))
            return
        start = self._last.get(effect_id) or EffectSettings(effect_id, tuple(default_values(effect).items()))
        trial = self._pixel_trial(effect_id)
        self._show(effect, start, trial, self._remember)

    def repeat(self) -> None:
        """The last filter once more, as it was."""
        if self._repeated is None:
            raise UserError("effect.nothing_to_repeat")
        self._apply(self._repeated)

    def auto_levels(self) -> None:
        self._apply(self._found_levels(each_channel=True), "auto_levels")

    def auto_contrast(self) -> None:
        self._apply(self._found_levels(each_channel=False), "auto_contrast")

    def add_layer(self, effect_id: str) -> None:
        """A new adjustment layer above the active one; the selection becomes its mask."""
        opened, effect = self._opened(), effect_of(effect_id)
        document, before = opened.document, self._state.layer_id
        mask = Mask() if document.selection is None else Mask(document.selection)
        settings = EffectSettings(effect_id, tuple(default_values(effect).items()))
        check_distortable(settings, document.size.rect())
        layer = AdjustmentLayer(
            id=document.next_layer_id(), name=tr(f"effect.{effect_id}"), settings=settings, mask=mask
        )
        self._window.ai.settle()
        trial = LayerTrial(opened, layer, before)
        self._state.choose_layer(layer.id, Plane.MASK)
        if not effect.has_form:
            trial.keep()
            return
        self._show(effect, settings, trial, lambda _settings: None, on_drop=lambda: self._state.choose_layer(before))

    def edit_layer(self) -> None:
        """Changes the values of the active adjustment layer, or its text."""
        layer = self._state.active_layer
        if isinstance(layer, RasterLayer) and layer.text is not None:
            self._window.texts.edit(layer)
        if isinstance(layer, RasterLayer) and layer.shape is not None:
            self._window.editing.shapes.edit(layer.id)
        if isinstance(layer, AdjustmentLayer):
            effect = effect_of(layer.settings.effect)
            if effect.has_form:
                self._window.ai.settle()
                self._show(effect, layer.settings, LayerTrial(self._opened(), layer), lambda _settings: None)

    def edit_layer_by_id(self, layer_id: LayerId) -> None:
        self._state.choose_layer(layer_id)
        self.edit_layer()

    # while one is tried

    def give_up(self) -> None:
        """The picture is as it was before what is being tried."""
        if self.dialog is not None:
            self.dialog.reject()
        trial, self._trial = self._trial, None
        self._frames.stop()
        if trial is not None:
            trial.drop()

    def key(self, key: Qt.Key) -> bool:
        """Escape gives up what is being applied; False for keys that mean nothing here."""
        if key != Qt.Key.Key_Escape or (self._trial is None and self.dialog is None):
            return False
        self.give_up()
        return True

    def choose_lut(self) -> bytes | None:
        """Asks for a .cube file; a broken one is refused with a sentence."""
        path = self._window.dialogs.ask_file(tr("effect.file"), Path.home(), tr("effect.file_kinds"))
        if path is None:
            return None
        try:
            content = read_cube_file(path)
        except UserError as error:
            self.failed.emit(error)
            return None
        return content

    def _show(
        self,
        effect: Effect,
        settings: EffectSettings,
        trial: Trial,
        on_keep: Callable[[EffectSettings], None],
        on_drop: Callable[[], None] = lambda: None,
    ) -> None:
        dialog = EffectDialog(
            effect,
            settings,
            trial,
            background=self._window.background,
            choose_lut=self.choose_lut,
            parent=self._window,
            references=references_for(self._window, trial, self.failed.emit) if effect.takes_reference else (),
        )
        self.dialog = dialog

        def finished(is_kept: int) -> None:
            self.dialog = None
            kept = dialog.form.settings
            if is_kept and kept is not None:
                on_keep(kept)
            else:
                on_drop()
            dialog.deleteLater()
            self._window.canvas.setFocus()

        dialog.finished.connect(finished)
        dialog.failed.connect(self.failed.emit)
        dialog.place_beside(self._window.canvas)
        dialog.show()

    def _apply(self, settings: EffectSettings, name: str = "") -> None:
        """Without a dialog: the window stays at hand, what is seen comes first, Escape gives up."""
        trial = self._pixel_trial(name or settings.effect)
        if not name:
            self._remember(settings)
        self._trial = trial
        trial.show(settings)
        self._frames.start()
        self._work()

    def _work(self) -> None:
        trial = self._trial
        if trial is None:
            return
        try:
            if trial.work():
                return
        except UserError as error:
            self.give_up()
            self.failed.emit(error)
            return
        self._trial = None
        self._frames.stop()
        trial.keep()

    def _pixel_trial(self, name: str) -> PixelTrial:
        opened, layer_id = self._opened(), self._state.layer_id
        self._window.ai.settle()
        if layer_id is None:
            raise UserError("tool.no_layer")
        fills = name in BY_ID and BY_ID[name].fill is not None
        return PixelTrial(opened, layer_id, self._state.plane, name, self._window.canvas.visible_rect, fills=fills)

    def _remember(self, settings: EffectSettings) -> None:
        self._last[settings.effect] = settings
        self._repeated = settings

    def _found_levels(self, *, each_channel: bool) -> EffectSettings:
        source = source_of(self._opened().document, self._state.layer_id, self._state.plane)
        return auto_levels(sampled(source), each_channel=each_channel)

    def _opened(self) -> OpenDocument:
        opened = self._state.open_document
        if opened is None:
            raise UserError("tool.no_layer")
        return opened
