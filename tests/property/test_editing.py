"""Random edits, undone to the start and redone to the end, give identical bytes; a random mix of all three too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from desktop.core.blend_modes import BlendMode
from desktop.core.brush import BrushMode, BrushSettings, Stroke
from desktop.core.composite import flatten
from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Rect, Size
from desktop.core.layers import GroupLayer, Mask
from desktop.io.scratch import ScratchFile
from tests.builders import noise

WIDTH, HEIGHT = 300, 40

positions = st.builds(Point, st.floats(-20, WIDTH + 20), st.floats(-20, HEIGHT + 20))


def digest(document: Document) -> tuple[bytes, str]:
    """The picture's bytes and the tree's shape."""
    names = repr([(layer.id, layer.opacity, layer.blend_mode, layer.visible) for layer in document.iter_layers()])
    return flatten(document).tobytes(), names


class Editing(RuleBasedStateMachine):
    """Keeps its own list of what every version looked like, and compares."""

    layers = Bundle("layers")

    @initialize()
    def begin(self) -> None:
        self.document = OpenDocument(Document(Size(WIDTH, HEIGHT)), history_bytes=1 << 20, store=ScratchFile())
        self.digests = [digest(self.document.document)]
        self.position = 0

    def committed(self) -> None:
        """Follows the history: entries may have been merged away or forgotten, but never reordered."""
        if self.document.history.position != self.position:
            del self.digests[self.position + 1 :]
            self.digests.append(digest(self.document.document))
            self.position = len(self.digests) - 1

    def raster_ids(self) -> list[int]:
        return [layer.id for layer in self.document.document.iter_layers() if not isinstance(layer, GroupLayer)]

    @rule(seed=st.integers(0, 9), x=st.integers(-50, WIDTH), y=st.integers(-50, HEIGHT))
    def add_layer(self, seed: int, x: int, y: int) -> None:
        with self.document.edit("New layer") as edit:
            pixels = noise(60, 30, seed=seed)
            edit.insert_layer(new_layer_from_pixels(self.document.document, pixels, "Layer", x, y))
        self.committed()

    @rule()
    def add_group(self) -> None:
        with self.document.edit("Group") as edit:
            edit.insert_layer(GroupLayer(id=self.document.document.next_layer_id(), name="Group"))
        self.committed()

    @precondition(lambda self: self.raster_ids())
    @rule(data=st.data(), points=st.lists(positions, min_size=1, max_size=4), mode=st.sampled_from(BrushMode))
    def paint(self, data: st.DataObject, points: list[Point], mode: BrushMode) -> None:
        layer_id = data.draw(st.sampled_from(self.raster_ids()))
        with self.document.edit("Brush stroke") as edit:
            stroke = Stroke(edit.pixels(layer_id), BrushSettings(diameter_px=25, mode=mode, color=(0.2, 0.6, 0.9)))
            for point in points:
                edit.touched(layer_id, stroke.to(point))
        self.committed()

    @precondition(lambda self: self.raster_ids())
    @rule(data=st.data(), point=positions)
    def paint_mask(self, data: st.DataObject, point: Point) -> None:
        layer_id = data.draw(st.sampled_from(self.raster_ids()))
        with self.document.edit("Mask") as edit:
            layer = edit.document.layer(layer_id)
            if layer.mask is None:
                edit.replace_layer(layer.changed(mask=Mask()))
            edit.touched(layer_id, Stroke(edit.mask_pixels(layer_id), BrushSettings(diameter_px=30)).to(point))
        self.committed()

    @precondition(lambda self: self.raster_ids())
    @rule(data=st.data(), opacity=st.floats(0, 1), mode=st.sampled_from(BlendMode), visible=st.booleans())
    def change_look(self, data: st.DataObject, opacity: float, mode: BlendMode, visible: bool) -> None:
        layer_id = data.draw(st.sampled_from(self.raster_ids()))
        with self.document.edit("Look") as edit:
            layer = edit.document.layer(layer_id)
            edit.replace_layer(layer.changed(opacity=opacity, blend_mode=mode, visible=visible))
        self.committed()

    @precondition(lambda self: self.raster_ids())
    @rule(data=st.data())
    def delete_layer(self, data: st.DataObject) -> None:
        with self.document.edit("Delete layer") as edit:
            edit.remove_layer(data.draw(st.sampled_from(self.raster_ids())))
        self.committed()

    @precondition(lambda self: self.raster_ids())
    @rule(data=st.data(), point=positions)
    def give_up(self, data: st.DataObject, point: Point) -> None:
        layer_id = data.draw(st.sampled_from(self.raster_ids()))
        before = self.document.document
        try:
            with self.document.edit("Brush stroke") as edit:
                edit.touched(layer_id, Stroke(edit.pixels(layer_id), BrushSettings()).to(point))
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            assert self.document.document is before

    @rule()
    def undo(self) -> None:
        if self.document.history.can_undo:
            self.document.undo()
            self.position -= 1

    @rule()
    def redo(self) -> None:
        if self.document.history.can_redo:
            self.document.redo()
            self.position += 1

    @invariant()
    def shows_the_version_it_should(self) -> None:
        assert digest(self.document.document) == self.digests[self.position]

    def teardown(self) -> None:
        if not hasattr(self, "document"):
            return
        history = self.document.history
        forgotten = len(self.digests) - len(history.entries)
        assert forgotten >= 0
        for index in [*range(history.position, -1, -1), *range(len(history.entries))]:
            self.document.jump_to(index)
            assert digest(self.document.document) == self.digests[index + forgotten]


Editing.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
TestEditing = Editing.TestCase


class LongEditing(Editing):
    """The same machine, for a night."""


LongEditing.TestCase.settings = settings(
    max_examples=1000, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLongEditing = pytest.mark.nightly(LongEditing.TestCase)


def test_flatten_is_the_same_bytes_every_time() -> None:
    document = Document(Size(WIDTH, HEIGHT))
    document = document.with_layer_inserted(new_layer_from_pixels(document, noise(WIDTH, HEIGHT), "Noise"))
    assert np.array_equal(flatten(document, threads=1), flatten(document, Rect(0, 0, WIDTH, HEIGHT), threads=4))
