"""Writes the example's project into a folder: its documents, the model, and requests to ask it with."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import onnx

from encoder import encoder
from package import EXAMPLE, FetchError, Package, fetched

DOCUMENTS = ("infractl.yaml", "sentences.yaml")
USUAL = 32
"""Tokens, as `spec.traffic.shapes` of sentences.yaml declares."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    try:
        package = fetched()
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    write(package, folder)
    return 0


def write(package: Package, folder: Path) -> None:
    """minilm.onnx; request.json, which has all sentences; requests.json, each of them by itself, for `infractl bench`."""
    for name in DOCUMENTS:
        shutil.copy2(EXAMPLE / name, folder)
    onnx.save(encoder(package.config, package.weights), folder / "minilm.onnx")
    (folder / "request.json").write_text(json.dumps(package.request(sentences())) + "\n")
    (folder / "requests.json").write_text(json.dumps([package.request([s], USUAL) for s in sentences()]) + "\n")


def sentences() -> list[str]:
    return (EXAMPLE / "sentences.txt").read_text().splitlines()


if __name__ == "__main__":
    sys.exit(main())
