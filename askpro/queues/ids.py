"""UUIDv7: ids that sort by time of creation, so that an index grows at its right edge only (RFC 9562, 5.7)."""

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """A new id: 48 bits of milliseconds, 12 of the fraction below, 62 at random."""
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = (rest << 12) // 1_000_000
    random = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | random)
