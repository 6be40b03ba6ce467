"""The bars of a week as a picture, since mail programs show neither style sheets' drawings nor SVG."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

# Drawn at twice the size that it is shown at, for screens with small pixels.
WIDTH, HEIGHT = 1120, 400
TOP, BOTTOM = 56, 340
GROUND, INK, ALL, PART = "#ffffff", "#1f2733", "#c3ccd8", "#0f766e"
BAR: Final = 52
LETTERS: Final = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: all, and those of them that count most."""

    label: str
    all: int
    part: int


def png(bars: Sequence[Bar]) -> bytes:
    """Two bars a day with their numbers above them, as a PNG."""
    # Only this job draws: no other process loads the library.
    from PIL import Image
    from PIL.ImageDraw import Draw

    image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    pen = Draw(image)
    most = max((bar.all for bar in bars), default=0) or 1
    for place, bar in enumerate(bars):
        middle = round((place + 0.5) * WIDTH / len(bars))
        _bar(pen, middle - BAR, bar.all, most, ALL)
        _bar(pen, middle, bar.part, most, PART)
        _text(pen, middle, HEIGHT - 28, bar.label)
    pen.line([(0, BOTTOM), (WIDTH, BOTTOM)], fill=INK, width=2)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _bar(pen: "ImageDraw", left: int, value: int, most: int, colour: str) -> None:
    top = BOTTOM - round((BOTTOM - TOP) * value / most)
    if value:
        pen.rectangle([left + 3, top, left + BAR - 3, BOTTOM], fill=colour)
    _text(pen, left + BAR // 2, top - 22, str(value))


def _text(pen: "ImageDraw", middle: int, at: int, text: str) -> None:
    from PIL import ImageFont

    pen.text((middle, at), text, fill=INK, font=ImageFont.load_default(LETTERS), anchor="mm")
