"""What a window keeps for each of its open documents; `EditorState` holds the list. And how they share memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point
from desktop.core.layers import LayerId
from desktop.core.snapshots import Snapshots
from desktop.core.tiles import TileMap
from desktop.tools.grid import CORNER, Grid
from desktop.tools.layer_views import Solo
from desktop.tools.painting import Plane
from desktop.ui.canvas.view import View


@dataclass(slots=True)
class DocumentAids:
    """What helps to measure one picture, and is no part of it."""

    grid: Grid | None = None  # None: the grid last chosen
    grid_shown: bool = False
    ruler_origin: Point = CORNER


@dataclass(eq=False, slots=True)
class DocumentSession:
    """One open document: where it came from, and how it was left when another one was shown."""

    open_document: OpenDocument
    path: Path | None
    title: str
    layer_id: LayerId | None = None
    plane: Plane = Plane.PIXELS
    chosen: frozenset[LayerId] = frozenset()  # other layers that commands act on as well
    is_mask_alone: bool = False  # the canvas shows the active layer's mask and nothing else
    channel: int | None = None  # the one that the canvas shows in grey, in the order of the panel
    collapsed: frozenset[LayerId] = frozenset()  # groups whose layers are not listed
    solo: Solo | None = None
    region: TileMap | None = None
    view: View | None = None
    is_fitted: bool = True
    snapshots: Snapshots = field(default_factory=Snapshots)
    aids: DocumentAids = field(default_factory=DocumentAids)

    @property
    def is_modified(self) -> bool:
        return self.open_document.is_modified

    def kept_bytes(self) -> int:
        """What history and snapshots keep in memory."""
        return self.open_document.history.memory_bytes + self.snapshots.memory_bytes(self.open_document.document)


def share_memory(sessions: Sequence[DocumentSession], budget_bytes: int) -> None:
    """Gives every history what the others leave of the budget, and never less than an even share."""
    for session in sessions:
        others = sum(other.kept_bytes() for other in sessions if other is not session)
        share = max(budget_bytes - others, budget_bytes // len(sessions))
        share -= session.snapshots.memory_bytes(session.open_document.document)
        opened = session.open_document
        if not opened.is_editing and opened.history.limit_to(max(share, 0)):
            opened.history_changed.emit()
