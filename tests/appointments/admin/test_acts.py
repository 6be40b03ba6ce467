"""What can be done to an appointment from its page: by its state, and by who asks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from appointments.models import Appointment, CalcomUid, Change
from notifications.models import Notification
from tests.appointments import salon
from tests.appointments.admin.document import Element, document
from tests.appointments.calcom_stub import CalcomStub
from tests.console.tenants import bound

pytestmark = pytest.mark.django_db

Status = Appointment.Status
AHEAD, PAST = salon.WISH, salon.NOW - timedelta(hours=2)
VERBS = ("confirm", "decline", "move", "cancel", "no_show", "came", "resend")
# How an appointment stands, when it begins, whether Cal.com has it → what can be done.
OFFERED: dict[str, tuple[str, datetime, bool, tuple[str, ...]]] = {
    "waits for the host": (Status.REQUESTED, AHEAD, True, ("confirm", "decline", "move", "cancel")),
    "is being booked": (Status.REQUESTED, AHEAD, False, ("cancel",)),
    "stands": (Status.CONFIRMED, AHEAD, True, ("move", "cancel", "resend")),
    "stood": (Status.CONFIRMED, PAST, True, ("no_show", "came")),
    "took place": (Status.COMPLETED, PAST, True, ("no_show",)),
    "was missed": (Status.NO_SHOW, PAST, True, ("came",)),
    "is cancelled": (Status.CANCELLED, AHEAD, True, ()),
    "was never confirmed": (Status.REQUESTED, PAST, True, ()),
}


@pytest.fixture
def make(clock: Any, calendar: CalcomStub) -> Callable[[str], Appointment]:
    def appointment(name: str) -> Appointment:
        status, starts_at, is_there, _ = OFFERED[name]
        wish = salon.wished()
        pending = "pending" if status == Status.REQUESTED else "accepted"
        booking = calendar.book(starts_at.isoformat(), status=pending)
        row = Appointment.objects.create(
            company=wish.company,
            branch=wish.where,
            customer=wish.who,
            service=wish.service,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=45),
            status=status,
            attendee_name="Ole Linde",
            attendee_email=booking["attendees"][0]["email"],
            calcom_uid=booking["uid"] if is_there else None,
        )
        if is_there:
            CalcomUid.objects.create(company=wish.company, uid=booking["uid"], appointment=row)
        return row

    return appointment


def address(row: Appointment, verb: str) -> str:
    return f"/admin/appointments/appointment/{row.pk}/{verb}/"


def offered(client: Client, row: Appointment) -> set[str]:
    page = document(client.get(address(row, "change")).content)
    links = {link["href"] for link in page.all(".ap-button") if "href" in link.values}
    return {verb for verb in VERBS if address(row, verb) in links}


def done(client: Client, row: Appointment, verb: str) -> Element:
    said = {"confirmed": "yes", "note": "Der Kunde rief an.", "when": "2026-12-04T10:30"}
    return document(client.post(address(row, verb), said, follow=True).content)


@pytest.mark.parametrize("name", OFFERED)
def test_its_state_decides_what_is_offered(admin_client: Client, make: Callable[[str], Appointment], name: str) -> None:
    assert offered(admin_client, make(name)) == {*OFFERED[name][3]}


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_not_offered_is_not_done(
    admin_client: Client, make: Callable[[str], Appointment], calendar: CalcomStub, name: str
) -> None:
    row = make(name)
    for verb in {*VERBS} - {*OFFERED[name][3]}:
        assert "1 skipped" in done(admin_client, row, verb).text
    assert not calendar.requests and not Change.objects.exists() and not Notification.objects.exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("name", "verb", "status", "sentence"),
    [
        ("waits for the host", "confirm", Status.CONFIRMED, "Confirmed. The customer is told"),
        ("waits for the host", "decline", Status.CANCELLED, "Declined. Please call the customer"),
        ("stands", "cancel", Status.CANCELLED, "Cancelled. The customer is told"),
        ("stands", "move", Status.CONFIRMED, "Moved to Fri 4 Dec 2026, 10:30."),
        ("stands", "resend", Status.CONFIRMED, "The confirmation is on its way."),
        ("stood", "no_show", Status.NO_SHOW, "Noted: the customer did not come."),
        ("was missed", "came", Status.COMPLETED, "Noted: the customer came."),
    ],
)
def test_it_says_what_follows_then_does_it_and_says_so(
    admin_client: Client, make: Callable[[str], Appointment], name: str, verb: str, status: str, sentence: str
) -> None:
    row = make(name)
    asked = document(admin_client.get(address(row, verb), {"to": "other"}).content)
    assert "What follows" in asked.text
    row.refresh_from_db()
    assert row.status == OFFERED[name][0]
    assert sentence in done(admin_client, row, verb).text
    row.refresh_from_db()
    assert row.status == status
    assert LogEntry.objects.filter(object_id=str(row.pk)).count() == 1


@pytest.mark.parametrize("name", OFFERED)
def test_who_may_not_act_is_offered_nothing_and_does_nothing(
    make: Callable[[str], Appointment],
    calendar: CalcomStub,
    staff_of: Callable[[Appointment], dict[str, Client]],
    name: str,
) -> None:
    row = make(name)
    people = staff_of(row)
    assert offered(people["looks"], row) == set()
    expected = {"looks": 403, "sees nothing": 403, "another salon's": 302, "nobody": 302}
    for who, status in expected.items():
        for verb in VERBS:
            for answer in (
                people[who].get(address(row, verb)),
                people[who].post(address(row, verb), {"confirmed": "yes"}),
            ):
                assert answer.status_code == status, (who, verb)
    before = row.status
    row.refresh_from_db()
    assert row.status == before and not calendar.requests and not Change.objects.exists()


@pytest.fixture
def staff_of() -> Callable[[Appointment], dict[str, Client]]:
    def people(row: Appointment) -> dict[str, Client]:
        view = Permission.objects.filter(codename="view_appointment")
        users = {
            "looks": bound(row.company, permissions=view),
            "sees nothing": bound(row.company, permissions=[]),
            "another salon's": bound(salon.company("salon-esche")),
        }
        clients = {who: Client() for who in (*users, "nobody")}
        for who, user in users.items():
            clients[who].force_login(user)
        return clients

    return people


def test_a_confirmation_that_is_sent_again_is_a_version_of_its_own(
    admin_client: Client, make: Callable[[str], Appointment]
) -> None:
    row = make("stands")
    for _ in range(2):
        done(admin_client, row, "resend")
    sent = Notification.objects.filter(appointment=row, channel="sms")
    assert sorted(sent.values_list("version", "kind", "status")) == [
        (2, "confirmation", "pending"),
        (3, "confirmation", "pending"),
    ]
    assert not Notification.objects.filter(kind="staff").exists(), "staff know of it"
