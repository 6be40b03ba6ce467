"""How a query gets to the few rows that a page shows without reading the many that it does not."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable

from askpro.console.membership import IsIn
from askpro.console.scope import Scope
from calls.models import Company

M = TypeVar("M", bound=Model)


def by_company(scope: Scope, rows: QuerySet[M]) -> QuerySet[M]:
    """Those in the scope; for an operator PostgreSQL goes from company to company, by indexes that begin with it."""
    return rows.filter(company__in=Company.objects.values("pk")) if scope.is_whole else scope.rows(rows)


def first(rows: QuerySet[M], most: int, *order: str | Combinable) -> QuerySet[M]:
    """The first `most` rows in this order. What belongs to a row is looked up for these only, and not for all that were
    sorted.
    """
    chosen = rows.order_by(*order).values("pk")[:most]
    return rows.model._default_manager.filter(IsIn("pk", chosen)).order_by(*order)
