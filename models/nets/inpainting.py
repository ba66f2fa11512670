"""A generator that fills holes: gated convolutions, and a look from the hole at everything around it.

After free-form inpainting with gated convolutions (Yu et al., ICCV 2019) and its contextual attention (Yu et al., CVPR
2018). What the network writes is added to a smooth fill, known colours averaged over ever larger cells: the colours of
the place are there before anything was learned, so that all of the training goes into structure.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from models.nets.blocks import convolution

STRIDE = 64  # sides are padded to a multiple; the padding is part of the hole
COARSEST = 6  # halvings of the smooth fill: a cell of 64 pixels
FIRST_DEVIATION = 0.01  # of last layers: from zero a short run learns too late
UNKNOWN = -1e4  # what a place in the hole counts for as a source


class Gated(nn.Module):
    """(N, C, H, W) → (N, C', H / stride, W / stride): a convolution whose every answer passes a gate of its own."""

    def __init__(self, channels: int, width: int, *, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.value = nn.Conv2d(channels, width, 3, stride, dilation, dilation)
        self.gate = nn.Conv2d(channels, width, 1, stride)  # one place is enough to know whether it is known

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(self.value(x)) * torch.sigmoid(self.gate(x))


class GatedBlock(nn.Module):
    """x + what a gated convolution `dilation` apart and a plain one make of it."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.gated = Gated(channels, channels, dilation=dilation)
        self.last = convolution(channels, channels)
        nn.init.normal_(self.last.weight, std=FIRST_DEVIATION)
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.last(self.gated(x))


class Borrowing(nn.Module):
    """Each place takes from the known places that look like it: (N, C, H, W), known (N, 1, H, W) → (N, C, H, W)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.ask = nn.Conv2d(channels, width, 1)
        self.tell = nn.Conv2d(channels, width, 1)
        self.give = nn.Conv2d(channels, channels, 1)
        self.take = nn.Conv2d(channels, channels, 1)
        self.sharpness = nn.Parameter(torch.tensor(10.0))
        nn.init.normal_(self.take.weight, std=FIRST_DEVIATION)
        nn.init.zeros_(self.take.bias)

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        asked = F.normalize(self.ask(x).flatten(2), dim=1)
        told = F.normalize(self.tell(x).flatten(2), dim=1)
        likeness = asked.transpose(1, 2) @ told * self.sharpness + (known.flatten(2) < 0.5) * UNKNOWN
        borrowed = self.give(x).flatten(2) @ torch.softmax(likeness, dim=2).transpose(1, 2)
        return x + self.take(borrowed.reshape(x.shape))


class Inpainter(nn.Module):
    """Image (N, 3, H, W) in 0..1 and mask (N, 1, H, W), 1 in the hole → the image with the hole filled; any size."""

    def __init__(self, widths: tuple[int, int, int, int], depths: tuple[int, int, int]) -> None:
        super().__init__()
        finest, fine, middle, coarse = widths
        self.read = Gated(64, fine)
        self.fine_in = GatedBlock(fine)
        self.to_middle = Gated(fine, middle, stride=2)
        self.middle_in = GatedBlock(middle)
        self.to_coarse = Gated(middle, coarse, stride=2)
        self.coarse = nn.ModuleList(GatedBlock(coarse, 1 + i % 2) for i in range(depths[0]))
        self.from_coarse = nn.Conv2d(coarse, 4 * middle, 1)
        self.borrow = Borrowing(middle, middle // 2)
        self.middle = nn.ModuleList(GatedBlock(middle, 2 ** (i % 3)) for i in range(depths[1]))
        self.from_middle = nn.Conv2d(middle, 4 * fine, 1)
        self.fine = nn.ModuleList(GatedBlock(fine, 1 + i % 2) for i in range(depths[2]))
        self.from_fine = nn.Conv2d(fine, 4 * finest, 1)
        self.finest = GatedBlock(finest)
        self.write = convolution(finest, 12)
        nn.init.normal_(self.write.weight, std=FIRST_DEVIATION)  # training starts near the smooth fill
        nn.init.zeros_(self.write.bias)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        room = (0, -width % STRIDE, 0, -height % STRIDE)
        hole = (mask > 0).to(image.dtype)
        seen = F.pad(image * (1 - hole), room)
        filled = self.filled(seen, F.pad(1 - hole, room))[..., :height, :width]
        return (image * (1 - hole) + filled * hole).clamp(0, 1)

    def filled(self, seen: Tensor, known: Tensor) -> Tensor:
        """The unclamped answer, everywhere: `seen` is black where it is not `known`; sides are multiples of 64."""
        smooth = smooth_fill(seen, known)
        cells = F.pixel_unshuffle(torch.cat([smooth, known], dim=1), 4)
        fine = self.fine_in(self.read(cells))
        middle = self.middle_in(self.to_middle(fine))
        coarse = self.to_coarse(middle)
        for block in self.coarse:
            coarse = block(coarse)
        middle = middle + F.pixel_shuffle(self.from_coarse(coarse), 2)
        middle = self.borrow(middle, F.avg_pool2d(known, 8))
        for block in self.middle:
            middle = block(middle)
        fine = fine + F.pixel_shuffle(self.from_middle(middle), 2)
        for block in self.fine:
            fine = block(fine)
        finest = self.finest(F.pixel_shuffle(self.from_fine(fine), 2))
        return smooth + F.pixel_shuffle(self.write(finest), 2)


def smooth_fill(seen: Tensor, known: Tensor) -> Tensor:
    """Known colours, and elsewhere the average of what is known in the smallest cell around that knows anything."""
    colours, shares = [seen], [known]
    for _ in range(COARSEST):
        colours.append(F.avg_pool2d(colours[-1], 2))
        shares.append(F.avg_pool2d(shares[-1], 2))
    everything = colours[-1].mean(dim=(2, 3), keepdim=True) / shares[-1].mean(dim=(2, 3), keepdim=True).clamp(min=1e-6)
    filled = everything.expand_as(colours[-1])
    for colour, share in zip(reversed(colours), reversed(shares), strict=True):
        if colour.shape[-1] != filled.shape[-1]:
            filled = F.interpolate(filled, scale_factor=2.0, mode="bilinear", align_corners=False)
        sure = (share * 4).clamp(max=1)  # a cell with a quarter of its pixels known speaks for all of them
        filled = filled * (1 - sure) + colour / share.clamp(min=1e-6) * sure
    return filled


class PatchJudge(nn.Module):
    """Picture (N, 3, H, W) and mask (N, 1, H, W) → per patch whether it looks real, (N, 1, H/8, W/8)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        steps = ((4, width), (width, 2 * width), (2 * width, 4 * width))
        self.layers = nn.ModuleList(spectral_norm(nn.Conv2d(a, b, 4, 2, 1)) for a, b in steps)
        self.last = spectral_norm(nn.Conv2d(4 * width, 1, 3, 1, 1))

    def forward(self, picture: Tensor, mask: Tensor) -> Tensor:
        x = torch.cat([picture * 2 - 1, mask], dim=1)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
        return self.last(x)
