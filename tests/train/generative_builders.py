"""Small things the tests of generative training are made of."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image

from models.common.checkpoints import read_checkpoint

METHODS = ("dcgan", "conditional_gan", "wgan", "vae", "conditional_vae", "stylegan", "progressive_gan")
COLORS = {"red": (220, 40, 30), "blue": (30, 60, 220)}


def method(name: str) -> ModuleType:
    return importlib.import_module(f"models.{name}")


def smoke_config(name: str, run: Path, **changes: Any) -> Any:
    module = method(name)
    return dataclasses.replace(module.PRESETS["cpu"], **(module.SMOKE | {"run": run} | changes))


def weights_of(checkpoint: Path) -> dict[str, torch.Tensor]:
    """Every tensor of every network in a checkpoint, flattened."""
    content = read_checkpoint(checkpoint)
    parts = [part for part in ("generator", "discriminator", "network", "ema") if part in content]
    return {f"{part}.{name}": tensor for part in parts for name, tensor in content[part].items()}


def picture_folder(folder: Path, *, each: int = 20, side: int = 40) -> Path:
    """Subfolders red and blue with pictures of that colour, each with a dark spot of its own."""
    rng = np.random.default_rng(0)
    for name, color in COLORS.items():
        (folder / name).mkdir(parents=True)
        for index in range(each):
            pixels = np.full((side, side + 6, 3), color, np.uint8)
            top, left = rng.integers(0, side - 12, 2)
            pixels[top : top + 12, left : left + 12] //= 3
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return folder
