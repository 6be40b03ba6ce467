"""How long something took is counted in these ranges, the same everywhere."""

from bisect import bisect_right
from typing import Final

# Seconds, four for each power of ten.
BOUNDS: Final[tuple[float, ...]] = (
    *(round(digit * 10.0**power, 6) for power in range(-3, 3) for digit in (1.0, 1.8, 3.2, 5.6)),
    *(1000.0, 1800.0, 3600.0),
)


def bucket_of(seconds: float) -> int:
    """The range that a time belongs to: range n has the times from bound n-1 up to below bound n."""
    return bisect_right(BOUNDS, seconds)
