"""Filters of the list of follow-ups."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.contrib.filters.admin import DropdownFilter

from appointments.models import FollowUp
from askpro.console.scope import Scope
from askpro.console.today.counting import Count, counted
from calls.models import Branch


class StateFilter(DropdownFilter):
    """Shows open follow-ups by default, since the list is work to do."""

    title = gettext_lazy("state")
    parameter_name = "state"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        done = [(value, str(label)) for value, label in FollowUp.Status.choices if value != FollowUp.Status.OPEN]
        return [("", _("Waits for a person")), ("overdue", _("Overdue")), *done, ("all", _("All"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or "open"
        if chosen == "all":
            return queryset
        return overdue(queryset) if chosen == "overdue" else queryset.filter(status=chosen)


class WhoseFilter(DropdownFilter):
    title = gettext_lazy("whose")
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("mine", _("Mine")), ("nobody", _("Nobody's"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "mine":
            return queryset.filter(assignee=request.user.pk)
        return queryset.filter(assignee=None) if self.value() == "nobody" else queryset


class BranchFilter(DropdownFilter):
    title = gettext_lazy("branch")
    parameter_name = "branch"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        scope = Scope.of(request.user)
        rows = scope.rows(Branch.objects.order_by("company__name", "name")).values_list("pk", "company__name", "name")
        return [(str(pk), name if scope.is_single else f"{company}, {name}") for pk, company, name in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        return queryset.filter(branch_id=int(chosen)) if chosen.isascii() and chosen.isdigit() else queryset


def overdue(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.alias(deadline=FollowUp.DEADLINE).filter(status=FollowUp.Status.OPEN, deadline__lt=timezone.now())


def counts(rows: QuerySet[FollowUp], user: Any) -> list[tuple[str, Count, str]]:
    """What is open among these rows: name, number, and the list's filter for it."""
    still_open = rows.filter(status=FollowUp.Status.OPEN)
    asked = {
        "": still_open,
        "whose=mine": still_open.filter(assignee=user.pk),
        "whose=nobody": still_open.filter(assignee=None),
        "state=overdue": overdue(rows),
    }
    names = (pgettext("state", "Open"), _("Mine"), _("Nobody's"), _("Overdue"))
    found = counted(asked)
    return [(name, found[query], query) for name, query in zip(names, asked, strict=True)]
