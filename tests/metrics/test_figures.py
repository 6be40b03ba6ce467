"""Figures of any period are the sums of what happened in it, summed up already or not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from askpro.metrics import folding, recorder
from askpro.metrics.figures import request_figures, vendor_figures, vendor_series, webhook_figures
from askpro.metrics.models import Delta, Total
from askpro.metrics.periods import STEPS, parts
from askpro.metrics.recorder import Recorder, note_request, note_vendor_call, note_webhook

NOW = datetime(2026, 12, 1, 9, 15, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
moments = st.integers(0, 200_000).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE)


@given(moments, moments)
def test_the_parts_of_a_period_are_whole_follow_each_other_and_are_few(one: datetime, two: datetime) -> None:
    start, end = sorted((one, two))
    found = parts(start, end)
    at = start
    for part in found:
        assert part.start == at < part.end
        assert (part.end - part.start) % STEPS[part.step] == timedelta()
        at = part.end
    assert at == end
    assert len(found) <= 5


def test_a_period_begins_and_ends_with_whole_minutes() -> None:
    assert parts(NOW, NOW + MINUTE) == [("minute", NOW.replace(second=0), NOW.replace(second=0) + 2 * MINUTE)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("folded", [True, False], ids=["summed up", "as written"])
def test_vendors_are_told_by_whatever_is_asked_for(noting: Recorder, folded: bool) -> None:
    exchanges = [
        ("calcom", "GET /v2/slots", "ok", 0.2, 1, 0),
        ("calcom", "GET /v2/slots", "throttled", 0.1, 2, 3),
        ("calcom", "POST /v2/bookings", "ok", 1.5, 1, 70),
        ("twilio", "POST /Messages", "key_refused", 0.3, 1, 70),
    ]
    with time_machine.travel(NOW, tick=False) as clock:
        for vendor, route, result, seconds, company, minutes in exchanges:
            clock.move_to(NOW + timedelta(minutes=minutes))
            note_vendor_call(vendor, route, result, seconds, company)
        recorder.flush()
        if folded:
            folding.fold()
        end = NOW + timedelta(minutes=71)
        told = {each.key: each for each in vendor_figures(NOW, end)}
        assert told["calcom"].by_result == {"ok": 2, "throttled": 1}
        assert told["calcom"].took.count == 3 and told["calcom"].took.sum == pytest.approx(1.8)
        assert told["twilio"].share("key_refused", "out_of_credit") == 1.0
        counts: dict[Any, Any] = {
            "route": {"calcom GET /v2/slots": 2, "calcom POST /v2/bookings": 1},
            "company": {1: 2, 2: 1},
            "hour": {NOW.replace(minute=0, second=0): 2, NOW.replace(hour=10, minute=0, second=0): 1},
        }
        for by, expected in counts.items():
            figures = vendor_figures(NOW, end, vendor="calcom", by=by)
            assert {each.key: each.count for each in figures} == expected
        assert [each.count for each in vendor_figures(NOW, end, company=2)] == [1]
        assert [each.count for each in vendor_figures(NOW + MINUTE, NOW + 4 * MINUTE)] == [1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("folded", [True, False], ids=["summed up", "as written"])
def test_a_series_has_the_same_sums_in_its_steps(noting: Recorder, folded: bool) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for minutes, result, seconds in ((0, "ok", 0.2), (29, "throttled", 0.1), (31, "ok", 4.0), (95, "ok", 0.3)):
            clock.move_to(NOW + timedelta(minutes=minutes))
            note_vendor_call("calcom", "GET /v2/slots", result, seconds, 7)
        note_vendor_call("twilio", "POST /Messages", "ok", 0.3, 7)
        recorder.flush()
        if folded:
            folding.fold()
        start = NOW.replace(minute=0, second=0)
        for step in (MINUTE, 30 * MINUTE, 60 * MINUTE, timedelta(days=7)):
            told = vendor_series(start, start + timedelta(hours=3), step, vendor="calcom", by="vendor")["calcom"]
            assert sum(each.by_result.get("ok", 0) for each in told.values()) == 3
            assert sum(each.took.count for each in told.values()) == 4
            assert sum(each.took.sum for each in told.values()) == pytest.approx(4.6)
            assert all((at - start) % step == timedelta() for at in told)
        halves = vendor_series(start, start + timedelta(hours=3), 30 * MINUTE, vendor="calcom")[""]
        assert [(at - start) // (30 * MINUTE) for at in halves] == [0, 1, 3]
        assert halves[start + 30 * MINUTE].by_result == {"ok": 1, "throttled": 1}
        assert {*vendor_series(start, start + timedelta(hours=3), MINUTE, company=7, by="vendor")} == {
            "calcom",
            "twilio",
        }


@pytest.mark.django_db(transaction=True)
def test_what_is_no_longer_kept_in_minutes_is_read_in_hours(noting: Recorder) -> None:
    with time_machine.travel(NOW, tick=False):
        note_webhook("retell", "stored")
        recorder.flush()
        folding.sweep()
    with time_machine.travel(NOW + timedelta(days=5), tick=False):
        folding.sweep()
        assert set(Total.objects.values_list("step", flat=True)) == {"hour", "day", "ever"}
        assert [each.count for each in webhook_figures(NOW + MINUTE, NOW + 2 * MINUTE)] == [1]
        assert webhook_figures(NOW + timedelta(hours=1), NOW + timedelta(hours=2)) == []


@pytest.mark.django_db(transaction=True)
def test_requests_are_told_by_view_and_class_of_status(noting: Recorder) -> None:
    with time_machine.travel(NOW, tick=False):
        for status in ("2xx", "2xx", "5xx"):
            note_request("webhooks.retell", status, 0.05)
        recorder.flush()
        (found,) = request_figures(NOW, NOW + MINUTE, view="webhooks.retell")
    assert found.by_result == {"2xx": 2, "5xx": 1} and found.share("5xx") == pytest.approx(1 / 3)
    assert Delta.objects.count() == 2
