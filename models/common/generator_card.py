"""The card of a generator: card.md. Every number is read from what was measured, none is typed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.common.generation import PARTS_MET, table

JOINED = (
    "The pictures of this set are joined of parts, which they share to the pixel: on a network's features a real one's "
    "fifth neighbour is nearer than any drawing comes, and a soft sample counts as none, however well it is "
    "recognised. So two more rows say how varied the samples are: `coverage_pixels` is the same share on coarse "
    f"pixels, which forgive softness; `{PARTS_MET}` is how many of all eyes and mouths are found among the training "
    "pictures nearest to the samples.",
    "",
)


def generator_card(
    manifest: dict[str, Any],
    measured: dict[str, Any],
    *,
    what: str,
    weaknesses: Sequence[str],
    nearest: Sequence[str],
    more: Sequence[str] = (),
) -> str:
    made_by, training = manifest["made_by"], measured["training"]
    lines = [
        f"# {manifest['title']}",
        "",
        manifest["description"],
        "",
        "![Samples, drawn one after the other and not chosen](preview.webp)",
        "",
        what,
        "",
        "## Measured",
        "",
        "Printed by `models/evaluate.py` from the exported files, everything on white paper. Distances named "
        "`efficientnet_lite0` are on that network's features, not on Inception's: they compare with nothing but "
        "numbers of the same name and count. The last column is real pictures against other real pictures, as many.",
        "",
        table(measured),
        "",
        *(JOINED if any(line["metric"] == PARTS_MET for line in measured["lines"]) else ()),
        *more,
        "## Nearest training pictures",
        "",
        "![Samples above, the nearest pictures of training below](nearest.webp)",
        "",
        f"Above the first samples of the grid, below what was nearest in training: {', '.join(nearest)}.",
        "",
        "## Weaknesses",
        "",
        *(f"- {weakness}" for weakness in weaknesses),
        "",
        "## Made by",
        "",
        f"`{made_by['script']}` at commit {made_by['commit']}, {made_by['date']}: {training['step']} steps of "
        f"{training['batch']}, {measured['training pictures']} pictures of training. Time: {training['time']}. "
        f"Licence of the weights: {manifest['licence']}. Trained on:",
        "",
        *(f"- {source['name']}: {source['licence']}" for source in made_by["data"]),
        "",
    ]
    return "\n".join(lines)
