"""The retouching tools as gestures: clone, heal, smudge, blur and sharpen, dodge, burn and sponge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from desktop.core.brush import BrushSettings
from desktop.core.color import FloatPixels, Gray8, Pixels
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import Edit, OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect
from desktop.core.layers import GroupLayer, Layer, LayerId
from desktop.core.membrane import membrane
from desktop.core.premultiply import levels_to_premultiplied
from desktop.core.remove import DEFAULT_REMOVAL, context_of, removed
from desktop.core.retouch import (
    Focus,
    Mixing,
    MixStroke,
    ReadRect,
    Source,
    Toning,
    darkened,
    fixed,
    focused,
    shifted,
    toned,
)
from desktop.core.smudge import SmudgeStroke, smudge_settings
from desktop.core.tiles import TileEditor
from desktop.tools.filling import Sample
from desktop.tools.gestures import Gesture, PointerEvent
from desktop.tools.locks import keeps_alpha
from desktop.tools.names import EditName
from desktop.tools.painting import Plane, paintable_layer
from desktop.tools.strokes import LastStroke, follow
from desktop.tools.waiting import later

RIM_PX = 3  # around a stroke, where healing looks at what it must join on to


@dataclass(frozen=True, slots=True)
class Target:
    """What a stroke works on, and with which brush."""

    open_document: OpenDocument
    layer_id: LayerId | None
    plane: Plane
    settings: BrushSettings
    last: LastStroke = field(default_factory=LastStroke)


@dataclass
class CloneSource:
    """Where pixels are taken from. `offset` leads from there to the pointer; aligned strokes keep it."""

    point: Point | None = None
    offset: tuple[int, int] | None = None

    def set(self, point: Point) -> None:
        self.point, self.offset = point, None

    def begin(self, point: Point, *, aligned: bool) -> tuple[int, int]:
        """The offset of a stroke that begins at a point. UserError before a source was chosen."""
        if self.point is None:
            raise UserError("retouch.no_source")
        if self.offset is None or not aligned:
            self.offset = (round(point.x - self.point.x), round(point.y - self.point.y))
        return self.offset

    def beside(self, point: Point) -> Point | None:
        """Where pixels for a point would come from."""
        if self.point is None:
            return None
        return self.point if self.offset is None else point.translated(-self.offset[0], -self.offset[1])


def choose_source(source: CloneSource, show: Callable[[], None] = lambda: None) -> Gesture:
    """A press with Alt: pixels are taken from here."""
    event = yield
    while True:
        source.set(event.point)
        show()
        if not event.pressed:
            return
        event = yield


def clone(target: Target, source: CloneSource, sample: Sample, *, aligned: bool) -> Gesture:
    """Paints with pixels from the source."""
    event = yield
    layer = _checked(target)
    dx, dy = source.begin(event.point, aligned=aligned)
    read = reader(target.open_document.document, layer, target.plane, sample)
    yield from _mix(target, event, EditName.CLONE, shifted(read, dx, dy), Mixing.OVER)


def focus(target: Target, kind: Focus, strength: float) -> Gesture:
    """Blurs or sharpens, `strength` 0..1."""
    event = yield
    layer, document = _checked(target), target.open_document.document
    read = reader(document, layer, target.plane, Sample.LAYER)
    name = EditName.BLUR_BRUSH if kind is Focus.BLUR else EditName.SHARPEN_BRUSH
    yield from _mix(target, event, name, focused(read, document.size.rect(), kind, strength), Mixing.INSTEAD)


def tone(target: Target, toning: Toning) -> Gesture:
    """Dodges, burns, or changes the saturation."""
    event = yield
    layer = _checked(target)
    read = reader(target.open_document.document, layer, target.plane, Sample.LAYER)
    yield from _mix(target, event, EditName[toning.tone.name], toned(read, toning), Mixing.INSTEAD)


def smudge(target: Target, strength: float) -> Gesture:
    """Draws paint along, `strength` 0..1."""
    event = yield
    layer, document = _checked(target), target.open_document.document
    with target.open_document.edit(EditName.SMUDGE) as edit:
        stroke = SmudgeStroke(
            _editor(edit, layer, target.plane),
            smudge_settings(target.settings),
            strength,
            selection=document.selection,
            keeps_alpha=keeps_alpha(document, layer.id),
        )
        yield from follow(event, stroke, target.settings, partial(edit.touched, layer.id), target.last)


def heal(target: Target, source: CloneSource, sample: Sample, *, aligned: bool) -> Gesture:
    """Clones, and after the release moves the copy's colours to those around the stroke."""
    event = yield
    layer, document = _checked(target), target.open_document.document
    dx, dy = source.begin(event.point, aligned=aligned)
    read, below = reader(document, layer, target.plane, sample), reader(document, layer, target.plane, Sample.LAYER)
    with target.open_document.edit(EditName.HEAL) as edit:
        stroke = _stroke(target, edit, layer, shifted(read, dx, dy), Mixing.OVER)
        yield from follow(event, stroke, target.settings, partial(edit.touched, layer.id), target.last)
        area = stroke.touched.expanded(RIM_PX)
        covered = stroke.coverage(area)
        yield from _finish(
            edit, layer, stroke, area, lambda: healed(below(area), read(area.translated(-dx, -dy)), covered)
        )


def heal_spot(target: Target, seed: int = 0) -> Gesture:
    """Marks, and after the release fills what was marked with what fits from around it."""
    event = yield
    layer, document = _checked(target), target.open_document.document
    read, canvas = reader(document, layer, target.plane, Sample.LAYER), document.size.rect()
    with target.open_document.edit(EditName.HEAL_SPOT) as edit:
        stroke = _stroke(target, edit, layer, darkened(read), Mixing.INSTEAD)
        yield from follow(event, stroke, target.settings, partial(edit.touched, layer.id), target.last)
        marked = stroke.touched.intersect(canvas)
        if marked.is_empty:
            return
        area = context_of(marked, canvas, DEFAULT_REMOVAL)
        mask = np.where(stroke.coverage(area) > 0, 255, 0).astype(np.uint8)
        yield from _finish(edit, layer, stroke, area, lambda: _spot(read(area), mask))


def healed(below: Pixels, copy: Pixels, covered: FloatPixels) -> FloatPixels:
    """The copy, premultiplied, with the smooth offset that joins it on to what lies around the stroke."""
    before, after = levels_to_premultiplied(below), levels_to_premultiplied(copy)
    offset = membrane(before - after, (covered > 0).astype(np.uint8))
    joined: FloatPixels = np.clip(after + offset, 0, 1)
    return joined


def reader(document: Document, layer: Layer, plane: Plane, sample: Sample) -> ReadRect:
    """Reads the layer's pixels or mask, or the visible picture, of one version."""
    if plane is Plane.MASK and layer.mask is not None:
        return layer.mask.tiles.read
    if sample is Sample.VISIBLE:
        return lambda rect: flatten(document, rect, threads=1)
    assert not isinstance(layer, GroupLayer)
    return layer.tiles.read


def _spot(pixels: Pixels, mask: Gray8) -> FloatPixels:
    if pixels.shape[2] == 4:
        return levels_to_premultiplied(removed(pixels, mask))
    white = np.full_like(pixels, 255)
    return levels_to_premultiplied(removed(np.concatenate([pixels, pixels, pixels, white], axis=2), mask)[..., :1])


def _mix(target: Target, event: PointerEvent, name: EditName, source: Source, mixing: Mixing) -> Gesture:
    layer = _checked(target)
    with target.open_document.edit(name) as edit:
        stroke = _stroke(target, edit, layer, source, mixing)
        yield from follow(event, stroke, target.settings, partial(edit.touched, layer.id), target.last)


def _finish(edit: Edit, layer: Layer, stroke: MixStroke, area: Rect, work: Callable[[], FloatPixels]) -> Gesture:
    """Computes what the stroke shall really mix in, and mixes it in."""
    answer = later(work, area.area * 8)
    while not answer.done():
        yield True
    for rect in stroke.mix_in(fixed(answer.result(), area), Mixing.INSTEAD):
        edit.touched(layer.id, rect)


def _stroke(target: Target, edit: Edit, layer: Layer, source: Source, mixing: Mixing) -> MixStroke:
    document = target.open_document.document
    return MixStroke(
        _editor(edit, layer, target.plane),
        target.settings,
        source,
        mixing,
        selection=document.selection,
        keeps_alpha=keeps_alpha(document, layer.id),
    )


def _editor(edit: Edit, layer: Layer, plane: Plane) -> TileEditor:
    return edit.mask_pixels(layer.id) if plane is Plane.MASK else edit.pixels(layer.id)


def _checked(target: Target) -> Layer:
    return paintable_layer(target.open_document.document, target.layer_id, target.plane)
