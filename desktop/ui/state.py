"""What the window works on: the open document, the layer, tool, colours and options. Widgets change it and listen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.core.brush import BrushMode, BrushSettings
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.layers import GroupLayer, Layer, LayerId
from desktop.core.tiles import TileMap
from desktop.tools.painting import Plane
from desktop.tools.region import Region

Color = tuple[float, float, float]  # sRGB 0..1

BLACK: Color = (0.0, 0.0, 0.0)
WHITE: Color = (1.0, 1.0, 1.0)


class Tool(StrEnum):
    MOVE = "move"
    BRUSH = "brush"
    ERASER = "eraser"
    MASK = "mask"
    REGION = "region"
    PICKER = "picker"
    HAND = "hand"
    ZOOM = "zoom"


PAINT_TOOLS = (Tool.BRUSH, Tool.ERASER, Tool.MASK, Tool.REGION)


@dataclass(frozen=True, slots=True)
class BrushOptions:
    """The context bar of one painting tool. Percentages are 0..100."""

    size_px: float = 40.0
    hardness: float = 80.0
    opacity: float = 100.0
    flow: float = 100.0
    pen_size: bool = True
    pen_flow: bool = False

    def settings(self, color: Color, mode: BrushMode) -> BrushSettings:
        return BrushSettings(
            diameter_px=self.size_px,
            hardness=self.hardness / 100,
            opacity=self.opacity / 100,
            flow=self.flow / 100,
            color=color,
            mode=mode,
            pressure_changes_size=self.pen_size,
            pressure_changes_flow=self.pen_flow,
        )


@dataclass
class ToolOptions:
    """Remembered per tool."""

    brushes: dict[Tool, BrushOptions] = field(
        default_factory=lambda: {
            Tool.BRUSH: BrushOptions(),
            Tool.ERASER: BrushOptions(size_px=60),
            Tool.MASK: BrushOptions(size_px=120, hardness=40),
            Tool.REGION: BrushOptions(size_px=120, hardness=60),
        }
    )
    mask_reveals: bool = False
    region_erases: bool = False
    pick_layer_only: bool = False


class EditorState(QObject):
    """The one owner of what is chosen in a window."""

    document_replaced = Signal()  # another OpenDocument, or none
    document_renamed = Signal()  # path or modified mark
    active_layer_changed = Signal()  # the layer, or pixels/mask
    tool_changed = Signal()
    colors_changed = Signal()
    options_changed = Signal()
    region_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.open_document: OpenDocument | None = None
        self.path: Path | None = None
        self.title = ""
        self.layer_id: LayerId | None = None
        self.plane = Plane.PIXELS
        self.tool = Tool.BRUSH
        self.color: Color = BLACK
        self.background: Color = WHITE
        self.options = ToolOptions()
        self.region = Region()
        self.region.changed.connect(lambda _rect: self.region_changed.emit())

    @property
    def document(self) -> Document | None:
        return None if self.open_document is None else self.open_document.document

    @property
    def is_editing(self) -> bool:
        """True in the middle of a gesture."""
        return self.open_document is not None and self.open_document.is_editing

    @property
    def active_layer(self) -> Layer | None:
        document = None if self.open_document is None else self.open_document.shown
        if document is None or self.layer_id is None or not document.has_layer(self.layer_id):
            return None
        return document.layer(self.layer_id)

    def set_document(self, open_document: OpenDocument | None, *, path: Path | None, title: str) -> None:
        """Shows another document; the top layer becomes the active one."""
        self.open_document, self.path, self.title = open_document, path, title
        self.region.clear()
        self.plane = Plane.PIXELS
        self.layer_id = None
        if open_document is not None:
            open_document.tree_changed.connect(self._keep_layer)
            open_document.history_changed.connect(self.document_renamed.emit)
            layers = open_document.document.layers
            self.layer_id = layers[-1].id if layers else None
        self.document_replaced.emit()
        self.active_layer_changed.emit()
        self.document_renamed.emit()

    def set_path(self, path: Path, title: str) -> None:
        self.path, self.title = path, title
        self.document_renamed.emit()

    def choose_layer(self, layer_id: LayerId | None, plane: Plane = Plane.PIXELS) -> None:
        if (layer_id, plane) == (self.layer_id, self.plane):
            return
        self.layer_id, self.plane = layer_id, plane
        self.active_layer_changed.emit()

    def choose_tool(self, tool: Tool) -> None:
        if tool is not self.tool:
            self.tool = tool
            self.tool_changed.emit()

    def set_color(self, color: Color) -> None:
        if color != self.color:
            self.color = color
            self.colors_changed.emit()

    def swap_colors(self) -> None:
        self.color, self.background = self.background, self.color
        self.colors_changed.emit()

    def reset_colors(self) -> None:
        self.color, self.background = BLACK, WHITE
        self.colors_changed.emit()

    @property
    def brush(self) -> BrushOptions:
        """The options of the painting tool in hand; those of the brush while another tool is."""
        return self.options.brushes.get(self.tool, self.options.brushes[Tool.BRUSH])

    def change_brush(self, **changes: object) -> None:
        tool = self.tool if self.tool in PAINT_TOOLS else Tool.BRUSH
        self.options.brushes[tool] = replace(self.options.brushes[tool], **changes)  # type: ignore[arg-type]
        self.options_changed.emit()

    def change_options(self, **changes: object) -> None:
        for name, value in changes.items():
            setattr(self.options, name, value)
        self.options_changed.emit()

    def shown_mask(self) -> TileMap | None:
        """The mask of the active layer, also in the middle of a stroke."""
        layer = self.active_layer
        return None if layer is None or layer.mask is None else layer.mask.tiles

    def paints_mask(self) -> bool:
        """True when a painting tool would change a mask."""
        return self.tool is Tool.MASK or (self.plane is Plane.MASK and self.tool in (Tool.BRUSH, Tool.ERASER))

    def _keep_layer(self) -> None:
        """After a change of the tree: an active layer that is gone gives way to the top one."""
        assert self.open_document is not None
        document = self.open_document.shown
        if self.layer_id is None or not document.has_layer(self.layer_id):
            self.choose_layer(document.layers[-1].id if document.layers else None)
        elif self.plane is Plane.MASK and document.layer(self.layer_id).mask is None:
            self.choose_layer(self.layer_id)

    def is_group(self) -> bool:
        return isinstance(self.active_layer, GroupLayer)
