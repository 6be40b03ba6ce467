"""One wish never keeps two live bookings, whenever Cal.com carries out a request and whatever it reports."""

import json
from typing import Any

import pytest

from appointments.changes.sync import sync_company
from appointments.models import Appointment, FollowUp
from appointments.tasks import booking_chain, process_calcom_webhook
from notifications.models import Notification
from tests.appointments.calcom_stub import CalcomStub, killed, timeout, webhook
from tests.appointments.salon import wished
from tests.timelapse import Timelapse
from webhooks.models import Provider, WebhookEvent

pytestmark = pytest.mark.django_db

DELAYS = (0, 1, 9, 11, 30, 36, 45, 70, 120, 300, 600)
HEARD = {"never": None, "at once": 0.0, "after a minute": 60.0, "after half an hour": 1800.0}
CASES = [(delay, heard, is_killed) for delay in DELAYS for heard in HEARD for is_killed in (False, True)]
# CI runs one in seventeen of the cases, --long all.
SAMPLE = CASES[5::17]
CREATE = "POST /v2/bookings"


class LateCalcom:
    """Carries out the first request for a booking `delay` seconds late, and reports bookings `heard` seconds later."""

    def __init__(self, calendar: CalcomStub, delay: float, heard: float | None, *, is_killed: bool) -> None:
        self._calendar, self._delay, self._heard = calendar, delay, heard
        self._told: set[str] = set()
        self._born: dict[str, float] = {}
        self._is_done = False
        # Behaves like a team's event type: a second request makes a second booking.
        calendar.places = 2
        calendar.fail(CREATE, killed if is_killed else timeout)
        self.two_since: float | None = None
        self.longest_double = 0.0

    def step(self, now: float) -> None:
        if not self._is_done and self._calendar.asked(CREATE) and now >= self._delay:
            self._is_done = True
            self._calendar.carry_out_first()
        for booking in self._calendar.bookings:
            self._born.setdefault(booking["uid"], now)
            self._tell(booking, now)
        live = [booking for booking in self._calendar.bookings if booking["status"] != "cancelled"]
        if len(live) < 2:
            self.two_since = None
        elif self.two_since is None:
            self.two_since = now
        else:
            self.longest_double = max(self.longest_double, now - self.two_since)

    def _tell(self, booking: dict[str, Any], now: float) -> None:
        uid = booking["uid"]
        if self._heard is None or uid in self._told or now < self._born[uid] + self._heard:
            return
        self._told.add(uid)
        body = json.dumps(webhook(booking, "BOOKING_CREATED", "2026-11-30T10:00:01.250Z")).encode()
        event = WebhookEvent.objects.create(
            provider=Provider.CALCOM, event_type="BOOKING_CREATED", event_key=f"test:{uid}", body=body
        )
        process_calcom_webhook.send(event_id=event.pk)


def check(calendar: CalcomStub, clock: Any, delay: float, heard: str, *, is_killed: bool) -> None:
    wish = wished()
    calcom = LateCalcom(calendar, delay, HEARD[heard], is_killed=is_killed)
    lapse = Timelapse(clock, calcom.step)
    booking_chain(wish).send()
    lapse.run_until(900)
    sync_company(wish.company)
    lapse.run_until(2100)
    live = [booking for booking in calendar.bookings if booking["status"] != "cancelled"]
    [appointment] = Appointment.objects.all()
    assert [booking["uid"] for booking in live] == [appointment.calcom_uid]
    assert calcom.longest_double <= 61
    assert not Notification.objects.filter(kind="cancellation").exists()
    assert not FollowUp.objects.filter(status="open").exists()


@pytest.mark.parametrize(("delay", "heard", "is_killed"), SAMPLE)
def test_two_live_bookings_of_one_wish_never_stay(
    calendar: CalcomStub, clock: Any, delay: float, heard: str, is_killed: bool
) -> None:
    check(calendar, clock, delay, heard, is_killed=is_killed)


@pytest.mark.long
@pytest.mark.parametrize(("delay", "heard", "is_killed"), [case for case in CASES if case not in SAMPLE])
def test_two_live_bookings_never_stay_in_the_rest_of_the_cases(
    calendar: CalcomStub, clock: Any, delay: float, heard: str, is_killed: bool
) -> None:
    check(calendar, clock, delay, heard, is_killed=is_killed)
