"""`python -m infractl.runtime SETTINGS_FILE`: starts the model server. Its log goes to stderr, one line an event."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from pathlib import Path

from infractl.runtime.server import run


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infractl.runtime", description="Serve a model over the Open Inference Protocol."
    )
    parser.add_argument("settings", type=Path, help="the settings file, as JSON")
    arguments = parser.parse_args()
    _log_to_stderr()
    return run(arguments.settings)


def _log_to_stderr() -> None:
    line = logging.Formatter("%(asctime)s.%(msecs)03dZ %(message)s", "%Y-%m-%dT%H:%M:%S")
    line.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(line)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    # Not sys.exit: a call of the engine that did not end in time must not wake up in an interpreter that is being taken down.
    os._exit(status)
