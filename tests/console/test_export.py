"""Lists as CSV and JSON: what the filter shows, within the days, harmless in a spreadsheet, and on record."""

import csv
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import psutil
import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from askpro.console import export
from askpro.console.models import Deed
from askpro.console.permissions import May
from askpro.privacy.models import Read
from calls.models import Call, Customer
from tests.console.tenants import bound
from tests.console.world import World

EXPORTED = {"calls.Call", "appointments.Appointment", "notifications.Notification", "queues.Job"}
PAGES = sorted(f"/admin/{label.lower().replace('.', '/')}/export/" for label in EXPORTED)


def days(form: str) -> dict[str, str]:
    """All that a world has: it lies around now."""
    today = timezone.localdate()
    ends = (today - timedelta(days=30), today + timedelta(days=30))
    return {"first": f"{ends[0]:%d.%m.%Y}", "last": ends[1].isoformat(), "form": form}


def text_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def lines_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text_of(answer).removeprefix("\ufeff")), delimiter=";"))


def test_the_lists_that_people_hand_on_have_it() -> None:
    having = {model._meta.label for model, page in admin.site._registry.items() if getattr(page, "exported", ())}

    assert having == EXPORTED


@pytest.mark.parametrize("page", PAGES)
def test_both_forms_have_the_same_rows(admin_client: Client, world: World, page: str) -> None:
    assert admin_client.get(page).status_code == 200
    sheet = admin_client.post(page, days("csv"))
    data = admin_client.post(page, days("json"))

    lines, rows = lines_of(sheet), json.loads(text_of(data))
    assert [line["id"] for line in lines] == [str(row["id"]) for row in rows] != []
    assert list(lines[0]) == list(rows[0])


def test_a_sheet_opens_in_excel(admin_client: Client, world: World) -> None:
    answer = admin_client.post("/admin/calls/call/export/", days("csv"))

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="call-')
    assert text_of(answer).startswith("\ufeffid;")


def test_moments_have_their_zone(admin_client: Client, world: World) -> None:
    row = json.loads(text_of(admin_client.post("/admin/calls/call/export/", days("json"))))[0]

    assert datetime.fromisoformat(row["started_at"]).utcoffset() is not None


def test_it_has_what_the_list_shows(admin_client: Client, world: World) -> None:
    rows = lines_of(admin_client.post("/admin/calls/call/export/?outcome__exact=booked&p=1", days("csv")))

    assert {row["outcome"] for row in rows} == {"booked"}
    assert len(rows) == Call.objects.filter(outcome="booked").count()


def test_days_outside_are_left_out(admin_client: Client, world: World) -> None:
    Call.objects.update(started_at=timezone.now() - timedelta(days=90))

    assert lines_of(admin_client.post("/admin/calls/call/export/", days("csv"))) == []
    assert json.loads(text_of(admin_client.post("/admin/calls/call/export/", days("json")))) == []


@pytest.mark.parametrize(
    "said",
    [
        {"first": "2026-11-30", "last": "2026-11-01"},
        {"first": "2020-01-01", "last": "2026-11-30"},
        {"first": "gestern"},
        {"form": "exe"},
    ],
    ids=lambda said: "-".join(said),
)
def test_what_makes_no_sense_is_told(admin_client: Client, world: World, said: dict[str, str]) -> None:
    answer = admin_client.post("/admin/calls/call/export/", {**days("csv"), **said})

    assert (answer.status_code, answer.streaming) == (200, False)
    assert not Deed.objects.filter(act="export").exists()


@given(st.text(max_size=30) | st.sampled_from(["=1+1", "+49", "-2", "@SUM(A1)", "\t=1", "\r=1"]))
def test_no_cell_is_a_formula(text: str) -> None:
    assert not str(export._cell(text)).startswith(export.FORMULA)


def test_a_callers_formula_is_text(admin_client: Client, world: World) -> None:
    customer = world.calls[1].customer
    Customer.objects.filter(pk=customer.pk if customer else 0).update(name='=HYPERLINK("http://boese.example")')

    rows = lines_of(admin_client.post("/admin/calls/call/export/", days("csv")))
    assert '\'=HYPERLINK("http://boese.example")' in {row["customer"] for row in rows}


def test_it_is_on_record(admin_client: Client, world: World) -> None:
    admin_client.post("/admin/calls/call/export/?outcome__exact=booked", days("csv"))

    deed = Deed.objects.get(act="export")
    assert (deed.who, deed.name, deed.after["filter"]) == ("admin", "calls.Call", ["outcome__exact"])


def test_who_takes_people_away_is_noted_among_the_readers(admin_client: Client, world: World, settings: Any) -> None:
    read = Read.objects.filter(kind=Read.Kind.EXPORT)
    settings.REVEAL_FIRST = True
    admin_client.post("/admin/calls/call/export/", days("csv"))
    assert not read.exists()

    settings.REVEAL_FIRST = False
    for page in ("/admin/calls/call/export/", "/admin/queues/job/export/"):
        admin_client.post(page, days("csv"))
    assert [(each.who, each.object_id) for each in read] == [("admin", "calls.call")]
    assert "calls.call" in admin_client.get("/admin/privacy/read/").content.decode()


def test_who_may_not_export_gets_nothing(world: World, staff_with: Callable[..., Client]) -> None:
    looks, exports = staff_with("calls.view_call"), staff_with(May.EXPORT)

    for client in (looks, exports):
        assert client.get("/admin/calls/call/export/").status_code == 403
        assert client.post("/admin/calls/call/export/", days("csv")).status_code == 403
    assert "/admin/calls/call/export/" not in looks.get("/admin/calls/call/").content.decode()


def test_a_company_exports_its_own_rows(world: World) -> None:
    client = Client()
    client.force_login(bound(world.companies[0]))

    rows = lines_of(client.post("/admin/calls/call/export/", days("csv")))
    assert {row["company"] for row in rows} == {world.companies[0].name}
    assert client.post("/admin/queues/job/export/", days("csv")).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_it_asks_as_often_for_many_rows_as_for_few(
    admin_client: Client, world: World, django_assert_max_num_queries: Any, page: str
) -> None:
    with django_assert_max_num_queries(15):
        text_of(admin_client.post(page, days("csv")))


def test_its_memory_is_bounded() -> None:
    def rows() -> Iterator[list[list[Any]]]:
        for _ in range(200):
            yield [["x" * 100] * 5] * export.AT_ONCE

    wanted = export.columns(*"abcde")
    tracemalloc.start()
    sent = sum(len(part) for part in export._csv(wanted, rows()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert sent > 40_000_000
    assert peak < 5_000_000


@pytest.mark.long
@pytest.mark.parametrize("form", ["csv", "json"])
def test_half_a_million_calls_take_no_more_memory(admin_client: Client, world: World, form: str) -> None:
    """By the size of the process, while the file is sent."""
    _repeat(world.calls[0], 500_000)
    process = psutil.Process()
    answer = admin_client.post("/admin/calls/call/export/", days(form))
    parts = iter(answer.streaming_content)
    next(parts), next(parts)
    before = peak = process.memory_info().rss
    size = 0
    for part in parts:
        size += len(part)
        peak = max(peak, process.memory_info().rss)

    assert size > 50_000_000
    assert peak - before < 20_000_000


def _repeat(call: Call, times: int) -> None:
    names = [field.column for field in Call._meta.concrete_fields if not field.primary_key]
    values = ["'bulk_' || n" if name == "retell_call_id" else name for name in names]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO calls_call ({', '.join(names)}) SELECT {', '.join(values)}"
            " FROM calls_call, generate_series(1, %s) AS n WHERE id = %s",
            [times, call.pk],
        )


def test_last_week_takes_four_clicks(admin_client: Client, world: World) -> None:
    """Calls, Export, and the file: last week is filled in."""
    index = admin_client.get("/admin/").content.decode()
    assert 'href="/admin/calls/call/"' in index
    listed = admin_client.get("/admin/calls/call/").content.decode()
    assert 'href="/admin/calls/call/export/"' in listed
    form = admin_client.get("/admin/calls/call/export/").context["form"]

    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday() + 7)
    assert (form.initial["first"], form.initial["last"]) == (monday, monday + timedelta(days=6))
