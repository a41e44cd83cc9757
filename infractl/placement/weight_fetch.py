"""What it costs to fetch weights that are not in the nearest cache when their turn comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infractl.placement.speed import Speed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def fetch_s_per_byte(speed: Speed, total_bytes: float, rows: Array) -> Array:
    """Seconds for each byte, where all weights together take `total_bytes`, of products of so many rows.

    Between what was measured, in proportion of the logarithms; outside, as at the nearest. Where it was not measured, weights
    beyond the cache come at the rate of memory.
    """
    import numpy as np

    if not speed.fetches or total_bytes <= 0:
        beyond = total_bytes > speed.cached_bytes
        return np.full_like(rows, 1 / speed.bandwidth_bytes_per_s.value if beyond else 0.0)
    known_rows = sorted({fetch.rows for fetch in speed.fetches})
    at_rows = []
    for count in known_rows:
        line = sorted((fetch for fetch in speed.fetches if fetch.rows == count), key=lambda fetch: fetch.total_bytes)
        sizes = [np.log(fetch.total_bytes) for fetch in line]
        at_rows.append(np.interp(np.log(total_bytes), sizes, [fetch.seconds_per_byte.value for fetch in line]))
    found: Array = np.interp(np.log(np.maximum(rows, 1.0)), np.log(known_rows), at_rows)
    return found
