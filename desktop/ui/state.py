"""What the window works on: the open documents, the layer, tool, colours and options. Widgets change it and listen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.core.brush import PLAIN_BRUSH, BrushMode, BrushSettings
from desktop.core.document import Document
from desktop.core.dynamics import Dynamic, Sensor, Target
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point
from desktop.core.layers import GroupLayer, Layer, LayerId
from desktop.core.shapes import ShapeStyle
from desktop.core.symmetry import NO_SYMMETRY, Symmetry
from desktop.core.tiles import TileMap
from desktop.tools.channels import PLATES
from desktop.tools.painting import Plane
from desktop.tools.region import Region
from desktop.ui.documents import DocumentSession
from desktop.ui.fill_options import BucketOptions, GradientOptions, PickOptions, SelectOptions
from desktop.ui.retouch_options import RetouchOptions
from desktop.ui.stamp_options import StampOptions
from desktop.ui.text_options import TextOptions

Color = tuple[float, float, float]  # sRGB 0..1

BLACK: Color = (0.0, 0.0, 0.0)
WHITE: Color = (1.0, 1.0, 1.0)


class Tool(StrEnum):
    MOVE = "move"
    BRUSH = "brush"
    ERASER = "eraser"
    MASK = "mask"
    REGION = "region"
    GRADIENT = "gradient"
    FILL = "fill"
    PICKER = "picker"
    OBJECT = "object"
    STAMP = "stamp"
    TEXT = "text"
    SHAPE = "shape"
    TRANSFORM = "transform"
    CROP = "crop"
    CLONE = "clone"
    HEAL = "heal"
    REMOVE = "remove"
    REFINE = "refine"
    SMUDGE = "smudge"
    FOCUS = "focus"
    TONE = "tone"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    LASSO = "lasso"
    POLYGON = "polygon"
    MAGNETIC = "magnetic"
    WAND = "wand"
    HAND = "hand"
    ZOOM = "zoom"


RETOUCH_TOOLS = (Tool.CLONE, Tool.HEAL, Tool.REMOVE, Tool.SMUDGE, Tool.FOCUS, Tool.TONE)
PAINT_TOOLS = (Tool.BRUSH, Tool.ERASER, Tool.MASK, Tool.REGION, Tool.REFINE, *RETOUCH_TOOLS)
REGION_TOOLS = (Tool.REGION, Tool.REMOVE, Tool.REFINE)  # they paint the region
OUTLINED_TOOLS = (*PAINT_TOOLS, Tool.STAMP)  # the pointer shows how large they are
MASKABLE_TOOLS = (  # they work on pixels or the mask
    *(Tool.BRUSH, Tool.ERASER, Tool.GRADIENT, Tool.FILL),
    *(Tool.CLONE, Tool.HEAL, Tool.SMUDGE, Tool.FOCUS, Tool.TONE),
)
PICKS_WITH_ALT = (Tool.BRUSH, Tool.GRADIENT, Tool.FILL)


SELECT_TOOLS = (
    *(Tool.RECTANGLE, Tool.ELLIPSE, Tool.LASSO, Tool.POLYGON, Tool.MAGNETIC),
    *(Tool.WAND, Tool.OBJECT),
)

PEN_SIZE = Dynamic(Sensor.PRESSURE, Target.SIZE)


@dataclass(frozen=True, slots=True)
class BrushOptions:
    """The brush of one painting tool. Percentages are 0..100; `more` holds what the context bar does not show."""

    size_px: float = 40.0
    hardness: float = 80.0
    opacity: float = 100.0
    flow: float = 100.0
    more: BrushSettings = PLAIN_BRUSH
    preset: str = ""  # the one it was made of

    def settings(self, color: Color, mode: BrushMode) -> BrushSettings:
        return replace(
            self.more,
            diameter_px=self.size_px,
            hardness=self.hardness / 100,
            opacity=self.opacity / 100,
            flow=self.flow / 100,
            color=color,
            mode=mode,
        )

    @property
    def pen_size(self) -> bool:
        """True when the pen's pressure changes the size."""
        return any((d.sensor, d.target) == (PEN_SIZE.sensor, PEN_SIZE.target) for d in self.more.dynamics)

    def with_pen_size(self, wanted: bool) -> BrushOptions:
        others = [d for d in self.more.dynamics if (d.sensor, d.target) != (PEN_SIZE.sensor, PEN_SIZE.target)]
        dynamics = (*others, PEN_SIZE) if wanted else tuple(others)
        return replace(self, more=replace(self.more, dynamics=dynamics))


@dataclass
class ToolOptions:
    """Remembered per tool."""

    brushes: dict[Tool, BrushOptions] = field(
        default_factory=lambda: {
            Tool.BRUSH: BrushOptions(),
            Tool.ERASER: BrushOptions(size_px=60),
            Tool.MASK: BrushOptions(size_px=120, hardness=40),
            Tool.REGION: BrushOptions(size_px=120, hardness=60),
            Tool.CLONE: BrushOptions(size_px=80, hardness=50),
            Tool.HEAL: BrushOptions(size_px=60, hardness=60),
            Tool.REMOVE: BrushOptions(size_px=80, hardness=80),
            Tool.REFINE: BrushOptions(size_px=60, hardness=80),
            Tool.SMUDGE: BrushOptions(size_px=60, hardness=40),
            Tool.FOCUS: BrushOptions(size_px=80, hardness=20),
            Tool.TONE: BrushOptions(size_px=120, hardness=0),
        }
    )
    mask_reveals: bool = False
    region_erases: bool = False
    symmetry: Symmetry = NO_SYMMETRY
    pick: PickOptions = field(default_factory=PickOptions)
    bucket: BucketOptions = field(default_factory=BucketOptions)
    gradient: GradientOptions = field(default_factory=GradientOptions)
    select: SelectOptions = field(default_factory=SelectOptions)
    stamp: StampOptions = field(default_factory=StampOptions)
    retouch: RetouchOptions = field(default_factory=RetouchOptions)
    shape: ShapeStyle = field(default_factory=ShapeStyle)
    text: TextOptions = field(default_factory=TextOptions)


class EditorState(QObject):
    """The one owner of what is chosen in a window. `quick_masks`: documents whose selection is being painted."""

    document_left = Signal()  # another document will be shown at once; `current` is still the old one
    document_replaced = Signal()  # another OpenDocument is shown, or none
    document_renamed = Signal()  # path or modified mark, of any document
    document_closed = Signal(object)  # DocumentSession
    documents_changed = Signal()  # which documents are open, and their order
    active_layer_changed = Signal()  # the layer, or pixels/mask
    tool_changed = Signal()
    colors_changed = Signal()
    options_changed = Signal()
    region_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.quick_masks: set[DocumentSession] = set()
        self.documents: list[DocumentSession] = []
        self.current: DocumentSession | None = None
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

    # documents

    def add_document(self, session: DocumentSession) -> None:
        """Takes a document in after the shown one and shows it; its top layer becomes the active one."""
        opened = session.open_document
        layers = opened.document.layers
        session.layer_id = layers[-1].id if layers else None
        opened.tree_changed.connect(lambda: self._keep_layer(session))
        opened.history_changed.connect(self.document_renamed.emit)
        place = len(self.documents) if self.current is None else self.documents.index(self.current) + 1
        self.documents.insert(place, session)
        self.show_document(session)
        self.documents_changed.emit()

    def show_document(self, session: DocumentSession | None) -> None:
        """Shows another of the open documents, as it was left."""
        if session is self.current:
            return
        if self.current is not None:
            self.document_left.emit()
            self.current.region = self.region.tiles
        self.current = session
        if session is None or session.region is None:
            self.region.clear()
        else:
            self.region.set_tiles(session.region)
        self.document_replaced.emit()
        self.active_layer_changed.emit()
        self.document_renamed.emit()

    def close_document(self, session: DocumentSession) -> None:
        """Gives a document up; its neighbour is shown, or none."""
        place = self.documents.index(session)
        rest = [other for other in self.documents if other is not session]
        if session is self.current:
            self.show_document(rest[min(place, len(rest) - 1)] if rest else None)
        self.documents = rest
        self.document_closed.emit(session)
        self.documents_changed.emit()

    def move_document(self, place: int, to: int) -> None:
        self.documents.insert(to, self.documents.pop(place))
        self.documents_changed.emit()

    def set_path(self, session: DocumentSession, path: Path, title: str) -> None:
        session.path, session.title = path, title
        self.document_renamed.emit()

    @property
    def open_document(self) -> OpenDocument | None:
        return None if self.current is None else self.current.open_document

    @property
    def path(self) -> Path | None:
        return None if self.current is None else self.current.path

    @property
    def title(self) -> str:
        return "" if self.current is None else self.current.title

    @property
    def layer_id(self) -> LayerId | None:
        return None if self.current is None else self.current.layer_id

    @property
    def plane(self) -> Plane:
        return Plane.PIXELS if self.current is None else self.current.plane

    # what is chosen

    def choose_layer(self, layer_id: LayerId | None, plane: Plane = Plane.PIXELS) -> None:
        self.choose_layers(() if layer_id is None else (layer_id,), layer_id, plane)

    def choose_layers(
        self, layer_ids: Iterable[LayerId], layer_id: LayerId | None, plane: Plane = Plane.PIXELS
    ) -> None:
        """Several layers for commands; `layer_id` is the active one among them."""
        current, chosen = self.current, frozenset(layer_ids) - {layer_id}
        if current is None or (layer_id, plane, chosen) == (current.layer_id, current.plane, current.chosen):
            return
        if (layer_id, plane) != (current.layer_id, current.plane):
            current.is_mask_alone = False
        current.layer_id, current.plane, current.chosen = layer_id, plane, chosen
        self.active_layer_changed.emit()

    @property
    def is_mask_alone(self) -> bool:
        """True while the canvas shows the active layer's mask in grey instead of the picture."""
        return self.current is not None and self.current.is_mask_alone and self.shown_mask() is not None

    def show_mask_alone(self, shown: bool) -> None:
        """Shows the mask of the active layer alone, or the picture again; what is painted goes to the mask."""
        if self.current is not None and self.layer_id is not None:
            self.choose_layers(self.chosen_ids, self.layer_id, Plane.MASK)
            self.current.is_mask_alone = shown
            self.active_layer_changed.emit()

    @property
    def shown_channel(self) -> int | None:
        """The channel that the canvas shows in the place of the picture: one of its own, or a saved selection."""
        document, session = self.document, self.current
        if document is None or session is None or session.channel is None:
            return None
        return session.channel if session.channel < len(PLATES) + len(document.channels) else None

    def show_channel(self, number: int | None) -> None:
        if self.current is not None and number != self.current.channel:
            self.current.channel = number
            self.active_layer_changed.emit()

    def set_collapsed(self, group_ids: Iterable[LayerId]) -> None:
        if self.current is not None:
            self.current.collapsed = frozenset(group_ids)

    @property
    def chosen_ids(self) -> tuple[LayerId, ...]:
        """Every chosen layer, bottom first."""
        document = self.document
        if self.current is None or document is None:
            return ()
        wanted = {*self.current.chosen, self.current.layer_id}
        return tuple(layer.id for layer in document.iter_layers() if layer.id in wanted)

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
        self.set_brush(replace(self.brush, **changes))  # type: ignore[arg-type]

    def change_brush_further(self, **changes: object) -> None:
        """Changes what the context bar does not show: spacing, tip, dynamics, …"""
        self.change_brush(more=replace(self.brush.more, **changes))  # type: ignore[arg-type]

    def set_brush(self, brush: BrushOptions) -> None:
        tool = self.tool if self.tool in PAINT_TOOLS else Tool.BRUSH
        self.options.brushes[tool] = brush
        self.options_changed.emit()

    def symmetry_center(self) -> Point:
        """In image pixels: the one chosen, or the middle of the picture."""
        document = self.document
        middle = Point(0.0, 0.0) if document is None else Point(document.size.width / 2, document.size.height / 2)
        return self.options.symmetry.center or middle

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
        return self.tool is Tool.MASK or (self.plane is Plane.MASK and self.tool in MASKABLE_TOOLS)

    def _keep_layer(self, session: DocumentSession) -> None:
        """After a change of the tree: an active layer that is gone gives way to the top one."""
        document = session.open_document.shown
        before = (session.layer_id, session.plane)
        if session.layer_id is None or not document.has_layer(session.layer_id):
            session.layer_id = document.layers[-1].id if document.layers else None
            session.plane = Plane.PIXELS
        elif session.plane is Plane.MASK and document.layer(session.layer_id).mask is None:
            session.plane = Plane.PIXELS
        if session is self.current and (session.layer_id, session.plane) != before:
            self.active_layer_changed.emit()

    def is_group(self) -> bool:
        return isinstance(self.active_layer, GroupLayer)
