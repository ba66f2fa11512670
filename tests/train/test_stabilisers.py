"""Each stabiliser of the adversarial methods does what its paper says it does, and only when it is switched on."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from models import conditional_gan, dcgan, wgan  # noqa: E402
from models.common.adversarial import AdversarialRun  # noqa: E402
from models.common.generative import averaged, recalibrate_batch_norms  # noqa: E402
from models.nets.adversarial import Discriminator, MinibatchDeviation  # noqa: E402
from models.nets.diff_augment import diff_augment  # noqa: E402
from tests.train.generative_builders import method, smoke_config, weights_of  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs


@pytest.fixture(autouse=True)
def no_trained_eye(monkeypatch):
    """The features of coarse pixels serve here: what the samples look like is not asked."""
    monkeypatch.setattr("models.common.gan_metrics.EYE_WEIGHTS", Path("nowhere"))


class Weighing(nn.Module):
    """score = weight · picture: its gradient is the weight, everywhere."""

    def __init__(self, length: float, *, size: tuple[int, ...] = (1, 2, 2)) -> None:
        super().__init__()
        weight = torch.arange(1.0, 1.0 + math.prod(size)).reshape(size)
        self.weight = nn.Parameter(weight * length / weight.norm())

    def forward(self, pictures: torch.Tensor, _label: torch.Tensor | None = None) -> torch.Tensor:
        return (pictures * self.weight).sum(dim=(1, 2, 3))


class Saying(nn.Module):
    """The same score for every picture."""

    def __init__(self, score: float) -> None:
        super().__init__()
        self.score = nn.Parameter(torch.tensor(score))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.score.expand(len(pictures))


def pictures(count: int = 4, *, seed: int = 0, side: int = 2, planes: int = 1) -> torch.Tensor:
    return torch.rand(count, planes, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def largest_singular_values(discriminator: nn.Module) -> list[float]:
    layers = [module for module in discriminator.modules() if isinstance(module, nn.Conv2d | nn.Linear | nn.Embedding)]
    return [float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), ord=2)) for layer in layers]


def losses_of(name: str, network: nn.Module, **switches: object) -> nn.Module:
    return method(name).DiscriminatorLoss(network, method(name).Config(**{"diff_augment": False} | switches))


def trained_with(name: str, folder, **switches: object) -> AdversarialRun:
    """The run after one step with these switches, as the method's own `train` left it."""
    runs = []
    with pytest.MonkeyPatch.context() as patch:
        start = AdversarialRun.__init__
        patch.setattr(AdversarialRun, "__init__", lambda run, *a, **k: (runs.append(run), start(run, *a, **k))[1])
        patch.setattr(AdversarialRun, "_look", lambda *_: True)
        method(name).train(smoke_config(name, folder, **{"steps": 1} | switches))
    return runs[0]


def change(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> float:
    return max(float((after[name] - before[name]).abs().max()) for name in before)


def test_spectral_norm_bounds_every_layer_at_one():
    torch.manual_seed(0)
    discriminator = Discriminator(side=16, planes=1, width=8, classes=3, normalisation="spectral")
    for _ in range(30):  # a step of the power method each
        discriminator(pictures(side=16), torch.tensor([0, 1, 2, 0]))

    assert largest_singular_values(discriminator) == pytest.approx([1.0] * 5, abs=0.02)


def test_without_spectral_norm_layers_are_as_steep_as_they_are():
    torch.manual_seed(0)
    discriminator = Discriminator(side=16, planes=1, width=8, classes=3, normalisation="none")

    assert all(abs(value - 1) > 0.05 for value in largest_singular_values(discriminator))


@pytest.mark.parametrize("name", ["dcgan", "conditional_gan"])
def test_r1_is_half_the_weight_times_the_squared_gradient_on_real_pictures(name):
    network = Weighing(3.0)
    label = () if name == "dcgan" else (torch.zeros(4, dtype=torch.int64),)
    losses = losses_of(name, network)

    plain, curves = losses(pictures(), pictures(seed=1), *label, 0.0)
    penalised, more = losses(pictures(), pictures(seed=1), *label, 10.0)

    assert "penalty/r1" not in curves
    assert float(more["penalty/r1"]) == pytest.approx(9.0)
    assert float(penalised - plain) == pytest.approx(10.0 / 2 * 9.0, rel=1e-4)
    (told,) = torch.autograd.grad(penalised - plain, network.weight)
    torch.testing.assert_close(told, 10.0 * network.weight)  # of 10/2 |w|²: the penalty teaches


def test_seldom_r1_weighs_as_much_as_r1_at_every_step(tmp_path, monkeypatch):
    weights = []
    update = AdversarialRun.update_discriminator

    def noted(run, real, generated, r1_weight):
        weights.append(r1_weight)
        update(run, real, generated, r1_weight)

    monkeypatch.setattr(AdversarialRun, "update_discriminator", noted)
    trained_with("dcgan", tmp_path, steps=8, r1=0.5, r1_every=4)

    assert weights == [2.0, 0, 0, 0] * 2
    assert sum(weights) / len(weights) == 0.5


def test_gradient_penalty_is_the_squared_distance_of_the_gradients_length_from_one():
    for length, expected in ((1.0, 0.0), (3.0, 4.0), (0.5, 0.25)):
        critic = Weighing(length)
        penalty = wgan.gradient_penalty(critic, pictures(), pictures(seed=1))
        assert float(penalty) == pytest.approx(expected, abs=1e-5)

    critic = Weighing(3.0)
    (told,) = torch.autograd.grad(wgan.gradient_penalty(critic, pictures(), pictures(seed=1)), critic.weight)
    torch.testing.assert_close(told, 2 * (3.0 - 1) * critic.weight / 3.0)


def test_gradient_penalty_looks_between_real_and_generated_pictures():
    seen = []

    def critic(between: torch.Tensor, _label: None) -> torch.Tensor:
        seen.append(between.detach())
        return between.sum(dim=(1, 2, 3))

    wgan.gradient_penalty(critic, torch.zeros(64, 1, 2, 2), torch.ones(64, 1, 2, 2))

    shares = seen[0].flatten(1)
    assert (shares == shares[:, :1]).all()  # on the straight line
    assert 0 <= float(shares.min()) < 0.1 < 0.9 < float(shares.max()) <= 1


def test_seldom_gradient_penalty_weighs_as_much_as_one_at_every_step():
    config = wgan.Config(penalty=10.0, penalty_every=4)
    weights = [wgan.penalty_weight(config, step) for step in range(8)]
    assert weights == [40.0, 0, 0, 0] * 2
    assert wgan.penalty_weight(dataclasses.replace(config, bound="clipping"), 0) == 0


def test_clipping_keeps_every_weight_of_the_critic_within_its_limit(tmp_path):
    run = trained_with("wgan", tmp_path, bound="clipping", clip=0.003)

    values = torch.cat([weight.detach().flatten() for weight in run.discriminator.parameters()])
    assert float(values.abs().max()) == pytest.approx(0.003)  # and some are at it


@pytest.mark.parametrize("name", ["dcgan", "conditional_gan", "wgan"])
def test_generator_and_discriminator_learn_at_their_own_rates(name, tmp_path):
    rates = {"generator_rate": 1e-4, "discriminator_rate": 3e-3, "steps": 1}
    switches = {"normalisation": "none"} if name != "wgan" else {"critic_steps": 1}
    run = trained_with(name, tmp_path / "one", **rates, **switches)
    still = {"generator_rate": 0.0, "discriminator_rate": 0.0}
    before = trained_with(name, tmp_path / "none", **rates | still, **switches)

    moved = [
        change(dict(getattr(before, player).named_parameters()), dict(getattr(run, player).named_parameters()))
        for player in ("generator", "discriminator")
    ]
    assert moved == pytest.approx([1e-4, 3e-3], rel=0.02)  # Adam's first step is as long as its rate


def test_averaged_weights_follow_the_weights_at_the_given_pace():
    network = nn.Linear(2, 1, bias=False)
    average = averaged(network, 0.9)
    expected = None
    for value in (1.0, 2.0, -4.0):
        nn.init.constant_(network.weight, value)
        average.update_parameters(network)
        expected = value if expected is None else 0.9 * expected + 0.1 * value

    assert average.module.weight.flatten().tolist() == pytest.approx([expected] * 2)


def test_what_is_shipped_is_the_average_and_not_the_last_weights(tmp_path):
    trained_with("dcgan", tmp_path, steps=3, checkpoint_every=3, ema=0.9, generator_rate=0.01)
    weights = weights_of(tmp_path / "latest.pt")

    assert not torch.equal(weights["ema.module.start.weight"], weights["generator.start.weight"])
    shipped = method("dcgan").new_generator(smoke_config("dcgan", tmp_path))
    shipped.load_state_dict({key[11:]: value for key, value in weights.items() if key.startswith("ema.module.")})


def test_batch_norms_of_averaged_weights_are_counted_anew():
    norm = nn.BatchNorm2d(1)
    norm.running_mean.fill_(77)
    fed = iter(torch.full((4, 1, 2, 2), value) for value in (1.0, 3.0))

    recalibrate_batch_norms(norm, lambda: norm(next(fed)), batches=2)

    assert norm.running_mean.item() == pytest.approx(2.0)
    assert (norm.momentum, norm.training) == (0.1, False)


def test_minibatch_deviation_shows_a_generator_that_repeats_itself():
    same, varied = torch.ones(4, 3, 2, 2), torch.ones(4, 3, 2, 2)
    varied[::2] = -1  # a deviation of one in every place

    assert MinibatchDeviation()(same).shape == (4, 4, 2, 2)
    assert float(MinibatchDeviation()(same)[:, 3].max()) < 1e-3
    assert float(MinibatchDeviation()(varied)[:, 3].min()) == pytest.approx(1.0, abs=1e-3)
    torch.testing.assert_close(MinibatchDeviation()(varied)[:, :3], varied)


@pytest.mark.parametrize("name", ["dcgan", "conditional_gan", "wgan"])
def test_real_and_generated_pictures_are_augmented_alike_and_only_when_asked(name, monkeypatch):
    changed = []

    def noting(x: torch.Tensor) -> torch.Tensor:
        changed.append(float(x.detach().mean().round()))
        return diff_augment(x)

    module = method(name)
    monkeypatch.setattr(module, "diff_augment", noting)
    real, generated = torch.full((8, 1, 8, 8), -1.0), torch.full((8, 1, 8, 8), 1.0)
    label = torch.zeros(8, dtype=torch.int64)
    more = {"dcgan": (0.0,), "conditional_gan": (label, 0.0), "wgan": (label, 0.0)}[name]
    losses = module.CriticLoss if name == "wgan" else module.DiscriminatorLoss
    painter = {"dcgan": lambda _z: generated}.get(name, lambda _z, _y: generated)
    judge = Weighing(1.0, size=(1, 8, 8))
    for asked in (True, False):
        config = module.Config(diff_augment=asked)
        losses(judge, config)(real.clone(), generated, *more)
        teaching = module.GeneratorLoss(nn.Identity(), config)
        teaching.generator = type("Painter", (nn.Module,), {"forward": lambda _self, *given: painter(*given)})()
        teaching(*((None, judge) if name == "dcgan" else (None, label, judge)))

    assert changed == [-1.0, 1.0, 1.0]  # real and generated for the judge, generated for the painter; then nothing


def test_augmentation_lets_gradients_through_and_varies_from_picture_to_picture():
    torch.manual_seed(0)
    once = pictures(1, side=16, planes=4)
    given = once.repeat(32, 1, 1, 1).requires_grad_()
    seen = diff_augment(given)
    seen.sum().backward()

    assert seen.shape == given.shape
    assert len({tuple(picture.flatten().tolist()) for picture in seen.detach()}) == 32
    told = given.grad.abs().sum(dim=(1, 2, 3))
    assert (told > 0).all()
    torch.manual_seed(7)
    first = diff_augment(given)
    torch.manual_seed(7)
    assert torch.equal(first, diff_augment(given))


def test_augmentation_is_the_derivative_it_claims():
    generator = torch.Generator().manual_seed(1)
    given = (torch.rand(2, 1, 8, 8, generator=generator, dtype=torch.float64) * 2 - 1).requires_grad_()

    def repeated(x: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(3)
        return diff_augment(x)

    assert torch.autograd.gradcheck(repeated, (given,), eps=1e-5, atol=1e-6)


def test_smoothed_labels_stop_the_discriminator_from_being_too_sure_of_real_pictures_only():
    def pull(score: float, smoothing: float) -> tuple[float, float]:
        """How hard the loss pulls at this score, by its real and by its generated half."""
        real, generated = Saying(score), Saying(score)
        called = dcgan.DiscriminatorLoss(real, dcgan.Config(diff_augment=False, label_smoothing=smoothing)).real_is
        (by_real,) = torch.autograd.grad(dcgan.called(real(pictures()), called), real.score)
        whole, _ = losses_of("dcgan", generated, label_smoothing=smoothing)(pictures(), pictures(), 0.0)
        (by_both,) = torch.autograd.grad(whole, generated.score)
        return float(by_real), float(by_both - by_real)

    sure = math.log(0.9 / 0.1)
    assert pull(sure, 0.1)[0] == pytest.approx(0.0, abs=1e-6)  # 90 % is what it is asked for
    assert pull(sure + 1, 0.1)[0] > 0.01  # more is too much
    assert pull(sure, 0.0)[0] < -0.05
    assert pull(sure, 0.1)[1] == pytest.approx(pull(sure, 0.0)[1])  # generated ones stay 0: one-sided


def test_projection_adds_what_the_features_say_of_the_label():
    torch.manual_seed(0)
    discriminator = Discriminator(side=16, planes=1, width=8, classes=3, normalisation="none")
    given = pictures(3, side=16)
    features = []
    discriminator.gather.register_forward_hook(lambda _m, _i, out: features.append(out.flatten(1)))

    scores = [discriminator(given, torch.full((3,), label)) for label in (0, 2)]

    seen = nn.functional.leaky_relu(features[0], 0.2)
    between = discriminator.label.weight[2] - discriminator.label.weight[0]
    torch.testing.assert_close(scores[1] - scores[0], seen @ between)


def test_hinge_loss_leaves_pictures_alone_that_are_judged_well_enough():
    losses = conditional_gan.DiscriminatorLoss(Weighing(1.0), conditional_gan.Config())
    far = 10 * losses.discriminator.weight.detach()[None]
    label = torch.zeros(1, dtype=torch.int64)

    assert float(losses(far, -far, label, 0.0)[0]) == 0.0  # beyond the margin on both sides
    assert float(losses(-far, far, label, 0.0)[0]) == pytest.approx(22.0)
