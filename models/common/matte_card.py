"""The card of a network that cuts out; every number is read from what was measured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.common.card import before_and_after
from models.common.export import PLANES
from models.common.matte_measure import PHOTO_PX, SIDE_PX, CutOut
from models.common.pasting import Rgb8
from models.nets.matting import GUIDE_PX, NETWORK_PX

THIS_MODEL = "this model"
WHAT = (
    "Layer ▸ Remove background hides everything but the subject by a layer mask, Select ▸ Subject selects it. The "
    f"network looks at the picture squeezed into {NETWORK_PX} × {NETWORK_PX} pixels; a guided filter inside the graph "
    f"fits what it found to the colours at {GUIDE_PX} × {GUIDE_PX} and applies that at full size, so the edge follows "
    "the picture."
)
WEAKNESSES = (
    "It was taught by cut-outs pasted onto photographs, not by photographs cut out by hand: animals, plants, fruit and "
    "objects come out best; people were hardly among them.",
    "What touches the subject and looks like it (a branch under a bird, a hand around a cup) may come or go with it.",
    "Hair, fur and lace come out as a soft rim, not strand by strand.",
    "A scene without a subject gives a patchy guess or nothing; then point at what is meant with the object tool.",
    "Edges against a background of the same colour are guessed.",
    "Which of several steps of training is shipped was decided by the eleven photographs outlined by hand, so their "
    "rows flatter it a little.",
)


MANIFEST: dict[str, Any] = {
    "format": 1,
    "id": "cutout",
    "title": "Cut out subject",
    "description": "Finds what stands out in a picture and cuts it out with a soft edge.",
    "task": "matte",
    "version": "1.0.0",
    "licence": "Apache-2.0",
    "source": "models/matte.py",
    "icon": "cutout",
    "scale": 1,
    "color_space": "srgb",
    "blend": "as_alpha",
    "files": {"main": "model.onnx"},
    "inputs": [{"name": "image", "part": "main", "role": "image", "size": "any"} | PLANES],
    "outputs": [{"name": "alpha", "part": "main", "role": "mask", "layout": "NCHW", "activation": "none"}],
    "params": [],
}


def on_white(photo: Rgb8, cut_out: CutOut) -> Rgb8:
    """A photograph, and its subject on white."""
    alpha = cut_out(photo)[..., None]
    return before_and_after(photo, np.rint(photo * alpha + 255 * (1 - alpha)).astype(np.uint8))


def matte_tables(measured: dict[str, Any]) -> str:
    """Of pasted pictures, and of photographs where there were any."""
    by_hand = measured["by_hand"].get("rows", [])
    said = f"\n\nPhotographs cut out by hand:\n\n{matte_table(by_hand)}" if by_hand else ""
    return matte_table(measured["rows"]) + said


def matte_table(rows: list[dict[str, Any]]) -> str:
    lines = ["| method | error of alpha, % | IoU | error of gradients | seconds |", "|---|---|---|---|---|"]
    lines += [
        f"| {row['method']} | {row['error']:.2f} | {row['iou']:.3f} | {row['gradient']:.2f} | {row['seconds']:.2f} |"
        for row in rows
    ]
    return "\n".join(lines)


def matte_metrics(rows: list[dict[str, Any]], data: str) -> list[dict[str, Any]]:
    """The [[metrics]] of a manifest, beside the GrabCut that is told nothing about the subject."""
    own = next(row for row in rows if row["method"] == THIS_MODEL)
    rival = next(row for row in rows if row["method"].startswith("GrabCut in a frame"))
    names = {"error": ("mean error of alpha", "%"), "iou": ("IoU", ""), "gradient": ("error of gradients", "")}
    return [
        {"data": data, "metric": metric, "value": round(own[key], 3), "unit": unit}
        | {"baseline": rival["method"], "baseline_value": round(rival[key], 3)}
        for key, (metric, unit) in names.items()
    ]


def all_metrics(measured: dict[str, Any]) -> list[dict[str, Any]]:
    """Of pasted pictures, and of photographs where there were any."""
    pasted = f"{measured['pictures']} held-out cut-outs on held-out photographs, {SIDE_PX} px"
    found = matte_metrics(measured["rows"], pasted)
    if by_hand := measured["by_hand"]:
        found += matte_metrics(by_hand["rows"], f"{len(by_hand['each'])} photographs cut out by hand, {PHOTO_PX} px")
    return found


def by_hand_paragraphs(by_hand: dict[str, Any]) -> list[str]:
    """What photographs say that nothing was pasted into; nothing where there were none."""
    if not by_hand:
        return []
    rows = {row["method"]: row for row in by_hand["rows"]}
    own, boxed = rows[THIS_MODEL], rows["GrabCut in the true box"]
    verdict = "ahead of" if own["error"] < boxed["error"] else "behind"
    each = sorted(by_hand["each"].items(), key=lambda item: item[1]["error"])
    return [
        f"On {len(each)} photographs that were in no training and whose subjects were outlined by hand "
        f"(`models/hand_masks`), {PHOTO_PX} pixels at the longer side, GrabCut as above:",
        "",
        matte_table(by_hand["rows"]),
        "",
        f"By the error of alpha it is {verdict} the GrabCut that is told the true box. Each photograph: "
        + ", ".join(f"{name} {row['error']:.1f} % (IoU {row['iou']:.2f})" for name, row in each)
        + ".",
        "",
    ]


def matte_card(folder: Path, manifest: dict[str, Any], what: str, weaknesses: Sequence[str]) -> str:
    """Everything under the title of card.md."""
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    made, speed = manifest["made_by"], measured["speed"]
    megabytes = (folder / manifest["files"]["main"]).stat().st_size / 1e6
    return "\n".join(
        [
            manifest["description"],
            "",
            "![A photograph that was in no training, and its subject on white](preview.webp)",
            "",
            what,
            "",
            "## Measured",
            "",
            f"Printed by `models/evaluate.py` on {measured['pictures']} cut-outs of kinds that were in no training, "
            f"pasted onto photographs from packages that gave none to training, {SIDE_PX} × {SIDE_PX} pixels. "
            "GrabCut's frame and blur are the ones that serve it best on these very pictures; in the true box it is "
            "told where the subject is, which the model is not.",
            "",
            matte_table(measured["rows"]),
            "",
            *by_hand_paragraphs(measured["by_hand"]),
            f"On the golden sample of this folder alpha is {measured['sample']['error_percent']:.2f} % from the truth.",
            "",
            f"Size {megabytes:.1f} MB. {speed['cpu_seconds_per_megapixel']:.2f} s a megapixel ({speed['cpu']}); "
            f"{speed['peak_memory_mb']:.0f} MB of memory for one megapixel. On a GPU: not measured.",
            "",
            "## Weaknesses",
            "",
            *(f"- {weakness}" for weakness in weaknesses),
            "",
            "## Made by",
            "",
            f"`{made['script']}` at commit {made['commit']}, {made['date']}, step {measured['step']}. "
            f"Licence of the weights: {manifest['licence']}. Made from these packages:",
            "",
            *(f"- {source['name']}: {source['licence']}" for source in made["data"]),
            "",
        ]
    )
