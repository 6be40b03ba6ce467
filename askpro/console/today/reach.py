"""How a query over all companies gets to the indexes, which begin with the company."""

from typing import TypeVar

from django.db.models import Model, QuerySet

from askpro.console.scope import Scope
from calls.models import Company

M = TypeVar("M", bound=Model)


def by_company(scope: Scope, rows: QuerySet[M]) -> QuerySet[M]:
    """Those in the scope; for an operator PostgreSQL goes from company to company, and reads no other rows."""
    return rows.filter(company__in=Company.objects.values("pk")) if scope.is_whole else scope.rows(rows)
