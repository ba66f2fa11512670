"""Imported once by the process that the killed ones are forked from: their start takes milliseconds then."""

import cv2

from tests.journal_child import Editing

cv2.setNumThreads(0)  # a pool of threads does not survive a fork

_editing = Editing(0, 60)
_editing.paint()
_editing.paint_mask()
