"""What a person should know of the models that pix2pix ships and no number says."""

from __future__ import annotations

from models.common.translation_run import Translation

ABOUTS = {
    "color-lines": Translation(
        title="Colour a drawing",
        description="Colours line art: draw with black lines, add dabs of colour where you want to decide.",
        licence="CC-BY-SA-4.0",
        what=(
            "The lines stay as you drew them, at full resolution; colours come under them, and where nothing is the "
            "result is transparent. What lines enclose gets one colour: that of a dab where you put one, the one the "
            "network finds fitting elsewhere. Several dabs in one area meet softly. It is deterministic: the same "
            "drawing is coloured the same way, other dabs colour it another way."
        ),
        weaknesses=(
            "It learned from some 1,600 emoji: animals, food, faces, people and common things are coloured as emoji "
            "are; what it does not know becomes yellow, grey or stays white.",
            "The network looks at 96 × 96 pixels: details under a hundredth of the drawing's side are not seen, and "
            "shades within one area are evened out.",
            "Wide gaps in an outline let colour out. Black, grey and white dabs are not seen as colours.",
        ),
    ),
    "solid-shapes": Translation(
        title="Solid shapes",
        description="Paint flat shapes in the colours of the row; they become rounded, shaded things.",
        licence="MIT",
        what=(
            "A label map of fourteen classes, which are colours: what you paint in one of them becomes a body of that "
            "colour, lit from above; where nothing is painted the result is transparent. Other colours count as the "
            "nearest class."
        ),
        weaknesses=(
            "The network looks at 64 × 64 pixels: outlines stay sharp, but shade is soft and passes by thin lines.",
            "It was trained for eight minutes: bodies are lit and darken towards rims, but do not shine.",
            "It learned from 1,000 emoji in 3D; it shades what looks like their parts better than other shapes.",
            "Faces, letters and patterns are not invented: only what you paint is there.",
        ),
    ),
}
