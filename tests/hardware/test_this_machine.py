"""Names of processors."""

from __future__ import annotations

import pytest

from infractl.hardware.this_machine import plain_name


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("AMD EPYC 9R14", "AMD EPYC 9R14"),
        ("Intel(R) Xeon(R) Platinum 8488C CPU @ 2.40GHz", "Intel Xeon Platinum 8488C"),
        ("AMD Ryzen 9 5950X 16-Core Processor", "AMD Ryzen 9 5950X"),
    ],
)
def test_a_chip_is_named_without_ornaments(given: str, plain: str) -> None:
    assert plain_name(given) == plain
