"""What enlarging by a network takes and how it goes about it, as sentences, before anything runs."""

from __future__ import annotations

from desktop.core.document import Document
from desktop.core.geometry import Size
from desktop.runtime.manifest import Task
from desktop.runtime.memory import available_bytes
from desktop.tools import enlarging
from desktop.tools.ai_tool import Plan
from desktop.tools.enlarging import Enlarging, Need, Paces
from desktop.tools.resizing import filter_after
from desktop.ui.i18n import tr
from desktop.ui.panels.model_card import title_of


def checked_text(document: Document, size: Size, order: Enlarging, paces: Paces) -> str:
    """The way to SIZE, the time and the memory. UserError where it does not fit into memory."""
    need = enlarging.need(document, size, order, paces)
    enlarging.check_need(need, available_bytes())
    larger = Size(document.size.width * order.scale, document.size.height * order.scale)
    lines = [need_text(need)]
    if larger != size:
        how = tr(f"resampling.{filter_after(larger, size).value}")
        lines.insert(0, tr("size.way", scale=order.scale, filter=how))
    if order.photo is not None and order.detail > 0:
        share, title = round(100 * order.detail), title_of(order.photo.manifest)
        is_larger = order.photo.manifest.scale != order.scale
        lines.insert(0, tr("size.mixed_by_area" if is_larger else "size.mixed", percent=share, title=title))
    return "\n".join(lines)


def text_for_picture(document: Document, order: Enlarging, paces: Paces) -> str:
    """Of the visible picture as a document of its own."""
    size = Size(document.size.width * order.scale, document.size.height * order.scale)
    need = _need_of_picture(document.size, document.depth, order, paces)
    return f"{tr('size.becomes', width=size.width, height=size.height)}\n{need_text(need)}"


def check_plan(plan: Plan) -> None:
    """UserError where an enlarged picture would not fit into memory; nothing for other models."""
    model = plan.settings.model
    if model.manifest.task is not Task.UPSCALE:
        return
    image = plan.request.inputs["image"]
    size, depth = Size(image.shape[1], image.shape[0]), image.dtype.itemsize * 8
    enlarging.check_need(_need_of_picture(size, depth, Enlarging(model), Paces()), available_bytes())


def need_text(need: Need) -> str:
    gigabytes = f"{need.memory_bytes / enlarging.GIB:.1f}"
    if need.seconds is None:
        return tr("size.need_memory", gigabytes=gigabytes)
    return tr("size.need", time=duration_text(need.seconds), gigabytes=gigabytes)


def _need_of_picture(size: Size, depth: int, order: Enlarging, paces: Paces) -> Need:
    return enlarging.need_of([size], order, paces, depth=depth, target_area=size.area * order.scale**2)


def duration_text(seconds: float) -> str:
    """To the second, or to the minute where seconds say nothing."""
    if seconds < 100:
        return tr("size.seconds", count=max(round(seconds), 1))
    return tr("size.minutes", count=round(seconds / 60))
