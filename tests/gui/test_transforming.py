"""Free transform, crop, sizes, turns and alignment on the real window with a simulated pointer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.core.layers import GroupLayer, Locks, Mask
from desktop.core.resample import Resampling
from desktop.core.tiles import TileMap
from desktop.runtime.manifest import Speed
from desktop.tools.enlarging import Enlarging, Paces
from desktop.tools.resizing import Anchor
from desktop.ui.commands.crop_commands import CropRatio
from desktop.ui.commands.enlarging_need import checked_text
from desktop.ui.dialogs.size_dialogs import CanvasSize, CanvasSizeDialog, Enlargers, ImageSize, ImageSizeDialog
from desktop.ui.memory import check_new_size
from desktop.ui.state import Tool
from tests.gui.conftest import OpenStudio, Studio

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
RED = (255, 0, 0, 255)
BLOCK = Rect(100, 60, 80, 60)


@pytest.fixture
def blocks(studio: Studio) -> Iterator[Studio]:
    """A white background, and above it a layer with a red block whose left third is blue."""
    document = Document(Size(300, 200))
    white = np.full((200, 300, 4), 255, np.uint8)
    document = document.with_layer_inserted(new_layer_from_pixels(document, white, "White"))
    block = np.empty((BLOCK.height, BLOCK.width, 4), np.uint8)
    block[:] = RED
    block[:, :20] = (0, 0, 255, 255)
    document = document.with_layer_inserted(new_layer_from_pixels(document, block, "Block", BLOCK.x, BLOCK.y))
    studio.show(document)
    studio.window.perform("view.snap")  # edges attract otherwise
    yield studio
    studio.window.perform("view.snap")


def bounds(studio: Studio, layer_id: int = 2) -> Rect:
    return studio.document.raster_layer(layer_id).tiles.content_bounds()


def keep(studio: Studio) -> None:
    studio.window.canvas.setFocus()
    studio.key(Qt.Key.Key_Return)
    studio.wait_for(lambda: not studio.window.editing.transform.is_active)


def test_a_corner_scales_and_enter_keeps_it_as_one_step(blocks: Studio) -> None:
    before = blocks.document
    blocks.window.perform("tool.transform")
    assert blocks.window.state.tool is Tool.TRANSFORM
    blocks.drag((180, 120), (220, 150))
    assert blocks.names == ["New picture"], "nothing is kept yet"
    assert blocks.on_screen(210, 140)[:2] == (255, 0), "but it is on the screen"
    keep(blocks)
    assert blocks.window.state.tool is Tool.BRUSH
    assert bounds(blocks) == Rect(100, 60, 120, 90)
    assert blocks.seen(210, 140) == RED
    assert blocks.names == ["New picture", "Transform"]
    blocks.window.perform("edit.undo")
    assert blocks.document is before


def test_shift_keeps_the_ratio_and_alt_scales_from_the_middle(blocks: Studio) -> None:
    blocks.window.perform("tool.transform")
    blocks.drag((180, 120), (220, 122), modifier=SHIFT)
    box = blocks.window.editing.transform.box
    assert box is not None
    assert abs(box.scale_x - box.scale_y) < 1e-9
    blocks.window.editing.transform.discard()
    blocks.window.perform("tool.transform")
    blocks.press((180, 90), Qt.KeyboardModifier.AltModifier)
    QTest.mouseMove(blocks.window.canvas, blocks.at((200, 90)))
    QTest.mouseRelease(
        blocks.window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, blocks.at((200, 90))
    )
    box = blocks.window.editing.transform.box
    assert box is not None
    assert (box.center.x, box.center.y) == (140, 90)
    assert box.scale_x > 1.2
    blocks.window.editing.transform.discard()


def test_dragging_outside_turns_and_inside_moves(blocks: Studio) -> None:
    blocks.window.perform("tool.transform")
    blocks.drag((240, 90), (140, 190))
    box = blocks.window.editing.transform.box
    assert box is not None
    assert abs(box.angle - 90) < 1.5
    blocks.window.editing.transform.set_numbers(angle=90.0)
    blocks.drag((140, 90), (160, 90))
    keep(blocks)
    found = bounds(blocks)
    assert abs(found.x - 130) <= 1
    assert abs(found.width - 60) <= 2
    assert blocks.seen(160, 55) == (0, 0, 255, 255), "the blue end is above now"


def test_escape_leaves_no_trace_in_the_middle_of_a_drag_and_after_it(blocks: Studio) -> None:
    before = blocks.document
    blocks.window.perform("tool.transform")
    blocks.press((180, 120))
    blocks.move((230, 160))
    QTest.keyClick(blocks.window.canvas, Qt.Key.Key_Escape)
    assert blocks.window.editing.transform.is_active, "the drag alone is taken back"
    box = blocks.window.editing.transform.box
    assert box is not None
    assert box.is_identity
    blocks.drag((180, 120), (230, 160))
    QTest.keyClick(blocks.window.canvas, Qt.Key.Key_Escape)
    assert blocks.document is before
    assert not blocks.window.state.is_editing
    assert blocks.on_screen(210, 140) == (255, 255, 255)
    assert blocks.window.state.tool is Tool.BRUSH


def test_ctrl_pulls_a_corner_and_skews_a_side(blocks: Studio) -> None:
    blocks.window.perform("tool.transform")
    blocks.drag((180, 60), (220, 40), modifier=CTRL)
    transform = blocks.window.editing.transform
    assert transform.box is not None
    corner = transform.box.quad()[1]
    assert abs(corner.x - 220) < 0.6
    assert abs(corner.y - 40) < 0.6
    keep(blocks)
    assert blocks.seen(205, 52) == RED
    blocks.window.perform("edit.undo")
    blocks.window.perform("tool.transform")
    blocks.drag((140, 60), (170, 60), modifier=CTRL)
    assert transform.box is not None
    assert abs(transform.box.skew) > 20
    keep(blocks)
    assert blocks.seen(205, 63) == RED
    assert blocks.seen(185, 118) == (255, 255, 255, 255)


def test_numbers_in_the_bar_transform(blocks: Studio) -> None:
    blocks.window.perform("tool.transform")
    bar = blocks.window.context.bars[Tool.TRANSFORM]
    bar.ratio.setChecked(True)  # type: ignore[union-attr]
    field = bar.fields["w"]  # type: ignore[union-attr]
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "50")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is blocks.window.canvas
    keep(blocks)
    assert bounds(blocks) == Rect(120, 75, 40, 30)


def test_a_mask_goes_along_when_it_is_linked(blocks: Studio) -> None:
    opened = blocks.window.state.open_document
    assert opened is not None
    levels = np.full((200, 300), 255, np.uint8)
    levels[60:90, 100:180] = 0
    for linked in (True, False):
        with opened.edit("Mask") as edit:
            mask = Mask(TileMap.from_array(levels, default=255), linked=linked)
            edit.replace_layer(opened.document.layer(2).changed(mask=mask))
        blocks.window.perform("tool.transform")
        blocks.window.editing.transform.set_numbers(scale_y=2.0)
        keep(blocks)
        assert blocks.seen(140, 50) == ((255, 255, 255, 255) if linked else RED)
        for _ in range(2):
            blocks.window.perform("edit.undo")


def test_groups_and_several_layers_are_transformed_together(blocks: Studio) -> None:
    blocks.window.state.choose_layer(2)
    blocks.window.perform("layer.group")
    blocks.window.perform("tool.transform")
    blocks.window.editing.transform.set_numbers(scale_x=0.5)
    keep(blocks)
    group = blocks.document.layers[-1]
    assert isinstance(group, GroupLayer)
    assert bounds(blocks) == Rect(120, 60, 40, 60)
    blocks.window.state.choose_layers((1, group.id), group.id)
    blocks.window.perform("tool.transform")
    blocks.window.editing.transform.set_numbers(scale_x=0.5)
    keep(blocks)
    assert bounds(blocks, 1).width == 150
    assert bounds(blocks).width == 20


def test_only_what_is_selected_is_transformed(blocks: Studio) -> None:
    blocks.window.perform("tool.rectangle")
    blocks.drag((100, 60), (120, 120))
    blocks.window.perform("tool.transform")
    blocks.drag((110, 90), (60, 90))
    keep(blocks)
    assert blocks.seen(60, 90) == (0, 0, 255, 255)
    assert blocks.seen(110, 90) == (255, 255, 255, 255)
    assert blocks.seen(150, 90) == RED
    selection = blocks.document.selection
    assert selection is not None
    assert selection.content_bounds().x == 50


def test_other_actions_wait_for_a_transform_but_one_may_look_around(blocks: Studio) -> None:
    window = blocks.window
    window.perform("tool.transform")
    window.perform("tool.eraser")
    assert window.state.tool is Tool.ERASER, "an untouched frame gives way"
    window.perform("tool.transform")
    blocks.drag((140, 90), (150, 90))
    zoom = window.canvas.view.zoom
    window.perform("view.zoom_in")
    assert window.canvas.view.zoom > zoom
    window.perform("tool.brush")
    assert window.state.tool is Tool.TRANSFORM
    assert "Enter keeps" in window.info.text
    window.editing.transform.discard()


def test_locked_and_empty_layers_say_why_not(blocks: Studio) -> None:
    opened = blocks.window.state.open_document
    assert opened is not None
    with opened.edit("Lock") as edit:
        edit.replace_layer(opened.document.layer(2).changed(locks=Locks(position=True)))
    blocks.window.perform("tool.transform")
    assert "locked" in blocks.window.info.text
    blocks.window.perform("layer.new")
    blocks.window.perform("tool.transform")
    assert "no pixels" in blocks.window.info.text
    assert not blocks.window.state.is_editing


def test_another_document_or_closing_discards_a_transform(blocks: Studio) -> None:
    before = blocks.document
    blocks.window.perform("tool.transform")
    blocks.drag((140, 90), (170, 90))
    blocks.show_plain()
    assert not blocks.window.editing.transform.is_active
    blocks.window.perform("view.previous_document")
    assert blocks.document is before


# crop


def crop(studio: Studio) -> None:
    studio.window.canvas.setFocus()
    studio.key(Qt.Key.Key_Return)
    studio.wait_for(lambda: studio.names[-1] == "Crop")


def test_a_drawn_frame_crops(blocks: Studio) -> None:
    blocks.window.perform("tool.crop")
    blocks.drag((110, 70), (260, 170))
    assert blocks.names == ["New picture"]
    crop(blocks)
    assert blocks.document.size == Size(150, 100)
    assert blocks.seen(5, 5) == (0, 0, 255, 255)
    assert bounds(blocks).x == 0, "what lay outside is deleted"
    blocks.window.perform("edit.undo")
    assert blocks.document.size == Size(300, 200)
    blocks.window.editing.crop.set_option(deletes=False)
    blocks.drag((110, 70), (260, 170))
    crop(blocks)
    assert bounds(blocks) == Rect(-10, -10, 80, 60)


def test_handles_ratio_and_escape_of_the_crop_frame(blocks: Studio) -> None:
    editing = blocks.window.editing
    blocks.window.perform("tool.crop")
    editing.crop.set_option(ratio=CropRatio.SQUARE)
    frame = editing.crop.frame
    assert frame is not None
    assert frame.size == Size(200, 200)
    blocks.drag((250, 100), (220, 100))
    frame = editing.crop.frame
    assert frame is not None
    assert frame.width == frame.height
    blocks.window.canvas.setFocus()
    blocks.key(Qt.Key.Key_Escape)
    assert not editing.crop.is_changed
    editing.crop.set_option(ratio=CropRatio.FREE)
    blocks.drag((50, 50), (150, 150))
    blocks.drag((100, 100), (120, 90))
    frame = editing.crop.frame
    assert frame is not None
    assert frame.rect() == Rect(70, 40, 100, 100)
    assert blocks.on_screen(20, 20)[0] < 140, "what is cut away is darkened"


def test_a_line_straightens(blocks: Studio) -> None:
    blocks.window.perform("tool.crop")
    blocks.drag((50, 100), (250, 120), modifier=CTRL)
    frame = blocks.window.editing.crop.frame
    assert frame is not None
    assert abs(frame.angle - 5.71) < 0.3
    crop(blocks)
    assert blocks.document.size == frame.size
    corners = [blocks.seen(x, y)[3] for x in (0, frame.size.width - 1) for y in (0, frame.size.height - 1)]
    assert min(corners) > 250, "no corner is empty"


# sizes


def test_image_size_resizes_every_layer(blocks: Studio) -> None:
    blocks.size_dialogs.image_size = ImageSize(Size(150, 100), 300.0, Resampling.AREA)
    blocks.window.perform("image.size")
    blocks.wait_for(lambda: blocks.names[-1] == "Image size")
    assert blocks.document.size == Size(150, 100)
    assert blocks.document.resolution_dpi == (300.0, 300.0)
    assert bounds(blocks) == Rect(50, 30, 40, 30)
    blocks.window.perform("edit.undo")
    assert blocks.document.size == Size(300, 200)


def test_canvas_size_and_trim(blocks: Studio) -> None:
    blocks.size_dialogs.canvas_size = CanvasSize(Size(400, 250), Anchor.TOP_LEFT)
    blocks.window.perform("image.canvas")
    blocks.wait_for(lambda: blocks.names[-1] == "Canvas size")
    assert blocks.document.size == Size(400, 250)
    assert blocks.seen(350, 220) == (0, 0, 0, 0)
    assert bounds(blocks) == BLOCK
    blocks.window.state.choose_layer(1)
    blocks.window.perform("layer.visible")
    blocks.window.perform("image.trim")
    blocks.wait_for(lambda: blocks.names[-1] == "Trim")
    assert blocks.document.size == BLOCK.size


@pytest.mark.parametrize("turn", ["right", "left", "half", "across", "down"])
def test_turns_of_picture_and_layer(blocks: Studio, turn: str) -> None:
    blocks.window.perform(f"image.turn_{turn}")
    blocks.wait_for(lambda: len(blocks.names) == 2)
    assert blocks.document.size == (Size(200, 300) if turn in ("right", "left") else Size(300, 200))
    blocks.window.perform("edit.undo")
    blocks.window.perform(f"layer.turn_{turn}")
    blocks.wait_for(lambda: blocks.names[-1].endswith("layer"))
    blue = {"right": (140, 55), "left": (140, 125), "half": (170, 90), "across": (170, 90), "down": (110, 90)}[turn]
    assert blocks.seen(*blue) == (0, 0, 255, 255)


def test_alignment_goes_to_the_canvas_for_one_layer(blocks: Studio) -> None:
    blocks.window.perform("layer.align_right")
    blocks.wait_for(lambda: blocks.names[-1] == "Align layers")
    assert bounds(blocks).right == 300
    blocks.window.perform("layer.distribute_left")
    blocks.wait_for(lambda: "at least 3" in blocks.window.info.text)


def typed(field: Any, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    field.clearFocus()


def test_the_dialogs_follow_what_is_typed_and_catch_absurd_sizes(blocks: Studio) -> None:
    def check(size: Size) -> None:
        check_new_size(blocks.window.settings, size)

    dialog = ImageSizeDialog(blocks.document, Enlargers(), check, blocks.window)
    dialog.show()
    dialog.activateWindow()
    QApplication.processEvents()
    typed(dialog.width_box, "600")
    assert dialog.wanted().size == Size(600, 400)
    typed(dialog.percent, "50")
    assert dialog.wanted().size == Size(150, 100)
    dialog.linked.setChecked(False)
    typed(dialog.height_box, "77")
    assert dialog.wanted().size == Size(150, 77)
    assert not dialog.problem.isVisible()
    dialog.linked.setChecked(True)
    typed(dialog.width_box, "300000")
    assert "GB" in dialog.problem.text()
    accept = [button for button in dialog.buttons.buttons() if not button.isEnabled()]
    assert len(accept) == 1
    dialog.close()
    dialog.deleteLater()
    canvas = CanvasSizeDialog(blocks.document, check, blocks.window)
    canvas.show()
    canvas.activateWindow()
    QApplication.processEvents()
    canvas.relative.button("added").click()
    typed(canvas.added["across"], "-100")
    canvas.anchor.buttons[Anchor.LEFT].click()
    assert canvas.wanted() == CanvasSize(Size(200, 200), Anchor.LEFT)
    canvas.close()
    canvas.deleteLater()


def test_the_dialog_offers_detail_and_says_what_a_network_takes(blocks: Studio) -> None:
    asked: list[ImageSize] = []

    def need(wanted: ImageSize) -> str:
        asked.append(wanted)
        if wanted.is_best:
            raise UserError("size.network_memory", needed="99.0", limit="1.0")
        return f"About {round(100 * wanted.detail)} s"

    networks = Enlargers({"faithful": "Faithful", "other": "Other"}, frozenset({"faithful"}), need)
    dialog = ImageSizeDialog(blocks.document, networks, lambda _size: None, blocks.window)
    dialog.show()
    dialog.activateWindow()
    QApplication.processEvents()
    assert not dialog.best.isVisible()
    dialog.how.setCurrentIndex(dialog.how.findData("other"))
    assert dialog.best.isVisible()
    assert not dialog.detail.isVisible()
    dialog.how.setCurrentIndex(dialog.how.findData("faithful"))
    assert dialog.detail.isVisible()
    typed(dialog.detail.number, "40")
    assert dialog.need.text() == "About 40 s"
    dialog.best.setChecked(True)
    assert "99.0 GB" in dialog.problem.text()
    assert dialog.wanted() == ImageSize(Size(300, 200), 72.0, Resampling.LANCZOS, "faithful", 0.4, is_best=True)
    dialog.close()
    dialog.deleteLater()


def test_the_way_to_a_size_that_is_no_multiple_is_named(blocks: Studio) -> None:
    speed = Speed(cpu_seconds_per_megapixel=2.0, cpu="a test", peak_memory_mb=800.0)
    model = next(model for model in blocks.window.models.catalog.models() if model.manifest.scale == 1)
    model = replace(model, manifest=msgspec.structs.replace(model.manifest, scale=4, speed=speed))
    said = [
        checked_text(blocks.document, Size(300 * times, 200 * times), Enlarging(model), Paces()) for times in (4, 3, 2)
    ]
    assert "\n" not in said[0]
    assert "4×" in said[1]
    assert "Lanczos" in said[1]
    assert "Area mean" in said[2]
    mixed = Enlarging(model, model, 0.4)
    assert checked_text(blocks.document, Size(1200, 800), mixed, Paces()).startswith("40 % of")


def test_image_size_by_a_network_runs_the_chosen_model(
    open_studio: OpenStudio, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = models_dir / "denoise-photo" / "manifest.toml"
    text = manifest.read_text(encoding="utf-8").replace('task = "restore"', 'task = "upscale"\nscale = 2')
    manifest.write_text(text, encoding="utf-8")
    studio = open_studio()
    studio.show_plain(40, 30, level=90)
    studio.size_dialogs.image_size = ImageSize(Size(70, 50), 72.0, Resampling.LANCZOS, "denoise-photo", is_best=True)
    studio.window.perform("image.size")
    studio.wait_for(lambda: studio.names[-1] == "Image size")
    assert studio.document.size == Size(70, 50)
    assert len(studio.runner.requests) == 8
    assert studio.runner.requests[0].inputs["image"].shape == (30, 40, 4)
