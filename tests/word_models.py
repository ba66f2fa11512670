"""A generator that is told words, and a filter that paints from noise, made on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.generators import LATENT, PICTURE, SIDE
from tests.runtime_parts import FLOAT, IMAGE, INT64, PLANES, RESULT, graph_bytes, node, write_model

WORDS = ("blue", "green", "red")


def word_generator(folder: Path) -> Path:
    """Paints the colour of its last word; nothing is black."""
    colors = -np.ones((4, 3, SIDE, SIDE), np.float32)
    for place, channel in enumerate((2, 1, 0), 1):
        colors[place, channel] = 1
    graph = graph_bytes(
        [
            node("ReduceMax", "words last", "word", keepdims=0),
            node("Gather", "colors word", "color", axis=0),
            node("ReduceSum", "z last", "sum", keepdims=0),
            node("Mul", "sum nought", "nothing"),
            node("Add", "color nothing", "picture"),
        ],
        {"z": (FLOAT, [1, 3]), "words": (INT64, [1, 4])},
        {"picture": (FLOAT, [1, 3, SIDE, SIDE])},
        {"colors": colors, "last": np.array([1]), "nought": np.zeros(1, np.float32)},
    )
    known = ", ".join(f'"{word}"' for word in WORDS)
    tables = (
        f'{LATENT}[[inputs]]\nname = "words"\nrole = "words"\nparam = "prompt"\nshape = [4]\n{PICTURE}'
        f'[[params]]\nid = "prompt"\nlabel = "Words"\ntype = "text"\ndefault = "red"\nwords = [{known}]\n'
    )
    return write_model(folder, "generate", {"main": graph}, tables)


def noise_filter(folder: Path) -> Path:
    """What was there is covered by grey noise."""
    graph = graph_bytes(
        [
            node("Mul", "image nought", "nothing"),
            node("Abs", "noise", "light"),
            node("Add", "nothing light", "result"),
        ],
        {"image": PLANES, "noise": (FLOAT, [1, 1, "h", "w"])},
        {"result": PLANES},
        {"nought": np.zeros(1, np.float32)},
    )
    noise = '[[inputs]]\nname = "noise"\nrole = "noise"\norder = "L"\ndistribution = "uniform"\n'
    tile = "[tile]\ntile = 64\nstride = 1\nreceptive_field = 0\n"
    return write_model(folder, "filter", {"main": graph}, IMAGE + noise + RESULT + tile)
