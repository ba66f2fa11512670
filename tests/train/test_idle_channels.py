"""Channels that add nothing are taken out of residual blocks: the same pictures by a smaller network."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import helper, numpy_helper

torch = pytest.importorskip("torch")

from models.common.idle_channels import LANES, drop_idle_channels  # noqa: E402
from models.common.onnx_weights import load_exported  # noqa: E402
from models.nets.blind_denoiser import PhotoDenoiser  # noqa: E402


def network_with_idle_channels() -> PhotoDenoiser:
    """Half of what lies inside its blocks is never above zero."""
    torch.manual_seed(1)
    network = PhotoDenoiser((2 * LANES, 2 * LANES, 2 * LANES), (1, 1, 1), estimator_width=8)
    with torch.no_grad():
        for parameter in network.unet.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.05)
        for name, module in network.unet.named_modules():
            if name.endswith("first"):
                module.bias[::2] = -100.0
    return network.eval()


def test_channels_that_are_never_above_zero_go_and_the_answers_stay() -> None:
    network, picture, strength = network_with_idle_channels(), torch.rand(1, 3, 32, 40), torch.tensor(0.5)
    before = network(picture, strength)
    narrowed = drop_idle_channels(network, [(picture, strength)], 0.0)
    assert set(narrowed.values()) == {(2 * LANES, LANES)}
    assert len(narrowed) == 5
    assert torch.allclose(network(picture, strength), before, atol=1e-5)


def test_what_dropped_channels_add_on_average_goes_into_the_bias() -> None:
    network = network_with_idle_channels()
    flat, strength = torch.full((1, 3, 64, 64), 0.4), torch.tensor(0.5)
    block = network.unet.coarse[0]
    with torch.no_grad():
        block.first.weight.zero_()
        block.first.bias.fill_(0.3)  # every channel is the same everywhere: all but a lane's worth can be dropped
    before = block(torch.zeros(1, 2 * LANES, 9, 9))[..., 4:5, 4:5]
    drop_idle_channels(network, [(flat, strength)], 1.0)
    assert block.first.out_channels == LANES
    assert torch.allclose(block(torch.zeros(1, 2 * LANES, 9, 9))[..., 4:5, 4:5], before, atol=1e-4)


def test_a_whole_network_is_filled_from_the_narrowed_one(tmp_path: Path) -> None:
    network, picture, strength = network_with_idle_channels(), torch.rand(1, 3, 32, 40), torch.tensor(0.5)
    drop_idle_channels(network, [(picture, strength)], 0.0)
    stored = [numpy_helper.from_array(p.detach().numpy(), name) for name, p in network.named_parameters()]
    onnx.save(helper.make_model(helper.make_graph([], "weights", [], [], stored)), tmp_path / "model.onnx")
    whole = PhotoDenoiser((2 * LANES, 2 * LANES, 2 * LANES), (1, 1, 1), estimator_width=8).eval()
    load_exported(whole, tmp_path / "model.onnx")
    assert torch.allclose(whole(picture, strength), network(picture, strength), atol=1e-5)
