"""Runs every benchmark there is and writes docs/benchmarks.md: `python -m benchmarks.harness.all [--quick]`.

Exits with 1 if one failed or missed a goal; the page tells so as well.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness.page import page, summary
from benchmarks.harness.result import Result, read_last_line

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"


def benchmarks(folder: Path = ROOT / "benchmarks") -> list[Path]:
    """Every module beside `harness`."""
    return sorted(module for module in folder.glob("*.py") if module.stem != "__init__")


def claim_of(module: Path) -> str:
    """The first paragraph of its docstring, on one line."""
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.partition("\n\n")[0].split())


def run(module: Path, quick: bool) -> Result:
    """Run one as a process of its own, showing what it prints."""
    name = module.stem
    print(f"== {name}{' (quick)' if quick else ''}", flush=True)
    output, code = _shown([sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if quick else [])])
    document, failure = read_last_line(output, code)
    date = datetime.now(UTC).date().isoformat()
    return Result(name=name, claim=claim_of(module), date=date, quick=quick, document=document, failure=failure)


def _shown(command: Sequence[str]) -> tuple[str, int]:
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    output = "".join(_echoed(process.stdout or ()))
    return output, process.wait()


def _echoed(lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    for line in lines:
        print(line, end="", flush=True)
        yield line


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    results = [run(module, quick) for module in benchmarks()]
    PAGE.write_text(page(results), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    print(summary(results), end="", file=sys.stderr)
    sys.exit(0 if all(result.kept for result in results) else 1)


if __name__ == "__main__":
    main()
