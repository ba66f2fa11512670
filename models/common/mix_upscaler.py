"""A trained upscaler moved part of the way back to the weights it began with: less smooth, and still clean.

    python -m models.common.mix_upscaler runs/upscale-4x-photo runs/upscale-4x-photo-mixed --share 0.5

Networks that went on from one another can be mixed weight by weight (Wang et al., ESRGAN, 2018): between the one that
keeps noise with texture and the one that takes both away lies what a viewer likes better than either.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from models.common.checkpoints import BEST, CheckpointError, read_checkpoint
from models.common.cli import config_from_plain, leave
from models.common.data import DataError
from models.common.mix_runs import save_mixed
from models.upscale import Config, started_network


def mix(run: Path, into: Path, share: float) -> Path:
    """SHARE of the averaged weights of RUN and the rest of what they began with, as the best weights of INTO.

    CheckpointError or DataError where either is missing; nothing is written then.
    """
    content = read_checkpoint(run / BEST)
    config = config_from_plain(Config, content["config"])
    if not config.start or content["config"].get("folded"):
        raise DataError(f"{run} began from no weights of its own size to mix with.")
    begun = started_network(config).state_dict()
    for name, values in begun.items():
        learnt = content["ema"][f"module.{name}"]
        content["ema"][f"module.{name}"] = values + share * (learnt - values)
    return save_mixed(content, into, share)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path)
    options.add_argument("into", type=Path)
    options.add_argument("--share", type=float, default=0.5, help="of what was learnt, 0..1")
    given = options.parse_args()
    try:
        print(f"{mix(given.run, given.into, given.share)} written")
    except (CheckpointError, DataError) as error:
        leave(error)


if __name__ == "__main__":
    main()
