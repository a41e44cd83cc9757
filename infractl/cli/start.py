"""Where the process begins. Nothing is imported here before whoever interrupts it is answered as at any later time."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def program() -> NoReturn:
    """Load the command line and run it."""
    try:
        from infractl.cli.main import program as run

        run()
    except KeyboardInterrupt:
        # `main` answers for itself: this one came before.
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        from infractl.cli.failure import interrupted, tell

        code = tell(interrupted())
        sys.stderr.flush()
        os._exit(code)
