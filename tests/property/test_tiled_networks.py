"""Tiled equals untiled within one level, for random convolutional networks: depth, kernels, strides and scales."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import NodeProto

from desktop.runtime.attempts import Kept
from tests.runtime_models import photo, tile_table
from tests.runtime_parts import FLOAT, IMAGE, RESULT, node, one_part
from tests.runtime_runs import largest_difference, run_here, run_request, untiled

CHANNELS = 4


@dataclass(frozen=True)
class Network:
    """`kernels` of convolutions at full size, then at a `stride`-th of it (down by averaging, up by repeating)."""

    kernels: tuple[int, ...]
    inner_kernels: tuple[int, ...]
    stride: int
    scale: int
    seed: int

    @property
    def radius(self) -> int:
        """What a pixel of the answer depends on, at most, in pixels of the input."""
        around = sum(kernel // 2 for kernel in self.kernels)
        return around + (sum(kernel // 2 for kernel in self.inner_kernels) + 1) * self.stride

    def build(self, folder: Path, tile: int) -> Path:
        rng = np.random.default_rng(self.seed)
        nodes: list[NodeProto] = []
        constants: dict[str, NDArray[Any]] = {}
        last, channels = "image", 3
        for number, kernel in enumerate(self.kernels):
            last, channels = _convolve(nodes, constants, rng, last, f"a{number}", (channels, CHANNELS, kernel))
        if self.stride > 1:
            sides = [self.stride, self.stride]
            nodes.append(node("AveragePool", last, "small", kernel_shape=sides, strides=sides))
            last = "small"
        for number, kernel in enumerate(self.inner_kernels):
            last, channels = _convolve(nodes, constants, rng, last, f"b{number}", (channels, CHANNELS, kernel))
        up = self.stride * self.scale
        last, _ = _convolve(nodes, constants, rng, last, "wide", (channels, 3 * up * up, 1))
        nodes.append(node("DepthToSpace", last, "detail", blocksize=up, mode="CRD"))
        constants["half"] = np.float32([0.5])
        nodes += [node("Mul", "detail half", "less"), node("Add", "less half", "result")]
        size = f"size = {self.stride}\n" if self.stride > 1 else ""
        return one_part(
            folder,
            "upscale" if self.scale > 1 else "restore",
            nodes,
            IMAGE + size + RESULT + tile_table(tile, self.radius, self.stride),
            outputs={"result": (FLOAT, None)},
            constants=constants,
            scale=self.scale,
        )


def _convolve(
    nodes: list[NodeProto],
    constants: dict[str, NDArray[Any]],
    rng: np.random.Generator,
    source: str,
    name: str,
    shape: tuple[int, int, int],
) -> tuple[str, int]:
    """A convolution with a tanh behind it, scaled so that the answer neither fades nor saturates."""
    inputs, outputs, kernel = shape
    weights = rng.normal(0, 1.5 / np.sqrt(inputs * kernel * kernel), (outputs, inputs, kernel, kernel))
    constants[f"{name}_w"] = weights.astype(np.float32)
    nodes.append(node("Conv", f"{source} {name}_w", f"{name}_sum", pads=[kernel // 2] * 4))
    nodes.append(node("Tanh", f"{name}_sum", name))
    return name, outputs


ODD = st.sampled_from([1, 3, 5])
NETWORKS = st.builds(
    Network,
    kernels=st.lists(ODD, min_size=0, max_size=2).map(tuple),
    inner_kernels=st.lists(ODD, min_size=0, max_size=2).map(tuple),
    stride=st.sampled_from([1, 2, 3, 4]),
    scale=st.sampled_from([1, 2, 3]),
    seed=st.integers(0, 1000),
)


def check(network: Network, size: tuple[int, int], extra: int, *, depth: int = 8) -> None:
    tile = max(16, 2 * network.radius + network.stride) + extra
    with tempfile.TemporaryDirectory() as folder:
        model = network.build(Path(folder) / "random", tile)
        height, width = (max(side // network.stride, 1) * network.stride for side in size)
        pixels = photo(height, width, depth=depth, seed=network.seed)
        tiled, _, _ = run_here(model, pixels)
        whole = untiled(model, pixels)
        assert whole.std() > 0
        assert largest_difference(tiled, whole) <= (1 if depth == 8 else 2), "two roundings of 65,535"


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NETWORKS, st.tuples(st.integers(20, 170), st.integers(20, 170)), st.integers(0, 60))
def test_tiled_equals_untiled(network: Network, size: tuple[int, int], extra: int) -> None:
    check(network, size, extra)


@pytest.mark.nightly
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NETWORKS, st.tuples(st.integers(1, 300), st.integers(1, 300)), st.integers(0, 200))
def test_tiled_equals_untiled_for_hundreds(network: Network, size: tuple[int, int], extra: int) -> None:
    check(network, size, extra)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NETWORKS, st.tuples(st.integers(20, 170), st.integers(20, 170)), st.integers(0, 60))
def test_tiled_equals_untiled_in_sixteen_bits(network: Network, size: tuple[int, int], extra: int) -> None:
    check(network, size, extra, depth=16)


def test_a_halo_that_is_too_small_would_be_noticed(tmp_path: Path) -> None:
    """Otherwise the tests above could not fail."""
    network = Network(kernels=(5, 5), inner_kernels=(), stride=1, scale=1, seed=3)
    model = network.build(tmp_path / "random", 64)
    path = model / "manifest.toml"
    path.write_text(path.read_text().replace(f"receptive_field = {network.radius}", "receptive_field = 0"))
    pixels = photo(150, 150)
    assert largest_difference(run_here(model, pixels)[0], untiled(model, pixels)) > 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["uint8", "uint16"]),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.sampled_from([1, 2, 3]),
    st.integers(0, 99),
)
def test_depth_and_alpha_survive_any_network(depth: str, size: tuple[int, int], scale: int, seed: int) -> None:
    """Alpha is passed by or enlarged, never computed; a constant one stays exactly constant."""
    rng = np.random.default_rng(seed)
    network = Network(kernels=(3,), inner_kernels=(), stride=1, scale=scale, seed=seed)
    pixels = photo(*size, 4, depth=8 if depth == "uint8" else 16, seed=seed)
    white = int(np.iinfo(pixels.dtype).max)
    is_constant = bool(seed % 2)
    pixels[..., 3] = rng.integers(1, white) if is_constant else rng.integers(0, white + 1, size)
    with tempfile.TemporaryDirectory() as folder:
        model = network.build(Path(folder) / "random", 40)
        result = run_request(model, {"image": pixels}, kept=Kept())[0]["image"]
    assert result.dtype == pixels.dtype
    assert result.shape == (size[0] * scale, size[1] * scale, 4)
    if scale == 1:
        np.testing.assert_array_equal(result[..., 3], pixels[..., 3])
        hidden = pixels[..., 3] == 0
        np.testing.assert_array_equal(result[hidden], pixels[hidden])
    elif is_constant:
        assert (result[..., 3] == pixels[0, 0, 3]).all()
