"""`scumble run MODEL IN OUT.ora --layer`: what a network does to light and colour, as a curves layer on top."""

from __future__ import annotations

import sys
from pathlib import Path

from desktop import paths
from desktop.commands import Printer, ProgressLine, check_target, flat_picture
from desktop.core.errors import UserError
from desktop.core.layers import AdjustmentLayer
from desktop.io.documents import open_document_file
from desktop.io.formats import FileFormat
from desktop.io.openraster import save_openraster
from desktop.run_commands import RunOptions, model_facts, prepare_run, result_of
from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import WorkerRunner
from desktop.runtime.runner import Request, run_and_wait
from desktop.tools.ai_tool import gives_curves
from desktop.tools.tone_curves import adjustments_between


def run_as_layer(options: RunOptions, source: Path, target: Path, tell: Printer) -> int:
    """The layers of `source` and the curves on top; UserError when the model's answer is none, or OUT no OpenRaster."""
    catalog = Catalog(paths.model_folders())
    prepared = prepare_run(catalog, options)
    model = prepared.model
    if not gives_curves(model.manifest):
        raise UserError("tone.no_curves_model", model_id=model.id)
    if check_target(target) is not FileFormat.OPENRASTER:
        raise UserError("effect.layer_needs_ora", path=target)
    pixels, document = flat_picture(source).pixels, open_document_file(source)
    request = Request(
        model.id,
        model.sha256,
        {"image": pixels},
        prepared.parameters,
        options.seed,
        options.device,
        tile_side=options.tile_side,
    )
    runner, line = WorkerRunner(catalog), ProgressLine()
    try:
        result = result_of(run_and_wait(runner, request, line.show))
    finally:
        runner.close()
        line.erase()
    adjustments = adjustments_between(pixels, result.image, model.manifest)
    for settings in adjustments:
        layer = AdjustmentLayer(id=document.next_layer_id(), name=model.manifest.title, settings=settings)
        document = document.with_layer_inserted(layer)
    save_openraster(document, target)
    values = {settings.effect: dict(settings.values) for settings in adjustments}
    facts = {**model_facts(model, result), "input": str(source), "output": str(target), **values}
    tell(facts, f"{target}: a curves layer by {model.id} in {result.seconds:.1f} s ({result.provider})")
    for note in result.notes:
        print(f"scumble: {note}", file=sys.stderr)
    return 0
