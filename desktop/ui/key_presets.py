"""Sets of keys for hands that come from other programs. An action that is not named keeps the table's own keys."""

from __future__ import annotations

GIMP_LIKE: dict[str, tuple[str, ...]] = {
    "file.place": ("Ctrl+Alt+O",),
    "file.export": ("Ctrl+Shift+E",),
    "file.duplicate": ("Ctrl+D",),
    "edit.redo": ("Ctrl+Y",),
    "edit.fill": ("Ctrl+,",),
    "edit.fill_background": ("Ctrl+.",),
    "ai.cancel": ("Ctrl+Alt+.",),
    "layer.duplicate": ("Ctrl+Shift+D",),
    "layer.merge_visible": ("Ctrl+M",),
    "layer.merge_down": (),
    "layer.via_cut": (),
    "select.none": ("Ctrl+Shift+A",),
    "select.invert": ("Ctrl+I",),
    "tool.move": ("M",),
    "tool.brush": ("P",),
    "tool.eraser": ("Shift+E",),
    "tool.picker": ("O",),
    "tool.clone": ("C",),
    "tool.heal": ("H",),
    "tool.smudge": ("S",),
    "tool.focus": ("Shift+U",),
    "tool.tone": ("Shift+D",),
    "tool.fill": ("Shift+B",),
    "tool.rectangle": ("R",),
    "tool.ellipse": ("E",),
    "tool.lasso": ("F",),
    "tool.wand": ("U",),
    "view.fit": ("Ctrl+Shift+J",),
    "view.actual": ("1",),
    "view.rulers": ("Ctrl+Shift+R",),
    "view.guides": ("Ctrl+Shift+T",),
    "view.zoom_in": ("+", "="),
    "view.zoom_out": ("-",),
    "brush.smaller": ("[",),
    "brush.larger": ("]",),
}

KEY_PRESETS: dict[str, dict[str, tuple[str, ...]]] = {"default": {}, "gimp": GIMP_LIKE}
