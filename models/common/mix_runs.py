"""Averaged weights of two runs, one of which went on from the other, mixed number by number into a third.

python -m models.common.mix_runs runs/grey-fine runs/grey-one runs/grey-mixed --share 0.5
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import torch

from models.common.checkpoints import BEST, CheckpointError, read_checkpoint
from models.common.cli import leave
from models.common.data import DataError


def mix(run: Path, other: Path, into: Path, share: float) -> Path:
    """SHARE of RUN and the rest of OTHER as the best weights of INTO, which is RUN's in all else.

    CheckpointError where one is missing, DataError where they are of two networks; nothing is written then.
    """
    content, rest = read_checkpoint(run / BEST), read_checkpoint(other / BEST)["ema"]
    if {name: values.shape for name, values in content["ema"].items()} != {n: v.shape for n, v in rest.items()}:
        raise DataError(f"{run} and {other} hold different networks.")
    for name, values in content["ema"].items():
        if values.is_floating_point():
            content["ema"][name] = rest[name] + share * (values - rest[name])
    return save_mixed(content, into, share)


def save_mixed(content: dict[str, Any], into: Path, share: float) -> Path:
    """A checkpoint's mixed weights as the best ones of INTO, whole or not at all; SHARE of them is what was learnt."""
    content["config"]["learnt_share"] = share
    into.mkdir(parents=True, exist_ok=True)
    aside = into / f".{BEST}.{os.getpid()}.tmp"
    torch.save(content, aside)
    return aside.replace(into / BEST)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("run", "other", "into"):
        options.add_argument(name, type=Path)
    options.add_argument("--share", type=float, default=0.5, help="of the first run, 0..1")
    given = options.parse_args()
    try:
        print(f"{mix(given.run, given.other, given.into, given.share)} written")
    except (CheckpointError, DataError) as error:
        leave(error)


if __name__ == "__main__":
    main()
