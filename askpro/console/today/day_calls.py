"""The day's calls, and what came of them."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from askpro.console import display
from askpro.console.scope import Scope
from askpro.console.today.day import Day
from askpro.console.today.reach import by_company, first
from calls.models import Call

MOST: Final = 8
HEAVY: Final = ("transcript", "recording_url", "summary", "analysis", "variables", "problems")


@dataclass(frozen=True, slots=True)
class Line:
    row: Call

    @property
    def who(self) -> Any:
        """Empty: nobody knows."""
        if self.row.customer is not None:
            return display.person(self.row.customer)
        return display.phone(self.row.from_number) if self.row.from_number else ""


def so_far(scope: Scope, day: Day) -> QuerySet[Call]:
    """Those that began since midnight."""
    return by_company(scope, Call.objects.filter(started_at__gte=day.start, started_at__lte=day.now))


def newest(scope: Scope, day: Day) -> list[Line]:
    shown = first(so_far(scope, day), MOST, "-started_at", "-pk").select_related("company", "customer")
    return [Line(row) for row in shown.defer(*HEAVY, "company__calcom_api_key")]
