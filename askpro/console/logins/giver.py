"""Who may give log-ins to people of his companies, and which: never more than he has, nor than an operator allowed."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from askpro.console.rights import Rights
from askpro.console.roles import names
from askpro.console.scope import Scope
from calls.models import Company

_KEPT: Final = "_console_gives"


@dataclass(frozen=True, slots=True)
class Giver:
    """`groups` and `companies`, by their ids, are what he may give; `rights` are those that he can use himself."""

    user_id: int
    groups: frozenset[int]
    rights: Rights

    @classmethod
    def of(cls, user: Any) -> "Giver | None":
        """None for whoever may give nothing; operators, too, whose pages are others."""
        groups, companies = _groups(user), Scope.of(user).companies
        if not groups or not companies:
            return None
        usable, known = user.get_all_permissions(), Permission.objects.select_related("content_type")
        ids = frozenset(each.pk for each in known if f"{each.content_type.app_label}.{each.codename}" in usable)
        return cls(user.pk, groups, Rights(False, ids, False, companies))

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
        """Whether a log-in has nothing that he does not have. His own is not his to change."""
        theirs = Rights.of(person)
        return person.pk != self.user_id and bool(theirs.companies) and self.rights.cover(theirs)


def may_give(user: Any) -> bool:
    """Whether a person may give log-ins at all."""
    return bool(_groups(user))


def _groups(user: Any) -> frozenset[int]:
    """What an operator lets him give, without roles with more rights than he can use; read once for each request."""
    if not hasattr(user, _KEPT):
        # Whoever is bound to no company gives none this way, and need not be asked for their rights on every page.
        setattr(user, _KEPT, frozenset(_within_rights(user)) if Scope.of(user).companies else frozenset())
    kept: frozenset[int] = getattr(user, _KEPT)
    return kept


def _within_rights(user: Any) -> list[int]:
    allowed, usable = Group.objects.filter(given_by__user=user), user.get_all_permissions()
    groups = allowed.prefetch_related("permissions__content_type")
    return [group.pk for group in groups if usable.issuperset(names(group.permissions.all()))]
