"""How much a restoring network loses when its input is chosen against it, and when it is only shaken as far.

FGSM (Goodfellow et al., 2015) takes one step along the sign of the gradient, PGD (Madry et al., 2018) many small ones,
both within EPSILON levels of the input; noise of random signs is as strong and knows nothing. All of it is done in
torch, on the weights of the exported folder.
"""

from __future__ import annotations

import importlib
import json
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.common.cli import config_from_plain
from models.common.data import DataError
from models.common.metrics import psnr_8bit
from models.common.onnx_weights import load_exported

EPSILONS = (1.0, 2.0, 4.0)  # of 255 levels: what rounding, good JPEG and bad JPEG move a pixel by
PGD_STEPS = 6
NORMAL_STRENGTH = 0.5
THREADS = 2
PIXELS, PICTURES = 64, 6  # of the middles of that many photographs: enough to see by how much, a minute on one core

Network = Callable[[Tensor], Tensor]  # (N, 3, H, W) → the same, 0..1


def shaken(image: Tensor, epsilon: float, generator: torch.Generator) -> Tensor:
    """Each value moved by EPSILON one way or the other."""
    signs = torch.randint(0, 2, image.shape, generator=generator) * 2 - 1
    return (image + epsilon * signs).clamp(0, 1)


def fgsm(network: Network, image: Tensor, target: Tensor, epsilon: float) -> Tensor:
    return (image + epsilon * _uphill(network, image, target).sign()).clamp(0, 1)


def pgd(network: Network, image: Tensor, target: Tensor, epsilon: float, *, steps: int = PGD_STEPS) -> Tensor:
    """Begins at the image: what it finds is never better than nothing by luck of the start."""
    found = image
    for _ in range(steps):
        moved = found + 2.5 * epsilon / steps * _uphill(network, found, target).sign()
        found = torch.minimum(torch.maximum(moved, image - epsilon), image + epsilon).clamp(0, 1)
    return found


def _uphill(network: Network, image: Tensor, target: Tensor) -> Tensor:
    """The gradient of the squared error at the input."""
    seen = image.detach().requires_grad_()
    (gradient,) = torch.autograd.grad((network(seen) - target).square().sum(), seen)
    return gradient


def measure_robustness(network: Network, pairs: Sequence[tuple[Tensor, Tensor]]) -> list[dict[str, float]]:
    """A row for each EPSILON: PSNR of what comes out, means over (damaged, clean) pairs of (1, 3, H, W)."""
    rows, generator = [], torch.Generator().manual_seed(0)
    plain = _mean_psnr(network, pairs)
    untouched = float(np.mean([psnr_8bit(image, target) for image, target in pairs]))
    for levels in EPSILONS:
        epsilon = levels / 255
        ways: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
            "noise": lambda image, _target, epsilon=epsilon: shaken(image, epsilon, generator),
            "fgsm": lambda image, target, epsilon=epsilon: fgsm(network, image, target, epsilon),
            "pgd": lambda image, target, epsilon=epsilon: pgd(network, image, target, epsilon),
        }
        row = {"levels": levels, "input": round(untouched, 2), "plain": round(plain, 2)}
        for name, way in ways.items():
            row[name] = round(_mean_psnr(network, [(way(*pair), pair[1]) for pair in pairs]), 2)
        rows.append(row)
    return rows


@torch.no_grad()
def _mean_psnr(network: Network, pairs: Sequence[tuple[Tensor, Tensor]]) -> float:
    return float(np.mean([psnr_8bit(network(image), target) for image, target in pairs]))


def robust_table(rows: Sequence[dict[str, float]], damage: str) -> str:
    """Markdown: what comes out, and how much is lost."""
    first = rows[0]
    lines = [
        f"On {damage}, the middles ({PIXELS} px) of {PICTURES} held-out photographs: {first['input']:.2f} dB before, "
        f"{first['plain']:.2f} dB after. With the input moved by so many of 255 levels, at random or against "
        "the network:",
        "",
        "| levels | noise | FGSM | PGD |",
        "|---|---|---|---|",
    ]
    for row in rows:
        cells = [f"{row[way]:.2f} dB ({row[way] - row['plain']:+.2f})" for way in ("noise", "fgsm", "pgd")]
        lines.append(f"| {row['levels']:g} | {' | '.join(cells)} |")
    return "\n".join(lines)


def network_of(folder: Path) -> nn.Module:
    """The network of a model folder in torch, in eval mode. DataError where its script has none to give."""
    manifest = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    method = importlib.import_module(f"models.{Path(manifest['source']).stem}")
    config = config_from_plain(type(next(iter(method.PRESETS.values()))), json.loads(manifest["made_by"]["config"]))
    make = getattr(method, "new_network", None)
    if make is None:
        from models.common.restoring import new_network as make
    network = make(config)
    if manifest["task"] != "restore" or not isinstance(network, nn.Module):
        raise DataError(f"{folder} does not restore pictures; --robust is for those that do.")
    load_exported(network, folder / manifest["files"]["main"])
    return network.eval()


def damage_of(folder: Path) -> tuple[str, Callable[..., Any]]:
    """The name and the way of what the folder's network takes away: that of its golden sample."""
    manifest = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    method = importlib.import_module(f"models.{Path(manifest['source']).stem}")
    if hasattr(method, "DAMAGES"):
        return method.ABOUT.shown, method.DAMAGES.named[method.ABOUT.shown]
    from models.common.degrade import NAMED_NOISES

    return "camera noise", NAMED_NOISES["camera noise"]


def robustness_of(folder: Path, clean: dict[str, Any]) -> tuple[str, list[dict[str, float]]]:
    """(table, rows) of a model folder, on the middles of some photographs."""
    torch.set_num_threads(THREADS)
    network, (name, damage) = network_of(folder), damage_of(folder)
    pairs = []
    for index, picture in enumerate(list(clean.values())[:: max(1, len(clean) // PICTURES)][:PICTURES]):
        top, left = ((side - min(side, PIXELS)) // 2 for side in picture.shape[:2])
        crop = np.ascontiguousarray(picture[top : top + PIXELS, left : left + PIXELS])
        pairs.append(tuple(_planes(pixels) for pixels in damage(crop, np.random.default_rng((7, index)))))
    strength = torch.tensor(NORMAL_STRENGTH)
    rows = measure_robustness(lambda image: network(image, strength), pairs)
    return robust_table(rows, name), rows


def report(folder: Path, clean: dict[str, Any], *, write_card: bool) -> None:
    """Print what a model folder loses, and put it on its card when asked to."""
    text, rows = robustness_of(folder, clean)
    print(f"{folder}\n\n{text}")
    if write_card:
        put_on_card(folder, text, rows)


def put_on_card(folder: Path, table: str, rows: Sequence[dict[str, float]]) -> None:
    """A section of the card before its weaknesses, and "robust" in its metrics; an older one is replaced."""
    card, metrics = folder / "card.md", folder / "metrics.json"
    text = card.read_text(encoding="utf-8")
    begin, end = text.find("## Robustness"), text.index("## Weaknesses")
    text = text[: begin if begin >= 0 else end] + f"## Robustness\n\n{table}\n\n" + text[end:]
    card.write_text(text, encoding="utf-8")
    kept = json.loads(metrics.read_text(encoding="utf-8"))
    metrics.write_text(json.dumps(kept | {"robust": list(rows)}, indent=2) + "\n", encoding="utf-8")


def _planes(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))[None].astype(np.float32) / 255)
