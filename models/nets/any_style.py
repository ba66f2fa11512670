"""A network that paints in the manner of any picture it is shown, and in tiles that agree.

What a style is falls into two. Its palette, means and covariances of colour, is carried over by formula: the photograph
is brought to one and the same palette, painted there, and the painting brought to the style's. Its touch is one of the
mixtures of `manners` that a network of several styles (style_transfer.py, after Dumoulin et al., ICLR 2017) was taught
together; which mixture, the first blocks of EfficientNet-Lite0 tell from how their channels vary over the style's
picture, shown in that same palette, so that a touch is known in any colours (the idea of predicting a norm's numbers
from a picture: Ghiasi et al., BMVC 2017).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from models.nets.blocks import mirrored_around
from models.nets.efficientnet_lite import EfficientNetLite0
from models.nets.streaks import streaks
from models.nets.style_transfer import MARGIN_PX, Look, StylePainter, dabbed, kept_and_mixed, noise_by_place

STYLE_SIDE_PX = 384  # a style's picture is seen at this size: what a stroke of it measures in pixels of a photograph
EYE_BLOCKS = (0, 2, 4, 7)  # of the trained eye: cells of 2, 4, 8 and 16 pixels
EYE_FEATURES = 2 * (16 + 24 + 40 + 80)
PALETTE_NUMBERS = 9
FLAT = 9e-4  # variance below which colours are not spread further: it would be noise (deviation 0.03)
EXACT = 1e-6  # of a style: what is grey there is grey in the painting
TO_OPPONENT = ((0.299, 0.587, 0.114), (-0.169, -0.331, 0.5), (0.5, -0.419, -0.081))  # luma first
FROM_OPPONENT = np.linalg.inv(np.array(TO_OPPONENT)).tolist()
COMMON_SPREAD = (0.22, 0.09, 0.09)  # of the palette in which is painted: that of an ordinary photograph


class Palette:
    """Means (N, 3) and the lower triangle (N, 6) of Cholesky's root of the covariance of luma and two opponent colours.

    By that root light follows light: luma becomes luma alone, whatever colours do.
    """

    def __init__(self, mean: Tensor, root: Tensor) -> None:
        self.mean, self.root = mean, root

    @classmethod
    def of(cls, picture: Tensor, *, together: bool = False, flat: float = FLAT) -> Palette:
        """(N, 3, H, W) in 0..1; `together`: one palette of all, for each; `flat`: variance that is added."""
        places = picture.flatten(2)
        if together:
            places = places.transpose(0, 1).flatten(1)[None].expand(len(picture), -1, -1)
        planes = torch.tensor(TO_OPPONENT, device=picture.device) @ places
        mean = planes.mean(dim=2)
        centred = planes - mean[:, :, None]
        covariance = centred @ centred.transpose(1, 2) / places.shape[2]
        return cls(mean, _root(covariance, flat))

    @classmethod
    def common(cls, like: Tensor) -> Palette:
        y, u, v = COMMON_SPREAD
        mean, root = torch.tensor([[0.5, 0.0, 0.0]]), torch.tensor([[y, 0.0, u, 0.0, 0.0, v]])
        return cls(mean.to(like.device), root.to(like.device))

    def expand(self, count: int) -> Palette:
        """This one palette for each of so many pictures."""
        return Palette(self.mean.expand(count, -1), self.root.expand(count, -1))

    def numbers(self) -> Tensor:
        return torch.cat([self.mean, self.root], dim=1)

    @classmethod
    def told(cls, numbers: Tensor) -> Palette:
        return cls(numbers[:, :3], numbers[:, 3:])

    def map_to(self, other: Palette) -> Tensor:
        """(N, 12): a matrix of RGB by rows and a tint that bring colours of this palette to the other."""
        there, back = _triangle(other.root), _triangle(_inverse(self.root))
        opponent = torch.tensor(TO_OPPONENT, device=self.mean.device)
        home = torch.tensor(FROM_OPPONENT, device=self.mean.device)
        through = there @ back
        tint = home @ (other.mean[:, :, None] - through @ self.mean[:, :, None])
        return torch.cat([(home @ through @ opponent).flatten(1), tint.flatten(1)], dim=1)


def recolored(picture: Tensor, mapping: Tensor) -> Tensor:
    """Colours (N, 3, H, W) through `Palette.map_to`'s numbers (N or 1, 12)."""
    matrix = mapping[:, :9].view(-1, 3, 3)
    rows = [(picture * matrix[:, row, :, None, None]).sum(dim=1, keepdim=True) for row in range(3)]
    return torch.cat(rows, dim=1) + mapping[:, 9:, None, None]


class StyleEye(nn.Module):
    """A style's picture (N, 3, S, S) in 0..1, S a multiple of 32 → the manner of it (N, manners + 9).

    First how much of every manner the network takes, with sum 1, then the numbers of its palette.
    """

    def __init__(self, manners: int, inside: int = 192) -> None:
        super().__init__()
        net = EfficientNetLite0()
        self.stem, self.stem_norm = net._conv_stem, net._bn0
        self.blocks = net._blocks[: EYE_BLOCKS[-1] + 1]
        self.register_buffer("usual", torch.zeros(EYE_FEATURES))
        self.register_buffer("spread", torch.ones(EYE_FEATURES))
        self.choose = nn.Sequential(
            nn.Linear(EYE_FEATURES, inside), nn.SiLU(), nn.Linear(inside, inside), nn.SiLU(), nn.Linear(inside, manners)
        )
        self.freeze()

    def freeze(self) -> None:
        """The trained eye stays as it is; only what is made of it is taught."""
        for module in (self.stem, self.stem_norm, self.blocks):
            module.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> StyleEye:
        super().train(mode)
        self.freeze()
        return self

    def take_eye(self, trained: EfficientNetLite0) -> None:
        self.stem.load_state_dict(trained._conv_stem.state_dict())
        self.stem_norm.load_state_dict(trained._bn0.state_dict())
        self.blocks.load_state_dict(trained._blocks[: len(self.blocks)].state_dict())

    @torch.no_grad()
    def get_used_to(self, pictures: Tensor) -> None:
        """Takes means and deviations over some styles' pictures, so that all numbers matter alike."""
        seen = torch.cat([self.features(some) for some in pictures.split(16)])
        self.usual.copy_(seen.mean(dim=0))
        self.spread.copy_(seen.std(dim=0) + 1e-3)

    def features(self, picture: Tensor) -> Tensor:
        """(N, F): mean and deviation of the eye's channels over the picture in the common palette."""
        common = recolored(picture, Palette.of(picture).map_to(Palette.common(picture))).clamp(0, 1)
        x = nn.functional.relu6(self.stem_norm(self.stem((common * 255 - 127) / 128)))
        seen = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in EYE_BLOCKS:
                mean = x.mean(dim=(2, 3))
                deviation = ((x - mean[:, :, None, None]).square().mean(dim=(2, 3)) + 1e-4).sqrt()
                seen += [mean, deviation]
        return torch.cat(seen, dim=1)

    def told_apart(self, picture: Tensor) -> Tensor:
        """(N, F): features beside what is usual."""
        return ((self.features(picture) - self.usual) / self.spread).clamp(-4, 4)

    def forward(self, picture: Tensor) -> Tensor:
        with torch.no_grad():
            features = self.told_apart(picture)
            palette = Palette.of(picture, flat=EXACT).numbers()
        return torch.cat([centred(self.choose(features)), palette], dim=1)


def centred(mixture: Tensor) -> Tensor:
    """(N, M) with sum 1."""
    return mixture - mixture.mean(dim=1, keepdim=True) + 1 / mixture.shape[1]


class ManneredPainter(nn.Module):
    """Photograph, noise and manner (N or 1, M + 9) → the painting, not clamped; sides in multiples of STRIDE.

    `mapping` (1, 12) brings the photograph to the common palette.
    """

    def __init__(self, manners: int, width: int = 64, fine_width: int = 32) -> None:
        super().__init__()
        self.painter = StylePainter(manners, width, fine_width, has_touches=False)

    @property
    def manners(self) -> int:
        return len(self.painter.tint)

    def forward(
        self, photo: Tensor, noise: Tensor, manner: Tensor, mapping: Tensor, look: Look | None = None
    ) -> Tensor:
        mixture, palette = manner[:, : self.manners], Palette.told(manner[:, self.manners :])
        mixture = mixture.expand(len(photo), -1)
        painted = self.painter(recolored(photo, mapping), noise, mixture, look)
        return recolored(painted, Palette.common(photo).map_to(palette))


class AnyStyleLook(nn.Module):
    """The whole picture, perhaps reduced, and a manner → what `AnyStyle` has to know of it: (1, 12 + L)."""

    def __init__(self, network: ManneredPainter) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, manner: Tensor) -> Tensor:
        mapping = Palette.of(image).map_to(Palette.common(image))
        whole = mirrored_around(image, margin=MARGIN_PX, multiple=StylePainter.STRIDE)
        look = Look()
        mixture = manner[:, : self.network.manners]
        dabs = dabbed(recolored(whole, mapping))
        self.network.painter.features(dabs, *streaks(dabs, noise_by_place(whole)), mixture, look)
        return torch.cat([mapping, look.vector()], dim=1)


class AnyStyle(nn.Module):
    """Any size, or tiles with one `look`: image (1, 3, H, W) in 0..1, noise (1, 1, H, W) in -1..1, manner (1, M + 9) of
    `StyleEye`, look (1, 12 + L) of `AnyStyleLook`, strength and own_colors (1,) in 0..1 → (1, 3, H, W) in 0..1.
    """

    def __init__(self, network: ManneredPainter) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, image: Tensor, noise: Tensor, manner: Tensor, look: Tensor, strength: Tensor, own_colors: Tensor
    ) -> Tensor:
        height, width = image.shape[-2:]
        whole, whole_noise = (
            mirrored_around(planes, margin=MARGIN_PX, multiple=StylePainter.STRIDE) for planes in (image, noise)
        )
        painted = self.network(whole, whole_noise, manner, look[:, :12], Look(look[:, 12:])).clamp(0, 1)
        painted = painted[..., MARGIN_PX:, MARGIN_PX:][..., :height, :width]
        return kept_and_mixed(image, painted, strength, own_colors)


def _root(covariance: Tensor, flat: float) -> Tensor:
    """(N, 3, 3) → (N, 6), row by row: Cholesky's root of what varies, kept away from nothing."""
    c = covariance
    a = (c[:, 0, 0] + flat).sqrt()
    b = c[:, 1, 0] / a
    d = (c[:, 1, 1] + flat - b * b).clamp(min=flat / 2).sqrt()
    e = c[:, 2, 0] / a
    f = (c[:, 2, 1] - e * b) / d
    g = (c[:, 2, 2] + flat - e * e - f * f).clamp(min=flat / 2).sqrt()
    return torch.stack([a, b, d, e, f, g], dim=1)


def _inverse(root: Tensor) -> Tensor:
    a, b, d, e, f, g = root.unbind(dim=1)
    return torch.stack([1 / a, -b / (a * d), 1 / d, (b * f - e * d) / (a * d * g), -f / (d * g), 1 / g], dim=1)


def _triangle(root: Tensor) -> Tensor:
    """(N, 6) → (N, 3, 3)."""
    a, b, d, e, f, g = root.unbind(dim=1)
    zero = torch.zeros_like(a)
    return torch.stack([a, zero, zero, b, d, zero, e, f, g], dim=1).view(-1, 3, 3)
