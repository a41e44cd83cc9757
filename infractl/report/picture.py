"""What pictures of two quantities have in common: the frame with its title, and text. Plain SVG."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape


def picture(title: str, body: Iterable[str], *, width: int, height: int, left: int) -> str:
    """The whole file; the title begins at `left`. Lengths are in SVG's own units."""
    shown = escape(title)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f"<title>{shown}</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{left}" y="28" font-size="16">{shown}</text>',
        *body,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def text(x: float, y: float, words: str, anchor: str) -> str:
    """`anchor` says which part of the words is at x: start, middle or end."""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(words)}</text>'
