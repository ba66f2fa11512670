"""A small classifier of its own for each set of pictures: tells which class a generated picture is taken for."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from models.common.picture_sets import Augmentation, augmented

JUDGES = Path("data/judges")
PICTURES_SEEN = 40_000  # enough for digits, letters and clothes alike; well under a minute on two cores
BATCH = 128
JUDGED_SIDE_PX = 32
SLIGHTLY = Augmentation(shift=0.03, turn_degrees=5, scale=0.05)


class Judge(nn.Module):
    """RGB (N, 3, H, W) in 0..1 → scores (N, classes)."""

    def __init__(self, classes: int, width: int = 16) -> None:
        super().__init__()
        self.see = nn.Sequential(
            *_stage(3, width),
            *_stage(width, 2 * width),
            *_stage(2 * width, 4 * width),
            nn.Flatten(),
            nn.Dropout(0.3),
        )
        self.decide = nn.Linear(4 * width * (JUDGED_SIDE_PX // 8) ** 2, classes)

    def forward(self, rgb: Tensor) -> Tensor:
        if rgb.shape[-1] != JUDGED_SIDE_PX:
            rgb = F.interpolate(rgb, (JUDGED_SIDE_PX, JUDGED_SIDE_PX), mode="bilinear", antialias=True)
        return self.decide(self.see(1 - rgb))  # white paper becomes zero, as the padding is


def train_judge(
    rgb: NDArray[np.uint8], labels: NDArray[np.int64], classes: int, *, seen: int = PICTURES_SEEN, seed: int = 0
) -> Judge:
    """From pictures on paper (N, H, W, 3): as many as SEEN with repetition, each moved slightly; repeatable."""
    state = torch.get_rng_state()
    torch.manual_seed(seed)
    rgb = _at_judged_side(rgb)  # once, not at every step: a quarter of the work with pictures twice as large
    judge = Judge(classes).to(memory_format=torch.channels_last)
    rng = np.random.default_rng(seed)
    steps = max(1, seen // BATCH)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=steps)
    for _ in tqdm(range(steps), desc="Training a judge", mininterval=5, leave=False):
        chosen = rng.integers(0, len(rgb), BATCH)
        ink = augmented(1 - 2 * as_rgb(rgb[chosen]), SLIGHTLY, rng)  # -1 is paper, which fills what comes in
        pictures = (1 - ink) / 2
        loss = F.cross_entropy(judge(pictures), torch.from_numpy(labels[chosen]), label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    torch.set_rng_state(state)
    return judge.eval()


def _at_judged_side(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """As the network would shrink them itself."""
    if rgb.shape[1] <= JUDGED_SIDE_PX:
        return rgb
    side = (JUDGED_SIDE_PX, JUDGED_SIDE_PX)
    parts = [
        F.interpolate(as_rgb(part), side, mode="bilinear", antialias=True)
        for part in np.array_split(rgb, max(1, len(rgb) // 500))
    ]
    shrunk = (torch.cat(parts) * 255).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(shrunk.permute(0, 2, 3, 1).numpy())


def kept_judge(rgb: NDArray[np.uint8], labels: NDArray[np.int64], classes: int, *, folder: Path = JUDGES) -> Judge:
    """The judge of exactly these pictures and this kind of network: from FOLDER, or trained and put there."""
    judge = Judge(classes)
    identity = hashlib.sha256(f"{judge} {PICTURES_SEEN}".encode())
    identity.update(np.ascontiguousarray(rgb).data)
    identity.update(np.ascontiguousarray(labels).data)
    path = folder / f"judge-{identity.hexdigest()[:16]}.pt"
    if path.exists():
        judge.load_state_dict(torch.load(path, weights_only=True))
        return judge.eval()
    judge = train_judge(rgb, labels, classes, seen=PICTURES_SEEN)
    folder.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(f".{os.getpid()}.tmp")
    torch.save(judge.state_dict(), aside)
    aside.replace(path)
    return judge


@torch.no_grad()
def judged(judge: Judge, rgb: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The class each picture on paper is taken for."""
    return np.concatenate([judge(as_rgb(part)).argmax(dim=1).numpy() for part in _parts(rgb)])


@torch.no_grad()
def seen_by(judge: Judge, rgb: NDArray[np.uint8]) -> Tensor:
    """What the judge sees before it decides: features for coverage that know what matters in this very set."""
    return torch.cat([judge.see(1 - as_rgb(part)) for part in _parts(rgb)])


def as_rgb(rgb: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(rgb)).permute(0, 3, 1, 2).float() / 255


def _parts(rgb: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return [rgb[start : start + 500] for start in range(0, len(rgb), 500)]


def _stage(channels_in: int, channels_out: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )
