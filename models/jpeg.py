"""JPEG cleaner: takes blocks, rings and smeared colour out of a compressed photograph, however it was compressed.

It's the blind denoiser's U-Net, going on from the weights that are shipped there, and what tells it how much to take
away reads JPEG's own blocks (models/nets/jpeg_cleaner.py): a picture whose coefficients are not set to zero is left
alone. Photographs go through Pillow's JPEG at quality 8 to 90, once or twice, with Photoshop's tables too, colour
halved or whole; a sixth stays as it is, a tenth nearly so, and half get some grain first, for the photographs in
packages have less of it than those of people. Most crops begin where a block begins, as whole pictures do.

    python -m models.fetch_data
    python -m models.jpeg --minutes 14.5 --threads 1          1,339 steps on one core shared with much other work
    python -m models.jpeg --resume --minutes 29 --threads 1   2,818 steps
    python -m models.jpeg --export onnx/jpeg-photo

Printed by the last one on 30 held-out photographs: 29.72 dB at quality 10, where the compressed picture has 28.46 and
the bilateral filter and non-local means at their best strengths 29.19; 32.41 at quality 20 against 31.27 and 31.95;
34.57 at 40 against 33.60 and 34.16; 36.71 at 70 against 36.00 and 36.42. Photographs as they are change by 0.14 levels.

The denoiser's own network, without the blocks, stopped at 29.00 dB at quality 10 and changed clean photographs by 1.26
levels: from six pixels around it, grain and what JPEG leaves look alike, and no clean picture in training had grain.
Trained on for 6 minutes with --adversarial 1 it loses less to PGD of one level (30.53 dB, not 30.15, at quality 10 on
six crops), but plain pictures lose as much (32.06 dB, not 32.44) and clean ones change four times as far: not shipped.
The preset gpu has not been run yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.common.checkpoints import BEST, CheckpointError, read_checkpoint
from models.common.cli import leave, read_command_line
from models.common.compressing import GRID_PX, NAMED_COMPRESSIONS, random_compression
from models.common.data import DataError
from models.common.export import ExportError
from models.common.fabric import PlacementError
from models.common.restoring import SMOKE, Damages, RestoringConfig, train, trained_network
from models.common.restoring_export import (
    About,
    Way,
    export_restorer,
    measure_restorer,
    restorer,
    restorer_table,
)
from models.evaluate import EvaluationError, held_out_crops

Rgb8 = NDArray[np.uint8]  # (H, W, 3)


@dataclass(frozen=True)
class Config(RestoringConfig):
    """All that a run can be told; every field is a flag of the command line."""

    run: Path = Path("runs/jpeg")
    widths: tuple[int, int, int] = (64, 128, 96)  # the two fine stages fit those of the denoiser
    grid_width: int = 64


PRESETS = {
    "cpu": Config(),
    "gpu": Config(accelerator="cuda", precision="bf16-mixed", threads=8, steps=40_000, batch=64, crop=128),
}
DAMAGES = Damages(random=random_compression, named=NAMED_COMPRESSIONS, margin_px=GRID_PX // 2, grid_px=8)


ABOUT = About(
    model_id="jpeg-photo",
    title="Clean JPEG",
    description="Takes blocks, rings and smeared colour out of a photograph that was compressed too far.",
    source="models/jpeg.py",
    icon="restore",
    what=(
        "Strength 50 takes away what the model itself estimates to come from compression, place by place, whatever the "
        "quality was and however often the picture was saved. Below 50 the untouched picture is mixed in and 0 changes "
        "nothing; above 50 the damage is taken to be stronger than estimated: smoother."
    ),
    weaknesses=(
        "Texture that compression wiped out (grass, hair, gravel) does not come back: nothing is invented.",
        "Colours smeared over a border at quality 10 are drawn in again only in part.",
        "Other codecs (WebP, HEIF, video) leave other traces; it was trained on JPEG alone.",
        "A picture that was cropped after compression, or compressed twice with moved blocks, gains half as much.",
        "A picture that was enlarged after compression has its blocks enlarged as well: they are hardly seen as such.",
    ),
    shown="quality 10",
    receptive_field=32,
)


def deblocked(picture: Rgb8, strength: float) -> Rgb8:
    """The bilateral filter (Tomasi and Manduchi, 1998), as wide as a block of JPEG."""
    return cv2.bilateralFilter(np.ascontiguousarray(picture), 9, strength, 2.5)


def smoothed(picture: Rgb8, strength: float) -> Rgb8:
    bgr = np.ascontiguousarray(picture[..., ::-1])
    return np.ascontiguousarray(cv2.fastNlMeansDenoisingColored(bgr, None, strength, strength, 5, 13)[..., ::-1])


PLAIN_WAYS: dict[str, Way] = {
    "bilateral filter": (deblocked, (6.0, 14.0, 28.0, 45.0)),
    "non-local means": (smoothed, (1.5, 3.0, 6.0, 10.0)),
}


def evaluate(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """(table, rows) of an exported folder, on the photographs that are held out by default."""
    mend, clean = restorer(folder / "model.onnx"), held_out_crops(Config().held_out)
    rows = measure_restorer(mend, clean, NAMED_COMPRESSIONS, PLAIN_WAYS)
    return restorer_table(rows), rows


def export(config: Config, folder: Path) -> None:
    """Best weights → model folder, with the numbers measured on the held-out photographs."""
    named = dict(list(NAMED_COMPRESSIONS.items())[:1]) if config.smoke else NAMED_COMPRESSIONS
    network, trained = trained_network(config.run / BEST), read_checkpoint(config.run / BEST)
    export_restorer(network, config, folder, ABOUT, named=named, ways=PLAIN_WAYS, trained=trained)


def main() -> None:
    command = read_command_line(__doc__, Config, PRESETS, SMOKE)
    try:
        if command.export is None:
            train(command.config, DAMAGES, resume=command.resume)
        else:
            export(command.config, command.export)
    except (DataError, CheckpointError, PlacementError, EvaluationError, ExportError) as error:
        leave(error)


if __name__ == "__main__":
    main()
