"""Lightning Fabric and its logger, set up from a Config; what every method would otherwise repeat."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Protocol

import torch
from lightning.fabric import Fabric
from lightning.fabric.loggers import TensorBoardLogger
from lightning.fabric.strategies import DDPStrategy
from torch import Tensor
from torch.utils.tensorboard.writer import SummaryWriter
from torchvision.utils import make_grid


class Placement(Protocol):
    """The part of a Config that says where to train."""

    accelerator: str
    devices: int
    nodes: int
    precision: str
    threads: int
    run: Path


class PlacementError(Exception):
    """A finished sentence for the person at the terminal."""


def start_fabric(config: Placement, *, broadcast_buffers: bool = True) -> Fabric:
    """Fabric on the devices and nodes of the Config, its processes started.

    Devices are always named: a bare Fabric under a launcher trains separate worlds. Pass broadcast_buffers=False for
    GANs with R1 or gradient penalty: broadcasting between two backward passes changes what autograd saved.
    """
    available = torch.cuda.device_count()
    if config.accelerator == "cuda" and available < config.devices:
        raise PlacementError(f"The run asks for {config.devices} CUDA devices; this machine has {available}.")
    many = config.devices > 1 or config.nodes > 1
    try:
        fabric = Fabric(
            accelerator=config.accelerator,
            devices=config.devices,
            num_nodes=config.nodes,
            precision=config.precision,  # type: ignore[arg-type]
            strategy=DDPStrategy(broadcast_buffers=broadcast_buffers) if many else "auto",
            loggers=TensorBoardLogger(root_dir=config.run, name="", version="curves"),
        )
    except ValueError as error:  # Fabric's word for an accelerator or a precision that it does not know
        asked = f"accelerator {config.accelerator}, {config.devices} devices, precision {config.precision}"
        raise PlacementError(f"The run cannot be placed ({asked}): {str(error).rstrip('.')}.") from error
    torch.set_num_threads(config.threads)  # before launch: processes on one machine must not fight for its cores
    fabric.launch()
    return fabric


def log_pictures(fabric: Fabric, name: str, rows: list[Tensor], step: int) -> None:
    """One grid: each row a batch (N, 3, H, W) in 0..1, laid out left to right as given."""
    writer: SummaryWriter = fabric.logger.experiment
    pictures = torch.stack([p for column in zip(*rows, strict=True) for p in column])
    writer.add_image(name, make_grid(pictures.clamp(0, 1), nrow=len(rows)), step)


def commit_in_use() -> str:
    """Short name of the commit of the working tree, or "unknown" outside one."""
    try:
        outcome = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return outcome.stdout.strip() or "unknown"
