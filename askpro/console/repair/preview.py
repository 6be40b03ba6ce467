"""What a deed would do with the rows that match: which are done again, which are not, and why, with samples of each."""

from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet

from askpro.console.repair.bounded import CAP, LONGEST, TooWide, bounded
from askpro.console.repair.kinds import Asked, Repairable, Verb, Words

MOST_SAMPLES: Final = 5
FEWER: Final = 1_000


@dataclass(slots=True)
class Part:
    """Rows with one verdict: `why` they are left alone, or "" for those that are done."""

    why: Words
    count: int
    samples: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Preview:
    """Where more rows match than are looked at (`is_capped`), each of the others is judged when its turn comes."""

    doing: Part
    leaving: list[Part]
    is_capped: bool = False

    @property
    def left(self) -> int:
        return sum(part.count for part in self.leaving)

    @property
    def total(self) -> int:
        return self.doing.count + self.left


def preview(kind: Repairable, verb: Verb, rows: QuerySet[Any], asked: Asked) -> Preview:
    """Judge rows as the deed itself will: a few, and more where these were quick. Raises `TooWide`."""
    began = monotonic()
    with bounded():
        few = _preview(kind, verb, rows, asked, min(FEWER, CAP))
    for_all = (monotonic() - began) * CAP / FEWER
    if not few.is_capped or for_all * 1000 > LONGEST:
        return few
    try:
        with bounded():
            return _preview(kind, verb, rows, asked, CAP)
    except TooWide:
        return few


def _preview(kind: Repairable, verb: Verb, rows: QuerySet[Any], asked: Asked, most: int) -> Preview:
    found = _verdicts(verb.judged(rows, asked), most)
    samples = _samples(kind, [key for _, _, keys in found for key in keys])
    parts = {
        verdict: Part(verb.sentences.get(verdict, verdict) if verdict else "", count, [samples[key] for key in keys])
        for verdict, count, keys in found
    }
    doing = parts.pop("", Part("", 0))
    leaving = sorted(parts.values(), key=lambda part: -part.count)
    total = doing.count + sum(part.count for part in leaving)
    return Preview(doing, leaving, is_capped=total > most)


def _verdicts(judged: QuerySet[Any], most: int) -> list[tuple[str, int, list[str]]]:
    """Each verdict with the number of its rows, and the keys of the newest of them."""
    if judged.query.is_empty():
        return []
    inner, params = judged.order_by().values("pk", "verdict")[: most + 1].query.sql_with_params()
    statement = (
        f"SELECT verdict, count(*), (array_agg(key ORDER BY key DESC))[1:{MOST_SAMPLES}]::text[]"
        f" FROM ({inner}) AS judged (key, verdict) GROUP BY verdict"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def _samples(kind: Repairable, keys: list[str]) -> dict[str, Any]:
    """The rows as a person recognises them, by their keys."""
    rows = {str(row.pk): kind.named(row) for row in kind.rows().filter(pk__in=keys)}
    return {key: rows.get(key, key) for key in keys}
