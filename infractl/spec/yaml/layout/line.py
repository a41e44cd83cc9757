"""Lines of the result, and the columns of the comments behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from infractl.spec.yaml.layout.piece import Comment


@dataclass(slots=True)
class Line:
    """A line in parts, and how wide they are. A comment behind it keeps its source's column and distance until all are known."""

    parts: list[str] = field(default_factory=list)
    width: int = 0
    comment: Comment | None = None

    @classmethod
    def of(cls, text: str) -> Line:
        return cls([text], len(text))

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.width += len(text)

    @property
    def blank(self) -> bool:
        return not self.width and self.comment is None


def join(lines: Sequence[Line], *, open_end: bool) -> str:
    """The text. `open_end`: the last line has no line break, because that would be content."""
    text = "\n".join(line for group in _groups(lines) for line in _aligned(group))
    return f"{text}\n" if text and not open_end else text


def _groups(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Neighbours whose comments stood in one column, and every other line alone."""
    group: list[Line] = []
    for line in lines:
        if group and not (line.comment and group[-1].comment and line.comment.column == group[-1].comment.column):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _aligned(group: list[Line]) -> Iterator[str]:
    """Comments that stood in one column still do, as near to the code as the nearest of them was."""
    distances = [line.comment.distance for line in group if line.comment and line.width]
    column = max(line.width for line in group) + max(1, min(distances, default=1))
    for line in group:
        code = "".join(line.parts)
        yield f"{code.ljust(column)}{line.comment.text}" if line.comment else code
