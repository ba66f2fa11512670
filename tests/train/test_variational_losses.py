"""The parts of a VAE's objective, against what torch's distributions say of them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch.distributions import Normal, kl_divergence  # noqa: E402

from models import conditional_vae, vae  # noqa: E402
from models.common.generative import load_data  # noqa: E402
from models.common.picture_sets import as_planes  # noqa: E402
from models.common.variational import VariationalRun  # noqa: E402
from tests.train.generative_builders import method, smoke_config  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs

OBJECTIVES = {
    "vae": lambda **changes: vae.NegativeElbo(smoke_config("vae", Path("unused"), **changes)),
    "conditional_vae": lambda **changes: conditional_vae.NegativeElbo(
        smoke_config("conditional_vae", Path("unused"), **changes), 3
    ),
}


def gaussians(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(5, 4, generator=generator), torch.randn(5, 4, generator=generator)


def batch(planes: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    return torch.rand(6, planes, 16, 16, generator=generator) * 2 - 1, torch.tensor([0, 1, 2, 0, 1, 2])


def test_kl_is_that_of_the_textbook_and_never_negative():
    mean, log_variance = gaussians()
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(dim=1)

    torch.testing.assert_close(vae.kl_from_standard_normal(mean, log_variance), expected)
    assert float(vae.kl_from_standard_normal(torch.zeros(1, 4), torch.zeros(1, 4))) == 0.0
    assert float(vae.kl_from_standard_normal(mean, log_variance).min()) > 0


def test_likelihood_is_the_density_of_a_gaussian_around_the_decoded_picture():
    pictures, _ = batch(2)
    decoded, log_variance = pictures * 0.5, torch.tensor(-1.3)
    expected = Normal(decoded, math.exp(-1.3 / 2)).log_prob(pictures).flatten(1).sum(dim=1)

    torch.testing.assert_close(vae.gaussian_log_likelihood(pictures, decoded, log_variance), expected)


def test_samples_have_the_encoders_mean_and_variance_and_lead_back_to_both():
    torch.manual_seed(0)
    mean = torch.full((20_000, 1), 2.0, requires_grad=True)
    log_variance = torch.full((20_000, 1), math.log(9.0), requires_grad=True)
    drawn = vae.reparameterised(mean, log_variance)
    by_mean, by_variance = torch.autograd.grad(drawn.sum(), (mean, log_variance))

    assert float(drawn.detach().mean()) == pytest.approx(2.0, abs=0.1)
    assert float(drawn.detach().std()) == pytest.approx(3.0, abs=0.1)
    assert (by_mean == 1).all()
    torch.testing.assert_close(by_variance, (drawn - mean).detach() / 2)


def test_bits_of_a_uniform_density_are_the_eight_of_a_level():
    uniform_nats = torch.tensor(-math.log(2.0) * 12)  # density 1/2 over -1..1, twelve values
    assert float(vae.bits_per_value(uniform_nats, 12)) == pytest.approx(-math.log2(255), abs=1e-5)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_loss_is_the_negative_elbo_and_beta_weighs_the_divergence_alone(name):
    losses = {}
    for beta in (0.0, 1.0, 4.0):
        torch.manual_seed(0)
        objective = OBJECTIVES[name](beta=beta)
        torch.manual_seed(1)
        losses[beta], curves = objective(*batch(planes(name)))

    divergence = float(losses[1.0] - losses[0.0])
    assert divergence == pytest.approx(float(curves["kl"]), rel=0.05)  # a small part of a large sum
    assert float(losses[4.0] - losses[0.0]) == pytest.approx(4 * divergence, rel=0.05)
    values = planes(name) * 16 * 16
    bits = vae.bits_per_value(-losses[1.0], values)
    assert float(curves["elbo"]) == pytest.approx(float(bits), rel=1e-4)


def planes(name: str) -> int:
    return {"ink": 1, "grey_alpha": 2, "rgba": 4}[smoke_config(name, Path("unused")).planes]


def test_the_conditional_one_hears_the_label_in_both_halves():
    torch.manual_seed(0)
    objective = OBJECTIVES["conditional_vae"]()
    pictures, labels = batch(planes("conditional_vae"))
    other = (labels + 1) % 3

    assert not torch.equal(objective.encoder(pictures, labels)[0], objective.encoder(pictures, other)[0])
    latent = torch.zeros(6, 8)
    assert not torch.equal(objective.decoder(latent, labels), objective.decoder(latent, other))


@pytest.mark.parametrize(("best_by", "chosen"), [("elbo", 1), ("samples", 2)])
def test_best_weights_are_chosen_by_what_the_config_names(best_by, chosen, tmp_path, monkeypatch):
    looks = iter([-0.5, -0.1])  # the samples get better
    elbos = iter([-3.0, -4.0])  # the bound gets worse
    monkeypatch.setattr("models.common.variational.Watch.look", lambda *_: next(looks))
    monkeypatch.setattr("models.common.gan_metrics.EYE_WEIGHTS", Path("nowhere"))
    forward = vae.NegativeElbo.forward

    def told(objective, pictures, labels):
        loss, curves = forward(objective, pictures, labels)
        return loss, curves | ({} if objective.training else {"elbo": torch.tensor(next(elbos))})

    monkeypatch.setattr(vae.NegativeElbo, "forward", told)
    saved = []
    save = VariationalRun._save
    monkeypatch.setattr(
        VariationalRun, "_save", lambda run, file, step: (saved.append((file, step)), save(run, file, step))
    )
    method("vae").train(smoke_config("vae", tmp_path, steps=2, validate_every=1, checkpoint_every=2, best_by=best_by))

    assert [step for file, step in saved if file == "best.pt"][-1] == chosen


def test_refitting_the_prior_moves_codes_into_it_and_changes_no_picture():
    torch.manual_seed(0)
    config = smoke_config("vae", Path("nowhere"))
    whole, training = vae.NegativeElbo(config), load_data(config)[0]
    planes = as_planes(training.pictures)
    before = whole.encoder(planes)
    decoded = whole.decoder(before[0])

    vae.refit_prior(whole, training)

    mean, log_variance = whole.encoder(planes)
    torch.testing.assert_close(whole.decoder(mean), decoded, atol=1e-4, rtol=1e-4)
    spread = mean.var(dim=0) + log_variance.exp().mean(dim=0)
    torch.testing.assert_close(mean.mean(dim=0), torch.zeros(config.latent), atol=1e-4, rtol=0)
    torch.testing.assert_close(spread, torch.ones(config.latent), atol=1e-3, rtol=0)
