"""What became of messages, in numbers."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Notification
from tests.console.tenants import bound
from tests.console.world import World

PAGE = "/admin/board/deliveries/"
CSV = "/admin/board/deliveries/csv/"


@pytest.fixture
def messages(world: World) -> World:
    """Of the first salon: four SMS and a mail of today; nothing else was written these days."""
    Notification.objects.update(created_at=timezone.now() - timedelta(days=200))
    now, pattern = timezone.now(), world.messages[0]
    rows: list[dict[str, Any]] = [
        {"status": "delivered", "segments": 2, "price": Decimal("0.15"), "currency": "USD", "sent_at": now},
        {"status": "sent", "segments": 1, "sent_at": now},
        {"status": "failed", "segments": 1, "reason": "landline", "sent_at": now},
        {"status": "skipped", "reason": "no_consent"},
        {"status": "pending", "channel": "email"},
    ]
    for version, row in enumerate(rows, start=50):
        values = {"kind": "rescheduled", "channel": "sms", "version": version} | row
        Notification.objects.create(company=world.companies[0], appointment=world.appointments[0], **values)
    assert pattern.pk
    return world


def table(answer: Any, number: int) -> list[list[Any]]:
    return answer.context["tables"][number].rows


def test_it_counts_by_company_and_channel(admin_client: Client, messages: World) -> None:
    name = messages.companies[0].name
    assert table(admin_client.get(PAGE), 0) == [
        [name, "E-mail", 1, 1, 0, 0, 0, 0, "–", "–"],
        [name, "SMS", 4, 0, 3, 1, 1, 1, 4, "0.15 USD, 2 not known"],
    ]


def test_it_counts_by_kind_and_says_why_not(admin_client: Client, messages: World) -> None:
    answer = admin_client.get(PAGE)
    assert [row[:3] for row in table(answer, 1)] == [["Time changed", "E-mail", 1], ["Time changed", "SMS", 4]]
    assert sorted(table(answer, 2)) == [
        ["Failed", "SMS", "The number takes no SMS (–).", 1],
        ["Not sent on purpose", "SMS", "No consent to SMS was given.", 1],
    ]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("days=30", 5),
        ("days=nonsense&company=x", 5),
        ("from=2020-01-01&to=2020-01-02", 0),
        ("from=01.01.1900&to=31.12.2999", 0),
        ("from=x&to=y", 5),
        ("company=999999", 0),
    ],
)
def test_it_reads_the_period_and_the_company(admin_client: Client, messages: World, asked: str, count: int) -> None:
    answer = admin_client.get(f"{PAGE}?{asked}")
    assert (answer.status_code, sum(row[2] for row in table(answer, 0))) == (200, count)
    period = answer.context["chosen"].period
    assert (period.last - period.first).days < 92


def test_the_file_has_the_same_numbers(admin_client: Client, messages: World) -> None:
    messages.companies[0].name = "=cmd|x"
    messages.companies[0].save()
    answer = admin_client.get(CSV)
    head, *lines = answer.content.decode("utf-8-sig").splitlines()
    assert head == "company;channel;kind;written;waiting;sent;delivered;failed;skipped;segments;unpriced;price"
    assert lines == [
        "'=cmd|x;email;rescheduled;1;1;0;0;0;0;0;0;",
        "'=cmd|x;sms;rescheduled;4;0;3;1;1;1;4;2;0.15000 USD",
    ]


def test_others_count_their_own_messages_only(client: Client, messages: World) -> None:
    ours, theirs = messages.companies
    client.force_login(bound(theirs))
    assert table(client.get(PAGE), 0) == []
    assert table(client.get(PAGE, {"company": ours.pk}), 0) == []
    client.force_login(bound(ours))
    assert len(table(client.get(PAGE), 0)) == 2


def test_nobody_counts_without_the_permission(client: Client, messages: World) -> None:
    client.force_login(bound(messages.companies[0], permissions=[]))
    assert (client.get(PAGE).status_code, client.get(CSV).status_code) == (403, 403)


def test_all_is_counted_in_one_question(admin_client: Client, messages: World) -> None:
    with CaptureQueriesContext(connection) as asked:
        admin_client.get(PAGE)
    counting = [query for query in asked.captured_queries if "notifications_notification" in query["sql"]]
    assert len(counting) == 1
