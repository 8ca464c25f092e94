"""Both ways to compare sketches in vector lanes count the same."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.match import lanes


@pytest.mark.parametrize("way", ["popcount", "lookup"])
@pytest.mark.parametrize("codes", [1, 30, 31, 61])
def test_every_way_to_compare_sketches_counts_the_same(way: str, codes: int) -> None:
    if way == "lookup" and not lanes.LOOKUP:
        pytest.skip("no byte shuffles here")
    draw = np.random.default_rng(codes)
    rows = draw.integers(0, 16, (lanes.ROWS, codes), dtype=np.uint8)
    tile = draw.integers(0, 16, (codes, lanes.LANES), dtype=np.uint8)
    out = np.full(lanes.ROWS * lanes.LANES, 7, np.uint16)
    add = lanes.add_by_lookup if way == "lookup" else lanes.add_by_popcount
    add(rows, tile, np.empty(lanes.LANES, np.uint8), out, 0, codes)
    expected = [[7 + int(np.bitwise_count(row ^ tile[:, j]).sum()) for j in range(lanes.LANES)] for row in rows]
    assert out.reshape(lanes.ROWS, -1).tolist() == expected


def test_a_full_code_of_eight_bits_is_counted_by_popcount() -> None:
    rows = np.zeros((lanes.ROWS, 31), np.uint8)
    tile = np.full((31, lanes.LANES), 255, np.uint8)
    out = np.zeros(lanes.ROWS * lanes.LANES, np.uint16)
    lanes.add_by_popcount(rows, tile, np.empty(lanes.LANES, np.uint8), out, 0, 31)
    assert (out == 31 * 8).all()
