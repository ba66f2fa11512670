"""Actions of the Tools menu: every tool, and what changes the brush in hand."""

from __future__ import annotations

from desktop.ui.action_spec import action as _a

TOOL_ACTIONS = (
    _a("tool.move", "tool", "tools.choose", "V", icon="move", argument="move", checked="tool"),
    _a("tool.brush", "tool", "tools.choose", "B", icon="brush", argument="brush", checked="tool"),
    _a("tool.eraser", "tool", "tools.choose", "E", icon="eraser", argument="eraser", checked="tool"),
    _a("tool.mask", "tool", "tools.choose", "K", icon="mask-brush", argument="mask", checked="tool"),
    _a("tool.region", "tool", "tools.choose", "A", icon="region-brush", argument="region", checked="tool"),
    _a("tool.refine", "tool", "tools.choose", "Shift+K", icon="refine-edge", argument="refine", checked="tool"),
    _a("tool.rectangle", "tool", "tools.choose", "M", icon="rectangle", argument="rectangle", checked="tool"),
    _a("tool.ellipse", "tool", "tools.choose", "Shift+M", icon="ellipse", argument="ellipse", checked="tool"),
    _a("tool.lasso", "tool", "tools.choose", "L", icon="lasso", argument="lasso", checked="tool"),
    _a("tool.polygon", "tool", "tools.choose", "Shift+L", icon="polygon", argument="polygon", checked="tool"),
    _a("tool.magnetic", "tool", "tools.choose", "N", icon="magnetic", argument="magnetic", checked="tool"),
    _a("tool.wand", "tool", "tools.choose", "W", icon="wand", argument="wand", checked="tool"),
    _a("tool.object", "tool", "tools.choose", "Shift+W", icon="object", argument="object", checked="tool"),
    _a("tool.gradient", "tool", "tools.choose", "G", icon="gradient", argument="gradient", checked="tool"),
    _a("tool.fill", "tool", "tools.choose", "Shift+G", icon="bucket", argument="fill", checked="tool"),
    _a("tool.transform", "tool", "editing.transform.begin", "Ctrl+T", icon="transform", condition="layer"),
    _a("tool.crop", "tool", "tools.choose", "C", icon="crop", argument="crop", checked="tool"),
    _a("tool.clone", "tool", "tools.choose", "S", icon="clone", argument="clone", checked="tool"),
    _a("tool.heal", "tool", "tools.choose", "J", icon="heal", argument="heal", checked="tool"),
    _a("tool.remove", "tool", "tools.choose", "Shift+J", icon="remove", argument="remove", checked="tool"),
    _a("tool.smudge", "tool", "tools.choose", "U", icon="smudge", argument="smudge", checked="tool"),
    _a("tool.focus", "tool", "tools.choose", "Shift+U", icon="focus", argument="focus", checked="tool"),
    _a("tool.tone", "tool", "tools.choose", "O", icon="tone", argument="tone", checked="tool"),
    _a("tool.stamp", "tool", "tools.choose", "Shift+S", icon="stamp", argument="stamp", checked="tool"),
    _a("tool.text", "tool", "tools.choose", "T", icon="text", argument="text", checked="tool"),
    _a("tool.shape", "tool", "tools.choose", "Shift+P", icon="shape", argument="shape", checked="tool"),
    _a("tool.picker", "tool", "tools.choose", "I", icon="picker", argument="picker", checked="tool"),
    _a("tool.hand", "tool", "tools.choose", "H", icon="hand", argument="hand", checked="tool"),
    _a("tool.zoom", "tool", "tools.choose", "Z", icon="zoom", argument="zoom", checked="tool"),
    _a("brush.smaller", "tool", "tools.scale_brush", "[", argument=1 / 1.15, separated=True),
    _a("brush.larger", "tool", "tools.scale_brush", "]", argument=1.15),
    _a("brush.softer", "tool", "tools.harden_brush", "Shift+[", "{", argument=-10),
    _a("brush.harder", "tool", "tools.harden_brush", "Shift+]", "}", argument=10),
    _a("brush.picker", "brushes", "context.brush_bar.open_picker", "F5", icon="brush"),
    _a("brush.edit", "brushes", "context.brush_bar.open_editor", icon="brush-settings"),
    _a("brush.save", "brushes", "brushes.save", icon="save", separated=True),
    _a("brush.import", "brushes", "brushes.import_files", icon="open"),
    _a("brush.rename", "brushes", "brushes.rename", icon="rename", condition="own_brush"),
    _a("brush.delete", "brushes", "brushes.delete", icon="trash", condition="own_brush"),
    *(
        _a(f"symmetry.{kind}", "symmetry", "tools.set_symmetry", argument=kind, checked="symmetry")
        for kind in ("off", "vertical", "horizontal", "both", "radial")
    ),
    *(
        _a(f"brush.opacity_{digit * 10 or 100}", "opacity", "tools.set_opacity", str(digit), argument=digit * 10 or 100)
        for digit in (1, 2, 3, 4, 5, 6, 7, 8, 9, 0)
    ),
)
