"""Writes infractl/placement/batch_table.npz, percentiles of batching queues, from the exact chain: `make tables`, in minutes."""

from __future__ import annotations

import os

# A chain is small: more threads only get in each other's way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

FILE = Path(__file__).parents[1] / "infractl" / "placement" / "batch_table.npz"


def main() -> None:
    import numpy as np

    from infractl.placement.batch_grid import CAPS, LOWEST, STEP, plane

    with ProcessPoolExecutor(os.cpu_count()) as pool:
        # The largest first, so that none of them is left for the end.
        planes = list(pool.map(plane, sorted(CAPS, reverse=True)))[::-1]
    cells = np.round((np.stack(planes) - LOWEST) / STEP)
    if cells.max() > np.iinfo(np.uint16).max:
        raise SystemExit("a cell is too large for what it is kept in: take a larger STEP")
    np.savez_compressed(FILE, cells=cells.astype(np.uint16))
    print(f"{FILE.name}: {cells.size} cells, {FILE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
