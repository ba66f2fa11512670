"""Every generative method with two real processes on the CPU: one network, different pictures."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from models.common.checkpoints import LATEST, read_checkpoint  # noqa: E402
from tests.train.generative_builders import METHODS  # noqa: E402
from tests.train.test_two_processes import run_module  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.nightly, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize("name", METHODS)
def test_two_processes_see_different_pictures_and_end_with_the_same_weights(name, tmp_path):
    run_module("tests.train.two_generative_processes", name, str(tmp_path))

    first, second = (torch.load(tmp_path / f"after-{rank}.pt") for rank in (0, 1))
    assert not torch.equal(first.pop("drawn"), second.pop("drawn"))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)
    content = read_checkpoint(tmp_path / "run" / LATEST)
    assert len(content["random"]) == 2
