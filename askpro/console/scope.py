"""Whose rows a person may see: all of an operator's installation, or those of the companies he is bound to.

It holds in two places that no page can go around. The permissions (`backend.py`): who is no operator has none to
rows that belong to no company, so everything about the engine and about users is closed. And the queries: each
`ModelAdmin` names the path from its rows to their company (`company_path`), and reads nothing past `rows`.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.admin.models import LogEntry
from django.db.models import Model, QuerySet

from askpro.console.models import Access
from askpro.console.permissions import WITHIN_COMPANIES

M = TypeVar("M", bound=Model)

_KEPT = "_console_scope"


@dataclass(frozen=True, slots=True)
class Scope:
    """`companies` by their ids; None: every company, and what belongs to none."""

    companies: frozenset[int] | None

    @classmethod
    def of(cls, user: Any) -> "Scope":
        """Read once for each request. Who is bound to nothing sees nothing."""
        if not hasattr(user, _KEPT):
            setattr(user, _KEPT, cls(_companies(user)))
        scope: Scope = getattr(user, _KEPT)
        return scope

    @property
    def is_whole(self) -> bool:
        return self.companies is None

    @property
    def is_empty(self) -> bool:
        return self.companies is not None and not self.companies

    @property
    def is_single(self) -> bool:
        """There is one company only, so that nobody needs to read its name on every line."""
        return self.companies is not None and len(self.companies) == 1

    def rows(self, rows: QuerySet[M]) -> QuerySet[M]:
        """Those of these rows that are in the scope."""
        if self.companies is None:
            return rows
        path = path_of(rows.model)
        return rows.filter(**{f"{path}__in": self.companies}) if path and self.companies else rows.none()

    def deeds(self, entries: QuerySet[LogEntry]) -> QuerySet[LogEntry]:
        """Those entries of the record that people within the scope have written.

        What an operator notes may be about many companies at once.
        """
        if self.companies is None:
            return entries
        bound = Access.objects.filter(is_operator=False, companies__in=self.companies)
        return entries.filter(user__in=bound.values("user"), user__is_superuser=False)

    def permissions(self, given: set[str]) -> set[str]:
        """Those of these permissions, as in "calls.view_call", that are about rows in the scope."""
        if self.companies is None:
            return given
        return given & _permissions_within_companies() if self.companies else set()


def path_of(model: type[Model]) -> str:
    """How a query gets from rows of this model to their company; empty where only operators may look."""
    # Imported here: the pages read this module.
    from django.contrib import admin

    return str(getattr(admin.site._registry.get(model), "company_path", ""))


def may_see(user: Any, model: type[Model]) -> bool:
    """Whether a person may see rows of this model at all."""
    meta = model._meta
    return any(user.has_perm(f"{meta.app_label}.{verb}_{meta.model_name}") for verb in ("view", "change"))


def _companies(user: Any) -> frozenset[int] | None:
    if not user.is_active:
        return frozenset()
    if user.is_superuser:
        return None
    bound = list(Access.objects.filter(user_id=user.pk).values_list("is_operator", "companies"))
    if any(is_operator for is_operator, _ in bound):
        return None
    return frozenset(company for _, company in bound if company is not None)


def _permissions_within_companies() -> set[str]:
    from django.contrib import admin

    models = [model._meta for model in admin.site._registry if path_of(model)]
    usual = {f"{meta.app_label}.{verb}_{meta.model_name}" for meta in models for verb in meta.default_permissions}
    own = {f"{meta.app_label}.{codename}" for meta in models for codename, _ in meta.permissions}
    return usual | own | {str(may) for may in WITHIN_COMPANIES}
