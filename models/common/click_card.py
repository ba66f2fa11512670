"""The card of a network that selects what is pointed at; every number is read from what was measured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.common.card import GAP_PX
from models.common.click_measure import MOST_CLICKS, SHOWN_CLICKS, SIDE_PX, Begin, table
from models.common.pasting import Rgb8
from models.nets.clicking import FED_PX, INSIDE

WHAT = (
    "The object tool: a click on an object selects it, Alt-click or the right button says what does not belong to it, "
    "a drag draws a box around it, a drag with Shift paints roughly over it. The picture is encoded once, fitted into "
    f"{FED_PX} × {FED_PX} pixels; every further click asks only the small decoder. A guided filter inside the graph "
    "lays the answer along edges at that size, and the editor does the same once more at the picture's own size."
)
WEAKNESSES = (
    "It was taught for minutes on one core, and is unsure where objects touch: expect to click more than once.",
    "It was taught by cut-outs pasted onto photographs and by regions of one colour, not by photographs cut out by "
    "hand. Objects that stand free come out best; parts of an object, and people in a crowd, take more clicks.",
    "The eye is ImageNet's and was not taught further: what is smaller than a thirtieth of the picture is easily "
    "missed. Crop, or draw a box and add clicks.",
    "Thin things (spokes, hair, branches) come out as a soft rim or not at all.",
    "One answer is given where several are sensible (the shirt or the person): the next click says which.",
)
MARK_PX, OUTLINE = 5, (255, 90, 0)


def click_card(folder: Path, manifest: dict[str, Any]) -> str:
    """Everything under the title of card.md."""
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    made, speed = manifest["made_by"], measured["seconds"]
    megabytes = sum((folder / name).stat().st_size for name in manifest["files"].values()) / 1e6
    return "\n".join(
        [
            manifest["description"],
            "",
            "![Photographs that were in no training: where was clicked, and what was selected](preview.webp)",
            "",
            WHAT,
            "",
            "## Measured",
            "",
            f"Printed by `models/evaluate.py` on {measured['pictures']} pictures of {SIDE_PX} pixels with one to three "
            "objects of kinds that were in no training, pasted onto photographs from packages that gave none to "
            "training; one of the objects is meant. Both methods get the same first click (the middle of the object) "
            "or box (the true one); each further click goes into the middle of the method's own larger error. At most "
            f"{MOST_CLICKS} clicks are made, a box counts as one. How far around the first click GrabCut looks is what "
            "serves it best on these very pictures.",
            "",
            table(measured["rows"]),
            "",
            _compared(measured["rows"]) + " GrabCut goes by colours, and pasted objects have colours of their own.",
            "",
            *_by_hand(measured["by_hand"]),
            f"A rough mask instead of a click (a stroke inside, or a mask that is off): IoU {measured['rough']:.3f} "
            f"before, {measured['mended']:.3f} after, with no click at all.",
            "",
            f"Size {megabytes:.1f} MB. The picture is encoded in {speed['encode']:.2f} s, a click is answered in "
            f"{speed['click']:.3f} s ({speed['cpu']}), whatever the size of the picture; fitting the picture and the "
            "edges at full size come on top. On a GPU: not measured.",
            "",
            "## Weaknesses",
            "",
            *(f"- {weakness}" for weakness in WEAKNESSES),
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


def _compared(rows: Sequence[dict[str, Any]]) -> str:
    """Who is ahead where, in words."""
    said = []
    for first in ("click", "box"):
        of = {row["method"]: row for row in rows if row["first"] == first}
        ahead = {count: max(of, key=lambda method: of[method][f"iou_{count}"]) for count in SHOWN_CLICKS}
        counts = {method: [str(count) for count, best in ahead.items() if best == method] for method in of}
        parts = [f"{method} is ahead after {', '.join(after)}" for method, after in counts.items() if after]
        said.append(f"With a {first} first, {' and '.join(parts)}.")
    return " ".join(said)


def _by_hand(measured: dict[str, Any]) -> list[str]:
    """The same on photographs that nothing was pasted into; nothing where there were none."""
    if not measured["pictures"]:
        return []
    return [
        f"The same on {measured['pictures']} photographs of no training whose subjects were outlined by hand "
        f"(`models/hand_masks`), {FED_PX} pixels at the longer side:",
        "",
        table(measured["rows"]),
        "",
        _compared(measured["rows"]),
        "",
    ]


def click_preview(begin: Begin, shown: Sequence[tuple[Rgb8, Sequence[tuple[float, float, int]]]]) -> Rgb8:
    """Each photograph with its clicks (x, y in shares of width and height) beside what was selected."""
    rows = []
    for photo, clicks in shown:
        height, width = photo.shape[:2]
        points = np.array([(x * width, y * height, label) for x, y, label in clicks], np.float32)
        alpha = begin(photo).ask(points)
        marked = photo.copy()
        for x, y, label in points:
            place = round(float(x)), round(float(y))
            cv2.circle(marked, place, MARK_PX + 2, (255, 255, 255), -1, cv2.LINE_AA)
            cv2.circle(marked, place, MARK_PX, (31, 143, 77) if label == INSIDE else (196, 52, 43), -1, cv2.LINE_AA)
        cut = np.rint(photo * alpha[..., None] + 255 * (1 - alpha[..., None])).astype(np.uint8)
        rows.append(np.concatenate([marked, np.full((height, GAP_PX, 3), 255, np.uint8), cut], axis=1))
    widest = max(row.shape[1] for row in rows)
    return np.concatenate(
        [np.pad(row, ((0, GAP_PX), (0, widest - row.shape[1]), (0, 0)), constant_values=255) for row in rows]
    )
