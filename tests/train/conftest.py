"""What every test of training shares."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def one_thread_for_torch():
    """Threads that wait for each other on a busy machine cost more than they bring on networks this small."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
