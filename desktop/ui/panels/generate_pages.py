"""The pages of the Generate panel: neighbours, directions, the map, the blend. Each shows the explorer's state."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.runtime.latents import TRUNCATION
from desktop.tools.latent_moves import DIRECTIONS
from desktop.ui.action_set import tip_of
from desktop.ui.actions import action_spec
from desktop.ui.commands.generate_commands import GenerateCommands
from desktop.ui.commands.generate_explorer import NEIGHBOURS, GenerateExplorer, Slot
from desktop.ui.i18n import tr, tr_or
from desktop.ui.widgets.basics import IconButton, wrapped_label
from desktop.ui.widgets.latent_map import LatentMap
from desktop.ui.widgets.picture_tile import PictureTile
from desktop.ui.widgets.value_slider import Range, ValueSlider

ACROSS = 4
TILE_PX = 84
SMALL_TILE_PX = 46
MAP_PX = 260
SMALLEST_MAP_PX = 128
STEP = 0.01
LEVELS = {"coarse": "generate.level_coarse", "middle": "generate.level_middle", "fine": "generate.level_fine"}


class NeighboursPage(QWidget):
    """Eight pictures around the one in hand; a click takes one in hand."""

    def __init__(self, explorer: GenerateExplorer, parent: QWidget) -> None:
        super().__init__(parent)
        self._explorer = explorer
        self.tiles = [PictureTile(TILE_PX, self) for _ in range(NEIGHBOURS)]
        self.distance = ValueSlider(Range(5, 100, explorer.distance * 100), unit="%", parent=self)
        self.back, self.more = IconButton("undo", self), IconButton("generate", self)
        grid = QGridLayout()
        grid.setSpacing(6)
        for index, tile in enumerate(self.tiles):
            grid.addWidget(tile, index // ACROSS, index % ACROSS)
            tile.clicked.connect(lambda _=False, i=index: explorer.choose(i))
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self.distance, 1)
        row.addSpacing(4)
        row.addWidget(self.back)
        row.addWidget(self.more)
        column = _column(self, spacing=4)
        column.addLayout(grid)
        column.addLayout(row)
        self.distance.value_changed.connect(lambda value: explorer.set_distance(value / 100))
        self.more.clicked.connect(explorer.more)
        self.back.clicked.connect(explorer.choose_middle)

    def retranslate(self) -> None:
        for number, tile in enumerate(self.tiles, 1):
            tile.set_tip(tr("generate.neighbour_tip", number=number))
        self.distance.set_label(tr("generate.distance"))
        self.distance.set_tip(tr("generate.distance_tip"))
        self.more.set_tip(tip_of(action_spec("generate.more")))
        self.back.set_tip(tr("generate.back_tip"))

    def set_roomy(self, is_roomy: bool) -> None:
        for tile in self.tiles:
            tile.set_side(TILE_PX if is_roomy else SMALL_TILE_PX)

    def refresh(self) -> None:
        made, chosen = self._explorer.neighbours, self._explorer.chosen
        for index, tile in enumerate(self.tiles):
            tile.setEnabled(index < len(made))
            tile.set_picture(made[index].picture if index < len(made) else None)
            tile.set_chosen(index == chosen)
        self.back.setEnabled(chosen is not None)
        self.more.setEnabled(bool(made))


class DirectionsPage(QWidget):
    """Truncation, and a slider for each direction in which pictures change most."""

    def __init__(self, commands: GenerateCommands, explorer: GenerateExplorer, parent: QWidget) -> None:
        super().__init__(parent)
        self._commands, self._explorer = commands, explorer
        self.truncation = ValueSlider(Range(0.1, 1.5, 1.0, 0.01, 2), parent=self)
        self.sliders = [ValueSlider(Range(-3, 3, 0, STEP, 2), parent=self) for _ in range(DIRECTIONS)]
        self.note = wrapped_label(parent=self)
        column = _column(self, spacing=2)
        column.addWidget(self.truncation)
        column.addWidget(self.note)
        self.truncation.value_changed.connect(commands.set_truncation)
        for index, slider in enumerate(self.sliders):
            column.addWidget(slider)
            slider.value_changed.connect(lambda value, i=index: self._move(i, value))

    def retranslate(self) -> None:
        self.truncation.set_label(tr("generate.truncation"))
        self.truncation.set_tip(tr("generate.truncation_tip"))
        for number, slider in enumerate(self.sliders, 1):
            slider.set_label(tr("generate.direction", number=number))
            slider.set_tip(tr("slider.tip", name=tr("generate.direction", number=number)))

    def refresh(self) -> None:
        places, has_any = self._explorer.places(), self._explorer.has_latent
        sample = self._commands.sample
        has_own = sample is not None and TRUNCATION in dict(sample.parameters)
        found = [] if self._explorer.has_named_directions else places
        self.truncation.setVisible(has_any and not has_own)
        if sample is not None:
            self.truncation.set_value(sample.truncation)
        is_looked_for = has_any and not self._explorer.has_named_directions
        for index, slider in enumerate(self.sliders):
            slider.setVisible(is_looked_for and (not found or index < len(found)))
            slider.setEnabled(index < len(found))
            if index < len(found):
                slider.set_value(found[index] / self._explorer.reach * 3)
        self.note.setVisible(not has_any or (is_looked_for and not found))
        self.note.setText(tr("generate.no_latent") if not has_any else tr("generate.finding"))

    def _move(self, index: int, value: float) -> None:
        self._explorer.move({index: value / 3 * self._explorer.reach})


class MapPage(QWidget):
    """The plane of the first two directions through the picture in hand."""

    def __init__(self, explorer: GenerateExplorer, parent: QWidget) -> None:
        super().__init__(parent)
        self._explorer = explorer
        self._shown: object = None
        self.map = LatentMap(MAP_PX, self)
        _column(self).addWidget(self.map)
        self.map.moved.connect(lambda x, y: explorer.move({0: x * explorer.reach, 1: y * explorer.reach}))

    def set_room(self, height_px: int) -> None:
        self.map.set_side(min(max(height_px, SMALLEST_MAP_PX), MAP_PX))

    def retranslate(self) -> None:
        self.map.setToolTip(tr("generate.map_tip"))
        self.map.setAccessibleName(tr("generate.map_tip"))

    def refresh(self) -> None:
        pictures, places = self._explorer.map, self._explorer.places()
        waiting = tr("generate.finding") if self._explorer.has_latent else tr("generate.no_latent")
        if self._shown is not pictures or not pictures:
            self._shown = pictures
            self.map.set_pictures(pictures, waiting)
        if len(places) >= 2:
            self.map.set_place(places[0] / self._explorer.reach, places[1] / self._explorer.reach)


class BlendPage(QWidget):
    """Two pictures and a slider between them; a click on an end puts the picture in hand there.

    Models that mix have a button for each level: what of B comes into A.
    """

    def __init__(self, explorer: GenerateExplorer, parent: QWidget) -> None:
        super().__init__(parent)
        self._explorer = explorer
        self.ends = {slot: PictureTile(TILE_PX, self) for slot in Slot}
        self.share = ValueSlider(Range(0, 100, 50), unit="%", parent=self)
        self.note = wrapped_label(parent=self)
        row = QHBoxLayout()
        row.setSpacing(8)
        for slot, tile in self.ends.items():
            tile.setText(slot.value.upper())
            tile.setFixedSize(TILE_PX, TILE_PX)
            tile.clicked.connect(lambda _=False, s=slot: explorer.put(s))
        row.addWidget(self.ends[Slot.A])
        row.addWidget(self.note, 1)
        row.addWidget(self.ends[Slot.B])
        self.levels: dict[str, QPushButton] = {}
        self.mix_label, self.walk = QLabel(self), QPushButton(self)
        self._level_row = QHBoxLayout()
        self._level_row.setSpacing(4)
        self._level_row.addWidget(self.mix_label)
        column = _column(self)
        column.addLayout(row)
        column.addWidget(self.share)
        column.addLayout(self._level_row)
        column.addWidget(self.walk)
        self.walk.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.share.value_changed.connect(lambda value: explorer.blend(value / 100))

    def retranslate(self) -> None:
        for slot, tile in self.ends.items():
            tile.set_tip(tr("generate.slot_tip", slot=slot.value.upper()))
        self.share.set_label(tr("generate.blend_share"))
        self.share.set_tip(tr("generate.blend_tip"))
        self.mix_label.setText(tr("generate.mix"))
        self.walk.setText(tr("action.generate.walk"))
        self.walk.setToolTip(tip_of(action_spec("generate.walk")))
        for name in list(self.levels):
            self.levels.pop(name).deleteLater()

    def refresh(self) -> None:
        slots = self._explorer.slots
        for slot, tile in self.ends.items():
            tile.set_picture(slots[slot].picture if slot in slots else None)
        can_blend = self._explorer.can_blend
        self._refresh_levels(can_blend=can_blend)
        self.walk.setEnabled(can_blend)
        self.share.setEnabled(can_blend)
        self.share.set_value(self._explorer.share * 100)
        if not self._explorer.has_latent:
            self.note.setText(tr("generate.no_latent"))
        elif len(slots) < len(Slot):
            self.note.setText(tr("generate.blend_hint"))
        else:
            self.note.setText("" if can_blend else tr("generate.blend_other"))

    def _refresh_levels(self, *, can_blend: bool) -> None:
        params, mixed_in = self._explorer.mix_params, self._explorer.mixed_in
        if list(self.levels) != [param.id for param in params]:
            for name in list(self.levels):
                self.levels.pop(name).deleteLater()
            for param in params:
                button = QPushButton(tr_or(LEVELS.get(param.id, ""), param.label), self)
                button.setCheckable(True)
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                button.setToolTip(tr("generate.mix_tip", level=button.text()))
                button.clicked.connect(lambda is_on, name=param.id: self._explorer.mix(name, float(is_on)))
                self.levels[param.id] = button
                self._level_row.addWidget(button, 1)
        self.mix_label.setVisible(bool(params))
        for name, button in self.levels.items():
            button.setEnabled(can_blend)
            button.setChecked(mixed_in.get(name, 0.0) > 0)


def _column(page: QWidget, spacing: int = 8) -> QVBoxLayout:
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(spacing)
    return column
