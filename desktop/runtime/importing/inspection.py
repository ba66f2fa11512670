"""What the examination of a file brings back to the editor. Imports nothing that loads or runs networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from desktop.runtime.importing.choices import Choices, Question
from desktop.runtime.importing.facts import GraphFacts
from desktop.runtime.manifest import Manifest


class Candidate(msgspec.Struct, frozen=True):
    """One way to feed the network: what came out (H, W, 3 uint8, small), and how wrong it looks.

    `more` are further answers that go with it: the meaning of the mask, the number of the class.
    """

    range: str
    output_range: str
    order: str
    wrongness: float
    preview: Any
    more: dict[str, str] = {}

    @property
    def answers(self) -> dict[str, str]:
        """What a person says who chooses this picture, as for `--set`."""
        return {"range": self.range, "order": self.order, **self.more}


@dataclass(frozen=True)
class Inspection:
    """What is known of a file after its examination; `manifest` is complete, with the guesses where nobody answered."""

    facts: GraphFacts
    manifest: Manifest
    choices: Choices | None  # None: the file brought its own manifest
    questions: tuple[Question, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    size: tuple[int, int] | None = None
    seconds_per_megapixel: float | None = None
    preview: NDArray[np.uint8] | None = field(default=None, compare=False)
