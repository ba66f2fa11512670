"""Every form of tensor that goes in and out, each with a small graph whose answer can be computed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from onnx import TensorProto

from desktop.core.errors import UserError
from tests.runtime_models import photo, tile_table
from tests.runtime_parts import (
    FLOAT,
    FLOAT16,
    IMAGE,
    INT64,
    PLANES,
    RESULT,
    UINT8,
    luma_of,
    node,
    one_part,
)
from tests.runtime_runs import largest_difference, run_here, run_request


class TestForms:
    """What comes in and goes out besides float planes of RGB."""

    def test_height_width_channels_in_and_planes_out(self, tmp_path: Path) -> None:
        model = one_part(
            tmp_path / "mixed",
            "restore",
            [node("Transpose", "image", "result", perm=[0, 3, 1, 2])],
            IMAGE + 'layout = "NHWC"\n' + RESULT,
            inputs={"image": (FLOAT, ["n", None, None, 3])},
        )
        np.testing.assert_array_equal(run_here(model, photo(9, 14))[0], photo(9, 14))

    def test_bytes_without_a_batch_axis(self, tmp_path: Path) -> None:
        tables = IMAGE + 'layout = "HWC"\nstd = [1.0]\n' + RESULT + 'layout = "HWC"\nstd = [1.0]\n'
        bytes_hwc = (UINT8, ["h", "w", 3])
        model = one_part(
            tmp_path / "bytes",
            "restore",
            [node("Sub", "white image", "result")],
            tables,
            inputs={"image": bytes_hwc},
            outputs={"result": bytes_hwc},
            constants={"white": np.array(255, np.uint8)},
        )
        np.testing.assert_array_equal(run_here(model, photo(9, 14))[0], 255 - photo(9, 14))

    @pytest.mark.parametrize("order", ["RGB", "BGR"])
    def test_a_slice_of_half_precision_channels(self, tmp_path: Path, order: str) -> None:
        """Channels 4..6 of ten are the picture; the others would look like noise."""
        model = one_part(
            tmp_path / "slice",
            "restore",
            [node("Mul", "image none", "zeros"), node("Concat", "image zeros image image", "result", axis=1)],
            IMAGE + f'order = "{order}"\n' + RESULT + f'order = "{order}"\nchannels = [6, 9]\n',
            inputs={"image": (FLOAT16, [1, 3, "h", "w"])},
            outputs={"result": (FLOAT16, None)},
            constants={"none": np.float16(0)},
        )
        assert largest_difference(run_here(model, photo(9, 14))[0], photo(9, 14)) <= 1

    def test_luma_alone_gets_the_colour_of_the_picture(self, tmp_path: Path) -> None:
        """Upscalers of luma: the answer's brightness, the picture's own colour enlarged around it."""
        model = one_part(
            tmp_path / "luma",
            "upscale",
            [node("Resize", "image  scales", "result", mode="nearest")],
            IMAGE + 'order = "Y"\n' + RESULT + 'order = "Y"\n' + tile_table(64, 4),
            inputs={"image": (FLOAT, [1, 1, "h", "w"])},
            outputs={"result": (FLOAT, None)},
            constants={"scales": np.float32([1, 1, 2, 2])},
            scale=2,
        )
        pixels = photo(60, 90, 4, depth=16)
        result = run_here(model, pixels)[0]
        assert result.shape == (120, 180, 4)
        wanted = luma_of(pixels).repeat(2, axis=0).repeat(2, axis=1)
        inside = (result[..., :3].min(axis=2) > 0) & (result[..., :3].max(axis=2) < 65535)
        assert np.abs(luma_of(result) - wanted)[inside].max() < 3
        colourful = cv2.resize(pixels[..., :3].astype(np.float32) - luma_of(pixels)[..., None], (180, 120))
        difference = result[..., :3].astype(np.float32) - luma_of(result)[..., None] - colourful
        assert np.abs(difference[inside]).mean() < 600, "its own colour, within a hundredth of the range"

    def test_an_input_with_open_dimensions_of_every_kind(self, tmp_path: Path) -> None:
        for number, shape in enumerate(([1, 3, -1, -1], [None, None, None, None], ["unk__1", 3, "None", "2*h"])):
            model = one_part(
                tmp_path / f"open{number}",
                "restore",
                [node("Identity", "image", "result")],
                IMAGE + RESULT,
                inputs={"image": (FLOAT, shape)},
                outputs={"result": (FLOAT, None)},
            )
            np.testing.assert_array_equal(run_here(model, photo(7, 9))[0], photo(7, 9))

    @pytest.mark.parametrize(("opset", "ir_version"), [(7, 3), (9, 4), (13, 7), (20, 9)])
    def test_old_and_new_files_with_weights_among_the_inputs(self, tmp_path: Path, opset: int, ir_version: int) -> None:
        model = one_part(
            tmp_path / "old",
            "restore",
            [node("Mul", "image weight", "result")],
            IMAGE + RESULT,
            constants={"weight": np.float32([0.5])},
            opset=opset,
            ir_version=ir_version,
            constants_are_inputs=True,
        )
        pixels = np.full((5, 6, 3), 100, np.uint8)
        assert (run_here(model, pixels)[0] == 50).all()

    def test_weights_in_constant_nodes(self, tmp_path: Path) -> None:
        from onnx import numpy_helper

        half = numpy_helper.from_array(np.float32([0.5]), "value")
        nodes = [node("Constant", "", "half", value=half), node("Mul", "image half", "result")]
        nodes[0].ClearField("input")
        model = one_part(tmp_path / "constant", "restore", nodes, IMAGE + RESULT)
        assert (run_here(model, np.full((5, 6, 3), 100, np.uint8))[0] == 50).all()

    def test_a_graph_quantised_to_eight_bits(self, tmp_path: Path) -> None:
        constants = {"step": np.float32(1 / 255), "zero": np.array(0, np.uint8)}
        nodes = [
            node("QuantizeLinear", "image step zero", "levels"),
            node("DequantizeLinear", "levels step zero", "result"),
        ]
        model = one_part(tmp_path / "int8", "restore", nodes, IMAGE + RESULT, constants=constants)
        assert largest_difference(run_here(model, photo(9, 14))[0], photo(9, 14)) <= 1

    def test_only_the_output_that_the_manifest_names_is_taken(self, tmp_path: Path) -> None:
        """The nicely named one is an illumination map; the result is called “30”."""
        outputs = {"output_image": (FLOAT, None), "30": PLANES}
        nodes = [node("Mul", "image never", "output_image"), node("Neg", "image", "n"), node("Add", "n one", "30")]
        model = one_part(
            tmp_path / "names",
            "restore",
            nodes,
            IMAGE + RESULT.replace("result", "30"),
            outputs=outputs,
            constants={"never": np.float32([0.25]), "one": np.float32([1])},
        )
        assert largest_difference(run_here(model, photo(9, 14))[0], 255 - photo(9, 14)) <= 1


class TestFurtherInputs:
    def test_sizes_and_factors_are_fed(self, tmp_path: Path) -> None:
        tables = (
            IMAGE
            + '[[inputs]]\nname = "factors"\nrole = "factors"\n[[inputs]]\nname = "size"\nrole = "size"\n'
            + RESULT
        )
        nodes = [
            node("Resize", "image  factors", "large", mode="nearest"),
            node("Shape", "image", "shape", start=2),
            node("Sub", "shape size", "off"),
            node("Cast", "off", "wrong", to=FLOAT),
            node("ReduceSum", "wrong", "sum", keepdims=0),
            node("Add", "large sum", "result"),
        ]
        model = one_part(
            tmp_path / "fed",
            "upscale",
            nodes,
            tables,
            inputs={"image": PLANES, "factors": (FLOAT, [4]), "size": (INT64, [2])},
            outputs={"result": (FLOAT, None)},
            scale=2,
        )
        wanted = photo(11, 14).repeat(2, axis=0).repeat(2, axis=1)
        np.testing.assert_array_equal(run_here(model, photo(11, 14))[0], wanted)

    def test_statistics_of_the_whole_picture_reach_every_tile(self, tmp_path: Path) -> None:
        """Tiles that normalised by their own mean would differ at their borders."""
        tables = IMAGE + '[[inputs]]\nname = "global"\nrole = "statistics"\n' + RESULT + tile_table(64, 0, 1)
        nodes = [
            node("Reshape", "global six", "flat"),
            node("Split", "flat", "mean std", axis=1, num_outputs=2),
            node("Sub", "image mean", "centred"),
            node("Div", "centred std", "scaled"),
            node("Mul", "scaled tenth", "small"),
            node("Add", "small half", "result"),
        ]
        constants = {"six": np.array([1, 6, 1, 1]), "tenth": np.float32([0.1]), "half": np.float32([0.5])}
        model = one_part(
            tmp_path / "global",
            "restore",
            nodes,
            tables,
            inputs={"image": PLANES, "global": (FLOAT, [1, 6])},
            constants=constants,
        )
        pixels = photo(150, 170)
        pixels[:, 100:] //= 3
        values = pixels / 255
        wanted = (values - values.mean(axis=(0, 1))) / values.std(axis=(0, 1)) * 0.1 + 0.5
        result, done, _ = run_here(model, pixels)
        assert done.tiles > 4
        assert np.abs(result - np.clip(wanted, 0, 1) * 255).max() <= 1

    def test_noise_belongs_to_the_place_whatever_the_tiles(self, tmp_path: Path) -> None:
        tables = IMAGE + '[[inputs]]\nname = "noise"\nrole = "noise"\n' + RESULT
        nodes = [node("Mul", "noise tenth", "small"), node("Add", "image small", "result")]
        options: dict[str, Any] = {
            "inputs": {"image": PLANES, "noise": (FLOAT, [1, 1, "h", "w"])},
            "constants": {"tenth": np.float32([0.05])},
        }
        whole = one_part(tmp_path / "whole", "translate", nodes, tables, **options)
        tiled = one_part(tmp_path / "tiled", "translate", nodes, tables + tile_table(128, 8), **options)
        pixels = np.full((300, 280, 3), 128, np.uint8)
        one, same, other = (
            run_request(model, {"image": pixels}, seed=seed)[0]["image"]
            for model, seed in ((whole, 3), (tiled, 3), (tiled, 4))
        )
        assert largest_difference(one, same) <= 1
        assert one.std() == pytest.approx(0.05 * 255, rel=0.1)
        assert largest_difference(one, other) > 30

    def test_eight_sliders_and_a_choice(self, tmp_path: Path) -> None:
        """Every parameter reaches its own input."""
        names = [f"p{number}" for number in range(8)]
        tables, inputs, nodes, last = IMAGE, {"image": PLANES}, [], "image"
        for number, name in enumerate(names):
            tables += f'[[inputs]]\nname = "{name}"\nrole = "scalar"\nparam = "{name}"\nrange = [0.0, 1.0]\n'
            inputs[name] = (FLOAT, [1, 1]) if number % 2 else (TensorProto.DOUBLE if number == 2 else FLOAT, [])
            if number == 2:
                nodes.append(node("Cast", name, f"{name}_f", to=FLOAT))
            source = f"{name}_f" if number == 2 else name
            nodes += [
                node("Mul", f"{source} weight{number}", f"w{number}"),
                node("Add", f"{last} w{number}", f"s{number}"),
            ]
            last = f"s{number}"
        tables += '[[inputs]]\nname = "mode"\nrole = "choice"\nparam = "mode"\n' + RESULT
        inputs["mode"] = (INT64, [1])
        nodes += [node("Cast", "mode", "m", to=FLOAT), node("Mul", "m tenth", "t"), node("Add", f"{last} t", "result")]
        for name in names:
            tables += f'[[params]]\nid = "{name}"\nlabel = "P"\ntype = "float"\nmin = 0.0\nmax = 100.0\ndefault = 0.0\n'
        tables += '[[params]]\nid = "mode"\nlabel = "M"\ntype = "choice"\nchoices = ["no", "yes"]\ndefault = "no"\n'
        weights = {f"weight{number}": np.float32(2.0**number / 510) for number in range(8)}
        constants = {**weights, "tenth": np.float32([0.1])}
        model = one_part(tmp_path / "many", "filter", nodes, tables, inputs=inputs, constants=constants)
        black = np.zeros((3, 3, 3), np.uint8)
        given = {name: 100.0 if number in (1, 2, 6) else 0.0 for number, name in enumerate(names)}
        assert (run_here(model, black, given)[0] == (2 + 4 + 64) // 2).all()
        assert (run_here(model, black, {"mode": "yes"})[0] == round(25.5)).all()

    def test_a_file_that_wants_text_is_refused(self, tmp_path: Path) -> None:
        model = one_part(
            tmp_path / "text",
            "restore",
            [node("Identity", "image", "result"), node("Identity", "words", "unused")],
            IMAGE + '[[inputs]]\nname = "words"\nrole = "scalar"\n' + RESULT,
            inputs={"image": PLANES, "words": (TensorProto.STRING, [1])},
            outputs={"result": PLANES, "unused": (TensorProto.STRING, [1])},
        )
        with pytest.raises(UserError, match="wants text or an encoded file as “words”"):
            run_here(model, photo(4, 4))
