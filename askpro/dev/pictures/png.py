"""PNG files made smaller: a page has few colours, so that a palette of 256 holds nearly all of them."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MOST_COLOURS: Final = 256
MOST_FREQUENT: Final = 160
# Bytes of a pixel by the file's type of colour, of those that a browser writes.
DEPTHS: Final = {2: 3, 6: 4}
UP, AVERAGE, PAETH = 2, 3, 4

Colour = tuple[int, int, int]


def smaller(file: bytes) -> bytes:
    """The same picture with a palette; colours beyond its 256 become the nearest of them.

    Reads what a browser writes: 8 bits a channel, not interlaced. Transparency is dropped.
    """
    width, rows = _decoded(file)
    counted = Counter(colour for row in rows for colour in row)
    palette = _palette(counted)
    place = {colour: number for number, colour in enumerate(palette)}
    for colour in counted:
        if colour not in place:
            place[colour] = place[min(palette, key=lambda known: _distance(known, colour))]
    lines = b"".join(b"\x00" + bytes(place[colour] for colour in row) for row in rows)
    head = struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)
    colours = b"".join(bytes(colour) for colour in palette)
    parts = ((b"IHDR", head), (b"PLTE", colours), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in parts)


def _palette(counted: Counter[Colour]) -> list[Colour]:
    """The most frequent colours, and of the rare ones those that are least like any of these: a sign may be small."""
    chosen = [colour for colour, _ in counted.most_common(MOST_FREQUENT)]
    far = {colour: min(_distance(colour, each) for each in chosen) for colour in counted}
    while len(chosen) < min(MOST_COLOURS, len(counted)):
        new = max(far, key=lambda colour: far[colour])
        chosen.append(new)
        far = {colour: min(distance, _distance(colour, new)) for colour, distance in far.items()}
    return chosen


def _decoded(file: bytes) -> tuple[int, list[list[Colour]]]:
    """The width, and the colours row by row."""
    chunks = list(_chunks(file))
    width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if bits != 8 or kind not in DEPTHS or interlaced:
        raise ValueError("Only pictures with 8 bits a channel that are not interlaced are read.")
    depth = DEPTHS[kind]
    raw = zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT"))
    stride, above, rows = width * depth, bytes(width * depth), []
    for number in range(height):
        start = number * (stride + 1)
        above = _unfiltered(raw[start], raw[start + 1 : start + 1 + stride], above, depth)
        rows.append(list(zip(above[::depth], above[1::depth], above[2::depth], strict=True)))
    return width, rows


def _unfiltered(kind: int, line: bytes, above: bytes, depth: int) -> bytes:
    """A row as it was before its bytes were written as differences (PNG specification, 9.2)."""
    if kind == 0:
        return line
    if kind == UP:
        return bytes((value + up) & 255 for value, up in zip(line, above, strict=True))
    found = bytearray(len(line))
    for at, value in enumerate(line):
        left = found[at - depth] if at >= depth else 0
        corner = above[at - depth] if at >= depth else 0
        guess = left
        if kind == AVERAGE:
            guess = (left + above[at]) // 2
        elif kind == PAETH:
            guess = _paeth(left, above[at], corner)
        found[at] = (value + guess) & 255
    return bytes(found)


def _paeth(left: int, up: int, corner: int) -> int:
    """Whichever of the three is nearest to left + up - corner."""
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


def _distance(one: Colour, other: Colour) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(file):
        (length,) = struct.unpack(">I", file[at : at + 4])
        yield file[at + 4 : at + 8], file[at + 8 : at + 8 + length]
        at += length + 12


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
