"""One bar over the canvas with the options of the tool in hand, remembered per tool."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QWidget

from desktop.ui.action_set import ActionSet, key_text, tip_of
from desktop.ui.actions import action_spec
from desktop.ui.commands.brush_commands import BrushCommands
from desktop.ui.commands.editing_tools import EditingTools
from desktop.ui.commands.object_commands import ObjectCommands
from desktop.ui.commands.text_commands import TextCommands
from desktop.ui.commands.tool_commands import LARGEST_BRUSH_PX
from desktop.ui.i18n import tr
from desktop.ui.icons import icon_pixmap
from desktop.ui.panels.brush_bar import BrushBar
from desktop.ui.panels.fill_bars import BucketBar, GradientBar, OptionBar, PickerBar
from desktop.ui.panels.object_bar import ObjectBar
from desktop.ui.panels.retouch_bars import RefineBar, retouch_bars
from desktop.ui.panels.select_bars import SelectBar, WandBar
from desktop.ui.panels.shape_bar import ShapeBar
from desktop.ui.panels.stamp_bar import StampBar
from desktop.ui.panels.text_bar import TextBar
from desktop.ui.panels.transform_bar import CropBar, FrameBar, TransformBar
from desktop.ui.state import PAINT_TOOLS, RETOUCH_TOOLS, EditorState, Tool
from desktop.ui.theme import tokens
from desktop.ui.widgets.basics import ElidedLabel, IconButton, Segments, upright_rule
from desktop.ui.widgets.value_slider import Range, ValueSlider

BAR_PX = 44
EDGE_PX = GAP_PX = 12
WIDE_PX = 1180  # less has no room for everything a brush has
WIDEST_PX = 1500  # less has no room for that and for what a retouching tool has


class ContextBar(QFrame):
    def __init__(
        self,
        state: EditorState,
        actions: ActionSet,
        brushes: BrushCommands,
        objects: ObjectCommands,
        editing: EditingTools,
        texts: TextCommands,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self.setProperty("role", "bar")
        self.setFixedHeight(BAR_PX)
        self.tool_icon, self.tool_name = QLabel(self), QLabel(self)
        self.brush_bar = BrushBar(state, brushes, actions, self)
        self.size = ValueSlider(Range(1, LARGEST_BRUSH_PX, 40, curve=3), unit="px", parent=self)
        self.hardness = ValueSlider(Range(0, 100, 80), unit="%", parent=self)
        self.opacity = ValueSlider(Range(1, 100, 100), unit="%", parent=self)
        self.flow = ValueSlider(Range(1, 100, 100), unit="%", parent=self)
        self.mask_side = Segments(["hide", "reveal"], self)
        self.region_side = Segments(["add", "erase"], self)
        self.clear_region = IconButton("clear", self)
        self.pen_size = QCheckBox(self)
        self.bars: dict[Tool, OptionBar | ObjectBar | FrameBar] = {
            Tool.GRADIENT: GradientBar(state, editing.gradients, self),
            Tool.FILL: BucketBar(state, editing.patterns, self),
            Tool.PICKER: PickerBar(state, self),
            Tool.OBJECT: ObjectBar(state, objects, actions, self),
            Tool.STAMP: StampBar(state, self),
            Tool.WAND: WandBar(state, self),
            Tool.SHAPE: ShapeBar(state, editing.shapes, self),
            Tool.TEXT: TextBar(state, texts, self),
            **retouch_bars(state, editing.removal, self),
            Tool.REFINE: RefineBar(state, editing.refining, self),
            Tool.TRANSFORM: TransformBar(editing.transform, self),
            Tool.CROP: CropBar(editing.crop, self),
        }
        shape_bar = SelectBar(state, self)
        self.bars |= dict.fromkeys((Tool.RECTANGLE, Tool.ELLIPSE, Tool.LASSO, Tool.POLYGON, Tool.MAGNETIC), shape_bar)
        self.hint = ElidedLabel(self)
        self.hint.setProperty("role", "dim")
        self._rule = upright_rule(self)
        self._lay_out()
        self._connect(actions)
        self._refresh()

    def retranslate(self) -> None:
        self.brush_bar.retranslate()
        for slider, key in (
            (self.size, "size"),
            (self.hardness, "hardness"),
            (self.opacity, "opacity"),
            (self.flow, "flow"),
        ):
            slider.set_label(tr(f"option.{key}"))
            slider.set_tip(tr(f"option.{key}_tip"))
        self.mask_side.set_texts(
            (tr("option.hide"), tr("option.reveal")), (tr("option.hide_tip"), tr("option.reveal_tip"))
        )
        self.region_side.set_texts(
            (tr("option.add"), tr("option.erase")), (tr("option.add_tip"), tr("option.erase_tip"))
        )
        self.clear_region.set_tip(tip_of(action_spec("ai.clear_region")))
        for bar in self.bars.values():
            bar.retranslate()
        self.pen_size.setText(tr("option.pen_size"))
        self.pen_size.setToolTip(tr("option.pen_size_tip"))
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.PaletteChange:
            self._refresh()
        super().changeEvent(event)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(EDGE_PX, 0, EDGE_PX, 0)
        row.setSpacing(GAP_PX)
        self.tool_name.setProperty("role", "header")
        row.addWidget(self.tool_icon)
        row.addWidget(self.tool_name)
        row.addWidget(self._rule)
        row.addWidget(self.brush_bar)
        for widget in (self.mask_side, self.region_side, self.clear_region):
            row.addWidget(widget)
        for slider in (self.size, self.hardness, self.opacity, self.flow):
            slider.track.setMinimumWidth(44)
            slider.setMaximumWidth(240)
            row.addWidget(slider, 2)
        row.addWidget(self.pen_size)
        for bar in dict.fromkeys(self.bars.values()):
            row.addWidget(bar, 0 if isinstance(bar, PickerBar | ObjectBar | FrameBar) else 8)
        row.addWidget(self.hint, 1)
        row.addStretch(1)

    def _connect(self, actions: ActionSet) -> None:
        state = self._state
        self.size.value_changed.connect(lambda value: state.change_brush(size_px=value))
        self.hardness.value_changed.connect(lambda value: state.change_brush(hardness=value))
        self.opacity.value_changed.connect(lambda value: state.change_brush(opacity=value))
        self.flow.value_changed.connect(lambda value: state.change_brush(flow=value))
        self.pen_size.toggled.connect(lambda checked: state.set_brush(state.brush.with_pen_size(checked)))
        self.mask_side.chosen.connect(lambda value: state.change_options(mask_reveals=value == "reveal"))
        self.region_side.chosen.connect(lambda value: state.change_options(region_erases=value == "erase"))
        self.clear_region.clicked.connect(actions["ai.clear_region"].trigger)
        for signal in (state.tool_changed, state.options_changed, state.active_layer_changed):
            signal.connect(self._refresh)
        state.region_changed.connect(lambda: self.clear_region.setEnabled(not state.region.is_empty))

    def _refresh(self) -> None:
        tool, brush = self._state.tool, self._state.brush
        self.tool_icon.setPixmap(
            icon_pixmap(action_spec(f"tool.{tool}").icon, tokens().text, 20, self.devicePixelRatioF())
        )
        self.tool_name.setText(tr(f"action.tool.{tool}"))
        for slider, value in (
            (self.size, brush.size_px),
            (self.hardness, brush.hardness),
            (self.opacity, brush.opacity),
            (self.flow, brush.flow),
        ):
            slider.set_value(value)
        blocked = self.pen_size.blockSignals(True)
        self.pen_size.setChecked(brush.pen_size)
        self.pen_size.blockSignals(blocked)
        self.mask_side.set_value("reveal" if self._state.options.mask_reveals else "hide")
        self.region_side.set_value("erase" if self._state.options.region_erases else "add")
        self.clear_region.setEnabled(not self._state.region.is_empty)
        if tool in self.bars:  # the others when their tool is in hand
            self.bars[tool].refresh()
        self._show_wanted()

    def _show_wanted(self) -> None:
        """What the tool in hand has goes in after the rest is out: both at once would make the window wider."""
        wanted = self._wanted()
        self.hint.setMinimumWidth(0)
        self.hint.hide()
        for widget, is_shown in sorted(wanted.items(), key=lambda entry: entry[1]):
            widget.setVisible(is_shown)
        self._show_hint()

    def _show_hint(self) -> None:
        """Whole, or as the tooltip of the tool's name where a window this narrow has no room for it."""
        tool = self._state.tool
        text, bar = _hint_for(tool), self.bars.get(tool)
        needed = self.hint.fontMetrics().horizontalAdvance(text) + 2
        parts = [part for part in (self.tool_icon, self.tool_name, self._rule, bar) if part is not None]
        room = self.width() - 2 * EDGE_PX - GAP_PX - sum(part.minimumSizeHint().width() + GAP_PX for part in parts)
        fits = bool(text) and needed <= room
        self.hint.setMinimumWidth(needed if fits else 0)
        self.hint.set_full_text(text if fits else "")
        self.hint.setVisible(fits)
        for part in (self.tool_icon, self.tool_name):
            part.setToolTip("" if fits else text)

    def _wanted(self) -> dict[QWidget, bool]:
        tool = self._state.tool
        paints = tool in PAINT_TOOLS
        return {
            self.brush_bar: paints and (tool not in RETOUCH_TOOLS or self.width() > WIDEST_PX),
            self.size: paints,
            self.hardness: paints and self._state.brush.more.tip is None,
            self.opacity: paints and tool not in (Tool.REMOVE, Tool.REFINE),
            self.flow: tool in (Tool.BRUSH, Tool.ERASER),
            self.pen_size: paints and tool not in RETOUCH_TOOLS and self.width() > WIDE_PX,
            self.mask_side: tool is Tool.MASK,
            self.region_side: tool is Tool.REGION,
            self.clear_region: tool is Tool.REGION,
            **{bar: bar is self.bars.get(tool) for bar in self.bars.values()},
        }

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        self._show_wanted()


def _hint_for(tool: Tool) -> str:
    if tool in PAINT_TOOLS:
        return ""
    return tr(f"hint.{tool}", alt=key_text("Alt").strip("+"), ctrl=key_text("Ctrl").strip("+"))
