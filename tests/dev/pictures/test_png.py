"""A picture with a palette shows what it showed before."""

import struct
import zlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askpro.dev.pictures import png


def written(rows: list[list[tuple[int, int, int]]], kinds: list[int]) -> bytes:
    """A file as a browser writes it, each row filtered in its own way."""
    above, lines = bytes(3 * len(rows[0])), b""
    for row, kind in zip(rows, kinds, strict=True):
        line = bytes(value for colour in row for value in colour)
        lines += bytes([kind]) + _filtered(kind, line, above)
        above = line
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return png.SIGNATURE + b"".join(png._chunk(name, data) for name, data in parts)


def _filtered(kind: int, line: bytes, above: bytes) -> bytes:
    found = []
    for at, value in enumerate(line):
        left, corner = (line[at - 3], above[at - 3]) if at >= 3 else (0, 0)
        guesses = (0, left, above[at], (left + above[at]) // 2, png._paeth(left, above[at], corner))
        found.append((value - guesses[kind]) & 255)
    return bytes(found)


def shown(file: bytes) -> list[list[tuple[int, int, int]]]:
    """The rows of a file with a palette."""
    parts = dict(png._chunks(file))
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    lines, palette = zlib.decompress(parts[b"IDAT"]), parts[b"PLTE"]
    places = [lines[row * (width + 1) + 1 : (row + 1) * (width + 1)] for row in range(height)]
    return [[tuple(palette[3 * at : 3 * at + 3]) for at in row] for row in places]  # type: ignore[misc]


COLOURS = st.tuples(*[st.integers(0, 255)] * 3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_few_colours_stay_as_they_are(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    rows = data.draw(st.lists(st.lists(COLOURS, min_size=width, max_size=width), min_size=height, max_size=height))
    kinds = data.draw(st.lists(st.integers(0, 4), min_size=height, max_size=height))

    assert shown(png.smaller(written(rows, kinds))) == rows


def test_of_too_many_colours_those_most_like_others_become_the_nearest() -> None:
    greys = [(value, value, value) for value in range(255)]
    rows = [[*greys, *greys, (255, 0, 0), (7, 8, 7)]]

    assert shown(png.smaller(written(rows, [0]))) == [[*greys, *greys, (255, 0, 0), (7, 7, 7)]]
