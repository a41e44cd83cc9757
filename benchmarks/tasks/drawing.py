"""Run with Pillow in reach: draws lines of text in its own font, some turned upside down, and writes them as an npz.

Arguments: the npz to write, and how many. `images` UINT8 [rows, 48, 192], grey; `widths`: the columns that a line fills, the rest
is black; `turned`: 1 where it was turned by 180 degrees. The text is made of syllables, so that no dictionary is needed.
"""

from __future__ import annotations

import sys
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

_HEIGHT, _WIDTH = 48, 192
_ONSETS = [*"bcdfghjklmnprstvwz", "br", "ch", "dr", "fl", "gr", "pl", "sh", "st", "th", "tr"]
_NUCLEI = [*"aeiouy", "ai", "ea", "ee", "oo", "ou"]
_CODAS = ["", "", "", *"nrstlm", "ck", "ng", "nd", "st", "rt"]


def main() -> None:
    random = np.random.default_rng(0)
    count = int(sys.argv[2])
    images, widths = np.zeros((count, _HEIGHT, _WIDTH), np.uint8), np.zeros(count, np.int64)
    turned = random.integers(0, 2, count)
    for row in range(count):
        line = _line(random)
        if turned[row]:
            line = line.rotate(180)
        width = min(_WIDTH, round(_HEIGHT * line.width / line.height))
        images[row, :, :width] = np.asarray(line.resize((width, _HEIGHT), Image.Resampling.BILINEAR))
        widths[row] = width
    np.savez(sys.argv[1], images=images, widths=widths, turned=turned)


def _line(random: np.random.Generator) -> Image.Image:
    """Dark on light or light on dark, more or less sharp, as a scan or a sign gives it."""
    font = _font(int(random.integers(18, 44)))
    text = _text(random)
    left, top, right, bottom = font.getbbox(text)
    margin = int(random.integers(2, 10))
    paper, ink = (int(level) for level in random.permutation([random.integers(0, 110), random.integers(140, 256)]))
    size = (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin)
    image = Image.new("L", size, paper)
    ImageDraw.Draw(image).text((margin - left, margin - top), text, fill=ink, font=font)
    image = image.rotate(float(random.uniform(-3, 3)), Image.Resampling.BILINEAR, fillcolor=paper)
    image = image.filter(ImageFilter.GaussianBlur(float(random.uniform(0, 1.5))))
    noisy = np.asarray(image, np.float32) + random.normal(0, random.uniform(0, 18), (size[1], size[0]))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _text(random: np.random.Generator) -> str:
    words = []
    for _ in range(int(random.integers(1, 4))):
        word = "".join(_syllable(random) for _ in range(random.integers(1, 4)))
        ways = [word, word.capitalize(), word.upper(), str(random.integers(10, 10000))]
        words.append(ways[random.choice(len(ways), p=[0.4, 0.3, 0.2, 0.1])])
    return " ".join(words)


def _syllable(random: np.random.Generator) -> str:
    return "".join(str(random.choice(part)) for part in (_ONSETS, _NUCLEI, _CODAS))


if __name__ == "__main__":
    main()
