"""The client of Cal.com's API at its HTTP edge, against our own answers and the contract's."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.calcom import client as calcom
from appointments.calcom.booking import Booking, Status
from appointments.calcom.client import Calcom, NewBooking
from appointments.calcom.errors import BookingRefused, NotFound, SlotGone, create_error
from appointments.models import Detail
from askpro.queues.errors import JobError, RateLimited, Rejected, Unavailable, Unknown
from askpro.reading import Unreadable
from calls.models import Company
from tests.appointments.calcom_stub import BASE, CalcomStub, answer, error
from tests.appointments.salon import EVENT_TYPE, WISH

# Each request passes its gate.
pytestmark = pytest.mark.django_db

KEY = uuid4()
CREATE = "POST /v2/bookings"


@pytest.fixture
def client(calendar: CalcomStub) -> Calcom:
    return Calcom(BASE, "cal_test_key")


def new(**values: Any) -> NewBooking:
    values = {"phone": "+4915550100456", "language": "de", "time_zone": "Europe/Berlin", "key": KEY} | values
    return NewBooking(EVENT_TYPE, WISH, "Ole Linde", "ole.linde@example.org", appointment_id=7, **values)


@pytest.mark.parametrize(
    ("call", "version"),
    [
        (lambda client: client.create_booking(new()), "2024-08-13"),
        (lambda client: list(client.list_bookings({})), "2024-08-13"),
        (lambda client: client.slots(EVENT_TYPE, WISH, WISH), "2024-09-04"),
        (lambda client: client.event_types(), "2024-06-14"),
    ],
)
def test_it_sends_the_key_and_the_version_of_the_resource(calendar: CalcomStub, call: Any, version: str) -> None:
    call(Calcom(BASE, "cal_test_key"))
    sent = calendar.mock.calls[0].request
    assert sent.headers["cal-api-version"] == version
    assert sent.headers["Authorization"] == "Bearer cal_test_key"


def test_it_reads_a_booking_with_every_field(client: Calcom) -> None:
    booking = client.create_booking(new())
    assert (booking.status, booking.starts_at) == (Status.ACCEPTED, WISH)
    assert booking.ends_at == WISH + timedelta(minutes=45)
    assert (booking.key, booking.event_type_id) == (KEY, EVENT_TYPE)
    assert (booking.hosts[0].id, booking.hosts[0].email) == (310, "mara.buche@example.org")
    assert (booking.attendee.email, booking.attendee.phone) == ("ole.linde@example.org", "+4915550100456")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("400.slot_unavailable", SlotGone),
        ("400.slot_unavailable_team", SlotGone),
        ("409.conflict", SlotGone),
        ("409.seats_full", SlotGone),
        ("401", Rejected),
        ("404.wrong_api_version", Rejected),
        ("429", RateLimited),
        ("500", Unknown),
    ],
)
def test_it_says_what_an_error_means_for_a_booking(
    calendar: CalcomStub, client: Calcom, name: str, expected: type[JobError]
) -> None:
    calendar.fail(CREATE, error(name))
    with pytest.raises(expected):
        client.create_booking(new())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("400.past", Detail.REFUSED_PAST),
        ("400.out_of_bounds", Detail.REFUSED_BOUNDS),
        ("400.booker_limit", Detail.REFUSED_LIMIT),
        ("400.missing_field", Detail.REFUSED_FIELDS),
        ("400.validation", Detail.REFUSED_INVALID),
        ("403", Detail.REFUSED_KEY),
        ("404.event_type", Detail.REFUSED_NO_EVENT_TYPE),
    ],
)
def test_it_says_why_a_booking_is_refused_for_good(
    calendar: CalcomStub, client: Calcom, name: str, reason: Detail
) -> None:
    calendar.fail(CREATE, error(name))
    with pytest.raises(BookingRefused) as refused:
        client.create_booking(new())
    assert refused.value.detail == reason


@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"data": null}', '{"data": {"uid": "x"}}', "[" * 5000])
def test_it_does_not_know_whether_it_booked_when_the_answer_is_unreadable(
    calendar: CalcomStub, client: Calcom, body: str
) -> None:
    calendar.fail(CREATE, lambda: (201, {}, body))
    with pytest.raises(Unknown):
        client.create_booking(new())
    calendar.fail("GET /v2/bookings/x", lambda: (200, {}, body))
    with pytest.raises(Unavailable):
        client.get_booking("x")


def test_it_finds_our_booking_among_those_of_the_same_person(calendar: CalcomStub, client: Calcom) -> None:
    calendar.book("2026-12-03T10:00:00+00:00")
    mine = calendar.book("2026-12-03T13:00:00+00:00", metadata={"askpro_booking_key": str(KEY)})
    [found] = client.find_bookings_by_key(KEY, EVENT_TYPE, WISH)
    assert found.uid == mine["uid"]
    assert client.find_bookings_by_key(uuid4(), EVENT_TYPE, WISH) == []
    assert client.find_bookings_by_key(KEY, EVENT_TYPE + 1, WISH) == []


def test_it_follows_our_booking_to_where_it_was_moved(calendar: CalcomStub, client: Calcom) -> None:
    marks = {"askpro_booking_key": str(KEY)}
    moved = calendar.book("2027-01-20T10:00:00+00:00", metadata=marks)
    calendar.book("2026-12-03T13:00:00+00:00", metadata=marks, status="cancelled", rescheduledToUid=moved["uid"])
    [found] = client.find_bookings_by_key(KEY, EVENT_TYPE, WISH)
    assert found.uid == moved["uid"]


def test_it_names_the_live_and_oldest_of_several_first(calendar: CalcomStub, client: Calcom) -> None:
    marks = {"askpro_booking_key": str(KEY)}
    ended = calendar.book("2026-12-03T13:00:00+00:00", metadata=marks, status="cancelled")
    older, younger = (calendar.book("2026-12-03T13:00:00+00:00", metadata=marks) for _ in range(2))
    found = client.find_bookings_by_key(KEY, EVENT_TYPE, WISH)
    assert [booking.uid for booking in found] == [older["uid"], younger["uid"], ended["uid"]]


def test_it_stops_at_the_first_page_that_is_not_full_whatever_cal_com_says(
    calendar: CalcomStub, client: Calcom
) -> None:
    calendar.book("2026-12-03T13:00:00+00:00")
    calendar.says_more = True
    assert len(list(client.list_bookings({}))) == 1
    assert calendar.asked("GET /v2/bookings") == 1


def test_it_reads_every_page_and_each_booking_once(calendar: CalcomStub, client: Calcom) -> None:
    for _ in range(2 * calcom.PAGE + 30):
        calendar.book("2026-12-03T13:00:00+00:00")
    uids = [booking.uid for booking in client.list_bookings({})]
    assert len(uids) == len(set(uids)) == 230
    assert calendar.asked("GET /v2/bookings") == 3


def test_it_misses_none_when_a_row_moves_while_it_pages(calendar: CalcomStub, client: Calcom) -> None:
    for _ in range(calcom.PAGE + 20):
        calendar.book("2026-12-03T13:00:00+00:00")
    every = {booking["uid"] for booking in calendar.bookings}
    listing = client.list_bookings({})
    seen = {next(listing).uid for _ in range(calcom.PAGE)}
    # One that was read changes, and moves to the end of the list, which is sorted by time of change.
    calendar.bookings.append(calendar.bookings.pop(0) | {"updatedAt": "2026-11-30T11:00:00.000Z"})
    assert seen | {booking.uid for booking in listing} == every


def test_it_leaves_unreadable_bookings_out_of_a_list(calendar: CalcomStub, client: Calcom) -> None:
    calendar.book("2026-12-03T13:00:00+00:00", uid="../../v2/me")
    good = calendar.book("2026-12-03T13:00:00+00:00")
    assert [booking.uid for booking in client.list_bookings({})] == [good["uid"]]


def test_it_takes_cancelling_twice_for_success(calendar: CalcomStub, client: Calcom) -> None:
    uid = calendar.book("2026-12-03T13:00:00+00:00")["uid"]
    client.cancel(uid, "Test")
    client.cancel(uid, "Test")
    with pytest.raises(NotFound):
        client.cancel("unknown", "Test")
    assert calendar.bookings[0]["status"] == "cancelled"


def test_it_takes_a_reschedule_that_has_happened_for_success(calendar: CalcomStub, client: Calcom) -> None:
    moved = calendar.book("2026-12-04T13:00:00+00:00")
    old = calendar.book("2026-12-03T13:00:00+00:00", rescheduledToUid=moved["uid"])
    calendar.fail(f"POST /v2/bookings/{old['uid']}/reschedule", error("400.already_rescheduled"))
    assert client.reschedule(old["uid"], WISH + timedelta(days=1), "Test").uid == moved["uid"]
    calendar.fail(f"POST /v2/bookings/{old['uid']}/reschedule", error("400.already_rescheduled"))
    with pytest.raises(BookingRefused):
        client.reschedule(old["uid"], WISH + timedelta(days=2), "Test")


def test_it_says_not_found_only_of_what_is_not_there(calendar: CalcomStub, client: Calcom) -> None:
    with pytest.raises(NotFound):
        client.get_booking("unknown")
    calendar.fail("GET /v2/bookings/unknown", error("404.wrong_api_version"))
    with pytest.raises(Rejected, match="cal-api-version"):
        client.get_booking("unknown")


def test_it_reads_slots_as_instants_whatever_their_form(calendar: CalcomStub, client: Calcom) -> None:
    # On 28 March 2027 the clocks go forward between the two.
    calendar.free = ["2027-03-28T10:00:00.000+02:00", "2027-03-27T10:00:00.000+01:00"]
    expected = [datetime(2027, 3, 27, 9, tzinfo=UTC), datetime(2027, 3, 28, 8, tzinfo=UTC)]
    assert client.slots(EVENT_TYPE, WISH, WISH) == expected
    texts = json.dumps({"status": "success", "data": {"2027-03-28": ["2027-03-28T10:00:00.000+02:00"]}})
    calendar.fail("GET /v2/slots", lambda: (200, {}, texts))
    assert client.slots(EVENT_TYPE, WISH, WISH) == expected[1:]


def test_it_uses_the_companys_key_before_the_installations(settings: Any) -> None:
    settings.CALCOM_API_KEY = "cal_test_all"
    settings.CALCOM_BASE_URL = BASE
    own = calcom.for_company(Company(calcom_api_key="cal_test_own"))
    common = calcom.for_company(Company())
    assert own._http.session.headers["Authorization"] == "Bearer cal_test_own"
    assert common._http.session.headers["Authorization"] == "Bearer cal_test_all"
    settings.CALCOM_API_KEY = ""
    with pytest.raises(Rejected, match="CALCOM_API_KEY"):
        calcom.for_company(Company())


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["accepted", "2026-12-03T13:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(field=st.sampled_from(sorted(answer("booking"))), value=JSON)
def test_it_reads_or_refuses_a_booking_whatever_a_field_holds(field: str, value: Any) -> None:
    try:
        booking = Booking.from_api(answer("booking") | {field: value})
    except Unreadable:
        return
    assert booking.starts_at.tzinfo is UTC
    assert booking.id is None or booking.id > 0


def test_it_reads_the_bookings_of_the_contract(contracts: Path) -> None:
    for path in (contracts / "examples" / "calcom").glob("api.*_booking.*2*.json"):
        data = json.loads(path.read_text())["data"]
        booking = Booking.from_api(data)
        assert booking.uid == data["uid"]
        assert booking.hosts[0].id == 20817


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("400.slot_unavailable", SlotGone),
        ("400.slot_unavailable_team", SlotGone),
        ("409.booking_conflict", SlotGone),
        ("400.past", BookingRefused),
        ("400.out_of_bounds", BookingRefused),
        ("400.missing_booking_field", BookingRefused),
        ("400.validation", BookingRefused),
        ("404.event_type", BookingRefused),
        ("403", BookingRefused),
    ],
)
def test_it_tells_the_contracts_errors_apart(contracts: Path, name: str, expected: type[JobError]) -> None:
    body = json.loads((contracts / "examples" / "calcom" / f"api.error.{name}.json").read_text())
    message = body["error"]["message"] if "error" in body else body["message"]
    assert isinstance(create_error(int(name[:3]), message), expected)
