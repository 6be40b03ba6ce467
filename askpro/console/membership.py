"""Whether a value is among those that another query finds, asked so that indexes are used."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, QuerySet


class IsIn(Func):
    """`field = ANY (ARRAY(SELECT …))`. PostgreSQL finds the members first and then uses the field's index, beside `OR`
    and below joins as well, which it does with neither `IN (SELECT …)` nor a condition on a joined table.
    """

    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    output_field = BooleanField()

    def __init__(self, field: str, members: QuerySet[Any]) -> None:
        """`members` has one column, and an end of its own where there could be many."""
        super().__init__(F(field), ArraySubquery(members))
