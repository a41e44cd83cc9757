"""Times of a closed loop: so many clients, each of which sends its next request as soon as the last one is answered.

Nobody's service is used so, but nearly all that is published of language models was measured so.
"""

from __future__ import annotations

from infractl.domain.chip import Chip
from infractl.domain.figure import Figure
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.placement import Violation
from infractl.domain.precision import Precision
from infractl.placement.language.case import case
from infractl.placement.language.constants import Constants
from infractl.placement.language.fitted import FITTED


def tpot_of_clients(
    model: LanguageProfile,
    chip: Chip,
    count: int,
    precision: Precision,
    *,
    prompt: int,
    output: int,
    clients: int,
    engine: str | None = None,
    constants: Constants = FITTED,
) -> Figure | Violation:
    """The mean time per output token (s) on one server of `count` chips; clients that find no room wait and change nothing.

    Violations as in `predict_language`, but for `unstable`: a closed loop never is.
    """
    found = case(model, chip, count, precision, prompt=prompt, output=output, constants=constants, engine=engine)
    if isinstance(found, Violation):
        return found
    running = min(clients, found.room.sequences)
    return found.figure("s", *(turn.tpot_s(running) for turn in (found.fast, found.expected, found.slow)))
