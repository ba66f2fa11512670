"""`scumble why`: which regions of a picture made a model decide, as a picture with its legend."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from desktop import paths
from desktop.commands import Printer, ProgressLine, check_target, flat_picture, write_picture
from desktop.run_commands import RunOptions, mask_levels, model_facts, prepare_run, result_of
from desktop.runtime.catalog import Catalog
from desktop.runtime.explaining import REGION
from desktop.runtime.jobs import WorkerRunner
from desktop.runtime.runner import Request, Why, run_and_wait
from desktop.tools.why_map import WhyMap, percent, why_picture

METHOD_NAMES = {"occlusion": "places covered in turn", "shapley": "Shapley values of segments"}


@dataclass(frozen=True)
class WhyOrder:
    options: RunOptions
    why: Why
    source: Path
    target: Path
    region: Path | None = None  # white: the part of the answer that is asked about


def explain_model(order: WhyOrder, tell: Printer) -> int:
    """Read, ask, write; the target appears only when all went well."""
    catalog = Catalog(paths.model_folders())
    prepared = prepare_run(catalog, order.options)
    check_target(order.target)
    picture = flat_picture(order.source)
    inputs = {"image": picture.pixels, **prepared.inputs}
    about = mask_levels(order.region) if order.region is not None else prepared.mask
    if about is not None:
        inputs[REGION] = about
    model, options = prepared.model, order.options
    request = Request(model.id, model.sha256, inputs, prepared.parameters, options.seed, options.device, why=order.why)
    runner, line = WorkerRunner(catalog), ProgressLine()
    try:
        result = result_of(run_and_wait(runner, request, line.show))
    finally:
        runner.close()
        line.erase()
    heat, scores = result.outputs["why"], result.outputs["scores"]
    found = WhyMap(np.array(heat), (float(scores[0]), float(scores[1])))
    title = f"{model.manifest.title}: {METHOD_NAMES[order.why.method]}"
    sheet = why_picture(picture.pixels, found, title)
    write_picture(order.target, replace(picture, pixels=sheet, has_alpha=False, is_gray=False, icc_profile=None))
    facts = {
        **model_facts(model, result),
        "input": str(order.source),
        "output": str(order.target),
        "method": order.why.method,
        "score": round(found.scores[0], 4),
        "score_of_nothing": round(found.scores[1], 4),
        "strongest": round(float(found.heat.flat[int(np.abs(found.heat).argmax())]), 4),
    }
    tell(facts, f"{order.target}: {result.tiles} questions in {result.seconds:.1f} s; strongest {percent(found.limit)}")
    return 0
