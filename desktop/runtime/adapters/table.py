"""Which adapter runs which task. A new kind of model is one more row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from desktop.core.errors import UserError
from desktop.runtime.adapters import restore, upscale
from desktop.runtime.adapters.base import AdapterJob
from desktop.runtime.manifest import Manifest, Task


@dataclass(frozen=True)
class Adapter:
    """`check` raises UserError for a manifest that does not fit the task; `run` fills the result, returns the tiles."""

    check: Callable[[Manifest], None]
    run: Callable[[AdapterJob], int]


ADAPTERS: dict[Task, Adapter] = {
    Task.RESTORE: Adapter(restore.check, restore.run),
    Task.UPSCALE: Adapter(upscale.check, upscale.run),
}


def adapter_for(task: Task) -> Adapter:
    if task not in ADAPTERS:
        raise UserError("model.task_unsupported", task=task)
    return ADAPTERS[task]
