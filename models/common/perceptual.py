"""How far a painted picture is from a photograph's content and a painting's manner, as VGG16 sees them."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from models.nets.vgg import VGG_WEIGHTS, Vgg, moments, random_vgg

Looks = dict[int, tuple[str, ...]]  # how much smaller the eye sees the picture → the layers that count
Manner = list[tuple[Tensor, Tensor]]  # means and covariances of every layer that counts

# The eye looks closely at edges only, at strokes in the half, at shapes in the quarter of the size: as much as deeper
# layers see in the whole, for a fifth of the work.
LOOKS: Looks = {1: ("relu1_1",), 2: ("relu1_1", "relu2_1", "relu3_1"), 4: ("relu2_1", "relu3_1")}
CONTENT_LAYER = (2, "relu3_1")
# Of networks whose strokes are twice as wide as the style's picture has them: one octave coarser, down to shapes of
# some 100 pixels. Strokes are many, so a quarter of the place says what is fine in them.
WIDE_STROKE = 2
WIDE_LOOKS: Looks = {1: ("relu1_1",), 2: ("relu1_1", "relu2_1"), 4: ("relu2_1", "relu3_1"), 8: ("relu2_1", "relu3_1")}
GLIMPSED = (2,)
LAYERS = ("relu1_1", "relu2_1", "relu3_1")


def trained_eye(weights: Path = VGG_WEIGHTS) -> Vgg:
    """DataError when the weights were not fetched."""
    return Vgg.trained(LAYERS, weights)


def untrained_eye() -> Vgg:
    """For `--smoke` and tests: nothing needs to be fetched."""
    return random_vgg(LAYERS)


class PerceptualLoss(nn.Module):
    """How far painted pictures are from the photographs' content and from their style's manner, both as shares.

    0 is equal; 1 is as far as nothing at all. Of each style the means and covariances of its picture are kept. Several
    pictures are one to the style: what is even in one may stay so if another is busy.
    """

    def __init__(
        self,
        eye: Vgg,
        pictures: list[Tensor],
        looks: Looks | None = None,
        *,
        stroke: int = 1,
        glimpsed: tuple[int, ...] = (),
    ) -> None:
        """`pictures` (3, H, W) in 0..1, one of each style.

        `stroke`: how many times wider strokes are to be than in the style's picture; `glimpsed`: the looks for which
        a random quarter of a painted picture is enough.
        """
        super().__init__()
        self.eye, self.stroke, self.glimpsed = eye, stroke, glimpsed
        self.content_layer = (CONTENT_LAYER[0] * stroke, CONTENT_LAYER[1])
        self.looks = dict(LOOKS) if looks is None else looks
        self.style_layers = [(shrink, layer) for shrink, layers in self.looks.items() for layer in layers]
        manners = [self.manner_of(picture[None]) for picture in pictures]
        for place, layer in enumerate(zip(*manners, strict=True)):
            mean, covariance = zip(*layer, strict=True)
            self.register_buffer(f"mean{place}", torch.cat(mean))
            self.register_buffer(f"covariance{place}", torch.cat(covariance))

    @torch.no_grad()
    def manner_of(self, picture: Tensor) -> Manner:
        """What a style's picture (1, 3, H, W) looks like to the eye."""
        seen = self._seen(picture, stroke=self.stroke)
        return [moments(seen[layer]) for layer in self.style_layers]

    def forward(self, painted: Tensor, photo: Tensor, style: int | Manner) -> tuple[Tensor, Tensor]:
        """(content distance of each picture (N,), style distance of all of them together).

        `style`: the number of one of the pictures, or what `manner_of` another is.
        """
        with torch.no_grad():
            wanted = self._seen(photo, self.content_layer[:1])[self.content_layer]
        seen = self._seen(painted, glimpsed=self.glimpsed)
        content = (seen[self.content_layer] - wanted).square().mean((1, 2, 3)) / wanted.square().mean((1, 2, 3))
        return content, self._distance(seen, style)

    def manner(self, painted: Tensor, style: int | Manner) -> Tensor:
        """The style distance alone."""
        return self._distance(self._seen(painted), style)

    def _distance(self, seen: dict[tuple[int, str], Tensor], style: int | Manner) -> Tensor:
        distances = []
        for place, layer in enumerate(self.style_layers):
            together = seen[layer].transpose(0, 1).flatten(1)[None, :, :, None]  # as if side by side
            mean, covariance = moments(together)
            wanted_mean, wanted_covariance = self._known(place, style) if isinstance(style, int) else style[place]
            distances.append(unlikeness(mean, wanted_mean))
            distances.append(unlikeness(covariance, wanted_covariance))
        return torch.stack(distances).mean()

    def _known(self, place: int, style: int) -> tuple[Tensor, Tensor]:
        return getattr(self, f"mean{place}")[style], getattr(self, f"covariance{place}")[style]

    def _seen(
        self,
        picture: Tensor,
        shrinks: tuple[int, ...] | None = None,
        *,
        stroke: int = 1,
        glimpsed: tuple[int, ...] = (),
    ) -> dict[tuple[int, str], Tensor]:
        found = {}
        for shrink in self.looks if shrinks is None else shrinks:
            layers = self.looks[shrink]
            if layers == ("relu1_1",):
                found[shrink, "relu1_1"] = self.eye.edges(picture)
                continue
            shown = _quarter(picture, shrink) if shrink in glimpsed else picture
            shrunk = max(1, shrink // stroke)
            features = self.eye(nn.functional.avg_pool2d(shown, shrunk) if shrunk > 1 else shown, deepest=layers[-1])
            found |= {(shrink, layer): features[layer] for layer in layers}
        return found


def _quarter(picture: Tensor, multiple: int) -> Tensor:
    """Half of the height and width, anywhere."""
    height, width = (side // 2 // multiple * multiple for side in picture.shape[-2:])
    top = int(torch.randint(picture.shape[-2] - height + 1, (1,)))
    left = int(torch.randint(picture.shape[-1] - width + 1, (1,)))
    return picture[..., top : top + height, left : left + width]


def unlikeness(found: Tensor, wanted: Tensor) -> Tensor:
    """0 for equal, 1 where one of them is nothing: too much counts no more than too little."""
    return (found - wanted).square().sum() / (found.square().sum() + wanted.square().sum() + 1e-6)
