"""Which adapter runs which task. A new kind of model is one more row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from desktop.runtime.adapters import (
    colourise,
    effects,
    encode_decode,
    generate,
    inpaint,
    interpolate,
    matte,
    restore,
    segment,
    style,
    translate,
    two_image,
    upscale,
)
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
    Task.STYLE: _adapter(style),
    Task.TRANSLATE: _adapter(translate),
    Task.SEGMENT: _adapter(segment),
    Task.MATTE: _adapter(matte),
    Task.INPAINT: _adapter(inpaint),
    Task.COLOURISE: _adapter(colourise),
    Task.GENERATE: _adapter(generate),
    Task.ENCODE_DECODE: _adapter(encode_decode),
    Task.TWO_IMAGE: _adapter(two_image),
    Task.INTERPOLATE: _adapter(interpolate),
    Task.FILTER: _adapter(effects),
}


def adapter_for(task: Task) -> Adapter:
    return ADAPTERS[task]
