"""Filters that stay fast and can be bookmarked."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from askpro.console.scope import Scope
from askpro.language.text import Text
from calls.models import Company


class PeriodFilter(DropdownFilter):
    """Rows since some while ago. Subclassed by `period` with the field it looks at."""

    title: Text = _("period")
    parameter_name = "period"
    field = "created_at"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, Text]]:
        return [("hour", _("Last hour")), ("today", _("Today")), ("7d", _("Last 7 days")), ("30d", _("Last 30 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        start = since(self.value() or "")
        return queryset.filter(**{f"{self.field}__gte": start}) if start else queryset


def period(field: str, title: Text) -> type[PeriodFilter]:
    """A filter on a date-time field."""
    return type("PeriodFilter", (PeriodFilter,), {"field": field, "title": title})


def since(choice: str) -> datetime | None:
    """Where a period begins; days begin at midnight in the console's zone."""
    now = timezone.localtime()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {
        "hour": now - timedelta(hours=1),
        "today": midnight,
        "7d": midnight - timedelta(days=6),
        "30d": midnight - timedelta(days=29),
    }
    return starts.get(choice)


class CompanyFilter(DropdownFilter):
    """By company. Unlike the theme's own filter it reads names only, never a company's key."""

    title = _("company")
    parameter_name = "company"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        companies = Scope.of(request.user).rows(Company.objects.order_by("name"))
        return [(str(pk), name) for pk, name in companies.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        return queryset.filter(company_id=int(chosen)) if chosen.isascii() and chosen.isdigit() else queryset
