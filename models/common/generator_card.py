"""The card of a generator: card.md. Every number is read from what was measured, none is typed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.common.generation import table


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
