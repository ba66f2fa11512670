"""Random editing with a journal, for processes that are killed in the middle of it."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

from desktop.core.blend_modes import BlendMode
from desktop.core.brush import BrushMode, BrushSettings, Stroke
from desktop.core.document import Document, Guide, Metadata, new_layer_from_pixels
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Size
from desktop.core.layers import AiRecipe, GroupLayer, Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.io.journal import JournalKeeper
from desktop.io.journal_folder import new_folder
from desktop.io.journal_values import document_digest
from desktop.io.scratch import ScratchFile
from tests.builders import noise

SIDE = 700


class Editing:
    """Random edits from a seed; `step` makes one of them."""

    def __init__(self, seed: int, side: int = SIDE) -> None:
        self.random = random.Random(seed)
        self.side = side
        document = Document(
            Size(side, side), icc_profile=b"profile" * 40, metadata=Metadata(exif=b"exif"), guides=(Guide(12.5, True),)
        )
        ground = new_layer_from_pixels(document, noise(side, side, seed=seed), "Ground")
        self.opened = OpenDocument(
            document.with_layer_inserted(ground), history_bytes=6 << 20, store=ScratchFile(), store_bytes=20 << 20
        )

    def step(self, pause_s: float = 0.0) -> None:
        actions = (self.paint, self.paint, self.paint, self.paint_mask, self.change, self.insert, self.move)
        actions += (self.select, self.undo, self.redo, self.remove)
        self.random.choice(actions)() if not pause_s else self.paint(pause_s)

    def paint(self, pause_s: float = 0.0) -> None:
        mode = self.random.choice((BrushMode.PAINT, BrushMode.PAINT, BrushMode.ERASE))
        layer_id = self.raster().id
        with self.opened.edit("Brush stroke") as edit:
            stroke = Stroke(edit.pixels(layer_id), self.brush(mode), selection=self.opened.document.selection)
            for _ in range(self.random.randint(1, 6)):
                edit.touched(layer_id, stroke.to(self.point()))
                time.sleep(pause_s)

    def paint_mask(self) -> None:
        layer_id = self.raster().id
        with self.opened.edit("Mask") as edit:
            layer = edit.document.layer(layer_id)
            if layer.mask is None:
                edit.replace_layer(layer.changed(mask=Mask()))
            edit.touched(layer_id, Stroke(edit.mask_pixels(layer_id), self.brush()).to(self.point()))

    def change(self) -> None:
        layer = self.raster()
        with self.opened.edit("Look", merge_key=("look", layer.id)) as edit:
            mode = self.random.choice(list(BlendMode))
            edit.replace_layer(layer.changed(opacity=self.random.random(), blend_mode=mode, name=f"Ä {mode.value}"))

    def insert(self) -> None:
        """As an AI result lands: a whole layer with its mask and recipe."""
        if len(self.opened.document.layers) > 5:
            return
        document = self.opened.document
        layer = new_layer_from_pixels(document, noise(300, 300, seed=self.random.randint(0, 9)), "Result", 40, -30)
        recipe = AiRecipe("denoise", "00", (("image", 0),), (("strength", 40), ("fine", True), ("mode", "x")), 7)
        mask = Mask(TileMap.from_array(noise(300, 300, channels=1), 40, 0, default=255), enabled=False)
        layer = layer.changed(recipe=recipe, mask=mask)
        with self.opened.edit("AI") as edit:
            edit.insert_layer(GroupLayer(id=layer.id + 1, name="Group", children=(layer,), pass_through=True))

    def move(self) -> None:
        layer = self.raster()
        with self.opened.edit("Move") as edit:
            edit.replace_layer(layer.changed(tiles=layer.tiles.translated(*self.random.choice(((256, 0), (3, -5))))))

    def select(self) -> None:
        selection = None
        if self.random.random() < 0.7:
            selection = TileMap.from_array(noise(200, 200, channels=1, seed=self.random.randint(0, 5)), 100, 100)
        with self.opened.edit("Select") as edit:
            edit.set_selection(selection)

    def undo(self) -> None:
        self.opened.undo()

    def redo(self) -> None:
        self.opened.redo()

    def remove(self) -> None:
        if len(self.opened.document.layers) > 3:
            with self.opened.edit("Delete") as edit:
                edit.remove_layer(self.opened.document.layers[-1].id)

    def raster(self) -> RasterLayer:
        layers = [layer for layer in self.opened.document.iter_layers() if isinstance(layer, RasterLayer)]
        return self.random.choice(layers)

    def brush(self, mode: BrushMode = BrushMode.PAINT) -> BrushSettings:
        color = (self.random.random(), self.random.random(), self.random.random())
        return BrushSettings(diameter_px=self.random.choice((15, 60, 200)), color=color, mode=mode)

    def point(self) -> Point:
        return Point(self.random.uniform(-20, self.side + 20), self.random.uniform(-20, self.side + 20))


def run(folder: Path, seed: int, log: Path, side: int = SIDE) -> None:
    """Edits until somebody kills it. `log` gets a line ``TIME DIGEST`` for every finished change.

    It hears of a change before the journal does: no version can be recovered that has no line.
    """
    editing = Editing(seed, side)
    lines = os.open(log.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    report(editing, lines)
    editing.opened.history_changed.connect(lambda: report(editing, lines))
    keeper = JournalKeeper(new_folder(folder).path)
    keeper.follow(editing.opened, path=Path("picture.ora"), title="Picture").keep_now()
    log.with_suffix(".new").rename(log)
    while True:
        editing.step(editing.random.choice((0.0, 0.0, 0.01)))
        time.sleep(editing.random.choice((0.0, 0.01, 0.05)))


def report(editing: Editing, lines: int) -> None:
    """The time is written first: a line without a digest is a change that the journal has not heard of yet."""
    os.write(lines, f"{time.monotonic():.6f} ".encode())
    os.write(lines, f"{document_digest(editing.opened.document)}\n".encode())
