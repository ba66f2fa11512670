"""Phrases as numbers: which words a text parameter holds, and which of them its model knows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError

LONGEST_TEXT = 400  # characters
LIKE_IT = 4  # known words named beside an unknown one
_WORD = re.compile(r"[^\W\d_]+")


def words_of(text: str) -> list[str]:
    """Letters only, small: what stands between them does not matter."""
    return _WORD.findall(text.lower())


def check_words(name: str, text: str, known: Sequence[str]) -> str:
    """The text itself. UserError names the words that are not known, and those that are most like them."""
    if len(text) > LONGEST_TEXT:
        raise UserError("words.too_long", name=name, limit=LONGEST_TEXT)
    unknown = list(dict.fromkeys(word for word in words_of(text) if word not in known))
    if unknown:
        like = [near for word in unknown for near in difflib.get_close_matches(word, known, LIKE_IT, 0.5)]
        offered = list(dict.fromkeys(like))[:LIKE_IT] or list(known)[:LIKE_IT]
        raise UserError("words.unknown", name=name, words=", ".join(unknown), known=", ".join(offered))
    return text


def numbers_of(text: str, known: Sequence[str], length: int) -> NDArray[np.int64]:
    """(1, length): places among the known words from 1 on, 0 after the last. UserError when there are more words."""
    places = [known.index(word) + 1 for word in words_of(text)]
    if len(places) > length:
        raise UserError("words.too_many", found=len(places), limit=length)
    numbers = np.zeros((1, length), np.int64)
    numbers[0, : len(places)] = places
    return numbers
