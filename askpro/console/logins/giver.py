"""Who may give log-ins to people of his companies, and which: the operator who let him says with what roles.

A role reaches no further than the companies (`scope.py`). Within them it may do more than the giver's own: whoever runs
a salon need not answer its phone. An operator lets others give only what he has himself (`user_admin.py`).
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from askpro.console.rights import Rights
from askpro.console.roles import name_of
from askpro.console.scope import Scope
from calls.models import Company

_KEPT: Final = "_console_gives"


@dataclass(frozen=True, slots=True)
class Giver:
    """`groups`, by their ids, are what he may give; `rights` are all that he has or may give; `reach` are the
    permissions that are about rows of companies.
    """

    user_id: int
    groups: frozenset[int]
    rights: Rights
    reach: frozenset[int]

    @classmethod
    def of(cls, user: Any) -> "Giver | None":
        """None for whoever may give nothing; operators, too, whose pages are others."""
        groups, companies = _groups(user), Scope.of(user).companies
        if not groups or not companies:
            return None
        reach = _reach(user)
        return cls(user.pk, groups, Rights(False, Rights.of(user).permissions & reach, False, companies), reach)

    @classmethod
    def required(cls, user: Any) -> "Giver":
        """Raises `PermissionDenied` for whoever may give nothing."""
        giver = cls.of(user)
        if giver is None:
            raise PermissionDenied
        return giver

    @property
    def roles(self) -> QuerySet[Group]:
        return Group.objects.filter(pk__in=self.groups).order_by("name")

    @property
    def companies(self) -> QuerySet[Company]:
        return Company.objects.filter(pk__in=self.rights.companies).defer("calcom_api_key").order_by("name", "pk")

    @property
    def people(self) -> QuerySet[User]:
        """The log-ins that are bound to one of his companies, whatever else they are bound to; no operators."""
        bound = {"access__companies__in": self.rights.companies, "access__is_operator": False, "is_superuser": False}
        ids = User.objects.filter(**bound).values("pk")
        return User.objects.filter(pk__in=ids).order_by("username")

    def may_change(self, person: User) -> bool:
        """Whether a log-in has nothing that he neither has nor may give. His own is not his to change."""
        theirs = Rights.of(person)
        theirs = replace(theirs, permissions=theirs.permissions & self.reach)
        return person.pk != self.user_id and bool(theirs.companies) and self.rights.cover(theirs)


def may_give(user: Any) -> bool:
    """Whether a person may give log-ins at all."""
    return bool(_groups(user))


def _groups(user: Any) -> frozenset[int]:
    """What an operator lets him give; read once for each request."""
    if not hasattr(user, _KEPT):
        # Whoever is bound to no company gives none this way, and need not be asked for it on every page.
        allowed = Group.objects.filter(given_by__user=user).values_list("pk", flat=True)
        setattr(user, _KEPT, frozenset(allowed) if Scope.of(user).companies else frozenset())
    kept: frozenset[int] = getattr(user, _KEPT)
    return kept


def _reach(user: Any) -> frozenset[int]:
    """The permissions that a log-in which is bound to companies can use, if it has them."""
    by_name = {name_of(each): each.pk for each in Permission.objects.select_related("content_type")}
    return frozenset(by_name[name] for name in Scope.of(user).permissions(set(by_name)))
