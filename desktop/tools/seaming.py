"""A layer made seamless, within the selection's frame or where it has pixels, as one edit."""

from __future__ import annotations

import numpy as np

from desktop.core.color import Pixels
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import LayerId
from desktop.core.seamless import SeamlessSettings, seamless
from desktop.tools.locks import keeps_alpha
from desktop.tools.names import EditName
from desktop.tools.painting import Plane, paintable_layer


def seaming_area(document: Document, layer_id: LayerId | None) -> Rect:
    """What becomes one tile. UserError when nothing may be changed there, or there is nothing."""
    layer = paintable_layer(document, layer_id, Plane.PIXELS)
    area = document.raster_layer(layer.id).tiles.content_bounds().intersect(document.size.rect())
    if document.selection is not None:
        area = document.selection.content_bounds().intersect(document.size.rect()) if not area.is_empty else area
    if area.is_empty:
        raise UserError("effect.empty", name=layer.name)
    return area


def seamless_pixels(document: Document, layer_id: LayerId, area: Rect, settings: SeamlessSettings) -> Pixels:
    """(H, W, 4) for the area, as far as the selection and the locks allow; in any thread."""
    before = document.raster_layer(layer_id).tiles.read(area)
    after = seamless(before, settings)
    if keeps_alpha(document, layer_id):
        after[..., 3] = before[..., 3]
    if document.selection is None:
        return after
    share = document.selection.read(area)[..., :1].astype(np.float32) / 255
    mixed: Pixels = np.rint(before + (after.astype(np.float32) - before) * share).astype(before.dtype)
    return mixed


def land_seamless(opened: OpenDocument, layer_id: LayerId, area: Rect, pixels: Pixels) -> None:
    paintable_layer(opened.document, layer_id, Plane.PIXELS)
    with opened.edit(EditName.SEAMLESS) as edit:
        edit.pixels(layer_id).write(area, pixels)
        edit.touched(layer_id, area)
