"""What log-ins could do, and whose log-ins a person may touch: nobody gives or takes over what he does not have."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from askpro.console.models import Access


@dataclass(frozen=True, slots=True)
class Rights:
    """By the rows, whether or not the log-in is switched on: a password makes an old log-in a new door.

    What somebody may give to others he could have himself.
    """

    is_superuser: bool
    permissions: frozenset[int]
    is_operator: bool
    companies: frozenset[int]

    @classmethod
    def of(cls, user: Any) -> "Rights":
        if user.is_superuser:
            return cls(True, frozenset(), True, frozenset())
        given = Permission.objects.filter(Q(user=user) | Q(group__user=user) | Q(group__given_by__user=user))
        bound = list(Access.objects.filter(user=user).values_list("is_operator", "companies"))
        return cls(
            is_superuser=False,
            permissions=frozenset(given.values_list("pk", flat=True)),
            is_operator=any(is_operator for is_operator, _ in bound),
            companies=frozenset(company for _, company in bound if company is not None),
        )

    def cover(self, other: "Rights") -> bool:
        """Whether who has these has all of the others."""
        if self.is_superuser:
            return True
        reaches = self.is_operator or (not other.is_operator and other.companies <= self.companies)
        return reaches and not other.is_superuser and other.permissions <= self.permissions

    def covers_group(self, group: Group) -> bool:
        return self.is_superuser or self.permissions.issuperset(group.permissions.values_list("pk", flat=True))

    def givable(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those permissions or groups that may be given to somebody."""
        if self.is_superuser:
            return rows
        if rows.model is Permission:
            return rows.filter(pk__in=self.permissions)
        return rows.exclude(permissions__in=Permission.objects.exclude(pk__in=self.permissions))
