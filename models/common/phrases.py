"""What words say of a picture: of a joined face its eyes and its mouth, of any other the words of its file's name."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LONGEST_PHRASE = 8  # words; what follows is not read
PART_WORDS = ("eyes", "mouth")

# After the names that Unicode gives to the faces the parts are of.
EYES = {
    "1f600": "grinning", "1f601": "smiling", "1f606": "squinting", "1f609": "winking", "1f60c": "relieved",
    "1f60f": "smirking", "1f610": "neutral", "1f611": "expressionless", "1f612": "unamused", "1f614": "pensive",
    "1f61c": "crazy", "1f61e": "disappointed", "1f61f": "worried", "1f620": "angry", "1f623": "persevering",
    "1f626": "frowning", "1f627": "anguished", "1f629": "weary", "1f62c": "grimacing", "1f62f": "hushed",
    "1f635": "dizzy", "1f641": "sad", "1f642": "friendly", "1f644": "rolling", "1f913": "nerd", "1f928": "sceptical",
    "1f97a": "pleading", "1f974": "uneven", "1f619": "kissing",
}  # fmt: skip
MOUTHS = {
    "1f600": "grinning", "1f601": "beaming", "1f606": "laughing", "1f61b": "tongue", "1f61d": "teasing",
    "1f609": "winking", "1f60b": "licking", "1f60c": "relieved", "1f60f": "smirking", "1f642": "friendly",
    "1f607": "smiling", "1f612": "unamused", "1f615": "confused", "1f61e": "disappointed", "1f620": "angry",
    "1f623": "persevering", "1f629": "weary", "1f62b": "tired", "1f97a": "pleading", "1f974": "wavy",
    "1f626": "frowning", "1f627": "anguished", "1f62e": "open", "1f62f": "hushed", "1f632": "astonished",
    "1f635": "dizzy", "1f634": "sleeping", "1f610": "neutral", "1f614": "pensive", "1f617": "kissing",
    "1f616": "confounded", "1f62c": "grimacing", "1f910": "zipped", "1fae4": "diagonal",
}  # fmt: skip

Tokens = NDArray[np.int64]  # (N, LONGEST_PHRASE), counted from 1, 0 after the last word


def phrase_of(name: str) -> str:
    """ "1f913+1f61b:0" → "nerd eyes tongue mouth"; "plants/red-apple-3.png" → "red apple"."""
    eyes, _, mouth = name.partition(":")[0].partition("+")
    if eyes in EYES and mouth in MOUTHS:
        return f"{EYES[eyes]} eyes {MOUTHS[mouth]} mouth"
    stem = re.split(r"[/\\]", name)[-1].rsplit(".", 1)[0]
    return " ".join(words_of(stem)[:LONGEST_PHRASE])


def words_of(text: str) -> list[str]:
    """Letters only, small."""
    return re.findall(r"[^\W\d_]+", text.lower())


def vocabulary_of(phrases: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({word for phrase in phrases for word in words_of(phrase)}))


def tokens_of(phrases: Sequence[str], vocabulary: Sequence[str]) -> Tokens:
    """Words that are not in the vocabulary are left out."""
    number = {word: place for place, word in enumerate(vocabulary, 1)}
    tokens = np.zeros((len(phrases), LONGEST_PHRASE), np.int64)
    for row, phrase in zip(tokens, phrases, strict=True):
        known = [number[word] for word in words_of(phrase) if word in number][:LONGEST_PHRASE]
        row[: len(known)] = known
    return tokens


def shortened(tokens: Tokens, rng: np.random.Generator, share: float) -> Tokens:
    """A SHARE of the phrases say of a part nothing, or lack a word: what a person types is seldom complete."""
    tokens = tokens.copy()
    for place in np.flatnonzero(rng.random(len(tokens)) < share):
        row = tokens[place]
        count = int((row > 0).sum())
        if count < 2:
            continue
        kept = np.sort(rng.permutation(count)[: rng.integers(1, count)]) if count != 4 else _one_part(rng)
        words = row[kept].copy()
        row[:] = 0
        row[: len(words)] = words
    return tokens


def _one_part(rng: np.random.Generator) -> Tokens:
    """Of "nerd eyes tongue mouth": the eyes, the mouth, one word of them, or both the other way round."""
    return np.array(((0, 1), (2, 3), (2, 3, 0, 1), (0,), (2,))[rng.integers(5)])
