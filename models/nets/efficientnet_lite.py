"""EfficientNet-Lite0 (Tan and Le, ICML 2019; Google's Lite variant: no squeeze, ReLU6): a trained eye of 4.7 M numbers.

The names of its parts are those of the published weights. Padding is TensorFlow's "SAME", which is not symmetric.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPSILON = 1e-3  # of its batch norms: TensorFlow's, not torch's
STAGES = (  # repeats, kernel, stride, how much wider inside, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
FEATURES = 1280


class SameConv2d(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        pads: list[int] = []
        for size, kernel, stride in zip(reversed(x.shape[-2:]), self.kernel_size, self.stride, strict=True):
            missing = max(0, (-(-size // stride) - 1) * stride + kernel - size)
            pads += [missing // 2, missing - missing // 2]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, 0, 1, self.groups)


class InvertedResidual(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, *, kernel: int, stride: int, widen: int) -> None:
        super().__init__()
        inside = channels_in * widen
        if widen > 1:
            self._expand_conv = SameConv2d(channels_in, inside, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(inside, eps=EPSILON)
        self.is_widened = widen > 1
        self._depthwise_conv = SameConv2d(inside, inside, kernel, stride, groups=inside, bias=False)
        self._bn1 = nn.BatchNorm2d(inside, eps=EPSILON)
        self._project_conv = SameConv2d(inside, channels_out, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(channels_out, eps=EPSILON)
        self.is_added = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        inside = F.relu6(self._bn0(self._expand_conv(x))) if self.is_widened else x
        inside = F.relu6(self._bn1(self._depthwise_conv(inside)))
        result = self._bn2(self._project_conv(inside))
        return result + x if self.is_added else result


class EfficientNetLite0(nn.Module):
    """RGB (N, 3, H, W) in 0..1 → features (N, 1280), averaged over the picture."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv2d(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, eps=EPSILON)
        blocks, channels = [], 32
        for repeats, kernel, stride, widen, wider in STAGES:
            for index in range(repeats):
                step = stride if index == 0 else 1
                blocks.append(InvertedResidual(channels, wider, kernel=kernel, stride=step, widen=widen))
                channels = wider
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SameConv2d(channels, FEATURES, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(FEATURES, eps=EPSILON)
        self._fc = nn.Linear(FEATURES, 1000)

    def forward(self, rgb: Tensor) -> Tensor:
        return F.relu6(self._bn1(self._conv_head(self.stages(rgb)[-1]))).mean(dim=(2, 3))

    def stages(self, rgb: Tensor) -> list[Tensor]:
        """What every block says, finest first: for nets that want more than one vector."""
        x = F.relu6(self._bn0(self._conv_stem((rgb * 255 - 127) / 128)))
        seen = []
        for block in self._blocks:
            x = block(x)
            seen.append(x)
        return seen

    def classify(self, rgb: Tensor) -> Tensor:
        """Scores of the thousand classes of ImageNet."""
        return self._fc(self(rgb))


def load_efficientnet_lite0(weights: Path) -> EfficientNetLite0:
    network = EfficientNetLite0()
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval().requires_grad_(False)
