"""The kinds of people that every installation has, as groups.

A group that people have changed is left as it is. One that has exactly what releases gave it so far also gets what a
release adds; nothing is taken from any.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from askpro.console.models import ShippedGroup
from askpro.console.permissions import May

VIEWER, SUPPORT, OPERATOR, MANAGER, ADMINISTRATOR = "Viewer", "Support", "Operator", "Manager", "Administrator"
# What earlier releases called the managers: kept where it is, not made any more.
SALON = "Salon"

# What a company's people may do with its rows, by model.
COMPANY_MAY = {
    "appointments.appointment": ("view", "change"),
    "appointments.dailycount": ("view",),
    "appointments.followup": ("view", "change"),
    "appointments.freedtime": ("view",),
    "appointments.waitingentry": ("view", "add", "change"),
    "calls.bookingrequest": ("view",),
    "calls.branch": ("view",),
    "calls.call": ("view",),
    "calls.closedday": ("view", "add", "change", "delete"),
    "calls.company": ("view",),
    "calls.customer": ("view", "change"),
    "calls.customermerge": ("view", "change"),
    "calls.phonenumber": ("view",),
    "calls.service": ("view",),
    "calls.staff": ("view",),
    "notifications.messagetemplate": ("view", "add", "change", "delete"),
    "notifications.notification": ("view",),
}
# What whoever helps customers changes; everything else he looks at.
SUPPORT_CHANGES = {
    "appointments.appointment": ("change",),
    "appointments.followup": ("change",),
    "appointments.waitingentry": ("add", "change"),
    "calls.customer": ("change",),
    "calls.customermerge": ("change",),
    "notifications.notification": ("change",),
}
# About the engine and the business. What is said of persons in all, who may do what, and what leaves by a token is for
# administrators.
APPS = ("appointments", "calls", "metrics", "notifications", "queues", "watch", "webhooks")
ADMINISTRATORS_APPS = (*APPS, "api", "auth", "privacy")
# The apps of all of whose permissions an operator was once given.
FORMERLY_OPERATORS = ("api", "appointments", "auth", "calls", "notifications", "privacy", "queues", "webhooks")
ENGINE = (May.RETRY, May.REPLAY, May.BULK, May.PAUSE, May.EDIT, May.DISCARD)


def _of_apps(*labels: str) -> Q:
    return Q(content_type__app_label__in=labels)


def _of_models(wanted: Mapping[str, Iterable[str]]) -> Q:
    found = Q(pk=None)
    for label, verbs in wanted.items():
        app_label, model = label.split(".")
        found |= Q(content_type__app_label=app_label, codename__in=[f"{verb}_{model}" for verb in verbs])
    return found


def _named(*acts: May) -> Q:
    return Q(content_type__app_label="console", codename__in=[act.codename for act in acts])


_RECORD = _of_models({"console.deed": ["view"]})
_ENGINES_RECORDS = _RECORD | _of_models({"console.repair": ["view"]})
_LOOK = _of_apps(*APPS) & Q(codename__startswith="view_") | _ENGINES_RECORDS
_COMPANY = _of_models(COMPANY_MAY) | _named(May.SEE_PEOPLE, May.EXPORT) | _RECORD
_EVERYTHING = (
    _of_apps(*ADMINISTRATORS_APPS) | _named(*May) | _ENGINES_RECORDS | _of_models({"console.loginattempt": ["view"]})
)
SHIPPED: Final[dict[str, Q]] = {
    VIEWER: _LOOK,
    SUPPORT: _LOOK | _of_models(SUPPORT_CHANGES) | _named(May.SEE_PEOPLE, May.RETRY),
    OPERATOR: _of_apps(*APPS) | _named(*ENGINE, May.REVEAL, May.EXPORT) | _ENGINES_RECORDS,
    MANAGER: _COMPANY,
    ADMINISTRATOR: _EVERYTHING,
}
# Groups that releases made before there were administrators: what they were made with, and what they get now. Such an
# operator could do all that a page offered, and still can.
FORMER: Final[dict[str, tuple[Q, Q]]] = {
    SALON: (_of_models(COMPANY_MAY), _COMPANY),
    OPERATOR: (_of_apps(*FORMERLY_OPERATORS), _EVERYTHING),
}


def make(sender: Any, using: str, **options: Any) -> None:
    """Make the groups that are missing, after the last app of a `migrate`, when all permissions are there."""
    # Django sends nothing for an app without models.
    if sender is not [app for app in apps.get_app_configs() if app.models_module][-1]:
        return
    # Its own are made by a receiver that comes after this one.
    create_permissions(sender, verbosity=0, using=using)
    if not Group.objects.using(using).filter(name=ADMINISTRATOR).exists():
        for name, (made_with, may) in FORMER.items():
            _adopt(name, made_with, may, using)
    for name, may in SHIPPED.items():
        _keep(name, may, using)


def names(permissions: Iterable[Permission]) -> list[str]:
    """Permissions as texts that are the same in every database."""
    return sorted(map(name_of, permissions))


def name_of(permission: Permission) -> str:
    """One of them, as `has_perm` asks for it."""
    return f"{permission.content_type.app_label}.{permission.codename}"


def _adopt(name: str, made_with: Q, may: Q, using: str) -> None:
    """Give a former release's group what it gets now, if people have not changed it."""
    group = Group.objects.using(using).filter(name=name).first()
    has = set(_of(group)) if group is not None else set()
    if group is None or not has:
        return
    # It was given what there was then. Later permissions have higher ids.
    then = Permission.objects.using(using).filter(made_with, pk__lte=max(each.pk for each in has))
    if has == set(then):
        _give(group, may, ShippedGroup(group=group), using)


def _keep(name: str, may: Q, using: str) -> None:
    """Make the group; or give it what is new, if it has exactly what it was given so far."""
    group, is_new = Group.objects.using(using).get_or_create(name=name)
    kept = ShippedGroup(group=group) if is_new else ShippedGroup.objects.using(using).filter(group=group).first()
    if kept is not None and kept.given == names(_of(group)):
        _give(group, may, kept, using)


def _give(group: Group, may: Q, kept: ShippedGroup, using: str) -> None:
    group.permissions.add(*Permission.objects.using(using).filter(may))
    kept.given = names(_of(group))
    kept.save(using=using)


def _of(group: Group) -> QuerySet[Permission]:
    return group.permissions.select_related("content_type")
