"""The two kinds of people that every installation has from the start, as groups. A group that exists is left as
people have changed it."""

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

OPERATOR = "Operator"
SALON = "Salon"

# What a salon's people may do with the rows of their company, by model; operators may do whatever a page offers.
SALON_MAY = {
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
OPERATORS_APPS = ("api", "appointments", "auth", "calls", "notifications", "privacy", "queues", "webhooks")


def make(sender: Any, using: str, **options: Any) -> None:
    """Make the groups that are missing: after the last app of a `migrate`, when all permissions are there."""
    # Django sends nothing for an app without models.
    if sender is not [app for app in apps.get_app_configs() if app.models_module][-1]:
        return
    # Its own are made by a receiver that comes after this one.
    create_permissions(sender, verbosity=0, using=using)
    _make(SALON, _salon(), using)
    _make(OPERATOR, Q(content_type__app_label__in=OPERATORS_APPS), using)


def _make(name: str, may: Q, using: str) -> None:
    group, is_new = Group.objects.using(using).get_or_create(name=name)
    if is_new:
        group.permissions.set(Permission.objects.using(using).filter(may))


def _salon() -> Q:
    wanted = Q()
    for label, verbs in SALON_MAY.items():
        app_label, model = label.split(".")
        wanted |= Q(content_type__app_label=app_label, codename__in=[f"{verb}_{model}" for verb in verbs])
    return wanted
