"""`scumble generate MODEL OUT.webp --walk SEEDS`: from picture to picture and back to the first, as an animation."""

from __future__ import annotations

import sys

import numpy as np

from desktop import paths
from desktop.commands import Printer, ProgressLine
from desktop.core.errors import UserError
from desktop.generate_command import GenerateOrder, model_and_parameters
from desktop.io.animations import check_animation_name, write_animation
from desktop.run_commands import model_facts, result_of
from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import WorkerRunner
from desktop.runtime.latents import check_generation, latent_shape
from desktop.runtime.runner import run_and_wait
from desktop.tools.generate_tool import Sample
from desktop.tools.walks import enlarged, walk, walk_requests

FRAMES, FRAMES_A_SECOND, FASTEST = 60, 20.0, 60.0
LARGEST_SIDE = 2048


def seeds_of(text: str) -> list[int]:
    """ "1,5,9" as numbers. UserError for anything else."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise UserError("walk.bad_seeds", text=text) from error


def generate_walk(
    order: GenerateOrder, seeds: str, tell: Printer, *, frames: int, frames_a_second: float, side: int | None
) -> int:
    """The file appears only when all frames are there."""
    check_animation_name(order.target)
    if order.target.is_dir() or not order.target.parent.is_dir():
        raise UserError("file.no_folder", folder=order.target.parent)
    if not 0 < frames_a_second <= FASTEST:
        raise UserError("walk.bad_speed", speed=frames_a_second, limit=FASTEST)
    if side is not None and not 1 <= side <= LARGEST_SIDE:
        raise UserError("walk.bad_side", side=side, limit=LARGEST_SIDE)
    catalog = Catalog(paths.model_folders())
    model, parameters = model_and_parameters(catalog, order)
    latent_shape(model.manifest)  # says so where there is none
    stops = []
    for seed in seeds_of(seeds):
        check_generation(seed, 1, order.truncation)
        stops.append(Sample(model.id, model.sha256, tuple(parameters.items()), seed, order.truncation))
    samples = walk(model.manifest, stops, frames)
    runner, line = WorkerRunner(catalog), ProgressLine()
    made = [np.empty(0, np.uint8)] * frames
    try:
        for numbers, request in walk_requests(model.manifest, samples, order.device):
            result = result_of(run_and_wait(runner, request, line.show))
            for number, picture in zip(numbers, result.outputs["images"], strict=True):
                made[number] = picture.copy()
    finally:
        runner.close()
        line.erase()
    shown = enlarged(made, side or max(made[0].shape[:2]))
    write_animation(order.target, shown, frames_a_second=frames_a_second)
    facts = {
        **model_facts(model, result),
        "outputs": [str(order.target)],
        "seeds": [stop.seed for stop in stops],
        "frames": frames,
        "frames_a_second": frames_a_second,
        "truncation": order.truncation,
        "parameters": dict(parameters),
        "width": int(shown[0].shape[1]),
        "height": int(shown[0].shape[0]),
    }
    tell(facts, f"{order.target}: {frames} frames in {result.seconds:.1f} s ({result.provider})")
    for note in result.notes:
        print(f"scumble: {note}", file=sys.stderr)
    return 0
