"""A change of the chosen layers that is seen while it is being made, and ends as one history entry or as none."""

from __future__ import annotations

from collections.abc import Callable

from desktop.core.edits import Edit, OpenDocument
from desktop.core.layers import Layer, LayerId
from desktop.tools.layer_tree import with_layers_changed
from desktop.tools.names import EditName
from desktop.ui.state import EditorState

Change = Callable[[Layer], Layer]


class _DroppedError(Exception):
    """Leaves the edit's block without a trace."""


class LiveChange:
    """Keeps one edit open from the first `show` to `keep` or `drop`; nobody else can edit meanwhile."""

    def __init__(self, state: EditorState, before: Callable[[], None]) -> None:
        self._state, self._before = state, before
        self._opened: OpenDocument | None = None
        self._edit: Edit | None = None
        self._ids: tuple[LayerId, ...] = ()
        state.document_left.connect(self.drop)

    @property
    def is_running(self) -> bool:
        return self._edit is not None

    def show(self, name: EditName, change: Change) -> None:
        """What the layers would be; each call starts from how they were."""
        opened = self._state.open_document
        if self._edit is None:
            if opened is None or opened.is_editing or not self._state.chosen_ids:
                return
            self._before()
            self._opened, self._ids = opened, self._state.chosen_ids
            self._edit = opened.edit(name)
            self._edit.__enter__()
        assert self._opened is not None
        self._edit.replace_document(with_layers_changed(self._opened.document, self._ids, change))

    def keep(self) -> None:
        """Ends as one entry; as none when everything is as it was."""
        edit, opened = self._taken()
        if edit is not None and opened is not None:
            if edit.document is opened.document:
                _roll_back(edit)
            else:
                edit.__exit__(None, None, None)

    def drop(self) -> None:
        edit, _ = self._taken()
        if edit is not None:
            _roll_back(edit)

    def _taken(self) -> tuple[Edit | None, OpenDocument | None]:
        edit, opened = self._edit, self._opened
        self._edit = self._opened = None
        return edit, opened


def _roll_back(edit: Edit) -> None:
    error = _DroppedError()
    edit.__exit__(_DroppedError, error, None)
