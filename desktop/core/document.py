"""The document: one immutable value holding everything a picture is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from desktop.core.color import Depth, Pixels, dtype_of_depth
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.layers import AdjustmentLayer, GroupLayer, Layer, LayerId, RasterLayer
from desktop.core.tiles import Placer, TileMap

MAX_SIDE_PX = 300_000  # what OpenRaster readers and TIFF agree on; memory is checked where pictures are made


@dataclass(frozen=True, slots=True)
class Metadata:
    """EXIF and XMP packets as they stood in the file."""

    exif: bytes | None = None
    xmp: bytes | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    position_px: float
    is_vertical: bool


@dataclass(frozen=True, slots=True)
class Channel:
    """A selection that was saved under a name: soft levels, nothing around its tiles."""

    name: str
    tiles: TileMap


@dataclass(frozen=True, slots=True)
class Document:
    """Size, depth, colour profile, metadata, layers (bottom first) and the soft selection (None: everything)."""

    size: Size
    depth: Depth = 8
    resolution_dpi: tuple[float, float] = (72.0, 72.0)
    icc_profile: bytes | None = None
    metadata: Metadata = Metadata()
    layers: tuple[Layer, ...] = ()
    selection: TileMap | None = None
    guides: tuple[Guide, ...] = ()
    channels: tuple[Channel, ...] = ()

    def __post_init__(self) -> None:
        width, height = self.size.width, self.size.height
        if not (1 <= width <= MAX_SIDE_PX and 1 <= height <= MAX_SIDE_PX):
            raise UserError("document.bad_size", width=width, height=height, limit=MAX_SIDE_PX)

    def changed(self, **changes: object) -> Document:
        """A copy with some fields replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def empty_tiles(self) -> TileMap:
        """A transparent raster of this document's depth."""
        return TileMap(4, dtype_of_depth(self.depth), 0)

    def iter_layers(self) -> Iterator[Layer]:
        """Every layer, bottom first, a group before its children."""
        return _iter_layers(self.layers)

    def next_layer_id(self) -> LayerId:
        return max((layer.id for layer in self.iter_layers()), default=0) + 1

    def has_layer(self, layer_id: LayerId) -> bool:
        return any(layer.id == layer_id for layer in self.iter_layers())

    def layer(self, layer_id: LayerId) -> Layer:
        for layer in self.iter_layers():
            if layer.id == layer_id:
                return layer
        raise UserError("document.no_layer", layer_id=layer_id)

    def raster_layer(self, layer_id: LayerId) -> RasterLayer:
        layer = self.layer(layer_id)
        if isinstance(layer, GroupLayer):
            raise UserError("document.layer_is_group", name=layer.name)
        if isinstance(layer, AdjustmentLayer):
            raise UserError("document.layer_is_adjustment", name=layer.name)
        return layer

    def parent_of(self, layer_id: LayerId) -> GroupLayer | None:
        """The group a layer is in, None at the top level."""
        for layer in self.iter_layers():
            if isinstance(layer, GroupLayer) and any(child.id == layer_id for child in layer.children):
                return layer
        self.layer(layer_id)
        return None

    def siblings_of(self, layer_id: LayerId) -> tuple[Layer, ...]:
        parent = self.parent_of(layer_id)
        return self.layers if parent is None else parent.children

    def index_of(self, layer_id: LayerId) -> int:
        """The layer's place among its siblings, 0 at the bottom."""
        return [layer.id for layer in self.siblings_of(layer_id)].index(layer_id)

    def with_layer_replaced(self, layer: Layer) -> Document:
        self.layer(layer.id)
        return self.changed(layers=_mapped(self.layers, layer.id, lambda _: (layer,)))

    def with_layer_removed(self, layer_id: LayerId) -> Document:
        self.layer(layer_id)
        return self.changed(layers=_mapped(self.layers, layer_id, lambda _: ()))

    def with_layer_inserted(self, layer: Layer, parent_id: LayerId | None = None, index: int | None = None) -> Document:
        """`index` counts from the bottom; None puts the layer on top."""
        if parent_id is None:
            return self.changed(layers=_inserted(self.layers, layer, index))
        parent = self.layer(parent_id)
        assert isinstance(parent, GroupLayer), parent
        return self.with_layer_replaced(parent.changed(children=_inserted(parent.children, layer, index)))


def new_layer_from_pixels(
    document: Document, pixels: Pixels, name: str, x: int = 0, y: int = 0, place: Placer | None = None
) -> RasterLayer:
    """A raster layer for `document` from straight RGBA (H, W, 4) of the document's depth."""
    return RasterLayer(id=document.next_layer_id(), name=name, tiles=TileMap.from_array(pixels, x, y, place=place))


def _iter_layers(layers: tuple[Layer, ...]) -> Iterator[Layer]:
    for layer in layers:
        yield layer
        if isinstance(layer, GroupLayer):
            yield from _iter_layers(layer.children)


def _mapped(
    layers: tuple[Layer, ...], layer_id: LayerId, change: Callable[[Layer], tuple[Layer, ...]]
) -> tuple[Layer, ...]:
    """The tree with one layer replaced by what `change` makes of it; untouched branches stay the same objects."""
    result: list[Layer] = []
    for layer in layers:
        if layer.id == layer_id:
            result.extend(change(layer))
        elif isinstance(layer, GroupLayer):
            children = _mapped(layer.children, layer_id, change)
            same = len(children) == len(layer.children) and all(
                new is old for new, old in zip(children, layer.children, strict=True)
            )
            result.append(layer if same else layer.changed(children=children))
        else:
            result.append(layer)
    return tuple(result)


def _inserted(layers: tuple[Layer, ...], layer: Layer, index: int | None) -> tuple[Layer, ...]:
    place = len(layers) if index is None else index
    return (*layers[:place], layer, *layers[place:])
