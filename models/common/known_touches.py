"""What the network for any style begins with: the touches of the network of several styles, and which suits a picture.

Begun as one average of all touches it learned one average for all pictures. So before its own training the choice
among touches is taught alone, on what every known touch comes to in the colours of some hundred pictures.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.common.perceptual import PerceptualLoss
from models.nets.any_style import ManneredPainter, Palette, StyleEye, centred, recolored
from models.nets.style_transfer import StylePainter, is_of_style

SPREAD = 0.15  # how far manners that begin with one touch differ, beside how touches do
SHARPNESS = 0.02  # distance of manners by which a touch falls behind another's share to a third
LESSONS, LESSON_RATE = 600, 1e-3


@torch.no_grad()
def take_touches(painter: StylePainter, known: StylePainter, count: int) -> None:
    """Manner m of the painter begins with touch m modulo `count`; palettes are a matter of formula here."""
    fresh = painter.state_dict()
    manners = len(painter.tint)
    for name, value in known.state_dict().items():
        if name.startswith(("color", "tint", "touch")):
            continue
        if is_of_style(name):
            each = value[torch.arange(manners) % count]
            value = each + SPREAD * (value - value.mean(dim=0)).std() * torch.randn_like(each)
        fresh[name] = value
    painter.load_state_dict(fresh)


def teach_choice(
    eye: StyleEye, network: ManneredPainter, count: int, *, views: Tensor, photos: Tensor, loss: PerceptualLoss
) -> None:
    """The eye takes of each touch as much as it suits a view (V, 3, S, S), by its paintings of photos (N, 3, H, W)."""
    wanted = torch.softmax(-suited(network, count, views, photos, loss) / SHARPNESS, dim=1)
    places = torch.arange(network.manners) % count
    shares = wanted[:, places] / torch.bincount(places, minlength=count)[places]
    with torch.no_grad():
        features = torch.cat([eye.told_apart(view) for view in views.split(8)])
    optimizer = torch.optim.AdamW(eye.choose.parameters(), lr=LESSON_RATE, weight_decay=0.05)
    for _ in range(LESSONS):
        optimizer.zero_grad()
        missed = (centred(eye.choose(features)) - shares).square().sum(dim=1).mean()
        missed.backward()
        optimizer.step()


@torch.no_grad()
def suited(network: ManneredPainter, count: int, views: Tensor, photos: Tensor, loss: PerceptualLoss) -> Tensor:
    """(V, count): style distances of photographs in each touch and a view's colours from the view."""
    noise = torch.rand(photos[:, :1].shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    common = Palette.common(photos)
    plain = recolored(photos, Palette.of(photos, together=True).map_to(common)[:1])
    painted = []
    for touch in range(count):
        shares = (torch.arange(network.manners) % count == touch).float()
        painted.append(network.painter(plain, noise, (shares / shares.sum()).expand(len(photos), -1)))
    rows = []
    for view in views.split(1):
        manner, mapping = loss.manner_of(view), common.map_to(Palette.of(view).expand(len(photos)))
        rows.append(torch.stack([loss.manner(recolored(picture, mapping).clamp(0, 1), manner) for picture in painted]))
    return torch.stack(rows)
