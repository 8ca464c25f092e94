"""What is compiled: sketches, the bound that they keep, and tiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.match import kernels, lanes

ODD = settings(max_examples=40, deadline=None)


def drawn(seed: int, rows: int, words: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    draw = np.random.default_rng(seed)
    a, b, c = draw.integers(0, 2**64, (3, rows, words), dtype=np.uint64)
    return np.where(draw.random((rows, 1)) < 0.5, a & b, a | c)


@ODD
@given(seed=st.integers(0, 2**32), words=st.integers(1, 65), share=st.floats(0, 1), code_bits=st.sampled_from((4, 8)))
def test_sketches_never_differ_in_more_bits_than_filters(seed: int, words: int, share: float, code_bits: int) -> None:
    filters = drawn(seed, 12, words)
    every = 64 * words // code_bits
    codes = max(1, int(share * every))
    folded = kernels.sketches(filters, codes, code_bits)
    assert folded.shape == (12, codes)
    assert folded.max(initial=0) < 1 << code_bits
    for i in range(12):
        for j in range(12):
            apart = int(np.bitwise_count(filters[i] ^ filters[j]).sum())
            assert int(np.bitwise_count(folded[i] ^ folded[j]).sum()) <= apart
    whole = kernels.sketches(filters, every, code_bits)
    assert int(np.bitwise_count(whole[0] ^ whole[1]).sum()) == int(np.bitwise_count(filters[0] ^ filters[1]).sum())


@pytest.mark.parametrize("rows", [0, 1, lanes.LANES - 1, lanes.LANES, lanes.LANES + 1])
def test_tiles_hold_one_record_per_lane(rows: int) -> None:
    codes = np.random.default_rng(rows).integers(0, 16, (rows, 7), dtype=np.uint8)
    tiles = kernels.tiles(codes)
    assert tiles.shape == (-(-rows // lanes.LANES), 7, lanes.LANES)
    flat = tiles.transpose(0, 2, 1).reshape(-1, 7)
    assert (flat[:rows] == codes).all()
    assert not flat[rows:].any()
