"""What export does to a generator's weights before it writes them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from models.common.export import ExportError, cpu_session  # noqa: E402
from models.common.export_generator import check_part_parity, folded, rounded_to_half, write_part  # noqa: E402
from models.nets.adversarial import Generator  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs

MANIFEST = {
    "inputs": [{"name": "latent", "part": "main", "role": "latent", "shape": [8]}],
    "outputs": [{"name": "result", "part": "main", "role": "image"}],
}


class Alone(nn.Module):
    """A generator without labels, of a picture with alpha."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return (self.network(latent) + 1) / 2


def generator() -> Generator:
    """Its batch norms have seen much, so that folding them changes the weights a lot."""
    torch.manual_seed(0)
    network = Generator(latent=8, side=16, planes=4, width=8).eval()
    for norm in (module for module in network.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.running_mean.normal_(std=0.5)
        norm.running_var.uniform_(1e-3, 2e-3)
    return network


def test_folding_batch_norms_changes_no_picture_and_not_the_network_given():
    network, latent = generator(), torch.randn(3, 8)
    expected = network(latent)

    torch.testing.assert_close(folded(network)(latent), expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(network(latent), expected)
    left = [module for module in folded(network).modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(left) == 1  # the one after the linear layer


def test_weights_in_half_precision_are_those_that_torch_was_compared_with(tmp_path):
    network = Alone(rounded_to_half(folded(generator())))

    write_part(network, tmp_path / "model.onnx", MANIFEST, "main")

    assert check_part_parity(network, tmp_path / "model.onnx", MANIFEST, "main") < 2e-5  # nothing is rounded twice
    assert cpu_session(tmp_path / "model.onnx").get_outputs()[0].shape[1:] == [4, 16, 16]


def test_a_weight_too_large_for_half_precision_is_refused():
    network = generator()
    network.start.weight.data[0, 0] = 1e6

    with pytest.raises(ExportError, match="too large for half precision"):
        rounded_to_half(network)
