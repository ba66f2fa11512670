"""StyleGAN2's and progressive growing's parts do what their papers say; directions and joined faces hold together."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from models import progressive_gan, stylegan  # noqa: E402
from models.common.directions import change_between, principal_directions  # noqa: E402
from models.common.export_styles import MappingPart, level_group  # noqa: E402
from models.common.joined_faces import clean_ball, parts_of  # noqa: E402
from models.nets.adaptive_augment import MOST, TARGET, adapted, augmented_with  # noqa: E402
from models.nets.equalised import EqualisedConv, EqualisedLinear, pixel_norm, rectified, settled  # noqa: E402
from models.nets.growing import GrowingDiscriminator, GrowingGenerator, doubled, halved  # noqa: E402
from models.nets.style_generator import ModulatedConv, StyleGenerator  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs


def style_generator() -> StyleGenerator:
    torch.manual_seed(0)
    return StyleGenerator(latent=6, style=6, depth=2, side=16, planes=4, channels=(8, 8, 4))


def growing_generator() -> GrowingGenerator:
    torch.manual_seed(0)
    return GrowingGenerator(latent=6, side=16, planes=4, channels=(8, 8, 4))


@pytest.mark.parametrize("doubles", [False, True])
def test_scaled_activations_are_the_weights_of_the_paper_one_picture_at_a_time(doubles):
    torch.manual_seed(1)
    layer = ModulatedConv(5, 3, style=4, size=4 if doubles else 3, doubles=doubles)
    x, style = torch.randn(2, 5, 6, 6), torch.randn(2, 4)
    for number, weigh in enumerate(layer.weigh(style)):
        weight = layer.weight * layer.scale * weigh[None, :, None, None]
        power = weight.square().sum(dim=(1, 2, 3), keepdim=True) * layer.taps_share
        weight = weight / power.sqrt()
        one = x[number : number + 1]
        if doubles:
            expected = F.conv_transpose2d(one, weight.transpose(0, 1), stride=2, padding=1)
        else:
            expected = F.conv2d(one, weight, padding=1)
        torch.testing.assert_close(layer(x, style)[number : number + 1], expected, atol=1e-4, rtol=1e-4)


def test_equalised_layers_keep_the_deviation_at_any_width():
    torch.manual_seed(0)
    for width in (4, 256):
        assert float(EqualisedConv(width, 64)(torch.randn(8, width, 16, 16)).std()) == pytest.approx(1, abs=0.15)
        rectifier_in = EqualisedLinear(width, 512)(torch.randn(256, width))
        assert float(rectified(rectifier_in).square().mean()) == pytest.approx(1, abs=0.2)
    slow = EqualisedLinear(8, 8, rate=0.01)
    assert float(slow.weight.std()) == pytest.approx(100, rel=0.3)  # and used a hundredth as much


def test_pixel_norm_brings_every_place_to_a_mean_square_of_one():
    x = pixel_norm(torch.randn(2, 5, 3, 3) * 7)
    torch.testing.assert_close(x.square().mean(dim=1), torch.ones(2, 3, 3), atol=1e-4, rtol=1e-4)
    assert torch.equal(pixel_norm(torch.zeros(1, 4)), torch.zeros(1, 4))


def test_settling_changes_no_picture():
    latent = torch.randn(3, 6)
    growing = growing_generator()
    growing.grow_to(1.4)
    for network, draw in (
        (style_generator(), lambda net: net.synthesis(net.styles(latent), *NOISE)),
        (growing.finished(), lambda net: net(latent)),
    ):
        before = draw(network)
        torch.testing.assert_close(draw(settled(network)), before, atol=1e-4, rtol=1e-4)
        assert all(module.scale == 1 for module in network.modules() if hasattr(module, "settle"))


NOISE = [torch.randn(3, 1, side, side, generator=torch.Generator().manual_seed(3)) for side in (4, 8, 16)]


def test_mixing_takes_the_finer_levels_of_the_other_picture():
    network = style_generator()
    one, other = torch.randn(2, 6), torch.randn(2, 6)
    mixed = network.styles(one, other, 2)
    torch.testing.assert_close(mixed[:, :2], network.styles(one)[:, :2])
    torch.testing.assert_close(mixed[:, 2:], network.styles(other)[:, 2:])
    part = MappingPart(network.mapping, 3)
    none, all_of_it = torch.zeros(2), torch.ones(2)
    torch.testing.assert_close(part(one, other, none, none, all_of_it), mixed)
    assert [level_group(level, 5) for level in range(5)] == [0, 0, 1, 2, 2]


def test_the_path_length_is_how_far_a_picture_moves_with_its_style():
    torch.manual_seed(0)
    steepness = 3.0
    styles = torch.randn(64, 2, 8, requires_grad=True)
    spread = torch.linalg.qr(torch.randn(64, 8))[0]  # keeps lengths: 64 pixels of 8 numbers
    pictures = (steepness * styles.sum(dim=1) @ spread.T).view(64, 1, 8, 8)
    lengths = stylegan.path_lengths(pictures, styles)
    # |J'y|² is steepness² · 8 of 64 directions' noise, which is 1/64 a pixel
    assert float(lengths.square().mean()) == pytest.approx(steepness**2 * 8 / 64, rel=0.2)


def test_augmentation_follows_how_sure_the_discriminator_is():
    probability, seen = torch.zeros(()), torch.zeros(())
    for _ in range(60):
        adapted(probability, seen, torch.ones(4000))
    assert float(seen) > TARGET
    assert 0 < float(probability) <= MOST + 1e-6
    high = float(probability)
    for _ in range(60):
        adapted(probability, seen, torch.randn(4000))
    assert float(probability) < high
    pictures = torch.rand(4, 4, 8, 8) * 2 - 1
    assert augmented_with(pictures, torch.zeros(())) is pictures
    changed = augmented_with(pictures, torch.full((), MOST))
    assert changed.shape == pictures.shape
    assert not torch.equal(changed, pictures)
    assert float(augmented_with(torch.full((8, 4, 8, 8), -1.0), torch.full((), MOST)).std()) < 0.2  # nothing stays it


def test_a_new_size_begins_as_the_enlarged_one_before():
    network, latent = growing_generator(), torch.randn(2, 6)
    network.grow_to(1.0)
    before = network.drawn(latent)
    network.grow_to(1.0 + 1e-6)
    assert network.drawn(latent).shape[-1] == 2 * before.shape[-1]
    torch.testing.assert_close(network.drawn(latent), doubled(before), atol=1e-4, rtol=1e-4)
    judge = GrowingDiscriminator(side=16, planes=4, channels=(8, 8, 4))
    pictures = torch.randn(4, 4, 16, 16)
    judge.grow_to(1.0)
    expected = judge(halved(pictures))
    judge.grow_to(1.0 + 1e-6)
    torch.testing.assert_close(judge(pictures), expected, atol=1e-4, rtol=1e-4)


def test_growing_fades_and_holds_every_size_and_real_pictures_go_with_it():
    config = progressive_gan.Config(side=16, fade_steps=4, hold_steps=2)
    grown = [progressive_gan.grown_at(step, config) for step in range(20)]
    assert grown[:6] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert grown[6:12] == [1.25, 1.5, 1.75, 2, 2, 2]
    assert grown[12:] == [2] * 8
    pictures = torch.randn(2, 4, 16, 16)
    network = growing_generator()
    for place in (0.25, 1.0, 1.25, 2.0):
        network.grow_to(place)
        assert progressive_gan.as_grown(pictures, place).shape == network.drawn(torch.randn(2, 6)).shape
    torch.testing.assert_close(progressive_gan.as_grown(pictures, 2.0), pictures)
    faded = progressive_gan.as_grown(pictures, 1.25)
    torch.testing.assert_close(faded, 0.25 * pictures + 0.75 * doubled(halved(pictures)))


def test_directions_are_those_in_which_styles_vary_most():
    network = style_generator()
    with torch.no_grad():
        network.mapping.layers[-1].weight[0] *= 20  # the first number of the style varies most
    first = principal_directions(network, 2)[0]
    assert int(first.move.abs().argmax()) == 0
    assert first.id == "direction_1"


def test_directions_are_named_by_what_changes_and_where():
    plain = np.zeros((3, 4, 8, 8), np.float32)

    def with_change(planes, rows) -> np.ndarray:
        changed = plain.copy()
        changed[:, planes, rows] = 0.5
        return changed

    assert change_between(plain, with_change(slice(0, 3), slice(0, 8))) == "Light"
    assert change_between(plain, with_change(slice(0, 1), slice(0, 8))) == "Colour"
    assert change_between(plain, with_change(slice(3, 4), slice(0, 8))) == "Outline"
    assert change_between(plain, with_change(slice(0, 3), slice(1, 2))) == "Upper part"
    assert change_between(plain, with_change(slice(0, 3), slice(6, 7))) == "Lower part"
    assert change_between(plain, plain) == "Nothing to be seen"


def test_faces_come_apart_into_ball_eyes_and_mouth():
    side = 128
    down, right = np.mgrid[0:side, 0:side] / side
    inside = np.hypot(down - 0.5, right - 0.5) < 0.45
    faces = []
    for number in range(7):
        face = np.zeros((side, side, 4), np.uint8)
        face[inside] = (250, 180, 60, 255)
        for middle in (0.35, 0.65):
            face[np.hypot(down - 0.25 - number * 0.02, right - middle) < 0.05] = (40, 20, 20, 255)
        face[(abs(down - 0.75) < 0.02) & (abs(right - 0.5) < 0.04 + number * 0.02)] = (60, 20, 40, 255)
        faces.append(face)

    ball, alpha = clean_ball(faces)
    np.testing.assert_allclose(ball[60:70, 60:70], [[(250, 180, 60)] * 10] * 10, atol=2)
    assert (alpha > 200).sum() == inside.sum()
    rows = sorted(part.rows[0] / side for part in parts_of(faces[0], ball, alpha))
    assert rows == pytest.approx([0.2, 0.2, 0.73], abs=0.03)  # two eyes and a mouth
