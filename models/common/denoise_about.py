"""What the photo denoiser says about itself: its manifest, and the words of its card."""

from __future__ import annotations

from typing import Any

from models.common.export import PLANES
from models.nets.blind_denoiser import Denoiser

MANIFEST: dict[str, Any] = {
    "format": 1,
    "id": "denoise-photo",
    "title": "Denoise photo",
    "description": "Removes noise from a photograph and keeps its texture; finds out by itself how strong it is.",
    "task": "restore",
    "version": "1.0.0",
    "licence": "Apache-2.0",
    "source": "models/denoise.py",
    "icon": "denoise",
    "scale": 1,
    "color_space": "srgb",
    "blend": "replace",
    "files": {"main": "model.onnx"},
    "inputs": [
        {"name": "image", "part": "main", "role": "image", "size": "any"} | PLANES,
        {"name": "strength", "part": "main", "role": "scalar", "param": "strength"}
        | {"range": [0.0, 1.0], "default": 0.5},
        *(
            {"name": name, "part": "main", "role": "scalar", "param": name} | {"range": [0.0, 1.0], "default": default}
            for name, default in (("luminance", 1.0), ("colour", 1.0), ("grain", 0.0))
        ),
    ],
    "outputs": [{"name": "result", "part": "main", "role": "image", "channels": [0, 3], "activation": "none"} | PLANES],
    "tile": {"tile": 640, "stride": Denoiser.STRIDE, "receptive_field": 32},
    "params": [
        {"id": "strength", "label": "Strength", "type": "float", "unit": "%"}
        | {"min": 0.0, "max": 100.0, "default": 50.0, "step": 1.0},
        *(
            {"id": name, "label": label, "type": "float", "unit": "%"}
            | {"min": 0.0, "max": 100.0, "default": default, "step": 1.0}
            for name, label, default in (
                ("luminance", "Luminance", 100.0),
                ("colour", "Colour", 100.0),
                ("grain", "Keep grain", 0.0),
            )
        ),
    ],
}
WHAT = (
    "Strength 50 takes away what the model itself estimates to be noise, place by place. Below 50 the untouched "
    "picture is mixed in, so that what stays is natural grain, and 0 changes nothing. Above 50 the noise is taken to "
    "be stronger than estimated, at 100 twice as strong: smoother, and fine texture goes with it. Luminance and colour "
    "say how much of that is taken from each; keep grain leaves what is finer than some five pixels in the luminance, "
    "so that blotches go and grain stays. Where the quietest level within 20 pixels is estimated below 2.2 of 255, "
    "nothing is taken away at 50."
)
WEAKNESSES = (
    "Fine texture that looks like noise (fur, sand, distant grass) is softened where the noise is strong.",
    "Strong noise that went through JPEG leaves a faint weave of thin lines on even areas, seen when enlarged.",
    "Above 50, even noise gets visibly smoother step by step; on strong camera noise 60 to 80 can look rougher than "
    "50, and only near 100 it is smoother. Dark, loud pictures may lose some warmth there.",
    "Faint noise, of three levels or less, mostly stays at strength 50, so that clean photographs do; 70 takes it.",
    "Real cameras were simulated, not measured: photon and read noise, mosaic, white balance, tone curve, JPEG. Noise "
    "coarser than about three pixels, banding and hot pixels are not in the training and mostly stay.",
    "Upscaled pictures carry their noise enlarged: denoise before enlarging.",
)
