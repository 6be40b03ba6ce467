"""How long many things took, as counts in fixed ranges: histograms of any periods add up, and quantiles stay right."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from typing import Final, Self

# Seconds, four for each power of ten: neighbours are a factor of at most 2 apart, and so is a quantile from the truth
# at the very worst. Stored counts are by the number of a range, so these never change.
BOUNDS: Final[tuple[float, ...]] = (
    *(round(digit * 10.0**power, 6) for power in range(-3, 3) for digit in (1.0, 1.8, 3.2, 5.6)),
    *(1000.0, 1800.0, 3600.0),
)
# Of the range of a time in SQL: 0 is below the first bound, the last one is an hour and more.
BUCKET_SQL: Final = "width_bucket({seconds}, ARRAY[" + ", ".join(map(str, BOUNDS)) + "]::float8[])"
_NONE: Final = (0,) * (len(BOUNDS) + 1)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts by range, one more than there are `BOUNDS`: range n has the times from bound n-1 up to below bound n.

    `sum` is of the times themselves, in seconds, so the mean is exact.
    """

    counts: Sequence[int] = _NONE
    sum: float = 0.0

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Self:
        """The histogram of these times."""
        times, counts = [*seconds], [*_NONE]
        for time in times:
            counts[bucket_of(time)] += 1
        return cls(tuple(counts), sum(times))

    @classmethod
    def from_buckets(cls, buckets: Mapping[int, int], total: float) -> Self:
        """From the counts of some ranges; the others are empty."""
        return cls(tuple(buckets.get(number, 0) for number in range(len(_NONE))), total)

    @property
    def count(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """Exact; None when nothing was measured."""
        return self.sum / self.count if self.count else None

    def quantile(self, share: float) -> float | None:
        """The time that this share (0 to 1) did not exceed, in seconds; None when nothing was measured.

        The range is certainly the right one. Within it, times are taken to be spread evenly on the scale of the bounds:
        off by a factor of 2 at the very worst. What took an hour or longer counts as an hour.
        """
        if not self.count:
            return None
        rank, below = share * self.count, 0
        for number, count in enumerate(self.counts):
            if count and below + count >= rank:
                return _within(number, max(rank - below, 0.0) / count)
            below += count
        return BOUNDS[-1]

    def merged(self, other: "Histogram") -> "Histogram":
        """Both together, as if everything had been measured into one."""
        counts = tuple(one + two for one, two in zip(self.counts, other.counts, strict=True))
        return Histogram(counts, self.sum + other.sum)

    def cumulative(self) -> list[tuple[float, int]]:
        """For each bound, infinity last: how many took less. What Prometheus calls buckets."""
        return [*zip((*BOUNDS, inf), accumulate(self.counts), strict=True)]


def bucket_of(seconds: float) -> int:
    """The range that a time belongs to; the same as `BUCKET_SQL`."""
    return bisect_right(BOUNDS, seconds)


def _within(number: int, share: float) -> float:
    if number == 0:
        return BOUNDS[0] * share
    if number == len(BOUNDS):
        return BOUNDS[-1]
    low, high = BOUNDS[number - 1], BOUNDS[number]
    return float(low * (high / low) ** share)
