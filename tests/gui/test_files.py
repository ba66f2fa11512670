"""Opening, saving, exporting, dropping, closing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.io.image_files import ImageFile, read_image, write_image
from desktop.io.openraster import load_openraster
from desktop.settings import TILE_MEMORY_PERCENT
from desktop.ui.dialogs.dialogs import ExportOptions, NewDialog, NewPicture, Unsaved
from desktop.ui.memory import check_new_size, check_resized, content_bytes_of, picture_budget
from desktop.ui.single_instance import InstanceServer, hand_over
from tests.builders import mask_from, noise, noise_document
from tests.gui.conftest import Studio


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = noise(120, 80, seed=3)
    pixels[..., 3] = 255
    path = tmp_path / "photo.png"
    write_image(path, ImageFile(pixels, has_alpha=False))
    return path


def wait_open(studio: Studio) -> None:
    studio.wait_for(lambda: studio.window.state.open_document is not None)


def wait_idle(studio: Studio) -> None:
    studio.wait_for(lambda: not studio.window.background.is_busy)
    studio.settle()


def drop(studio: Studio, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    studio.window.dropEvent(
        QDropEvent(
            QPointF(200, 200),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def test_opening_shows_the_picture_and_remembers_it(studio: Studio, photo: Path) -> None:
    studio.dialogs.open_paths = [photo]
    studio.window.perform("file.open")
    wait_open(studio)
    assert studio.window.windowTitle().startswith("photo.png")
    assert not studio.window.isWindowModified()
    assert studio.seen(10, 10)[:3] == tuple(read_image(photo).pixels[10, 10][:3])
    assert studio.window.files.recent() == [photo]
    assert not studio.window.empty.isVisible()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"this is not a picture at all", "is not a picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "photo.png"),
    ],
)
def test_a_broken_file_says_so_and_leaves_the_document_alone(
    studio: Studio, tmp_path: Path, content: bytes, sentence: str
) -> None:
    studio.show_plain()
    before = studio.document
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    studio.window.files.open_path(path)
    studio.wait_for(lambda: bool(studio.window.info.text))
    assert sentence in studio.window.info.text
    assert studio.document is before
    assert not studio.window.status.job.isVisible()


def test_a_truncated_file_and_a_folder_are_refused(studio: Studio, photo: Path) -> None:
    photo.write_bytes(photo.read_bytes()[:300])
    for path in (photo, photo.parent, photo.parent / "missing.png"):
        studio.window.info.hide()
        studio.window.files.open_path(path)
        studio.wait_for(lambda: bool(studio.window.info.text))
        assert studio.window.state.open_document is None
        assert studio.window.empty.isVisible()


def test_saving_writes_the_project_and_clears_the_mark(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain()
    studio.drag((50, 50), (100, 50))
    studio.wait_for(studio.window.isWindowModified)
    studio.dialogs.save_path = tmp_path / "work"
    studio.window.perform("file.save")
    wait_idle(studio)
    path = tmp_path / "work.ora"
    assert np.array_equal(flatten(load_openraster(path)), flatten(studio.document))
    studio.wait_for(lambda: not studio.window.isWindowModified())
    assert studio.window.windowTitle().startswith("work.ora")
    studio.drag((50, 90), (100, 90))
    studio.window.perform("file.save")
    wait_idle(studio)
    assert studio.dialogs.asked == ["save"], "the second save asks nothing"
    assert np.array_equal(flatten(load_openraster(path)), flatten(studio.document))


def test_a_result_of_a_model_survives_saving_with_mask_and_recipe(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain(level=200)
    studio.window.perform("tool.region")
    studio.drag((80, 100), (160, 100))
    studio.run_model()
    studio.window.perform("ai.keep")
    studio.dialogs.save_path = tmp_path / "work.ora"
    studio.window.perform("file.save")
    wait_idle(studio)
    loaded = load_openraster(tmp_path / "work.ora")
    assert np.array_equal(flatten(loaded), flatten(studio.document))
    assert loaded.layers[1].recipe == studio.document.layers[1].recipe  # type: ignore[union-attr]
    mask, original = loaded.layers[1].mask, studio.document.layers[1].mask
    assert mask is not None
    assert original is not None
    canvas = studio.document.size.rect()
    shown = original.tiles.read(canvas)
    assert np.array_equal(mask.tiles.read(canvas)[shown > 0], shown[shown > 0])


def test_saving_where_no_folder_is_keeps_the_document_modified(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain()
    studio.drag((50, 50), (100, 50))
    studio.dialogs.save_path = tmp_path / "nowhere" / "work.ora"
    studio.window.perform("file.save")
    studio.wait_for(lambda: bool(studio.window.info.text))
    assert "does not exist" in studio.window.info.text
    assert studio.window.isWindowModified()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_export_writes_a_flat_picture(studio: Studio, tmp_path: Path, suffix: str) -> None:
    studio.show_plain(level=90)
    studio.dialogs.export_options = ExportOptions(tmp_path / f"out{suffix}", quality=95)
    studio.window.perform("file.export")
    wait_idle(studio)
    pixels = read_image(tmp_path / f"out{suffix}").pixels
    assert pixels.shape[:2] == (200, 300)
    assert abs(int(pixels[20, 20, 0]) - 90) <= 2


def test_dropping_opens_on_an_empty_window_and_becomes_a_layer_on_the_canvas(studio: Studio, photo: Path) -> None:
    drop(studio, photo)
    wait_open(studio)
    drop(studio, photo)
    studio.wait_for(lambda: len(studio.document.layers) == 2)
    assert studio.document.layers[1].name == "photo"
    assert studio.names[-1] == "Place picture"


def test_a_new_picture_has_the_size_that_was_asked_for(studio: Studio) -> None:
    studio.dialogs.new_picture = NewPicture(640, 360, is_transparent=True)
    studio.window.perform("file.new")
    assert (studio.document.size.width, studio.document.size.height) == (640, 360)
    assert studio.seen(5, 5)[3] == 0


def test_a_new_picture_can_have_16_bits_and_the_depth_is_changed_and_undone(studio: Studio) -> None:
    studio.dialogs.new_picture = NewPicture(64, 36, is_transparent=False, depth=16)
    studio.window.perform("file.new")
    assert studio.document.depth == 16
    assert studio.seen(5, 5) == (65535, 65535, 65535, 65535)
    studio.window.perform("edit.depth_8")
    studio.wait_for(lambda: studio.document.depth == 8)
    assert studio.seen(5, 5) == (255, 255, 255, 255)
    assert studio.on_screen(5, 5) == (255, 255, 255)
    assert studio.names[-1] == "Change depth"
    studio.window.perform("edit.undo")
    assert studio.document.depth == 16
    assert studio.seen(5, 5) == (65535, 65535, 65535, 65535)


def test_closing_without_changes_asks_nothing(studio: Studio) -> None:
    studio.show_plain()
    assert studio.window.close()
    assert studio.dialogs.asked == []


def test_closing_with_unsaved_work_asks_and_cancel_stays(studio: Studio) -> None:
    studio.show_plain()
    studio.drag((50, 50), (100, 50))
    studio.dialogs.unsaved = Unsaved.CANCEL
    assert not studio.window.close()
    assert studio.window.isVisible()
    assert studio.dialogs.asked == ["unsaved"]
    assert studio.names[-1] == "Brush stroke"


def test_closing_with_discard_closes(studio: Studio) -> None:
    studio.show_plain()
    studio.drag((50, 50), (100, 50))
    studio.dialogs.unsaved = Unsaved.DISCARD
    assert studio.window.close()


def test_closing_with_save_saves_first(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain()
    studio.drag((50, 50), (100, 50))
    studio.dialogs.unsaved = Unsaved.SAVE
    studio.dialogs.save_path = tmp_path / "work.ora"
    studio.window.close()
    studio.wait_for(lambda: not studio.window.isVisible())
    assert (tmp_path / "work.ora").exists()


def test_closing_with_save_that_fails_stays_open(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain()
    studio.drag((50, 50), (100, 50))
    studio.dialogs.unsaved = Unsaved.SAVE
    studio.dialogs.save_path = tmp_path / "nowhere" / "work.ora"
    studio.window.close()
    studio.wait_for(lambda: bool(studio.window.info.text))
    assert studio.window.isVisible()
    assert studio.names[-1] == "Brush stroke"


def test_opening_beside_unsaved_work_asks_nothing(studio: Studio, photo: Path) -> None:
    studio.show_plain()
    studio.drag((50, 50), (100, 50))
    studio.window.files.open_path(photo)
    studio.wait_for(lambda: len(studio.window.state.documents) == 2)
    assert studio.dialogs.asked == []
    assert studio.window.state.title == "photo.png"
    assert studio.window.state.documents[0].is_modified


def test_a_second_start_hands_its_files_to_the_first(studio: Studio, photo: Path) -> None:
    assert not hand_over([photo]), "nobody listens yet"
    server = InstanceServer(studio.window.take_files, studio.window)
    other = photo.with_name("other.png")
    other.write_bytes(photo.read_bytes())
    assert hand_over([photo, other, photo])
    studio.wait_for(lambda: len(studio.window.state.documents) == 2)
    studio.wait_for(lambda: studio.window.state.title == "photo.png")
    server.close()


def test_an_absurd_size_is_refused_in_the_dialog(studio: Studio) -> None:
    memory = psutil.virtual_memory()
    assert memory.total < 300 << 30, "one percent would hold it"
    studio.window.settings.set(TILE_MEMORY_PERCENT, 1)
    dialog = NewDialog(studio.window, partial(check_new_size, studio.window.settings))
    dialog.show()
    create = dialog.buttons.buttons()[0]
    assert create.isEnabled()
    dialog.width_box.set_value(30_000)
    dialog.height_box.set_value(30_000)
    dialog.width_box.value_changed.emit(30_000.0)
    assert not create.isEnabled()
    assert "30000 × 30000 pixels needs 3.4 GB" in dialog.problem.text()
    dialog.height_box.set_value(10)
    dialog.height_box.value_changed.emit(10.0)
    assert create.isEnabled()
    dialog.deleteLater()
    studio.dialogs.new_picture = NewPicture(30_000, 30_000, is_transparent=False)
    studio.window.perform("file.new")
    assert "needs 3.4 GB" in studio.window.info.text
    assert studio.window.state.open_document is None


def test_16_bits_need_twice_the_room(studio: Studio) -> None:
    settings = studio.window.settings
    settings.set(TILE_MEMORY_PERCENT, 1)
    side = int((picture_budget(settings) / 6) ** 0.5)  # between 4 and 8 bytes a pixel
    dialog = NewDialog(studio.window, partial(check_new_size, settings))
    for box in (dialog.width_box, dialog.height_box):
        box.set_value(side)
    create = dialog.buttons.buttons()[0]
    dialog.depth.button("16").click()
    assert not create.isEnabled()
    dialog.depth.button("8").click()
    assert create.isEnabled()
    dialog.deleteLater()
    studio.dialogs.new_picture = NewPicture(side, side, is_transparent=True, depth=16)
    studio.window.perform("file.new")
    assert "GB" in studio.window.info.text
    assert studio.window.state.open_document is None


def test_another_size_counts_every_layer_and_mask(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, mib = studio.window.settings, 1 << 20
    monkeypatch.setattr("desktop.ui.memory.picture_budget", lambda _: 10 * mib)
    document = noise_document(2, width=512, height=512)  # two layers of one MiB
    assert content_bytes_of(document) == 2 * mib
    check_resized(settings, document, 2 * mib, Size(1024, 1024))
    masked = document.with_layer_replaced(
        document.layer(1).changed(mask=mask_from(noise(512, 512, channels=1)[..., 0]))
    )
    assert content_bytes_of(masked) == 2 * mib + mib // 4
    assert content_bytes_of(noise_document(2, width=512, height=512, depth=16)) == 4 * mib
    with pytest.raises(UserError, match="1280 × 1280 pixels needs"):
        check_resized(settings, document, 2 * mib, Size(1280, 1280))
    check_resized(settings, document, 20 * mib, Size(500, 500))  # what is open may become smaller


def test_an_empty_layer_counts_as_one_that_will_be_painted(studio: Studio) -> None:
    assert content_bytes_of(Document(Size(100, 100))) == 40_000
