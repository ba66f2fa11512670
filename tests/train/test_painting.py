"""What a generator learned, as straight RGBA."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from models.common.painting import HAZE, Painted, planes_to_rgba, rgba_to_planes  # noqa: E402

pytestmark = pytest.mark.train


def painted(*shares: float, planes: str) -> list[float]:
    """RGBA of one pixel whose learned planes are these shares, 0 to 1."""
    learned = torch.tensor(shares).view(1, -1, 1, 1) * 2 - 1
    network = torch.nn.Identity()
    return Painted(network, planes, has_label=False)(learned).flatten().tolist()


def test_colours_are_brought_back_to_full_strength():
    assert painted(0.1, 0.2, 0.4, 0.5, planes="rgba") == pytest.approx([0.2, 0.4, 0.8, 0.5], abs=1e-5)
    assert painted(0.25, 0.5, planes="grey_alpha") == pytest.approx([0.5, 0.5, 0.5, 0.5], abs=1e-5)
    assert painted(0.5, planes="ink") == pytest.approx([0, 0, 0, 0.5], abs=1e-5)


@pytest.mark.parametrize("planes", ["ink", "grey_alpha", "rgba"])
def test_nearly_nothing_leaves_no_veil_and_nearly_opaque_lets_nothing_through(planes):
    count = {"ink": 0, "grey_alpha": 1, "rgba": 3}[planes]

    assert painted(*[0.0] * count, HAZE * 0.99, planes=planes)[3] == 0.0
    assert painted(*[0.0] * count, 1 - HAZE * 0.99, planes=planes)[3] == 1.0


@pytest.mark.parametrize("planes", ["ink", "grey_alpha", "rgba"])
def test_what_is_encoded_is_what_was_learned(planes):
    count = {"ink": 1, "grey_alpha": 2, "rgba": 4}[planes]
    generator = torch.Generator().manual_seed(0)
    alpha = torch.rand(2, 1, 4, 4, generator=generator) * 0.8 + 0.1
    color = torch.rand(2, count - 1, 4, 4, generator=generator) * alpha  # premultiplied: never above alpha
    learned = torch.cat([color, alpha], dim=1) * 2 - 1

    torch.testing.assert_close(rgba_to_planes(planes_to_rgba(learned, planes), planes), learned, atol=1e-4, rtol=0)
