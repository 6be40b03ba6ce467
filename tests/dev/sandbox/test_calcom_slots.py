"""Free times: by opening hours in local time, also when the clocks change."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from askpro.dev.sandbox.client import SandboxClient
from tests.dev.sandbox.vendors import BEARD, COLOUR, FIRST_TALK, HAIRCUT, THURSDAY, Calcom


def starts(calcom: Calcom, event_type: int, day: str, **query: str) -> list[str]:
    days = calcom.slots(event_type, day, day, **query).json()["data"]
    return [slot["start"] for slot in days.get(day, [])]


def test_it_names_free_starts_with_the_offset_that_was_asked_for(calcom: Calcom, conforms: Callable[..., None]) -> None:
    answer = calcom.slots(COLOUR, "2026-12-03", "2026-12-04", timeZone="Europe/Berlin")
    conforms("calcom", answer)
    days = answer.json()["data"]
    assert list(days) == ["2026-12-03", "2026-12-04"]
    assert days["2026-12-03"][0] == {"start": "2026-12-03T09:00:00.000+01:00"}
    assert days["2026-12-03"][-1] == {"start": "2026-12-03T18:30:00.000+01:00"}
    assert days["2026-12-04"][-1] == {"start": "2026-12-04T16:30:00.000+01:00"}


def test_it_names_them_in_utc_unless_asked(calcom: Calcom) -> None:
    assert starts(calcom, COLOUR, "2026-12-03")[0] == "2026-12-03T08:00:00.000Z"


def test_it_gives_ends_with_format_range(calcom: Calcom) -> None:
    days = calcom.slots(BEARD, "2026-12-03", "2026-12-03", format="range").json()["data"]
    assert days["2026-12-03"][0] == {"start": "2026-12-03T08:00:00.000Z", "end": "2026-12-03T08:20:00.000Z"}


def test_it_has_no_slots_on_a_closed_day(calcom: Calcom, conforms: Callable[..., None]) -> None:
    answer = calcom.slots(COLOUR, "2026-12-07", "2026-12-07")
    conforms("calcom", answer)
    assert answer.json() == {"status": "success", "data": {}}


def test_it_keeps_the_pause_at_noon_free(calcom: Calcom) -> None:
    clocks = [start[11:16] for start in starts(calcom, FIRST_TALK, "2026-12-03", timeZone="Europe/Berlin")]
    assert "11:30" in clocks and "14:00" in clocks
    assert not {"11:45", "12:00", "13:45"} & set(clocks)


def test_it_leaves_out_what_is_taken_until_it_is_free_again(calcom: Calcom) -> None:
    uid = calcom.booked(COLOUR, THURSDAY)["uid"]
    taken = starts(calcom, COLOUR, "2026-12-03")
    assert not {f"2026-12-03T{clock}:00.000Z" for clock in ("11:45", "13:00", "14:15")} & set(taken)
    assert {"2026-12-03T11:30:00.000Z", "2026-12-03T14:30:00.000Z"} <= set(taken)
    assert "2026-12-03T13:00:00.000Z" in starts(calcom, COLOUR, "2026-12-03", bookingUidToReschedule=uid)

    calcom.request("POST", f"/v2/bookings/{uid}/cancel", json={})
    assert "2026-12-03T13:00:00.000Z" in starts(calcom, COLOUR, "2026-12-03")


def test_it_offers_a_time_while_one_of_two_hosts_is_free(calcom: Calcom) -> None:
    slot = "2026-12-03T13:00:00.000Z"
    calcom.booked(HAIRCUT, THURSDAY)
    assert slot in starts(calcom, HAIRCUT, "2026-12-03")
    calcom.booked(HAIRCUT, THURSDAY)
    assert slot not in starts(calcom, HAIRCUT, "2026-12-03")


def test_it_offers_nothing_sooner_than_the_notice(calcom: Calcom, sandbox: SandboxClient) -> None:
    sandbox.set_calcom_clock(datetime(2026, 12, 1, 9, 10, tzinfo=UTC))
    # It is 10:10 in Berlin, and the minimum notice is two hours.
    assert starts(calcom, BEARD, "2026-12-01", timeZone="Europe/Berlin")[0] == "2026-12-01T12:15:00.000+01:00"


@pytest.mark.parametrize(
    ("now", "day", "first", "opening"),
    [
        (datetime(2027, 3, 20, tzinfo=UTC), "2027-03-27", "2027-03-27T09:00:00.000+01:00", "2027-03-27T08:00:00Z"),
        (datetime(2027, 3, 20, tzinfo=UTC), "2027-03-30", "2027-03-30T09:00:00.000+02:00", "2027-03-30T07:00:00Z"),
        (datetime(2027, 10, 20, tzinfo=UTC), "2027-10-30", "2027-10-30T09:00:00.000+02:00", "2027-10-30T07:00:00Z"),
        (datetime(2027, 10, 20, tzinfo=UTC), "2027-11-02", "2027-11-02T09:00:00.000+01:00", "2027-11-02T08:00:00Z"),
    ],
    ids=["Saturday before spring", "Tuesday after spring", "Saturday before autumn", "Tuesday after autumn"],
)
def test_it_opens_at_nine_local_time_on_both_sides_of_a_clock_change(
    calcom: Calcom, sandbox: SandboxClient, now: datetime, day: str, first: str, opening: str
) -> None:
    sandbox.set_calcom_clock(now)
    assert starts(calcom, BEARD, day, timeZone="Europe/Berlin")[0] == first
    early = datetime.fromisoformat(opening).replace(hour=datetime.fromisoformat(opening).hour - 1)
    assert calcom.book(BEARD, early.strftime("%Y-%m-%dT%H:%M:%SZ")).status_code == 400
    assert calcom.book(BEARD, opening).status_code == 201


def test_it_refuses_slots_without_a_window(calcom: Calcom) -> None:
    answer = calcom.request("GET", "/v2/slots?eventTypeId=4711", headers={"cal-api-version": "2024-09-04"})
    assert answer.status_code == 400


def test_every_slot_it_names_can_be_booked(calcom: Calcom) -> None:
    for slot in starts(calcom, COLOUR, "2026-12-05"):
        uid = calcom.booked(COLOUR, slot)["uid"]
        calcom.request("POST", f"/v2/bookings/{uid}/cancel", json={})
