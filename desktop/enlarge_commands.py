"""Networks that enlarge, and runs in eight positions, for the command line: `resize --network` and `run --best`."""

from __future__ import annotations

from dataclasses import dataclass

from desktop import paths
from desktop.commands import ProgressLine
from desktop.core.color import Pixels
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.enlarge_estimates import say_need
from desktop.run_commands import result_of
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.jobs import WorkerRunner
from desktop.runtime.manifest import Task
from desktop.runtime.memory import available_bytes
from desktop.runtime.runner import DeviceChoice, Request, run_and_wait
from desktop.tools import enlarging, resizing
from desktop.tools.enlarging import Enlarging


@dataclass(frozen=True, slots=True)
class NetworkOrder:
    """`detail` 0 … 100 is how much of the photographic network of the same scale is mixed in."""

    model_id: str
    detail: float = 0.0
    is_best: bool = False
    device: DeviceChoice = "auto"


def enlarged_document(document: Document, size: Size, given: NetworkOrder) -> Document:
    """By network first, by filters to the size that is wanted. Says on standard error what it will take."""
    catalog = Catalog(paths.model_folders())
    order = _order(catalog, given)
    need = enlarging.need(document, size, order, enlarging.Paces())
    enlarging.check_need(need, available_bytes())
    say_need(need)
    runner, line = WorkerRunner(catalog), ProgressLine()

    def run(model: Model, pixels: Pixels) -> Pixels:
        request = Request(model.id, model.sha256, {"image": pixels}, device=given.device)
        return result_of(run_and_wait(runner, request, line.show)).image

    try:
        return resizing.with_size_by_network(
            document, size, order.scale, lambda pixels: enlarging.enlarged(pixels, order, run)
        )
    finally:
        runner.close()
        line.erase()


def _order(catalog: Catalog, given: NetworkOrder) -> Enlarging:
    if not 0 <= given.detail <= 100:
        raise UserError("size.bad_detail", detail=given.detail)
    model = catalog.verified(given.model_id)
    if model.manifest.task is not Task.UPSCALE:
        raise UserError("size.no_enlarger", model_id=model.id)
    photo = enlarging.photographic_for(model, catalog.models()) if given.detail else None
    if given.detail and photo is None:
        raise UserError("size.no_detail", model_id=model.id)
    return Enlarging(model, photo, given.detail / 100, given.is_best)
