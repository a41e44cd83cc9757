"""Draws docs/images/demo.svg: parts of what `make demo` prints in a terminal, and what `validate` says of two slips.

Everything is printed by infractl while this runs. What is left out between two shown lines is marked by a line with `⋮` alone.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "quickstart"
PICTURE = ROOT / "docs" / "images" / "demo.svg"
COLUMNS = 96
LIMIT_S = 180
LEFT_OUT = "\x1b[2m    ⋮\x1b[0m"
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")

SLIPS = {"p99: 25ms": "p99: 25", "throughput: 200/s": "troughput: 200/s"}
"""What a hurried hand makes of the example's service: a quantity without its unit, and a misspelt key."""

FRAME = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="infractl in a terminal">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, "SF Mono", Menlo, Consolas, monospace; }}
.{unique_id}-title {{ font: bold 18px system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""In the words of rich's `export_svg`; its own frame would load a font from the network."""


class NotPrintedError(Exception):
    """The demo did not print what the picture is to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Lines of the demo's output: under a title, from the first that matches `begin` to the next that matches `end`."""

    title: str
    begin: str
    end: str

    def lines(self, output: Sequence[str]) -> list[str]:
        plain = [ESCAPES.sub("", line) for line in output]
        title = self._first(plain, rf"── {re.escape(self.title)} ", 0)
        begin = self._first(plain, self.begin, title + 1)
        return list(output[begin : self._first(plain, self.end, begin) + 1])

    def _first(self, lines: Sequence[str], pattern: str, start: int) -> int:
        for number in range(start, len(lines)):
            if re.match(pattern, lines[number]):
                return number
        raise NotPrintedError(f"nothing under {self.title!r} matches {pattern!r}")


# A blank line stands before each session of the picture; a part that goes on after something left out is its own.
SESSIONS = (
    (
        Part(title="What would change, and what to expect of it", begin=r"\$ infractl plan", end=r"    cost "),
        Part(title="What would change, and what to expect of it", begin=r"Plan: ", end=r"Plan: "),
    ),
    (
        Part(title="Make it so", begin=r"\$ infractl apply", end=r"\$ infractl apply"),
        Part(title="Make it so", begin=r".*: creating", end=r"digits\.infer = "),
    ),
    (
        Part(title="Version 2, under load", begin=r"--- digits\.yaml", end=r'\+ +version: "2"'),
        Part(title="Version 2, under load", begin=r"\$ infractl apply", end=r"\$ infractl apply"),
        Part(title="Version 2, under load", begin=r"What \d+ clients saw", end=r".*answers are version 1's own"),
    ),
    (Part(title="How it does", begin=r"\$ infractl status", end=r"  served "),),
)


def main() -> None:
    output = seen([sys.executable, str(EXAMPLE / "demo.py")], folder=ROOT)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn("\n".join([*slips(), *story(output)])))


def story(output: Sequence[str]) -> Iterator[str]:
    """The lines of the demo that the picture shows. Raises NotPrintedError where the demo has changed."""
    for session in SESSIONS:
        yield ""
        for number, part in enumerate(session):
            if number:
                yield LEFT_OUT
            yield from part.lines(output)


def slips() -> Iterator[str]:
    """What `validate` says of the example's service after two slips in it."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name in ("infractl.yaml", "digits.yaml", "digits-1.onnx"):
            shutil.copy(EXAMPLE / name, project)
        service = project / "digits.yaml"
        text = service.read_text()
        for right, wrong in SLIPS.items():
            text = text.replace(right, wrong)
        service.write_text(text)
        yield "$ infractl validate"
        yield from seen([sys.executable, "-m", "infractl", "validate"], folder=project, expect=1)


def seen(command: Sequence[str], folder: Path, expect: int = 0) -> list[str]:
    """The lines, with their colours, that a command prints in a terminal of its own."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm-256color"}
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        text = b"".join(chunks(ours)).decode()
        code = process.wait(LIMIT_S)
    os.close(ours)
    if code != expect:
        raise NotPrintedError(f"{' '.join(command)} exited with {code}:\n{text}")
    return text.replace("\r\n", "\n").rstrip("\n").split("\n")


def chunks(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # how Linux says that the last writer is gone
            return
        if not chunk:
            return
        yield chunk


def drawn(text: str) -> str:
    """Text with ANSI colours as an SVG that needs nothing but itself."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(Text.from_ansi(text))
        svg = console.export_svg(title="infractl", code_format=FRAME, unique_id="demo")
    return "".join(f"{line.rstrip()}\n" for line in svg.splitlines())


if __name__ == "__main__":
    main()
