"""Times of a closed loop: so many clients, each of which sends its next request as soon as the last one is answered.

Nobody's service is used so, but nearly all that is published of language models was measured so.
"""

from __future__ import annotations

from infractl.domain.figure import Figure
from infractl.placement.language.case import Case


def tpot_of_clients(of: Case, clients: int) -> Figure:
    """The mean time per output token (s) on one server; clients that find no room wait and change nothing."""
    running = min(clients, of.room.sequences)
    return of.figure("s", *(turn.tpot_s(running) for turn in (of.fast, of.expected, of.slow)))
