"""Qt's renderers as one value, for whatever draws text and shape layers anew."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase

from desktop.core.errors import UserError
from desktop.core.layers import TextContent
from desktop.tools.made_layers import Makers
from desktop.tools.text_layers import RenderedText
from desktop.ui.shape_renderer import render_shape
from desktop.ui.text_renderer import render_text


def _render_in_its_font(content: TextContent) -> RenderedText:
    """UserError where the font is not here: another one would be another text."""
    if content.family and content.family not in QFontDatabase.families():
        raise UserError("text.no_family", family=content.family)
    return render_text(content)


MAKERS = Makers(_render_in_its_font, render_shape)
