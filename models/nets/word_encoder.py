"""A phrase as one vector: words that stand side by side belong together."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class WordEncoder(nn.Module):
    """tokens (N, L), counted from 1 with 0 for none → (N, size). An empty phrase is a vector of its own."""

    def __init__(self, vocabulary: int, size: int = 48) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary + 1, size, padding_idx=0)
        self.beside = nn.Conv1d(size, 2 * size, 3, padding=1)
        self.write = nn.Linear(2 * size, size)
        self.nothing = nn.Parameter(torch.zeros(size))

    def forward(self, tokens: Tensor) -> Tensor:
        is_word = (tokens > 0).float()[:, None]
        seen = F.silu(self.beside(self.words(tokens).transpose(1, 2))) * is_word
        has_words = is_word.amax(dim=2)
        return self.write(seen.sum(dim=2)) * has_words + self.nothing * (1 - has_words)
