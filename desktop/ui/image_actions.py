"""Actions of the Image menu, and those that turn, align and spread layers."""

from __future__ import annotations

from desktop.ui.action_spec import action

IMAGE_ACTIONS = (
    action("image.size", "image", "editing.sizes.image_size", "Ctrl+Alt+I", icon="image-size", condition="document"),
    action(
        "image.canvas", "image", "editing.sizes.canvas_size", "Ctrl+Alt+C", icon="canvas-size", condition="document"
    ),
    action("image.extend", "image", "editing.extending.extend", icon="extend", condition="document"),
    action("image.trim", "image", "editing.sizes.trim", condition="document"),
    *(
        action(
            f"image.turn_{turn}",
            "image",
            "editing.sizes.turn_picture",
            argument=turn,
            condition="document",
            separated=turn == "right",
        )
        for turn in ("right", "left", "half", "across", "down")
    ),
)

ARRANGE_ACTIONS = (
    *(
        action(f"layer.turn_{turn}", "transform", "editing.sizes.turn_layers", argument=turn, condition="layer")
        for turn in ("right", "left", "half", "across", "down")
    ),
    *(
        action(f"layer.align_{edge}", "align", "editing.sizes.align", argument=edge, condition="layer")
        for edge in ("left", "center", "right", "top", "middle", "bottom")
    ),
    *(
        action(f"layer.distribute_{edge}", "distribute", "editing.sizes.distribute", argument=edge, condition="layer")
        for edge in ("left", "center", "right", "top", "middle", "bottom")
    ),
)
