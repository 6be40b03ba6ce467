"""Every address of the console × every role × reading and acting: as decided here, and nothing forbidden is done.

The addresses come from the resolver: a page that is new fails until somebody has decided who may open it.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import models
from django.test import Client

from askpro.console.models import Access
from askpro.console.roles import ADMINISTRATOR, COMPANY_MAY, MANAGER, OPERATOR, SHIPPED, SUPPORT, VIEWER
from tests.console.tenants import make_strangers, rows_of, snapshot, tenant_models
from tests.console.test_scope import FOR_ALL, addresses, filled
from tests.console.world import World

WHOLE: Final = os.environ.get("ASKPRO_TEST_LONG") == "1"
Roles = frozenset[str]

NOBODY: Final[Roles] = frozenset()
ALL: Final[Roles] = frozenset(SHIPPED)
ADMINISTRATORS: Final[Roles] = frozenset({ADMINISTRATOR})
OPERATORS: Final[Roles] = frozenset({OPERATOR, ADMINISTRATOR})
HELPERS: Final[Roles] = OPERATORS | {SUPPORT}
WORKERS: Final[Roles] = HELPERS | {MANAGER}
MANAGERS: Final[Roles] = OPERATORS | {MANAGER}
LOOKERS: Final[Roles] = HELPERS | {VIEWER}

# Pages that are about no table.
PAGES: Final[dict[str, Roles]] = {
    **dict.fromkeys(FOR_ALL, ALL),
    **dict.fromkeys(("language", "view_on_site"), ALL),
    **dict.fromkeys(("deliveries", "deliveries_csv", "reports", "reports_csv", "calendar"), ALL),
    **dict.fromkeys(("fleet_board", "chain", "failures", "failure_group", "metrics", "top", "queue_board"), LOOKERS),
    **dict.fromkeys(("fleet_act", "job_where", "job_profile", "job_profile_file", "job_edit", "reveal"), OPERATORS),
    "person": ADMINISTRATORS,
    # Of her own people, and only as far as an operator lets her give roles.
    **dict.fromkeys(("logins", "logins_add", "logins_change", "logins_password"), frozenset({MANAGER})),
    **dict.fromkeys(("runbook", "repair"), LOOKERS),
    # It only leads to the first kind of rows that the person may see.
    "repair_first": ALL,
    "repair_act": OPERATORS,
    "failure_fix": HELPERS,
    "connections": OPERATORS,
}
# Whose tables only administrators see; all others belong to companies, or to the engine.
ADMINISTRATORS_APPS: Final = {"api", "auth", "privacy"}
COMPANIES: Final = {*COMPANY_MAY, "console.deed"}
ADD: Final[dict[str, Roles]] = {
    "appointments.waitingentry": WORKERS,
    "calls.closedday": MANAGERS,
    "notifications.messagetemplate": MANAGERS,
    **dict.fromkeys(("calls.branch", "calls.company", "calls.phonenumber", "calls.service", "calls.staff"), OPERATORS),
    "webhooks.webhookaddress": OPERATORS,
    **dict.fromkeys(("api.apitoken", "auth.user", "auth.group", "privacy.retentionrule"), ADMINISTRATORS),
}
# Who opens the page that asks; what it says then depends on the row.
DELETE: Final[dict[str, Roles]] = {
    **ADD,
    **dict.fromkeys(("appointments.waitingentry", "auth.user", "webhooks.webhookaddress"), NOBODY),
}
ACTS: Final[dict[str, dict[str, Roles]]] = {
    "queues.job": {**dict.fromkeys(("retry", "run-now", "cancel", "dry-run"), HELPERS), "export": OPERATORS},
    "queues.batch": dict.fromkeys(("retry-failed", "cancel"), HELPERS),
    "queues.schedule": dict.fromkeys(("run-now", "pause", "resume"), OPERATORS),
    "webhooks.webhookevent": {
        **dict.fromkeys(("replay", "dry-run", "curl"), OPERATORS),
        "replay-anyway": ADMINISTRATORS,
    },
    "watch.incident": dict.fromkeys(("acknowledge", "mute"), OPERATORS),
    "watch.mute": {"lift": OPERATORS},
    "console.repair": dict.fromkeys(("cancel", "leave"), OPERATORS),
    "privacy.erasure": dict.fromkeys(("go-on", "done"), ADMINISTRATORS),
    "notifications.messagetemplate": {"restore": MANAGERS},
    "notifications.notification": {"export": MANAGERS},
    "appointments.appointment": {
        **dict.fromkeys(("move", "cancel", "confirm", "decline", "no_show", "came", "resend"), WORKERS),
        "export": MANAGERS,
    },
    "appointments.followup": dict.fromkeys(
        ("take", "assign", "try_again", "resolve", "wait", "book", "times"), WORKERS
    ),
    "appointments.waitingentry": {"end": WORKERS},
    "calls.call": {"branch": WORKERS, "export": MANAGERS},
    "calls.customer": dict.fromkeys(("merge", "numbers"), WORKERS),
    "calls.customermerge": {"undo": WORKERS},
    "auth.user": dict.fromkeys(("password_change", "remove_second_factor"), ADMINISTRATORS),
}
FORM: Final = {"post": "yes", "confirmed": "yes", "note": "x", "reason": "x", "length": "15", "form": "csv"}


@dataclass(frozen=True, slots=True)
class Place:
    """An address, and who may open it."""

    address: str
    roles: Roles


def decided(name: str, model: type[models.Model] | None) -> Roles:
    """Who may open an address of this name. Raises `LookupError` where nobody has decided that."""
    if name in PAGES or model is None:
        # Django's answer to an address that is none has no name.
        return PAGES[name] if name else ALL
    label = model._meta.label_lower
    verb = name.removeprefix(f"{model._meta.app_label}_{model._meta.model_name}_")
    if verb in ("changelist", "change", "history") or not name:
        return lookers(label)
    if verb == "add":
        return ADD.get(label, NOBODY)
    return DELETE.get(label, NOBODY) if verb == "delete" else ACTS.get(label, {})[verb.removeprefix("auth_user_")]


def lookers(label: str) -> Roles:
    if label.partition(".")[0] in ADMINISTRATORS_APPS or label == "console.loginattempt":
        return ADMINISTRATORS
    return ALL if label in COMPANIES else LOOKERS


def test_somebody_has_decided_about_each_address() -> None:
    undecided = []
    for route, name, model in addresses():
        try:
            decided(name, model)
        except LookupError:
            undecided.append((route, name))

    assert undecided == [], "say in this file who may open them"


def test_no_decision_is_about_what_is_gone() -> None:
    names = {name for _, name, _model in addresses()}
    acts = {
        (model._meta.label_lower, name.rpartition(f"{model._meta.model_name}_")[2])
        for _, name, model in addresses()
        if model is not None
    }

    assert set(PAGES) - names == set()
    assert {(label, act) for label, some in ACTS.items() for act in some} - acts == set()


@pytest.mark.parametrize("role", SHIPPED)
def test_a_role_opens_what_is_decided_and_does_nothing_else(world: World, role: str, settings: Any) -> None:
    settings.REVEAL_FIRST = True
    ours, _theirs = make_strangers(world)
    client, before, wrong = client_of(role, ours), snapshot(), []
    for place in places(ours):
        if role in place.roles:
            # The crawl of masks opens whatever a viewer may open.
            status = client.get(place.address).status_code if WHOLE else 200
            wrong += [(place.address, status)] if status not in (200, 302, 404, 405) else []
            continue
        for answer in (client.get(place.address), client.post(place.address, FORM)):
            if not _is_refused(answer):
                wrong.append((place.address, answer.status_code))
    for model in tenant_models() if role in (VIEWER, MANAGER) else ():
        _selects(client, model, role)

    assert wrong == []
    assert snapshot() == before


def places(ours: Any) -> Iterator[Place]:
    for route, name, model in addresses():
        # A row's address without a verb leads to its page.
        if "(?P<" in route or name in FOR_ALL or not name:
            continue
        key: object = 1
        if model is not None and "object_id" in route:
            rows = rows_of(ours, model) if model in tenant_models() else model._default_manager.order_by("-pk")
            key = next(iter(rows.values_list("pk", flat=True)[:1]), 1)
        if name == "fleet_act":
            yield Place(filled(route, "pause") + "?queue=high", PAGES[name])
            yield Place(filled(route, "stop"), PAGES[name])
            continue
        if name == "reveal":
            yield Place(f"{filled(route, key)}?page=/admin/calls/customer/", PAGES[name])
            continue
        if "<uuid:" in route:
            key = "01890000-0000-7000-8000-000000000000"
            route = route.replace("<uuid:job_id>", str(key))
        for part, known in (("<str:kind_name>", "jobs"), ("<str:verb_name>", "retry"), ("<slug:code>", "queue_late")):
            route = route.replace(part, known)
        yield Place(filled(route, key), decided(name, model))


def _is_refused(answer: Any) -> bool:
    """A row that the person cannot see leads to the front page, as one that is not there does."""
    return answer.status_code in (403, 404, 405) or (answer.status_code == 302 and answer["Location"] == "/admin/")


def _selects(client: Client, model: type[models.Model], role: str) -> None:
    """Every act of the list, on its newest row, by a role that may do none of them."""
    page, row = admin.site._registry[model], model._default_manager.order_by("-pk").first()
    for act in getattr(page, "acts", ()):
        if row is None or role in ACTS[model._meta.label_lower][act.name]:
            continue
        listed = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        client.post(listed, {**FORM, "action": act.name, "_selected_action": str(row.pk), "index": "0"})


def client_of(role: str, company: Any) -> Client:
    user = User.objects.create_user(role.lower(), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    access = Access.objects.create(user=user, is_operator=role != MANAGER)
    if role == MANAGER:
        access.companies.add(company)
        access.gives.add(Group.objects.get(name=MANAGER))
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client
