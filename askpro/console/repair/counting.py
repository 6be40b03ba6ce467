"""How many rows match, in all and by the values of the facets: one query, which looks at no more than `CAP` rows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from askpro.console.repair.bounded import CAP
from askpro.console.repair.chosen import Chosen
from askpro.console.repair.kinds import EMPTY, Facet

MOST_VALUES: Final = 12


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet, and the address of the list with it."""

    label: Any
    count: int
    query: str
    is_chosen: bool = False


@dataclass(slots=True)
class Counted:
    """`total` and the values' counts are of the first `CAP` rows where there are more (`is_capped`)."""

    total: int = 0
    is_capped: bool = False
    facets: list[tuple[Facet, list[Value]]] = field(default_factory=list)


def counted(chosen: Chosen, rows: QuerySet[Any]) -> Counted:
    """What the matching rows have in common."""
    facets = chosen.kind.facets
    paths = list(dict.fromkeys(facet.path for facet in facets))
    total, by_path = _counts(rows, paths)
    shown = [(facet, _values(chosen, facet, by_path[facet.path])) for facet in facets]
    return Counted(min(total, CAP), total > CAP, [(facet, values) for facet, values in shown if values])


def shown_count(total: int, is_capped: bool) -> str:
    """The number as people read it: "10,000+" where there are more."""
    from django.utils.formats import number_format

    return f"{number_format(total, force_grouping=True)}{'+' if is_capped else ''}"


def _counts(rows: QuerySet[Any], paths: list[str]) -> tuple[int, dict[str, Counter[Any]]]:
    found: dict[str, Counter[Any]] = {path: Counter() for path in paths}
    if rows.query.is_empty():
        return 0, found
    inner, params = rows.order_by().values(*paths)[: CAP + 1].query.sql_with_params()
    names = [f"c{number}" for number in range(len(paths))]
    sets = ", ".join([*(f"({name})" for name in names), "()"])
    statement = (
        f"SELECT grouping({', '.join(names)}), {', '.join(names)}, count(*)"
        f" FROM ({inner}) AS matching ({', '.join(names)}) GROUP BY GROUPING SETS ({sets})"
    )
    total = 0
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        for mask, *values, count in cursor.fetchall():
            # A bit is set for each column by which this row is not grouped, the first column's being the highest.
            places = [place for place in range(len(paths)) if not mask >> (len(paths) - 1 - place) & 1]
            if places:
                found[paths[places[0]]][values[places[0]]] += count
            else:
                total = count
    return total, found


def _values(chosen: Chosen, facet: Facet, counts: Counter[Any]) -> list[Value]:
    if facet.of:
        groups = {name: set(members) for name, members in facet.groups().items()}
        summed = {name: sum(counts[value] for value in members) for name, members in groups.items()}
        counts = Counter({name: count for name, count in summed.items() if count})
    most = counts.most_common(MOST_VALUES)
    labels = facet.labels([value for value, _count in most])
    current = chosen.typed.get(facet.name, "")
    return [
        Value(
            label=_label(labels, value),
            count=count,
            query=chosen.with_part(facet.name, "" if (said := _said(value)) == current else said),
            is_chosen=said == current,
        )
        for value, count in most
    ]


def _said(value: Any) -> str:
    return EMPTY if value in ("", None) else str(value)


def _label(labels: Any, value: Any) -> Any:
    return labels.get(value) or (_("none") if value in ("", None) else value)


def names_of(model: Any, field_name: str = "name") -> Any:
    """Labels for the values of a foreign key: the rows' names, read in one query."""

    def read(keys: Iterable[Any]) -> dict[Any, Any]:
        wanted = [key for key in keys if key]
        return dict(model._default_manager.filter(pk__in=wanted).values_list("pk", field_name)) if wanted else {}

    return read
