"""Every kind of model that makes a picture or a mask, each with a small graph whose answer can be computed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop.core.errors import UserError
from desktop.runtime.adapters.fields import Field
from desktop.runtime.adapters.fitting import Fit
from desktop.runtime.manifest import Input
from desktop.runtime.tiling import TileRules, plan_tiles
from tests.runtime_models import make_model, photo, tile_table
from tests.runtime_parts import (
    CURVE,
    FIRST,
    FLOAT,
    IMAGE,
    INT64,
    MASK,
    PLANES,
    RESULT,
    SLICE,
    graph_bytes,
    luma_of,
    node,
    one_part,
    write_model,
)
from tests.runtime_runs import largest_difference, run_here, run_request


class TestStyle:
    def test_a_second_part_turns_the_style_picture_into_a_vector(self, tmp_path: Path) -> None:
        """encoder: the mean colour of the style; main: the picture plus half of it, in tiles."""
        encoder = graph_bytes(
            [node("GlobalAveragePool", "style", "vector")], {"style": PLANES}, {"vector": (FLOAT, [1, 3, 1, 1])}
        )
        main = graph_bytes(
            [node("Mul", "vector half", "v"), node("Add", "image v", "result")],
            {"image": PLANES, "vector": (FLOAT, [1, 3, 1, 1])},
            {"result": PLANES},
            {"half": np.float32([0.5])},
        )
        tables = (
            IMAGE
            + '[[inputs]]\nname = "style"\npart = "encoder"\nrole = "style"\n'
            + '[[outputs]]\nname = "vector"\npart = "encoder"\nrole = "embedding"\n'
            + '[[inputs]]\nname = "vector"\nrole = "embedding"\n'
            + RESULT
            + tile_table(64, 4)
        )
        model = write_model(tmp_path / "two", "style", {"main": main, "encoder": encoder}, tables)
        style = np.full((500, 2000, 3), (90, 0, 190), np.uint8)
        style[:, 1000:] = (110, 0, 210)
        pixels = np.full((90, 100, 3), 10, np.uint8)
        results, done, _ = run_request(model, {"image": pixels, "style": style})
        assert (results["image"] == (60, 10, 110)).all()
        assert done.tiles == 4
        with pytest.raises(UserError, match="needs the input “style”"):
            run_request(model, {"image": pixels})

    def test_the_style_picture_itself(self, tmp_path: Path) -> None:
        tables = IMAGE + '[[inputs]]\nname = "style"\nrole = "style"\nsize = [16, 16]\n' + RESULT
        nodes = [node("GlobalMaxPool", "style", "most"), node("Mul", "image most", "result")]
        inputs = {"image": PLANES, "style": (FLOAT, [1, 3, 16, 16])}
        model = one_part(tmp_path / "direct", "style", nodes, tables, inputs=inputs)
        style = np.full((40, 50, 3), (255, 51, 0), np.uint8)
        style[:, 25:] = 0
        result = run_request(model, {"image": np.full((9, 9, 3), 100, np.uint8), "style": style})[0]["image"]
        assert (result == (100, 20, 0)).all()


class TestMasks:
    def test_a_matte_is_soft_and_has_the_size_of_the_picture(self, tmp_path: Path) -> None:
        model = one_part(
            tmp_path / "matte", "matte", FIRST, IMAGE + MASK, outputs={"result": (FLOAT, None)},
            constants=SLICE,
        )  # fmt: skip
        pixels = photo(33, 47, 4, depth=16)
        results, _, _ = run_request(model, {"image": pixels})
        assert set(results) == {"mask"}
        assert largest_difference(results["mask"], np.rint(pixels[..., 0] / 257)) <= 1

    def test_a_fixed_size_is_mapped_back_and_polarity_turned(self, tmp_path: Path) -> None:
        tables = IMAGE + "size = [16, 16]\n" + MASK + "invert = true\n"
        model = one_part(
            tmp_path / "fixed", "segment", FIRST, tables, constants=SLICE,
            inputs={"image": (FLOAT, [1, 3, 16, 16])}, outputs={"result": (FLOAT, [1, 1, 16, 16])},
        )  # fmt: skip
        pixels = np.zeros((64, 100, 3), np.uint8)
        pixels[:, 50:, 0] = 255
        mask = run_request(model, {"image": pixels})[0]["mask"]
        assert mask.shape == (64, 100)
        assert (mask[:, :43] == 255).all()
        assert (mask[:, 57:] == 0).all()

    @pytest.mark.parametrize(
        ("activation", "value", "wanted"), [("sigmoid", 0.0, 128), ("sigmoid", -200.0, 0), ("minmax", 0.0, None)]
    )
    def test_activations_are_done_for_the_network(
        self, tmp_path: Path, activation: str, value: float, wanted: int | None
    ) -> None:
        nodes = [node("Slice", "image zero one axis", "red"), node("Mul", "red many", "large")]
        nodes += [node("Add", "large shift", "result")]
        many = 0.0 if wanted is not None else 40.0
        constants = {**SLICE, "many": np.float32([many]), "shift": np.float32([value])}
        tables = IMAGE + MASK + f'activation = "{activation}"\n'
        model = one_part(
            tmp_path / "act", "segment", nodes, tables, outputs={"result": (FLOAT, None)}, constants=constants
        )
        pixels = np.zeros((4, 256, 3), np.uint8)
        pixels[..., 0] = np.arange(256)
        mask = run_request(model, {"image": pixels})[0]["mask"]
        np.testing.assert_array_equal(mask, pixels[..., 0] if wanted is None else np.full_like(mask, wanted))

    @pytest.mark.parametrize("tile", ["", tile_table(64, 4)])
    def test_classes_become_a_map_and_the_soft_mask_of_one(self, tmp_path: Path, tile: str) -> None:
        """The planes of the picture as scores: the strongest colour is the class."""
        scores = [node("Mul", "image many", "result")]
        tables = IMAGE + '[[outputs]]\nname = "result"\nrole = "classes"\nactivation = "softmax"\nclass = 1\n' + tile
        choice = (
            '[[params]]\nid = "class"\nlabel = "Class"\ntype = "choice"\nchoices = ["r", "g", "b"]\ndefault = "g"\n'
        )
        model = one_part(tmp_path / "classes", "segment", scores, tables + choice, constants={"many": np.float32([20])})
        pixels = photo(100, 90)
        results = run_request(model, {"image": pixels})[0]
        clear = np.sort(pixels, axis=2)[..., 2] > np.sort(pixels, axis=2)[..., 1]
        np.testing.assert_array_equal(results["classes"][clear], pixels.argmax(axis=2)[clear])
        powers = np.exp(pixels / 255 * 20)
        shares = powers / powers.sum(axis=2, keepdims=True)
        assert np.abs(results["mask"] - shares[..., 1] * 255).max() <= 1
        blue = run_request(model, {"image": pixels}, {"class": "b"})[0]["mask"]
        assert np.abs(blue - shares[..., 2] * 255).max() <= 1

    def test_a_map_of_numbers_is_taken_as_it_is(self, tmp_path: Path) -> None:
        nodes = [node("ArgMax", "image", "result", axis=1, keepdims=0)]
        tables = IMAGE + "size = [20, 20]\n" + '[[outputs]]\nname = "result"\nrole = "classes"\nclass = 2\n'
        model = one_part(
            tmp_path / "numbers", "segment", nodes, tables,
            inputs={"image": (FLOAT, [1, 3, 20, 20])}, outputs={"result": (INT64, [1, 20, 20])},
        )  # fmt: skip
        pixels = np.zeros((60, 80, 3), np.uint8)
        pixels[:, :40, 2] = 255
        pixels[:, 40:, 1] = 255
        results = run_request(model, {"image": pixels})[0]
        assert set(np.unique(results["classes"])) == {1, 2}, "numbers are never mixed"
        assert (results["mask"][:, :34] == 255).all()
        assert (results["mask"][:, 46:] == 0).all()


class TestCurvesAndGrids:
    @pytest.mark.parametrize(("channels", "side"), [(24, None), (3, None), (3, 32)])
    def test_a_curve_is_applied_eight_times_at_full_size(self, tmp_path: Path, channels: int, side: int | None) -> None:
        """Zero-DCE: the map may be small, the picture keeps all its detail and its 16 bits."""
        shape = [1, channels, 1, 1]
        maps = np.linspace(-0.8, 0.3, channels, dtype=np.float32).reshape(shape)
        nodes = [
            node("ReduceMean", "image", "mean", axes=[1]),
            node("Mul", "mean none", "zero"),
            node("Add", "zero maps", "result"),
        ]
        size = f"size = [{side}, {side}]\n" if side else ""
        model = one_part(
            tmp_path / "curve", "restore", nodes, IMAGE + size + CURVE, opset=17,
            inputs={"image": (FLOAT, [1, 3, side or "h", side or "w"])}, outputs={"result": (FLOAT, None)},
            constants={"none": np.float32([0]), "maps": maps},
        )  # fmt: skip
        pixels = photo(70, 90, 4, depth=16)
        wanted = pixels[..., :3] / 65535
        for step in range(8):
            a = maps.reshape(-1, 3)[step % (channels // 3)]
            wanted = wanted + a * (wanted**2 - wanted)
        result = run_here(model, pixels)[0]
        assert np.abs(result[..., :3] - np.clip(wanted, 0, 1) * 65535).max() <= 2
        np.testing.assert_array_equal(result[..., 3], pixels[..., 3])

    @pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
    def test_a_small_grid_moves_the_pixels_of_the_whole_picture(self, tmp_path: Path, layout: str) -> None:
        """A grid of 5 × 7 points that mirrors left and right, its outermost points on the outermost pixels."""
        y, x = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 7), indexing="ij")
        grid = np.stack([-x, y])[None].astype(np.float32)
        grid = grid if layout == "NCHW" else np.ascontiguousarray(grid.transpose(0, 2, 3, 1))
        nodes = [
            node("ReduceMean", "image", "mean", keepdims=0),
            node("Mul", "mean none", "zero"),
            node("Add", "zero grid", "result"),
        ]
        tables = IMAGE + f'size = [20, 20]\n[[outputs]]\nname = "result"\nrole = "grid"\nlayout = "{layout}"\n'
        model = one_part(
            tmp_path / "grid", "restore", nodes, tables, opset=17,
            inputs={"image": (FLOAT, [1, 3, 20, 20])}, outputs={"result": (FLOAT, None)},
            constants={"none": np.float32([0]), "grid": grid},
        )  # fmt: skip
        pixels = np.zeros((80, 140, 4), np.uint8)
        pixels[..., 0] = np.linspace(0, 255, 140)
        pixels[..., 1] = np.linspace(0, 255, 80)[:, None]
        pixels[..., 3] = 200
        result = run_here(model, pixels)[0]
        assert largest_difference(result, pixels[:, ::-1]) <= 1

    def test_a_flow_moves_by_pixels_of_what_was_fed(self, tmp_path: Path) -> None:
        flow = np.zeros((1, 2, 1, 1), np.float32)
        flow[0, 0] = 2
        nodes = [
            node("ReduceMean", "image", "mean", axes=[1]),
            node("Mul", "mean none", "zero"),
            node("Add", "zero flow", "result"),
        ]
        tables = IMAGE + 'size = [20, 20]\n[[outputs]]\nname = "result"\nrole = "flow"\n'
        model = one_part(
            tmp_path / "flow", "restore", nodes, tables, opset=17,
            inputs={"image": (FLOAT, [1, 3, 20, 20])}, outputs={"result": (FLOAT, None)},
            constants={"none": np.float32([0]), "flow": flow},
        )  # fmt: skip
        pixels = photo(60, 100)
        result = run_here(model, pixels)[0]
        np.testing.assert_array_equal(result[:, :90], pixels[:, 10:])

    def test_a_field_reads_what_a_plain_resize_gives(self) -> None:
        rng = np.random.default_rng(0)
        planes = rng.random((2, 9, 13)).astype(np.float32)
        spec = Input(name="image", role="image", size=(9, 13))
        field = Field.of(planes, Fit.of(spec, (70, 55)), 2)
        whole = np.zeros((2, 140, 110), np.float32)
        for placed in plan_tiles(70, 55, TileRules(tile=32, scale=2)).tiles():
            rows, columns = placed.rows, placed.columns
            whole[:, rows.out_start : rows.out_stop, columns.out_start : columns.out_stop] = field.at(placed)
        positions = (np.arange(110) + 0.5) * 13 / 110 - 0.5
        middle = (positions > 2) & (positions < 10)
        row = int(4.5 / 9 * 140)
        down = (row + 0.5) * 9 / 140 - 0.5
        assert abs(down - round(down)) < 0.06
        np.testing.assert_allclose(
            whole[0, row, middle], np.interp(positions, np.arange(13), planes[0, round(down)])[middle], atol=0.25
        )
        constant = Field.of(np.full((1, 5, 5), 0.3, np.float32), Fit.of(spec, (70, 55)), 1)
        for placed in plan_tiles(70, 55, TileRules(tile=32)).tiles():
            np.testing.assert_allclose(constant.at(placed), 0.3, rtol=1e-6)


class TestColourise:
    @pytest.mark.parametrize("role", ["ab", "image"])
    def test_luma_stays_and_the_colour_is_the_networks(self, tmp_path: Path, role: str) -> None:
        channels = 2 if role == "ab" else 3
        colour = np.float32([30, -20] if role == "ab" else [0.6, 0.4, 0.5]).reshape(1, channels, 1, 1)
        order = 'order = "Lab_L"\nstd = [2.55]\n' if role == "ab" else ""
        nodes = [
            node("ReduceMean", "image", "mean", axes=[1]),
            node("Mul", "mean none", "zero"),
            node("Add", "zero colour", "result"),
        ]
        std = "std = [1.0]\n" if role == "ab" else ""
        tables = IMAGE + "size = [32, 32]\n" + order + f'[[outputs]]\nname = "result"\nrole = "{role}"\n' + std
        model = one_part(
            tmp_path / "colour", "colourise", nodes, tables, opset=17,
            inputs={"image": (FLOAT, [1, 1 if role == "ab" else 3, 32, 32])}, outputs={"result": (FLOAT, None)},
            constants={"none": np.float32([0]), "colour": colour},
        )  # fmt: skip
        pixels = np.repeat(photo(90, 70, 4, depth=16)[..., :1], 4, axis=2)
        pixels[..., 3] = 65535
        result = run_here(model, pixels)[0]
        assert np.abs(luma_of(result) - luma_of(pixels)).max() <= 2, "of 65535"
        middle = result[(pixels[..., 0] > 25000) & (pixels[..., 0] < 40000)].astype(np.float64)
        assert (middle[:, 0] - middle[:, 1]).min() > 3000, "it became reddish"

    def test_lightness_is_that_of_lab(self, tmp_path: Path) -> None:
        nodes = [node("Concat", "image image", "two", axis=1), node("Sub", "two two", "result")]
        tables = IMAGE + 'order = "Lab_L"\nmean = [127.5]\nstd = [127.5]\n'
        tables += '[[outputs]]\nname = "result"\nrole = "ab"\nstd = [1.0]\n'
        model = one_part(
            tmp_path / "grey", "colourise", nodes, tables,
            inputs={"image": (FLOAT, [1, 1, "h", "w"])}, outputs={"result": (FLOAT, None)},
        )  # fmt: skip
        assert np.ptp(run_here(model, photo(30, 30))[0].astype(int), axis=2).max() <= 1, "no colour: grey"


class TestTwoPictures:
    def test_between_two_pictures_at_a_time(self, tmp_path: Path) -> None:
        tables = (
            IMAGE
            + '[[inputs]]\nname = "next"\nrole = "image2"\n'
            + '[[inputs]]\nname = "time"\nrole = "timestep"\nparam = "time"\nrange = [0.0, 1.0]\n'
            + RESULT
            + tile_table(64, 4)
            + '[[params]]\nid = "time"\nlabel = "Time"\ntype = "float"\nmin = 0\nmax = 100\ndefault = 50\n'
        )
        nodes = [node("Sub", "next image", "way"), node("Mul", "way time", "part"), node("Add", "image part", "result")]
        for number, time in enumerate(([1], [1, 1, 1, 1], [1, 1, "h", "w"])):
            inputs = {"image": PLANES, "next": PLANES, "time": (FLOAT, time)}
            model = one_part(tmp_path / f"t{number}", "interpolate", nodes, tables, inputs=inputs)
            pictures = {"image": np.full((80, 70, 3), 100, np.uint8), "image2": np.full((80, 70, 3), 200, np.uint8)}
            assert (run_request(model, pictures, {"time": 25})[0]["image"] == 125).all()
            other_size = {**pictures, "image2": np.full((33, 44, 3), 200, np.uint8)}
            assert (run_request(model, other_size)[0]["image"] == 150).all()

    def test_two_pictures_are_cut_alike(self, tmp_path: Path) -> None:
        tables = IMAGE + '[[inputs]]\nname = "other"\nrole = "image2"\n' + RESULT + tile_table(64, 8)
        nodes = [node("Max", "image other", "result")]
        model = one_part(tmp_path / "max", "two_image", nodes, tables, inputs={"image": PLANES, "other": PLANES})
        one, other = photo(150, 130, seed=1), photo(150, 130, seed=2)[::-1].copy()
        result = run_request(model, {"image": one, "image2": other})[0]["image"]
        np.testing.assert_array_equal(result, np.maximum(one, other))


def test_a_whole_picture_too_large_for_memory_is_shrunk_and_that_is_said(tmp_path: Path) -> None:
    nodes = [
        node("Shape", "image", "shape"),
        node("ReduceProd", "shape", "count", keepdims=1),
        node("Greater", "count limit", "is_large"),
        node("Where", "is_large huge one", "wanted"),
        node("ConstantOfShape", "wanted", "zeros"),
        node("ReduceSum", "zeros", "nothing", keepdims=0),
        node("Add", "image nothing", "result"),
    ]
    constants = {"limit": np.array([3 * 600 * 600]), "huge": np.array([1 << 46]), "one": np.array([1])}
    model = make_model(tmp_path / "greedy", nodes, constants=constants)
    pixels = np.full((700, 1100, 3), 77, np.uint8)
    result, done, _ = run_here(model, pixels)
    assert (result == 77).all()
    assert [str(note) for note in done.notes] == [
        "Not enough memory for the whole picture; computed at 512 pixels and enlarged."
    ]
