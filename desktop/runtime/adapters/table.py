"""Which adapter runs which task. A new kind of model is one more row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from desktop.core.errors import UserError
from desktop.runtime.adapters import encode_decode, generate, restore, upscale
from desktop.runtime.adapters.base import AdapterJob, ArrayShapes, Asked
from desktop.runtime.manifest import Manifest, Task


@dataclass(frozen=True)
class Adapter:
    """`check` raises UserError for a manifest that does not fit the task; `results` says how large what comes back will
    be, before anything runs; `run` fills these arrays and returns how many tiles it took.
    """

    check: Callable[[Manifest], None]
    results: Callable[[Manifest, Asked], ArrayShapes]
    run: Callable[[AdapterJob], int]


def _adapter(module: ModuleType) -> Adapter:
    return Adapter(module.check, module.results, module.run)


ADAPTERS: dict[Task, Adapter] = {
    Task.RESTORE: _adapter(restore),
    Task.UPSCALE: _adapter(upscale),
    Task.GENERATE: _adapter(generate),
    Task.ENCODE_DECODE: _adapter(encode_decode),
}


def adapter_for(task: Task) -> Adapter:
    if task not in ADAPTERS:
        raise UserError("model.task_unsupported", task=task)
    return ADAPTERS[task]
