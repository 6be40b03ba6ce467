"""What the apps' balances have in common: a rule that rows obey, and a row that does not."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Span:
    """What is looked at: rows made from `since` up to, but not at, `until`, of one company or of all."""

    since: datetime
    until: datetime
    company_id: int | None = None

    def of(self, rows: QuerySet[Row], made: str = "created_at") -> QuerySet[Row]:
        """Those of the `rows` that were made in the span; `made` names the column that says when."""
        within = rows.filter(**{f"{made}__gte": self.since, f"{made}__lt": self.until}).select_related("company")
        return within if self.company_id is None else within.filter(company_id=self.company_id)


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that does not add up. No personal data: `company` is a slug, `id` the row's."""

    rule: str
    kind: str
    id: int | str
    company: str
    expected: str
    found: str
    advice: str

    def listed(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is true of every row of a healthy installation; `broken` gives those of which it is not.

    A row whose job still works on it obeys every rule. `advice` may name fields of the row, such as {row.pk}.
    """

    name: str
    kind: str
    expected: str
    found: str
    advice: str
    broken: Callable[[Span], Iterable[Model]]

    def findings(self, span: Span) -> Iterator[Finding]:
        for row in self.broken(span):
            yield self.about(row)

    def about(self, row: Any) -> Finding:
        company = row.company.slug if row.company is not None else ""
        told = [text.format(row=row, company=company) for text in (self.expected, self.found, self.advice)]
        return Finding(self.name, self.kind, row.pk, company, *told)


def rule(kind: str, *, expected: str, found: str, advice: str) -> Callable[[Callable[[Span], Iterable[Model]]], Rule]:
    """Make a rule of a function that gives the rows which break it; it has the function's name."""

    def made(broken: Callable[[Span], Iterable[Model]]) -> Rule:
        return Rule(broken.__name__, kind, expected, found, advice, broken)

    return made
