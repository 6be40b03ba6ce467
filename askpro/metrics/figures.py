"""What was exchanged with the outside in any period, whether it is summed up already or not."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.conf import settings
from django.db import connection
from django.utils import timezone

from askpro.metrics.models import Figures
from askpro.metrics.periods import STEPS, Part, floor, parts
from askpro.queues.metrics.histogram import Histogram

Step = Literal["minute", "hour", "day"]
By = Literal["vendor", "route", "view", "provider", "company"] | Step
KEYS: Final = {
    "all": "''",
    **dict.fromkeys(("vendor", "view", "provider"), "name"),
    "route": "name || ' ' || part",
    "company": "company",
    **{step: f"date_trunc('{step}', at, 'UTC')" for step in STEPS},
}
WHOSE: Final = """kind = %(kind)s AND (%(name)s IS NULL OR name = %(name)s)
   AND (%(company)s::bigint IS NULL OR company = %(company)s)"""
# One statement, so that what is just being summed up is seen on one side of the sum, and on one only.
ROWS: Final = f"""
SELECT at, name, part, company, result, count, seconds, buckets
  FROM unnest(%(steps)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS part_of (of, start, until)
  JOIN metrics_total AS total ON total.step = of AND at >= start AND at < until
 WHERE {WHOSE}
UNION ALL
SELECT at, name, part, company, result, count, seconds, buckets FROM metrics_delta
 WHERE at >= %(start)s AND at < %(end)s AND {WHOSE}
"""
READ: Final = f"SELECT {{key}} AS key, result, count, seconds, buckets FROM ({ROWS}) AS noted"

# The same without the times that they took, added up.
RESULTS: Final = f"""
SELECT key, result, sum(count)::bigint FROM ({READ.format(key="name")}) AS counted GROUP BY 1, 2 ORDER BY 1, 2
"""
# In steps of time: of each result how often and how long together (place 0), and of all how many took how long.
SERIES: Final = f"""
WITH noted AS (
    SELECT {{key}} AS key, date_bin(%(width)s, at, %(start)s) AS at, result, count, seconds, buckets
      FROM ({ROWS}) AS told
)
SELECT key, at, 0, result, sum(count)::bigint, sum(seconds) FROM noted GROUP BY 1, 2, 4
UNION ALL
SELECT key, at, place, '', sum(number)::bigint, 0
  FROM noted, unnest(buckets) WITH ORDINALITY AS bucket (number, place) WHERE number > 0 GROUP BY 1, 2, 3
"""


@dataclass(slots=True)
class Exchanges:
    """What was counted under one key: how often with each result, and how many seconds it took."""

    key: Any
    by_result: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    took: Histogram = field(default_factory=Histogram)

    @property
    def count(self) -> int:
        return sum(self.by_result.values())

    def share(self, *results: str) -> float:
        """The part of all that ended with one of these, from 0 to 1."""
        return sum(self.by_result.get(result, 0) for result in results) / self.count if self.count else 0.0

    def add(self, result: str, count: int, seconds: float, buckets: list[int]) -> None:
        self.by_result[result] += count
        self.took = self.took.merged(Histogram(tuple(buckets), seconds))


class _Counted:
    """What was counted under one key in one step, on its way to be told."""

    def __init__(self) -> None:
        self.by_result: dict[str, int] = {}
        self.seconds = 0.0
        self.ranges: dict[int, int] = {}

    def add(self, place: int, result: str, count: int, seconds: float) -> None:
        if place:
            # Arrays count from one.
            self.ranges[place - 1] = count
        else:
            self.by_result[result] = count
            self.seconds += seconds

    def exchanges(self, key: Any) -> Exchanges:
        return Exchanges(key, self.by_result, Histogram.from_buckets(self.ranges, self.seconds))


def vendor_figures(
    start: datetime, end: datetime, *, vendor: str | None = None, company: int | None = None, by: By = "vendor"
) -> list[Exchanges]:
    """Exchanges with vendors from `start` up to before `end`, in whole minutes, of all or of one vendor or company;
    sorted by key. By `route` the key begins with the vendor.

    What is no longer kept in minutes is read in whole hours, and in whole days after that (METRICS_DAYS). Those of the
    last METRICS_FLUSH_SECONDS may be missing.
    """
    return figures(Figures.Kind.VENDOR, start, end, name=vendor, company=company, by=by)


def vendor_results(start: datetime, end: datetime) -> dict[str, dict[str, int]]:
    """How often each result came of exchanges with each vendor: what `vendor_figures` counts, without times."""
    found: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(RESULTS, _values(Figures.Kind.VENDOR, _parts(start, end, "vendor"), start))
        for vendor, result, count in cursor.fetchall():
            found.setdefault(vendor, {})[result] = count
    return found


def vendor_series(
    start: datetime,
    end: datetime,
    step: timedelta,
    *,
    vendor: str | None = None,
    company: int | None = None,
    by: Literal["all", "vendor", "route", "company"] = "all",
) -> dict[Any, dict[datetime, Exchanges]]:
    """What `vendor_figures` counts in steps of time, of which the first begins at `start`, a whole minute. By `all`
    there is one key, "". A step without any exchange is left out."""
    values = _values(Figures.Kind.VENDOR, _parts(start, end, _longest(start, step)), start, vendor, company)
    counted: dict[tuple[Any, datetime], _Counted] = defaultdict(_Counted)
    with connection.cursor() as cursor:
        cursor.execute(SERIES.format(key=KEYS[by]), values | {"start": start, "width": step})
        for key, at, place, result, count, seconds in cursor.fetchall():
            counted[key, at].add(place, result, count, seconds)
    found: dict[Any, dict[datetime, Exchanges]] = defaultdict(dict)
    for (key, at), each in sorted(counted.items()):
        found[key][at] = each.exchanges(key)
    return dict(found)


def request_figures(start: datetime, end: datetime, *, view: str | None = None, by: By = "view") -> list[Exchanges]:
    """Web requests; results are 2xx, 3xx, 4xx and 5xx."""
    return figures(Figures.Kind.REQUEST, start, end, name=view, by=by)


def webhook_figures(
    start: datetime, end: datetime, *, provider: str | None = None, by: By = "provider"
) -> list[Exchanges]:
    """Webhooks at the door, by what became of them; how long they took is not counted here."""
    return figures(Figures.Kind.WEBHOOK, start, end, name=provider, by=by)


def figures(
    kind: str,
    start: datetime,
    end: datetime,
    *,
    name: str | None = None,
    company: int | None = None,
    by: By,
) -> list[Exchanges]:
    """The same for any kind of figures."""
    values = _values(kind, _parts(start, end, by), start, name, company)
    found: dict[Any, Exchanges] = {}
    with connection.cursor() as cursor:
        cursor.execute(READ.format(key=KEYS[by]), values)
        for key, *counted in cursor.fetchall():
            found.setdefault(key, Exchanges(key)).add(*counted)
    return [found[key] for key in sorted(found)]


def _values(
    kind: str, chosen: list[Part], start: datetime, name: str | None = None, company: int | None = None
) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": name,
        "company": company,
        "steps": [part.step for part in chosen],
        "starts": [part.start for part in chosen],
        "ends": [part.end for part in chosen],
        "start": chosen[0].start if chosen else start,
        "end": chosen[-1].end if chosen else start,
    }


def _parts(start: datetime, end: datetime, by: By) -> list[Part]:
    """In the longest steps that fit; by a step, in none longer; of old figures, in those that are still kept."""
    steps = list(STEPS)
    shortest = next((step for step in reversed(steps) if start >= _kept_since(step)), steps[0])
    longest = by if by in STEPS else steps[0]
    if STEPS[shortest] > STEPS[longest]:
        longest = shortest
    return parts(start, end, steps[steps.index(longest) : steps.index(shortest) + 1])


def _longest(start: datetime, step: timedelta) -> Step:
    """The longest sums of which each lies within one step; those of days begin in UTC."""
    if step % STEPS["day"] == timedelta() and floor(start, STEPS["day"]) == start:
        return "day"
    return "hour" if step % STEPS["hour"] == timedelta() and floor(start, STEPS["hour"]) == start else "minute"


def _kept_since(step: str) -> datetime:
    days = settings.METRICS_DAYS.get(step, 0.0)
    return floor(timezone.now(), STEPS[step]) - timedelta(days=days)
