"""Follow-ups that wait for a person, the most urgent first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import get_language

from appointments.models import FollowUp
from askpro.console import display, masking
from askpro.console.scope import Scope
from askpro.console.today.reach import first

MOST: Final = 8
RELATED: Final = ("company", "branch__company", "customer", "call", "booking_request", "assignee")
# What a line does not show, and what no page may need: a key that cannot be read must break none.
HEAVY: Final = (
    "words",
    "note",
    "alternatives",
    "company__calcom_api_key",
    "branch__company__calcom_api_key",
    "call__transcript",
    "call__recording_url",
    "call__summary",
    "call__variables",
    "call__analysis",
    "call__problems",
)


@dataclass(frozen=True, slots=True)
class CallBack:
    """One line: who, why, where, the number to call, and whose it is; what is not known is empty."""

    row: FollowUp
    is_overdue: bool

    @property
    def who(self) -> Any:
        if self.row.customer is not None:
            return display.person(self.row.customer)
        return display.phone(self.row.call.from_number) if self.row.call else ""

    @property
    def why(self) -> str:
        return self.row.title(get_language() or "")

    @property
    def where(self) -> str:
        return str(self.row.branch or self.row.company)

    @property
    def number(self) -> str:
        """What to call; empty for who may not read it either."""
        return "" if masking.is_masked() else self.row.number

    @property
    def assignee(self) -> str:
        user = self.row.assignee
        return (user.get_full_name() or user.get_username()) if user is not None else ""


def still_open(scope: Scope) -> QuerySet[FollowUp]:
    return scope.rows(FollowUp.objects.filter(status=FollowUp.Status.OPEN))


def overdue(scope: Scope, now: datetime) -> QuerySet[FollowUp]:
    return still_open(scope).alias(by=FollowUp.DEADLINE).filter(by__lt=now)


def call_backs(scope: Scope, now: datetime) -> list[CallBack]:
    shown = first(still_open(scope), MOST, FollowUp.DEADLINE, "pk").select_related(*RELATED).defer(*HEAVY)
    return [CallBack(row, row.deadline < now) for row in shown]
