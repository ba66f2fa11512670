"""What the card and the editor say about the network of several styles."""

from __future__ import annotations

from typing import Any

ABOUT: dict[str, Any] = {
    "id": "styles",
    "title": "Painted styles",
    "description": "Repaints a photograph in one of several styles, or between two of them.",
    "licence": "Apache-2.0",
    "source": "models/fast_style.py",
    "icon": "style",
}
WHAT = (
    "Choose a style, or two and the share of the second. Strength mixes the photograph back in; 0 changes nothing. "
    "Colours can stay the photograph's. Brush size above 100 makes strokes larger: the network then sees a smaller "
    "picture, so large photographs are also done sooner. The editor and the command line begin with the brush that "
    "makes a picture look as one of 1200 pixels would. The seed changes what even areas are filled with."
)
WEAKNESSES = (
    "What is smaller than a stroke, some ten pixels at brush size 100, is not painted: faces need to be 200 pixels "
    "high or so. A smaller brush, strength 50 to 70, or a mask over them keeps people recognisable.",
    "What a craft is known by is not learned from its picture but given by formula: the one ink of Ink hatching and "
    "the black of Linocut, the stones of Mosaic, the thick paint of Village street. Colours and contours are learned.",
    "Very dark photographs turn nearly black in Ink hatching and Linocut: lighten them first.",
    "Mosaic shows large forms only; stones lie anywhere and do not follow contours.",
    "Stained glass has dark outlines and glowing colour, not whole panes.",
    "Strokes in even skies and walls slant, where there is no form to follow.",
    "Lettering and wires are lost.",
    "It imitates colour and touch of one picture each, not composition: nothing is redrawn.",
)
SLOW = (
    "those of models/neural_style.py, which optimises each picture's pixels for the same distances in {steps} steps, "
    "read off where it keeps as much content, or where it comes nearest to that"
)
NO_SLOW = "nothing yet: the slow method (models/neural_style.py) was not measured on these"
