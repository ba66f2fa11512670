"""Scumble: a desktop image editor in which every neural network is a brush."""

__version__ = "0.1.0"
