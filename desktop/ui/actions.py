"""The one table of actions: it drives menus, toolbar, action search, shortcuts and tooltips.

`handler` is an attribute path from the window ("layers.duplicate"), `condition` a name of conditions.py. The text of an
action is `action.<id>`, that of a menu `menu.<name>`.
"""

from __future__ import annotations

from functools import cache

from desktop.core.layers import ColorTag
from desktop.ui.action_spec import ActionSpec
from desktop.ui.action_spec import action as _a
from desktop.ui.effect_actions import FILTER_MENUS, effect_actions
from desktop.ui.image_actions import ARRANGE_ACTIONS, IMAGE_ACTIONS
from desktop.ui.panels.registry import PANELS
from desktop.ui.tool_actions import TOOL_ACTIONS

_FILE = (
    _a("file.new", "file", "files.new", "Ctrl+N", icon="new"),
    _a("file.open", "file", "files.open", "Ctrl+O", icon="open"),
    _a("file.place", "file", "files.place", icon="picture", condition="document"),
    _a("file.recover", "file", "recovery.show", icon="history"),
    _a("file.save", "file", "files.save", "Ctrl+S", icon="save", condition="document", separated=True),
    _a("file.save_as", "file", "files.save_as", "Ctrl+Shift+S", condition="document"),
    _a("file.export", "file", "files.export", "Ctrl+Alt+E", icon="export", condition="document"),
    _a("file.duplicate", "file", "files.duplicate", condition="document", separated=True),
    _a("file.revert", "file", "files.revert", condition="file"),
    _a("file.close", "file", "files.close", "Ctrl+W", condition="document", separated=True),
    _a("file.close_all", "file", "files.close_all", "Ctrl+Shift+W", condition="document"),
    _a("file.quit", "file", "close", "Ctrl+Q"),
)

_EDIT = (
    _a("edit.undo", "edit", "layers.undo", "Ctrl+Z", icon="undo", condition="can_undo"),
    _a("edit.redo", "edit", "layers.redo", "Ctrl+Shift+Z", "Ctrl+Y", icon="redo", condition="can_redo"),
    _a("edit.cut", "edit", "clipboard.cut", "Ctrl+X", condition="raster", separated=True),
    _a("edit.copy", "edit", "clipboard.copy", "Ctrl+C", condition="layer"),
    _a("edit.copy_merged", "edit", "clipboard.copy_merged", "Ctrl+Shift+C", condition="layer"),
    _a("edit.paste", "edit", "clipboard.paste", "Ctrl+V"),
    _a("edit.paste_new", "edit", "clipboard.paste_new", "Ctrl+Shift+V"),
    _a("edit.clear", "edit", "layers.clear", "Delete", condition="raster", separated=True),
    _a("edit.fill", "edit", "layers.fill", "Alt+Backspace", condition="raster"),
    _a("edit.fill_background", "edit", "layers.fill_background", "Ctrl+Backspace", condition="raster"),
    _a("edit.fill_texture", "edit", "view.fill_with_texture", icon="generate", condition="document"),
    _a("edit.remove", "edit", "editing.removal.run", "Shift+Backspace", icon="remove", condition="can_remove"),
    _a("edit.remove_again", "edit", "editing.removal.run_again", icon="dice", condition="can_remove_again"),
    _a("edit.seamless", "edit", "editing.seamless.open", condition="raster"),
    _a("edit.define_pattern", "edit", "editing.patterns.define", condition="document"),
    _a("edit.swap_colors", "edit", "tools.swap_colors", "X", icon="swap", separated=True),
    _a("edit.default_colors", "edit", "tools.default_colors", "D", icon="default-colors"),
    _a("edit.depth_8", "edit", "files.set_depth", condition="document", argument=8, checked="depth", separated=True),
    _a("edit.depth_16", "edit", "files.set_depth", condition="document", argument=16, checked="depth"),
    _a("edit.snapshot", "edit", "history.snapshot", icon="camera", condition="document", separated=True),
    _a("edit.clear_history", "edit", "history.clear", condition="document"),
    _a("edit.preferences", "edit", "help.preferences", "Ctrl+K", separated=True),
    _a("edit.shortcuts", "edit", "help.shortcuts", "Ctrl+Alt+Shift+K", icon="keyboard"),
)

_LAYER = (
    _a("layer.new", "layer", "layers.new", "Ctrl+Shift+N", icon="plus", condition="document"),
    _a("layer.duplicate", "layer", "layers.duplicate", "Ctrl+J", icon="duplicate", condition="layer"),
    _a("layer.to_document", "layer", "editing.transfers.choose", condition="several"),
    _a("layer.via_cut", "layer", "layers.via_cut", "Ctrl+Shift+J", condition="selection"),
    _a("layer.group", "layer", "layers.group", "Ctrl+G", icon="folder", condition="layer"),
    _a("layer.ungroup", "layer", "layers.ungroup", "Ctrl+Shift+G", condition="group"),
    _a("layer.rename", "layer", "layers.rename", "F2", icon="rename", condition="layer"),
    _a("layer.find", "layer", "panels.layers.find", "Ctrl+Alt+Shift+F", icon="search", condition="document"),
    _a("layer.delete", "layer", "layers.delete", "Ctrl+Delete", icon="trash", condition="layer"),
    _a("layer.add_mask", "layer_mask", "layers.add_mask", icon="mask", condition="no_mask"),
    _a("layer.delete_mask", "layer_mask", "layers.delete_mask", condition="mask"),
    _a("layer.invert_mask", "layer_mask", "layers.invert_mask", condition="mask"),
    _a("layer.mask_enabled", "layer_mask", "layers.switch_mask", condition="mask", checked="mask_enabled"),
    _a("layer.apply_mask", "layer_mask", "layers.apply_mask", condition="raster_mask"),
    _a("layer.mask_linked", "layer_mask", "layers.link_mask", condition="mask", checked="mask_linked"),
    _a("layer.paint_mask", "layer_mask", "layers.paint_mask", icon="mask", condition="mask", checked="paints_mask"),
    _a("layer.mask_alone", "layer_mask", "layers.mask_alone", condition="mask", checked="mask_alone"),
    _a("layer.clip", "layer", "layers.clip", "Ctrl+Alt+G", icon="clip", condition="layer", checked="clipped"),
    _a(
        "layer.visible",
        "layer",
        "layers.toggle_visible",
        icon="eye",
        condition="layer",
        checked="visible",
        separated=True,
    ),
    _a("layer.solo", "layer", "layers.solo", icon="solo", condition="layer"),
    _a(
        "layer.lock_pixels",
        "lock",
        "layers.lock_pixels",
        icon="lock-pixels",
        condition="layer",
        checked="pixels_locked",
    ),
    _a("layer.lock_alpha", "lock", "layers.lock_alpha", icon="lock-alpha", condition="layer", checked="alpha_locked"),
    _a("layer.lock_all", "lock", "layers.lock_all", icon="lock", condition="layer", checked="all_locked"),
    _a(
        "layer.lock_position",
        "lock",
        "layers.lock_position",
        icon="lock-position",
        condition="layer",
        checked="position_locked",
    ),
    _a(
        "layer.remove_background",
        "layer",
        "ai.quick.remove_background",
        icon="cutout",
        condition="quick_layer",
        separated=True,
    ),
    _a("layer.replace_background", "layer", "ai.quick.replace_background", condition="quick_layer"),
    _a("layer.raise", "arrange", "layers.raise_layer", "Ctrl+]", icon="arrow-up", condition="layer"),
    _a("layer.lower", "arrange", "layers.lower_layer", "Ctrl+[", icon="arrow-down", condition="layer"),
    _a("layer.to_front", "arrange", "layers.to_front", "Ctrl+Shift+]", "Ctrl+}", condition="layer"),
    _a("layer.to_back", "arrange", "layers.to_back", "Ctrl+Shift+[", "Ctrl+{", condition="layer"),
    _a("layer.merge_down", "layer", "layers.merge_down", "Ctrl+E", icon="merge", condition="layer", separated=True),
    _a("layer.merge_visible", "layer", "layers.merge_visible", "Ctrl+Shift+E", condition="layer"),
    _a("layer.stamp_visible", "layer", "layers.stamp_visible", "Ctrl+Alt+Shift+E", condition="layer"),
    _a("layer.flatten", "layer", "layers.flatten", condition="layer"),
    *(
        _a(f"layer.tag_{tag.value}", "tags", "layers.set_tag", argument=tag.value, condition="layer", checked="tag")
        for tag in ColorTag
    ),
)

_SELECT = (
    _a("select.all", "select", "layers.select_all", "Ctrl+A", icon="select", condition="document"),
    _a("select.none", "select", "layers.select_none", "Ctrl+D", condition="selection"),
    _a("select.again", "select", "layers.select_again", "Ctrl+Shift+D", condition="had_selection"),
    _a("select.invert", "select", "layers.invert_selection", "Ctrl+Shift+I", condition="selection"),
    _a(
        "select.quick_mask",
        "select",
        "selection.toggle_quick_mask",
        "Q",
        condition="document",
        checked="quick_mask",
        separated=True,
    ),
    _a("select.subject", "select", "ai.quick.select_subject", icon="cutout", condition="quick", separated=True),
    _a("select.color_range", "select", "editing.ranges.open", icon="picker", condition="document"),
    _a("select.grow", "select", "selection.modify", argument="grow", condition="selection", separated=True),
    _a("select.shrink", "select", "selection.modify", argument="shrink", condition="selection"),
    _a("select.feather", "select", "selection.modify", "Shift+F6", argument="feather", condition="selection"),
    _a("select.border", "select", "selection.modify", argument="border", condition="selection"),
    _a("select.smooth", "select", "selection.modify", argument="smooth", condition="selection"),
    _a("select.save", "select", "editing.channels.save_selection", icon="save", condition="selection", separated=True),
    _a("select.region", "select", "layers.select_region", condition="region", separated=True),
    _a("select.new_object", "select", "objects.forget", condition="clicks", separated=True),
    _a("select.discard_object", "select", "objects.discard", condition="clicks"),
    _a("select.undo_click", "select", "objects.undo_click", "Backspace", condition="clicks"),
    _a("select.alpha", "select", "layers.select_alpha", condition="layer"),
    _a("select.mask", "select", "layers.select_mask", condition="mask"),
)

_AI = (
    _a("ai.run", "ai", "editing.run_tool", "Ctrl+Return", "Ctrl+Enter", icon="play", condition="can_run"),
    _a("ai.preview", "ai", "ai.preview", "Ctrl+Shift+Return", icon="preview", condition="can_preview"),
    _a("ai.cancel", "ai", "ai.cancel", "Ctrl+.", icon="stop", condition="running"),
    _a("ai.keep", "ai", "ai.keep", "Return", "Enter", icon="check", condition="preview", separated=True),
    _a("ai.discard", "ai", "ai.discard", "Escape", icon="close", condition="preview"),
    _a("ai.why", "ai", "why.toggle", icon="why", condition="can_ask_why", checked="why_shown", separated=True),
    _a("ai.import", "ai", "view.import_model", icon="open", separated=True),
    _a("ai.models", "ai", "view.show_models", icon="ai"),
    _a("generate.place", "generate", "generate.place", icon="picture", condition="can_place"),
    _a("generate.dice", "generate", "generate.dice", icon="dice", condition="has_sample"),
    _a("generate.more", "generate", "explorer.more", condition="has_sample"),
    _a("generate.encode", "generate", "generate.encode", condition="can_encode"),
    _a("generate.load", "generate", "latents.load", icon="open", condition="has_latent", separated=True),
    _a("generate.save", "generate", "latents.save", icon="save", condition="has_latent"),
    _a("generate.walk", "generate", "walks.save", icon="save", condition="can_walk"),
    _a("styles.pick", "styles", "styles.pick_picture", icon="picture", condition="takes_style_picture"),
    _a("styles.slow", "styles", "styles.jobs.paint_slowly", icon="style", condition="can_paint_slowly"),
    _a("styles.learn", "styles", "styles.jobs.learn", icon="plus", condition="can_learn_style"),
    _a("styles.cancel", "styles", "styles.jobs.cancel", icon="stop", condition="learns_style", separated=True),
    _a("restore.denoise", "restore", "restoring.open", icon="denoise", condition="document", argument="denoise"),
    _a("restore.prior", "restore", "restoring.open", icon="denoise", condition="document", argument="prior"),
    _a("restore.fill", "restore", "restoring.open", icon="restore", condition="selection", argument="fill"),
    _a("restore.mend", "restore", "editing.mending.open", icon="heal", condition="document", separated=True),
    _a("restore.cancel", "restore", "restoring.cancel", icon="stop", condition="restores", separated=True),
    _a("live.keep", "generate", "live.keep", icon="translate", condition="can_keep_live", separated=True),
    _a("live.lines", "generate", "live.find_lines", icon="rename", condition="can_find_lines"),
    _a("ai.clear_region", "ai", "tools.clear_region", icon="clear", condition="region", separated=True),
    _a("ai.invert_region", "ai", "tools.invert_region", condition="document"),
)

_VIEW = (
    _a("view.zoom_in", "view", "view.zoom_in", "Ctrl++", "Ctrl+=", icon="zoom-in", condition="document"),
    _a("view.zoom_out", "view", "view.zoom_out", "Ctrl+-", icon="zoom-out", condition="document"),
    _a("view.fit", "view", "view.fit", "Ctrl+0", icon="fit", condition="document"),
    _a("view.actual", "view", "view.actual_size", "Ctrl+1", icon="actual-size", condition="document"),
    _a(
        "view.rotate_left",
        "turn",
        "view.turn",
        "Ctrl+Shift+Left",
        icon="rotate-left",
        condition="document",
        argument=-15,
    ),
    _a(
        "view.rotate_right",
        "turn",
        "view.turn",
        "Ctrl+Shift+Right",
        icon="rotate-right",
        condition="document",
        argument=15,
    ),
    _a("view.turn", "turn", "view.turn_by_hand", "R", condition="document", checked="turning", hold=True),
    _a("view.flip", "turn", "view.flip", "Shift+H", icon="flip", condition="document", checked="flipped"),
    _a("view.upright", "turn", "view.set_upright", "Shift+R", icon="upright", condition="turned", separated=True),
    _a(
        "view.pan",
        "view",
        "view.pan_by_hand",
        "Space",
        "Shift+Space",
        condition="document",
        checked="panning",
        hold=True,
    ),
    _a("view.before", "view", "view.show_before", "\\", icon="before-after", condition="has_before", hold=True),
    _a(
        "view.split", "split", "view.toggle_split", "Shift+\\", "|", icon="split", condition="document", checked="split"
    ),
    _a("split.saved", "split", "view.split_with", condition="document", argument="saved", separated=True),
    _a("split.first", "split", "view.split_with", condition="document", argument="first"),
    _a("split.step", "split", "view.split_with", condition="can_undo", argument="step"),
    _a("split.snapshot", "split", "view.split_with", condition="snapshots", argument="snapshot"),
    _a("view.next_document", "view", "files.next_document", "Ctrl+Tab", condition="several", separated=True),
    _a("view.previous_document", "view", "files.previous_document", "Ctrl+Shift+Tab", condition="several"),
    _a("view.next_part", "view", "focused.next_part", "F6"),
    _a("view.mask", "view", "view.toggle_mask", "Ctrl+\\", icon="mask", checked="mask_shown", separated=True),
    _a("view.selection_line", "view", "view.toggle_selection_line", "Ctrl+H", checked="selection_line"),
    _a("view.rulers", "rulers", "guides.toggle_rulers", "Ctrl+R", icon="ruler", checked="rulers_shown"),
    *(
        _a(f"rulers.{unit}", "rulers", "guides.set_unit", argument=unit, checked="ruler_unit", separated=unit == "px")
        for unit in ("px", "mm", "cm", "in", "percent")
    ),
    _a("rulers.reset", "rulers", "guides.reset_origin", condition="document", separated=True),
    _a("view.guides", "guides", "guides.toggle_guides", "Ctrl+;", icon="guides", checked="guides_shown"),
    _a("guides.lock", "guides", "guides.toggle_lock", "Ctrl+Alt+;", icon="lock", checked="guides_locked"),
    _a("guides.new", "guides", "guides.new", icon="plus", condition="document", separated=True),
    _a("guides.clear", "guides", "guides.clear", icon="clear", condition="guides"),
    _a("view.grid", "grid", "guides.toggle_grid", "Ctrl+'", icon="grid", condition="document", checked="grid_shown"),
    _a("view.pixel_grid", "grid", "view.toggle_pixel_grid", "Ctrl+Alt+'", icon="pixel-grid", checked="pixel_grid"),
    _a("grid.settings", "grid", "guides.grid_settings", condition="document", separated=True),
    _a("view.snap", "snapping", "guides.toggle_snap", "Ctrl+Shift+;", "Ctrl+:", icon="magnet", checked="snaps"),
    *(
        _a(f"snap.{kind}", "snapping", "guides.toggle_snap_to", argument=kind, checked="snaps_to", separated=first)
        for kind, first in (("guides", True), ("grid", False), ("canvas", False), ("layers", False))
    ),
    *(
        _a(f"screen.{kind}", "screen", "screen_colors.choose", argument=kind, checked="screen")
        for kind in ("off", "system", "file")
    ),
    _a("view.panels", "view", "view.toggle_panels", "Tab", icon="panels", checked="panels_shown", on_canvas=True),
    _a("view.fullscreen", "view", "view.toggle_fullscreen", "F11", icon="fullscreen", checked="fullscreen"),
    _a("view.theme", "view", "view.toggle_theme", icon="theme", separated=True),
    _a("view.english", "language", "view.set_language", argument="en", checked="language"),
    _a("view.chinese", "language", "view.set_language", argument="zh_CN", checked="language"),
)

_PANELS = (
    *(
        _a(f"panel.{panel.name}", "panels", "panels.toggle", argument=panel.name, checked="panel_open")
        for panel in PANELS
    ),
    _a("panel.reset", "panels", "panels.reset", separated=True),
)

_HELP = (
    _a("help.guide", "help", "help.guide", "F1", icon="info"),
    _a("help.search", "help", "help.search", "Ctrl+Shift+P", "/", icon="search"),
    _a("help.models", "help", "help.show_ai", icon="ai"),
    _a("help.about", "help", "help.about", icon="info"),
)

ACTIONS: tuple[ActionSpec, ...] = (
    *_FILE,
    *_EDIT,
    *IMAGE_ACTIONS,
    *_LAYER,
    *ARRANGE_ACTIONS,
    *_SELECT,
    *effect_actions(_a),
    *TOOL_ACTIONS,
    *_AI,
    *_VIEW,
    *_PANELS,
    *_HELP,
)

MENUS = ("file", "edit", "image", "layer", "select", "adjust", "filter", "tool", "ai", "view", "help")
SUBMENUS = {
    "layer_mask": "layer",
    "layer_style": "layer",
    "lock": "layer",
    "arrange": "layer",
    "transform": "layer",
    "align": "layer",
    "distribute": "layer",
    "tags": "layer",
    "fill_layer": "layer",
    "adjustment_layer": "layer",
    "filter_layer": "layer",
    **FILTER_MENUS,
    "restore": "filter",
    "generate": "ai",
    "styles": "ai",
    "panels": "view",
    "brushes": "tool",
    "symmetry": "tool",
    "turn": "view",
    "screen": "view",
    "split": "view",
    "opacity": "tool",
    "rulers": "view",
    "guides": "view",
    "grid": "view",
    "snapping": "view",
    "language": "view",
}  # menu → the menu it hangs in
TOOLBAR = (
    "move",
    "rectangle",
    "ellipse",
    "lasso",
    "polygon",
    "magnetic",
    "wand",
    "object",
    "brush",
    "eraser",
    "mask",
    "refine",
    "region",
    "transform",
    "crop",
    "clone",
    "heal",
    "remove",
    "smudge",
    "focus",
    "tone",
    "stamp",
    "gradient",
    "fill",
    "text",
    "shape",
    "picker",
    "hand",
    "zoom",
)


@cache
def action_spec(action_id: str) -> ActionSpec:
    return next(spec for spec in ACTIONS if spec.id == action_id)
