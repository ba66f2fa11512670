"""Whole numbers as few bytes: an adaptive binary range coder, compiled by numba where it is installed.

The coder is the one of LZMA (Pavlov; carries as in Schindler's range coder, 1998), its probabilities the mean of a
quick and a slow estimate. A number of (channels, height, width) is told by the ones around it and by those of the two
channels before it: no table is needed beside how spread each channel is (its group). All of it is arithmetic of whole
numbers, so that what one machine writes every other one reads.
"""

from __future__ import annotations

import numpy as np

try:
    from numba import njit
except ImportError:  # the same functions, slowly

    def njit(**_options):
        return lambda function: function


NEAR, BEFORE, BINS = 9, 3, 20  # classes of what lies around, of the channels before; bits with a probability each
GROUPS = 16
UNARY = 12  # of a magnitude, then its rest as a number of bits and these bits
REST_BITS = 16
HALF = 32768
TOP = 1 << 24
LOW, RANGE, CACHE, PENDING, PLACE = 0, 1, 2, 3, 4  # in the state of the encoder
CODE, READ = 0, 2  # in that of the decoder, beside RANGE


@njit(cache=True, nogil=True)
def _shift_low(state, out):
    if state[LOW] < 0xFF000000 or state[LOW] >= 1 << 32:
        carry = state[LOW] >> 32
        first = state[CACHE]
        while state[PENDING] > 0:
            if state[PLACE] < len(out):
                out[state[PLACE]] = (first + carry) & 0xFF
            state[PLACE] += 1
            first = 0xFF
            state[PENDING] -= 1
        state[CACHE] = (state[LOW] >> 24) & 0xFF
    state[PENDING] += 1
    state[LOW] = (state[LOW] & 0x00FFFFFF) << 8


@njit(cache=True, nogil=True)
def _learned(quick, slow, place, bit):
    """The next chance of a zero takes this bit into account."""
    goal = 0 if bit else 65535
    quick[place] += (goal - quick[place]) >> 4
    slow[place] += (goal - slow[place]) >> 7


@njit(cache=True, nogil=True)
def _chance(quick, slow, place):
    both = (quick[place] + slow[place]) >> 1
    return min(max(both, 48), 65488)


@njit(cache=True, nogil=True)
def _put(state, out, bit, chance):
    bound = (state[RANGE] >> 16) * chance
    if bit:
        state[LOW] += bound
        state[RANGE] -= bound
    else:
        state[RANGE] = bound
    while state[RANGE] < TOP:
        state[RANGE] <<= 8
        _shift_low(state, out)


@njit(cache=True, nogil=True)
def _get(state, data, chance):
    bound = (state[RANGE] >> 16) * chance
    if state[CODE] < bound:
        state[RANGE] = bound
        bit = 0
    else:
        state[CODE] -= bound
        state[RANGE] -= bound
        bit = 1
    while state[RANGE] < TOP:
        state[RANGE] <<= 8
        following = data[state[READ]] if state[READ] < len(data) else 0
        state[CODE] = (state[CODE] << 8) | following
        state[READ] += 1
    return bit


@njit(cache=True, nogil=True)
def _guess(values, channel, row, column):
    """Of an even channel: the median of left, above and their plane (LOCO-I, Weinberger et al., 2000)."""
    left = values[channel, row, column - 1] if column else 0
    above = values[channel, row - 1, column] if row else left
    if not column:
        return above
    corner = values[channel, row - 1, column - 1] if row else left
    if corner >= max(left, above):
        return min(left, above)
    if corner <= min(left, above):
        return max(left, above)
    return left + above - corner


@njit(cache=True, nogil=True)
def _context(sizes, channel, row, column, group):
    """The place of the first probability for this number."""
    width = sizes.shape[2]
    near = 0
    if column:
        near += 2 * sizes[channel, row, column - 1]
    if row:
        near += 2 * sizes[channel, row - 1, column]
        if column:
            near += sizes[channel, row - 1, column - 1]
        if column + 1 < width:
            near += sizes[channel, row - 1, column + 1]
    kind = 0
    limit = 1
    while kind < NEAR - 1 and near >= limit:
        kind += 1
        limit = limit * 2 if limit > 2 else limit + 1
    before = 0
    if channel:
        before += 2 * sizes[channel - 1, row, column]
    if channel > 1:
        before += sizes[channel - 2, row, column]
    before = 0 if before == 0 else 1 if before < 3 else 2
    return ((group * NEAR + kind) * BEFORE + before) * BINS


@njit(cache=True, nogil=True)
def encode_symbols(symbols, groups, even, out):
    """(C, H, W) int32 → bytes in `out`; returns how many there are, which may be more than `out` holds."""
    channels, height, width = symbols.shape
    quick = np.full(GROUPS * NEAR * BEFORE * BINS, HALF, np.int32)
    slow = quick.copy()
    sizes = np.zeros_like(symbols)
    state = np.array([0, 0xFFFFFFFF, 0, 1, 0], np.int64)
    for channel in range(channels):
        for row in range(height):
            for column in range(width):
                value = symbols[channel, row, column]
                if even[channel]:
                    value -= _guess(symbols, channel, row, column)
                size = abs(value)
                sizes[channel, row, column] = size
                place = _context(sizes, channel, row, column, groups[channel])
                for step in range(UNARY):
                    more = 1 if size > step else 0
                    _put(state, out, more, _chance(quick, slow, place + step))
                    _learned(quick, slow, place + step, more)
                    if not more:
                        break
                if size >= UNARY:
                    rest = size - UNARY + 1
                    bits = 0
                    while rest >> (bits + 1):
                        bits += 1
                    for step in range(min(bits + 1, REST_BITS)):
                        more = 1 if step < bits else 0
                        _put(state, out, more, _chance(quick, slow, place + min(UNARY + step, BINS - 1)))
                        _learned(quick, slow, place + min(UNARY + step, BINS - 1), more)
                    for step in range(bits):
                        _put(state, out, (rest >> (bits - 1 - step)) & 1, HALF)
                if size:
                    _put(state, out, 1 if value < 0 else 0, HALF)
    for _step in range(5):
        _shift_low(state, out)
    return state[PLACE]


@njit(cache=True, nogil=True)
def decode_symbols(data, groups, even, symbols):
    """Bytes → (C, H, W) int32 in `symbols`; returns how many bytes were read, more than there are of a short file."""
    channels, height, width = symbols.shape
    quick = np.full(GROUPS * NEAR * BEFORE * BINS, HALF, np.int32)
    slow = quick.copy()
    sizes = np.zeros_like(symbols)
    state = np.array([0, 0xFFFFFFFF, 0], np.int64)
    for _step in range(5):
        following = data[state[READ]] if state[READ] < len(data) else 0
        state[CODE] = ((state[CODE] << 8) | following) & 0xFFFFFFFF
        state[READ] += 1
    for channel in range(channels):
        for row in range(height):
            for column in range(width):
                place = _context(sizes, channel, row, column, groups[channel])
                size = 0
                while size < UNARY:
                    more = _get(state, data, _chance(quick, slow, place + size))
                    _learned(quick, slow, place + size, more)
                    if not more:
                        break
                    size += 1
                if size == UNARY:
                    bits = 0
                    while bits < REST_BITS:
                        bin_place = place + min(UNARY + bits, BINS - 1)
                        more = _get(state, data, _chance(quick, slow, bin_place))
                        _learned(quick, slow, bin_place, more)
                        if not more:
                            break
                        bits += 1
                    rest = 1
                    for _step in range(bits):
                        rest = (rest << 1) | _get(state, data, HALF)
                    size = rest + UNARY - 1
                sizes[channel, row, column] = size
                value = size
                if size and _get(state, data, HALF):
                    value = -size
                if even[channel]:
                    value += _guess(symbols, channel, row, column)
                symbols[channel, row, column] = value
    return state[READ]
