"""An effect that is being tried on the picture: on a layer's pixels, or as an adjustment layer. One edit, open from the
making of a trial to `keep` or `drop`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from desktop.core.edits import OpenDocument
from desktop.core.geometry import Rect
from desktop.core.layers import AdjustmentLayer, EffectSettings, LayerId
from desktop.tools.effect_run import EffectRun
from desktop.tools.histogram import Sampled, sampled, sampled_picture
from desktop.tools.layer_edits import place_above
from desktop.tools.names import EditName
from desktop.tools.painting import Plane

AS_IT_WAS = EffectSettings("")  # no effect


class Trial(Protocol):
    """`show` tries other settings, None the picture as it was; `work` goes on and is True while there is more."""

    @property
    def progress(self) -> float: ...

    def show(self, settings: EffectSettings | None) -> None: ...

    def work(self) -> bool: ...

    def keep(self) -> None: ...

    def drop(self) -> None: ...

    def sample(self) -> Sampled:
        """The pixels that will change, here and there; from any thread."""
        ...


class PixelTrial:
    """On a layer's own pixels, or its mask; what `seen` tells comes first."""

    def __init__(
        self,
        opened: OpenDocument,
        layer_id: LayerId,
        plane: Plane,
        name: str,
        seen: Callable[[], Rect],
        *,
        fills: bool = False,
    ) -> None:
        self._run, self._seen = EffectRun(opened, layer_id, plane, name, fills=fills), seen

    @property
    def progress(self) -> float:
        return self._run.progress

    def show(self, settings: EffectSettings | None) -> None:
        self._run.start(settings or AS_IT_WAS, self._seen())

    def work(self) -> bool:
        return self._run.work()

    def keep(self) -> None:
        self._run.keep()

    def drop(self) -> None:
        self._run.drop()

    def sample(self) -> Sampled:
        return sampled(self._run.source)


class LayerTrial:
    """An adjustment layer, a new one above `above_id` or one that is there; the compositor does the work."""

    progress = 1.0

    def __init__(self, opened: OpenDocument, layer: AdjustmentLayer, above_id: LayerId | None = None) -> None:
        self._opened, self._layer = opened, layer
        is_new = not opened.document.has_layer(layer.id)
        self._edit = opened.edit(EditName.NEW_ADJUSTMENT if is_new else EditName.CHANGE_ADJUSTMENT)
        self._edit.__enter__()
        if is_new:
            self._edit.insert_layer(layer, *place_above(opened.document, above_id))

    def show(self, settings: EffectSettings | None) -> None:
        if settings is None:
            wanted = self._layer.changed(visible=False)
        else:
            wanted = self._layer = self._layer.changed(settings=settings)
        if self._edit.document.layer(self._layer.id) != wanted:
            self._edit.replace_layer(wanted)

    def work(self) -> bool:
        return False

    def keep(self) -> None:
        self.show(self._layer.settings)
        document = self._opened.document
        if document.has_layer(self._layer.id) and document.layer(self._layer.id) == self._layer:
            self.drop()
        else:
            self._edit.__exit__(None, None, None)

    def drop(self) -> None:
        self._edit.__exit__(_DroppedError, _DroppedError(), None)

    def sample(self) -> Sampled:
        document = self._opened.document
        if document.has_layer(self._layer.id):
            document = document.with_layer_replaced(document.layer(self._layer.id).changed(visible=False))
        return sampled_picture(document)


class _DroppedError(Exception):
    """Leaves the edit's block without a trace."""
