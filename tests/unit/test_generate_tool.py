"""Generated pictures as values: samples and requests, moves in latent space, places, layers, stamps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop.cli import run_command_line
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect, Size
from desktop.core.layers import AiRecipe, Locks, RasterLayer
from desktop.core.tiles import TileMap
from desktop.io.image_files import read_image
from desktop.io.openraster import load_openraster, save_openraster
from desktop.runtime.catalog import Catalog, Model
from desktop.tools import generate_tool, latent_moves
from desktop.tools.generate_tool import Fit
from desktop.tools.gestures import PointerEvent, RunningGesture
from desktop.tools.latent_moves import Space
from desktop.tools.stamping import StampSettings, stamp
from tests.builders import document_with, noise, raster_layer
from tests.generators import SIDE, color_autoencoder, color_of, plain_generator, shape_generator, shapes
from tests.runtime_runs import run_request

NORMAL, UNIFORM = Space(is_uniform=False), Space(is_uniform=True)
NOTHING = TileMap(1, np.uint8, 0)


def model_of(folder: Path) -> Model:
    return Catalog((folder.parent,)).verified(folder.name)


def pictures_of(folder: Path, samples: list[generate_tool.Sample]) -> np.ndarray:
    """What the runtime makes of samples, as the window asks for them."""
    request = generate_tool.request_of(model_of(folder).manifest, samples)
    return run_request(
        folder,
        request.inputs,
        request.parameters,
        seed=request.seed,
        count=request.count,
        truncation=request.truncation,
    )[0]["images"]


class TestSamples:
    def test_a_latent_drawn_here_is_the_one_the_runtime_draws(self, tmp_path: Path) -> None:
        folder = plain_generator(tmp_path / "plain")
        model = model_of(folder)
        for truncation in (1.0, 0.5):
            sample = generate_tool.first_sample(model, 7).changed(truncation=truncation)
            given = sample.with_latent(generate_tool.latent_of(model.manifest, sample))
            np.testing.assert_array_equal(pictures_of(folder, [sample]), pictures_of(folder, [given]))

    def test_equal_seeds_give_equal_bytes_here_and_on_the_command_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = shape_generator(tmp_path / "models" / "shapes")
        monkeypatch.setattr("desktop.paths.model_folders", lambda: (folder.parent,))
        sample = generate_tool.first_sample(model_of(folder), 11).with_parameter("kind", "ring")
        out = tmp_path / "ring.png"
        assert run_command_line(["generate", "shapes", str(out), "--seed", "11", "--label", "ring"]) == 0
        np.testing.assert_array_equal(read_image(out).pixels, pictures_of(folder, [sample])[0])

    def test_a_saved_latent_gives_equal_bytes_on_the_command_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = plain_generator(tmp_path / "models" / "plain")
        monkeypatch.setattr("desktop.paths.model_folders", lambda: (folder.parent,))
        latent = np.float32([0.123, -0.7, 0.44])
        np.save(tmp_path / "z.npy", latent[None])
        out = tmp_path / "out.png"
        assert run_command_line(["generate", "plain", str(out), "--latent", str(tmp_path / "z.npy")]) == 0
        sample = generate_tool.first_sample(model_of(folder), 0).with_latent(latent)
        np.testing.assert_array_equal(read_image(out).pixels[..., :3], pictures_of(folder, [sample])[0])

    def test_several_samples_are_one_request_and_each_is_its_own_picture(self, tmp_path: Path) -> None:
        folder = plain_generator(tmp_path / "plain")
        model = model_of(folder)
        sample = generate_tool.first_sample(model, 2**32 - 1)
        latents = np.float32([[0, 0, 0], [1, -1, 0.5]])
        samples = generate_tool.sampled_at(model.manifest, sample, latents)
        pictures = pictures_of(folder, samples)
        for latent, picture in zip(latents, pictures, strict=True):
            assert (picture == color_of(latent)).all()
        np.testing.assert_array_equal(pictures_of(folder, samples[1:])[0], pictures[1])

    def test_truncating_scales_a_given_latent_as_it_would_a_drawn_one(self, tmp_path: Path) -> None:
        manifest = model_of(plain_generator(tmp_path / "plain")).manifest
        sample = generate_tool.first_sample(model_of(tmp_path / "plain"), 3)
        given = sample.with_latent(generate_tool.latent_of(manifest, sample))
        less = generate_tool.truncated(manifest, given, 0.5)
        drawn = generate_tool.latent_of(manifest, sample.changed(truncation=0.5))
        np.testing.assert_allclose(less.latent, drawn, rtol=1e-6)

    def test_a_recipe_brings_the_sample_back(self, tmp_path: Path) -> None:
        model = model_of(shape_generator(tmp_path / "shapes"))
        sample = generate_tool.first_sample(model, 5).with_parameter("kind", "box").with_latent(np.float32([1, 2, 3]))
        recipe = generate_tool.recipe_of(sample, Rect(1, 2, 3, 4))
        assert generate_tool.sample_of(recipe, model) == sample
        assert recipe.region == Rect(1, 2, 3, 4)

    def test_recipes_that_no_longer_fit_the_model_are_refused_in_a_sentence(self, tmp_path: Path) -> None:
        model = model_of(shape_generator(tmp_path / "shapes"))
        with pytest.raises(UserError, match="a latent of 3 numbers for each picture; 2 were given"):
            generate_tool.sample_of(AiRecipe(model.id, model.sha256, latent=(1.0, 2.0)), model)
        with pytest.raises(UserError, match="kind must be one of disc, ring, box; “cat” is not"):
            generate_tool.sample_of(AiRecipe(model.id, model.sha256, parameters=(("kind", "cat"),)), model)

    def test_recipes_keep_their_latent_in_openraster(self, tmp_path: Path) -> None:
        recipe = AiRecipe("shapes", "0" * 64, seed=4, latent=(0.1, float(np.float32(0.2))), truncation=0.7)
        layer = raster_layer(1, noise(20, 20)).changed(recipe=recipe)
        save_openraster(document_with(layer), tmp_path / "a.ora")
        (loaded,) = load_openraster(tmp_path / "a.ora").layers
        assert isinstance(loaded, RasterLayer)
        assert loaded.recipe == recipe


class TestMoves:
    def test_between_two_normal_latents_the_length_stays(self) -> None:
        rng = np.random.default_rng(1)
        one, other = rng.standard_normal((2, 64)).astype(np.float32)
        other *= np.linalg.norm(one) / np.linalg.norm(other)
        for share in (0.0, 0.25, 0.5, 1.0):
            found = latent_moves.between(one, other, share, NORMAL)
            assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(one), rel=1e-4)
        np.testing.assert_allclose(latent_moves.between(one, other, 0, NORMAL), one, atol=1e-6)
        np.testing.assert_allclose(latent_moves.between(one, other, 1, NORMAL), other, atol=1e-6)
        middle = latent_moves.between(one, other, 0.5, NORMAL)
        assert middle @ one == pytest.approx(middle @ other, rel=1e-4)

    @pytest.mark.parametrize("other", [[0, 0, 0], [2, 0, 0], [-1, 0, 0]])
    def test_latents_without_one_way_between_them_are_joined_straight(self, other: list) -> None:
        one = np.float32([1, 0, 0])
        found = latent_moves.between(one, np.float32(other), 0.5, NORMAL)
        np.testing.assert_allclose(found, (one + np.float32(other)) / 2, atol=1e-6)

    def test_uniform_latents_never_leave_their_range(self) -> None:
        edge = np.float32([1, -1, 1])
        assert np.abs(latent_moves.nearby(edge, UNIFORM, 50, distance=0.8, seed=1)).max() <= 1
        assert np.abs(latent_moves.moved_along(edge, np.float32([1, 0, 0]), 5, UNIFORM)).max() <= 1

    def test_neighbours_are_nearer_at_a_smaller_distance_and_repeatable(self) -> None:
        latent = np.random.default_rng(0).standard_normal(64).astype(np.float32)
        near, far = (latent_moves.nearby(latent, NORMAL, 20, distance=distance, seed=4) for distance in (0.1, 0.9))
        np.testing.assert_array_equal(near, latent_moves.nearby(latent, NORMAL, 20, distance=0.1, seed=4))
        assert not np.array_equal(near, latent_moves.nearby(latent, NORMAL, 20, distance=0.1, seed=5))
        away = [np.linalg.norm(found - latent, axis=1).mean() for found in (near, far)]
        assert away[0] < 2 < away[1]
        np.testing.assert_array_equal(latent_moves.nearby(latent, NORMAL, 1, distance=0, seed=4)[0], latent)

    def test_directions_are_those_that_change_the_picture_most(self) -> None:
        """Of five numbers the fourth paints much, the second a little, the others nothing."""
        latents = np.random.default_rng(0).standard_normal((200, 5)).astype(np.float32)
        pictures = np.zeros((200, 8, 8, 3), np.float32) + 128
        pictures[:, :, :4] += 30 * latents[:, 3, None, None, None]
        pictures[:, :, 4:] += 8 * latents[:, 1, None, None, None]
        found = latent_moves.directions_of(latents, np.clip(pictures, 0, 255).astype(np.uint8))
        assert abs(found[0, 3]) > 0.98
        assert abs(found[1, 1]) > 0.95
        np.testing.assert_allclose(found @ found.T, np.eye(len(found)), atol=1e-5)

    def test_a_move_changes_its_own_coordinate_only(self) -> None:
        latent, axes = np.float32([0.5, -1, 2]), latent_moves.axes(3)
        moved = latent_moves.moved_along(latent, axes[1], 2.5, NORMAL)
        np.testing.assert_allclose(moved, [0.5, 2.5, 2])
        assert latent_moves.place_along(moved, axes[1]) == pytest.approx(2.5)

    def test_the_plane_goes_to_the_right_and_upwards_and_through_the_latent(self) -> None:
        latent, axes = np.float32([0, 0, 7]), latent_moves.axes(3)
        found = latent_moves.plane(latent, axes, 3, NORMAL).reshape(3, 3, 3)
        np.testing.assert_allclose(found[1, 1], latent, atol=1e-6)
        np.testing.assert_allclose(found[0, 2], [3, 3, 7])
        np.testing.assert_allclose(found[2, 0], [-3, -3, 7])
        np.testing.assert_allclose(latent_moves.beside_plane(found[2, 0], axes), [0, 0, 7], atol=1e-6)


class TestPlaces:
    def test_fitting_inside_and_over(self) -> None:
        assert generate_tool.fitted(Rect(10, 10, 40, 20), 1.0, Fit.WHOLE) == Rect(20, 10, 20, 20)
        assert generate_tool.fitted(Rect(10, 10, 40, 20), 1.0, Fit.FILL) == Rect(10, 0, 40, 40)
        assert generate_tool.fitted(Rect(0, 0, 10, 40), 2.0, Fit.WHOLE) == Rect(0, 17, 10, 5)

    def test_region_before_selection_before_hint_before_the_middle(self, tmp_path: Path) -> None:
        manifest = model_of(plain_generator(tmp_path / "plain")).manifest
        document = Document(Size(300, 200))
        region, selection = (TileMap.filled(rect, (255,)) for rect in (Rect(50, 50, 40, 40), Rect(0, 0, 20, 20)))
        selected = document.changed(selection=selection)
        place = generate_tool.target_for
        assert place(selected, region, manifest, Fit.WHOLE).rect == Rect(50, 50, 40, 40)
        assert place(selected, NOTHING, manifest, Fit.WHOLE).rect == Rect(0, 0, 20, 20)
        assert place(selected, NOTHING, manifest, Fit.FILL).mask is selection
        assert place(document, NOTHING, manifest, Fit.FILL, Rect(5, 6, 7, 8)) == generate_tool.Target(Rect(5, 6, 7, 8))
        middle = place(document, NOTHING, manifest, Fit.WHOLE).rect
        assert (middle.x + middle.width / 2, middle.y + middle.height / 2) == pytest.approx((150, 100), abs=1)

    def test_colors_do_not_bleed_from_under_transparency(self) -> None:
        picture = np.zeros((8, 8, 4), np.uint8)
        picture[...] = (0, 255, 0, 0)
        picture[2:6, 2:6] = (200, 0, 0, 255)
        grown = generate_tool.resized_rgba(picture, 64, 64)
        seen = grown[..., 3] > 8
        assert grown[seen][:, 1].max() <= 2
        assert abs(grown[seen][:, 0].astype(int) - 200).max() <= 2
        assert grown[32, 32].tolist() == [200, 0, 0, 255]
        assert grown[0, 0, 3] == 0

    def test_pictures_take_the_depth_of_the_document(self) -> None:
        picture = np.full((4, 4, 3), (255, 128, 0), np.uint8)
        tiles = generate_tool.picture_tiles(picture, Rect(-2, 3, 8, 8), 16)
        assert tiles.dtype == np.uint16
        assert tiles.read(Rect(0, 5, 1, 1))[0, 0].tolist() == [65535, 128 * 257, 0, 65535]
        assert tiles.content_bounds() == Rect(-2, 3, 8, 8)

    def test_a_layer_that_was_moved_is_found_where_it_is(self) -> None:
        picture = noise(SIDE, SIDE)
        sample = generate_tool.Sample("a", "0")
        tiles = generate_tool.picture_tiles(picture, Rect(10, 10, 40, 40), 8)
        layer = generate_tool.generated_layer(
            Document(Size(100, 100)), sample, tiles, generate_tool.Target(Rect(10, 10, 40, 40)), "Name"
        )
        moved = layer.changed(tiles=layer.tiles.translated(7, -3))
        assert generate_tool.rect_of(moved, picture, 8) == Rect(17, 7, 40, 40)
        cut = layer.changed(tiles=TileMap.filled(Rect(0, 0, 5, 5), (1, 2, 3, 255)))
        assert generate_tool.rect_of(cut, picture, 8) == Rect(10, 10, 40, 40)

    def test_another_picture_in_a_row_is_one_entry_and_locks_hold(self) -> None:
        layer = raster_layer(1, noise(8, 8))
        opened = OpenDocument(document_with(layer))
        sample, rect = generate_tool.Sample("a", "0"), Rect(0, 0, 8, 8)
        for seed in range(4):
            tiles = generate_tool.picture_tiles(noise(8, 8, seed=seed), rect, 8)
            generate_tool.replace_picture(opened, 1, sample.changed(seed=seed), tiles, rect, key=1)
        assert [str(entry.name) for entry in opened.history.entries] == ["Open", "Change generated picture"]
        shown = opened.document.raster_layer(1)
        assert shown.recipe is not None
        assert shown.recipe.seed == 3
        np.testing.assert_array_equal(shown.tiles.read(rect), noise(8, 8, seed=3))
        with opened.edit("Lock") as edit:
            edit.replace_layer(shown.changed(locks=Locks(pixels=True)))
        with pytest.raises(UserError, match="is locked"):
            generate_tool.replace_picture(opened, 1, sample, tiles, rect, key=2)


class TestEncoding:
    def test_what_is_read_is_the_layer_under_the_region(self, tmp_path: Path) -> None:
        manifest = model_of(color_autoencoder(tmp_path / "auto")).manifest
        below, above = np.full((100, 100, 4), 255, np.uint8), np.full((100, 100, 4), 255, np.uint8)
        above[..., :3] = (10, 20, 30)
        document = document_with(raster_layer(1, below), raster_layer(2, above), width=100, height=100)
        region = TileMap.filled(Rect(20, 30, 40, 20), (255,))
        pixels, rect = generate_tool.picture_to_encode(document, 2, region, manifest)
        assert rect == Rect(30, 30, 20, 20)
        assert (pixels == (10, 20, 30, 255)).all()
        empty = document.with_layer_inserted(RasterLayer(id=3, name="Empty"))
        assert (generate_tool.picture_to_encode(empty, 3, region, manifest)[0] == (10, 20, 30, 255)).all()

    def test_nothing_to_encode_is_said(self, tmp_path: Path) -> None:
        manifest = model_of(color_autoencoder(tmp_path / "auto")).manifest
        with pytest.raises(UserError, match="no pixels to encode"):
            generate_tool.picture_to_encode(Document(Size(10, 10)), None, NOTHING, manifest)


class TestStamps:
    def stamped(self, settings: StampSettings, *points: tuple[float, float], **fields: object) -> OpenDocument:
        pictures = [generate_tool.resized_rgba(alpha_picture(index), SIDE, SIDE) for index in range(3)]
        layer = raster_layer(1, np.zeros((200, 300, 4), np.uint8))
        opened = OpenDocument(document_with(layer, width=300, height=200).changed(**fields))
        gesture = RunningGesture(stamp(opened, 1, pictures, settings))
        for point in points:
            gesture.send(PointerEvent(Point(*point)))
        gesture.send(PointerEvent(Point(*points[-1]), pressed=False))
        return opened

    def test_stamps_stand_a_spacing_apart_in_one_entry(self) -> None:
        exact = StampSettings(size_px=32, spacing=1.5, scatter=0, size_jitter=0, turn_degrees=0)
        opened = self.stamped(exact, (40, 100), (90, 100), (240, 100))
        assert [str(entry.name) for entry in opened.history.entries] == ["Open", "Stamp generated pictures"]
        row = opened.document.raster_layer(1).tiles.read(Rect(0, 100, 300, 1))[0, :, 3]
        edges = np.flatnonzero(np.diff((row > 127).astype(int)))
        starts, ends = edges[::2], edges[1::2]
        assert len(starts) == 5
        np.testing.assert_allclose((starts + ends) / 2 + 0.5, [40, 88, 136, 184, 232], atol=1)

    def test_pictures_come_in_turn_and_keep_their_alpha(self) -> None:
        exact = StampSettings(size_px=16, spacing=3, scatter=0, size_jitter=0, turn_degrees=0)
        opened = self.stamped(exact, (48.0, 100.0), (192.0, 100.0))
        tiles = opened.document.raster_layer(1).tiles
        for index, x in enumerate((48, 96, 144, 192)):
            found = tiles.read(Rect(x - 8, 92, SIDE, SIDE))
            made = alpha_picture(index % 3)
            assert np.abs(found[4:12, 4:12].astype(int) - made[4:12, 4:12]).max() <= 1
            assert found[0, 0, 3] == 0

    def test_equal_seeds_scatter_alike_and_others_do_not(self) -> None:
        one, same, other = (
            self.stamped(StampSettings(size_px=30, seed=seed), (50, 60), (250, 140)).document.raster_layer(1).tiles
            for seed in (1, 1, 2)
        )
        assert one.same_pixels(same)
        assert not one.same_pixels(other)

    def test_the_selection_holds_the_stamps(self) -> None:
        selection = TileMap.filled(Rect(0, 0, 150, 200), (255,))
        opened = self.stamped(StampSettings(size_px=40), (50, 100), (250, 100), selection=selection)
        bounds = opened.document.raster_layer(1).tiles.content_bounds()
        assert not bounds.is_empty
        assert bounds.right <= 150


def alpha_picture(index: int) -> np.ndarray:
    picture = np.zeros((SIDE, SIDE, 4), np.uint8)
    picture[..., index] = 200
    picture[..., 3] = np.where(shapes()[2, 0] > 0, 255, 0)
    return picture


def test_a_translucent_stamp_mixes_over_what_is_there() -> None:
    half = np.full((4, 4, 4), (255, 0, 0, 128), np.uint8)
    base = np.full((64, 64, 4), (0, 0, 255, 255), np.uint8)
    opened = OpenDocument(document_with(raster_layer(1, base), width=64, height=64))
    gesture = RunningGesture(stamp(opened, 1, [half], StampSettings(32, scatter=0, size_jitter=0, turn_degrees=0)))
    gesture.send(PointerEvent(Point(32, 32)))
    gesture.send(PointerEvent(Point(32, 32), pressed=False))
    pixels = opened.document.raster_layer(1).tiles.read(Rect(0, 0, 64, 64))
    np.testing.assert_allclose(pixels[32, 32].astype(int), (128, 0, 127, 255), atol=1)
    assert pixels[2, 2].tolist() == [0, 0, 255, 255]
