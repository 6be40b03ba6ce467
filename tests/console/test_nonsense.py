"""Any URL or form is answered with a page or a 400, never with a server error, and changes nothing."""

import os
import random
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, models, transaction
from django.test import Client
from django.urls import reverse

from askpro.api.models import ApiToken
from askpro.console.model_admin import ConsoleModelAdmin, ReadOnlyModelAdmin
from calls.models import Company
from notifications.models import MessageTemplate
from tests.console.markup import sent
from tests.console.tenants import bound, make_strangers, snapshot
from tests.console.world import World

# Each kind has up to 200,000 requests. CI sends this many of them, always the same.
MANY = 1500 if os.environ.get("ASKPRO_TEST_LONG") == "1" else 15
HOSTILE: tuple[Any, ...] = (
    "\x00",
    b"\xed\xa0\x80",  # a lone surrogate
    b"\xff\xfe",
    "9" * 40,
    "9" * 5000,
    "-1",
    "-9223372036854775809",
    "1e309",
    "NaN",
    "x",
    "[",
    "(?P<",
    "\\",
    "%",
    "'; --",
    "٣",
    "true",
    "None",
    "2026-13-45",
    "31.02.2026",
    "9999-12-31",
    "{}",
    r'["\u0000"]',
    r'{"mo": ["\ud800"]}',
    "a" * 3000,
)
OF_EVERY_LIST = ("o", "p", "q", "e", "all", "_popup", "_to_field", "_facets", "_changelist_filters")
LOOKUPS = ("regex", "iregex", "in", "isnull", "range", "year", "nonsense", "contains", "gt")
OF_ACTIONS = ("action", "_selected_action", "index", "select_across", "note", "confirmed", "form-TOTAL_FORMS", "_save")
Question = tuple[str, str, dict[str, Any]]


def path_to(model: type[models.Model], page: str, *key: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=key)


def lists(request: Any) -> Iterator[Question]:
    """Every list × every parameter that it reads, and look-ups that it does not offer."""
    for model, model_admin in admin.site._registry.items():
        assert isinstance(model_admin, ConsoleModelAdmin)
        fields = [field.name for field in model._meta.concrete_fields]
        names = [*OF_EVERY_LIST, *sorted(model_admin._asked_by_filters(request)), "\x00", "x" * 300, "a__b__c"]
        names += [f"{name}__{lookup}" for name, lookup in product(fields, LOOKUPS)]
        for name, value in product(names, HOSTILE):
            yield "get", path_to(model, "changelist"), {name: value}


def actions() -> Iterator[Question]:
    """Every list × every field of its actions."""
    for model, model_admin in admin.site._registry.items():
        acts = ["delete_selected", *(act.name for act in getattr(model_admin, "acts", ()))]
        for act, name, value in product(acts, OF_ACTIONS, HOSTILE):
            said = {"action": act, "_selected_action": "0", "index": "0", "post": "yes"}
            yield "post", path_to(model, "changelist"), {**said, name: value}


def forms() -> Iterator[Question]:
    """Every form × every field, and what a URL could fill in; rows that do not exist."""
    for model in admin.site._registry:
        fields = [field.name for field in (*model._meta.concrete_fields, *model._meta.many_to_many)]
        row = model._default_manager.order_by("pk").first()
        for name, value in product(fields, HOSTILE):
            yield "get", path_to(model, "add"), {name: value}
            yield "post", path_to(model, "add"), {name: value}
            if row is not None:
                yield "post", path_to(model, "change", row.pk), {name: value}
        for page, value in product(("change", "delete", "history"), HOSTILE):
            if isinstance(value, str) and value:
                yield "get", path_to(model, page, value), {}


def pages() -> Iterator[Question]:
    """The console's own pages and Django's, by each parameter that any of them reads."""
    own = ("range", "actor", "error", "print", "queue", "pool", "supervisor", "next", "s", "extended", "page", "period")
    boards = ["fleet", "failures", "failures/group", "metrics", "queues", "failures/fixed"]
    boards += [f"act/{verb}" for verb in ("pause", "resume", "scale", "restart", "stop", "nonsense")]
    for board, name, value in product(boards, own, HOSTILE):
        yield "get", f"/admin/board/{board}/", {"actor": "x", "error": "y", "print": "z", name: value}
    for subject, name, value in product(
        ("pause/?queue=high", "scale/?pool=main", "failures/fixed/?actor=x"),
        ("reason", "length", "moment", "processes"),
        HOSTILE,
    ):
        address = subject if subject.startswith("failures") else f"act/{subject}"
        yield "post", f"/admin/board/{address}", {"reason": "", name: value}
    for page, name, value in product(("", "search/", "login/", "password_change/", "jsi18n/", "calls/"), own, HOSTILE):
        yield "get", f"/admin/{page}", {name: value}
    complete = {"app_label": "calls", "model_name": "branch", "field_name": "company", "term": ""}
    for name, value in product((*complete, "page", "q"), HOSTILE):
        yield "get", "/admin/autocomplete/", {**complete, name: value}
    for name, value in product(("username", "password", "next"), HOSTILE):
        yield "post", "/admin/login/", {"username": "x", "password": "y", name: value}
    for name, value in product(("old_password", "new_password1", "new_password2"), HOSTILE):
        yield "post", "/admin/password_change/", {name: value}
    for kind, key in product((*HOSTILE, "1", "8"), repeat=2):
        if isinstance(kind, str) and isinstance(key, str):
            yield "get", f"/admin/r/{kind.replace(chr(0), '%00')}/{key.replace(chr(0), '%00')}/", {}


def api() -> Iterator[Question]:
    for value in HOSTILE:
        if isinstance(value, str):
            yield "get", f"/api/v1/appointment-requests/{value.replace(chr(0), '%00')}/", {}
        for page, name in product(
            ("schema", "docs", "appointment-requests"), ("format", "lang", "version", "page", "o")
        ):
            yield "get", f"/api/v1/{page}/", {name: value}


@pytest.fixture
def asker(world: World) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(bound(operator=True))
    ApiToken.objects.create(company=world.companies[0], name="Page", token_sha256="0" * 64, hint="askpro_abcd")
    Group.objects.get_or_create(name="Some")
    return client


def ask(client: Client, question: Question) -> int:
    method, address, said = question
    if method == "post":
        status = client.post(address, urlencode(said, doseq=True), "application/x-www-form-urlencoded").status_code
    else:
        status = client.get(f"{address}?{urlencode(said, doseq=True)}").status_code
    return status


@pytest.mark.parametrize("kind", ["lists", "actions", "forms", "pages", "api"])
def test_nothing_that_is_asked_is_an_error(asker: Client, rf: Any, kind: str) -> None:
    request = rf.get("/admin/")
    request.user = bound(operator=True)
    questions = list(
        {"lists": lambda: lists(request), "actions": actions, "forms": forms, "pages": pages, "api": api}[kind]()
    )
    asked = random.Random(9).sample(questions, min(MANY, len(questions)))
    before = snapshot()

    failed = [(question, status) for question in asked if (status := ask(asker, question)) >= 500]

    assert asked
    assert not failed, failed[:20]
    changed = {label for label, rows in snapshot().items() if rows != before[label]}
    assert changed <= ({"auth.Group", "auth.User"} if kind == "forms" else set())


def kept_values(model: type[models.Model]) -> Iterator[dict[str, Any]]:
    """What a row could hold although no form would save it: every two of its fields with every two of their values."""
    some = {
        field.name: _values(field)
        for field in model._meta.concrete_fields
        if not (field.primary_key or field.is_relation or field.unique)
    }
    for (first, values), (second, others) in combinations(((name, each) for name, each in some.items() if each), 2):
        for value, other in product(values, others):
            yield {first: value, second: other}


def _values(field: "models.Field[Any, Any]") -> list[Any]:
    if field.choices:
        return [*dict(field.flatchoices), *([""] if field.blank else [])]
    if isinstance(field, models.BooleanField):
        return [True, False]
    if isinstance(field, models.CharField | models.TextField):
        return ["", "nonsense {x", "x" * min(field.max_length or 700, 700)]
    if isinstance(field, models.JSONField):
        # Machines write what no form shows, each in its own shape.
        is_typed = not isinstance(admin.site._registry[field.model], ReadOnlyModelAdmin)
        return [{}, [], "x", 7, {"mo": "x"}] if is_typed and field.editable else [type(field.get_default())()]
    return [None] if field.null else []


def spoilt(form: dict[str, list[str]]) -> Iterator[dict[str, list[str]]]:
    """The form as it is, and with each field missing, and wrong in each way."""
    yield form
    for name in form:
        if not name.startswith("csrf"):
            yield {key: value for key, value in form.items() if key != name}
            yield from ({**form, name: [value]} for value in HOSTILE)


def test_a_row_that_holds_anything_is_shown_and_saved_or_refused(asker: Client, world: World) -> None:
    """Every page of a row × what it could hold × its form, as it is and spoilt. CI takes some of each page."""
    make_strangers(world)
    chance, failed, sends = random.Random(9), [], 0
    for model in admin.site._registry:
        row = model._default_manager.order_by("-pk").first()
        situations = list(kept_values(model)) if row is not None else []
        # A page costs what ten short requests do.
        for values in chance.sample(situations, min(MANY // 15, len(situations))):
            failed += _pressed(asker, row, values, chance)
            sends += 1

    assert sends >= 30
    assert not failed, failed[:20]


def _pressed(asker: Client, row: Any, values: dict[str, Any], chance: random.Random) -> list[Any]:
    """What of the row's page is an error while the row holds these values."""
    page = path_to(type(row), "change", row.pk)
    try:
        with transaction.atomic():
            type(row)._default_manager.filter(pk=row.pk).update(**values)
    except DatabaseError:
        # PostgreSQL holds no such row.
        return []
    shown = asker.get(page)
    failed: list[Any] = [(page, values, shown.status_code)] if shown.status_code >= 500 else []
    forms = list(spoilt(sent(shown.content.decode())))
    for form in [forms[0], *chance.sample(forms[1:], min(1, len(forms) - 1))] if forms[0] else []:
        with transaction.atomic():
            status = ask(asker, ("post", page, form))
            transaction.set_rollback(True)
        failed += [(page, values, form, status)] if status >= 500 else []
    type(row)._default_manager.filter(pk=row.pk).update(**{name: getattr(row, name) for name in values})
    return failed


def test_what_is_wrong_beside_the_form_is_told_above_it(admin_client: Client, world: World) -> None:
    """A form does not show all of its row, and the model may find fault with the rest."""
    template = MessageTemplate.objects.create(
        company=world.companies[0], kind="callback", channel="email", subject="Bald", text="{reason} {due}"
    )
    page = path_to(MessageTemplate, "change", template.pk)

    answer = admin_client.post(page, {"text": "{reason} {due}", "subject": "Bald"})

    assert answer.status_code == 200
    assert "not sent that way" in answer.content.decode()


def test_an_sms_that_was_stored_with_a_subject_loses_it(admin_client: Client, world: World) -> None:
    template = MessageTemplate.objects.create(
        company=world.companies[0], kind="confirmation", channel="sms", subject="Bald", text="Bis {when}!"
    )

    assert admin_client.post(path_to(MessageTemplate, "change", template.pk), {"text": "Am {when}."}).status_code == 302

    template.refresh_from_db()
    assert (template.text, template.subject) == ("Am {when}.", "")


REFUSED = (
    ("calls/call", {"q": "\x00"}),
    ("calls/call", {"outcome__exact": "nonsense"}),
    ("calls/call", {"company": "9" * 40}),
    ("calls/call", {"period": "for ever"}),
    ("calls/call", {"needs_review__exact": "maybe"}),
    ("calls/call", {"transcript__regex": "["}),
    ("calls/call", {"transcript__contains": "a"}),
    ("calls/call", {"id__in": "1,x"}),
    ("calls/call", {"p": "x"}),
    ("calls/call", {"p": "0"}),
    ("calls/call", {"o": "x"}),
    ("calls/call", {"o": "99"}),
    ("calls/call", {"o": "1"}),
    ("calls/call", {"_to_field": "transcript"}),
    ("appointments/dailycount", {"day__year": "9999"}),
    ("appointments/dailycount", {"day__year": "2026", "day__month": "13"}),
    ("appointments/followup", {"state": "nonsense"}),
    ("auth/user", {"password__startswith": "a"}),
    ("auth/user", {"groups__id__exact": "x"}),
    ("api/apitoken", {"token_sha256__startswith": "a"}),
    ("queues/job", {"queue": "nonsense"}),
)


def test_a_list_refuses_what_it_cannot_mean(admin_client: Client) -> None:
    Group.objects.get_or_create(name="Some")
    Company.objects.create(name="Salon", slug="salon")
    for address, said in REFUSED:
        answer = admin_client.get(f"/admin/{address}/", said)
        assert answer.status_code == 400, said
        assert "Open the page without it" in answer.content.decode()


def test_an_action_refuses_rows_that_cannot_be(admin_client: Client) -> None:
    acts = (("appointments/followup", "resolve"), ("queues/job", "cancel"), ("calls/branch", "delete_selected"))
    for (address, name), key in product(acts, ("x", "9" * 40, "-9223372036854775809", "\x00", "")):
        said = {"action": name, "_selected_action": key, "index": "0", "confirmed": "yes", "post": "yes", "note": "x"}
        assert admin_client.post(f"/admin/{address}/", said).status_code == 400, (address, key)


def test_the_shortcut_by_content_type_tells_nothing(admin_client: Client, admin_user: User) -> None:
    there = ContentType.objects.get_for_model(User).pk
    for kind in (there, "x", "9" * 40):
        for key in (admin_user.pk, "x", "%00"):
            assert admin_client.get(f"/admin/r/{kind}/{key}/").status_code == 404


def test_a_form_refuses_words_that_no_text_has(admin_client: Client) -> None:
    company = Company.objects.create(name="Salon", slug="salon")
    form = {"company": company.pk, "name": "x", "duration_minutes": 30, "minimum_notice_minutes": 0}
    refused = ["a\x00b", "\x07", "x" * 201, "\n".join(map(str, range(101)))]
    for words in refused:
        assert admin_client.post("/admin/calls/service/add/", {**form, "synonyms": words}).status_code == 200, words[
            :20
        ]
    assert not company.services.exists()
