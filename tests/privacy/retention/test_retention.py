"""What is over its time goes, what somebody works on stays, and every statistic stays as it was."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from appointments.daily import recount
from appointments.models import Appointment
from askpro import checks
from askpro.privacy.classes import Kept, Personal, personal
from askpro.privacy.models import RetentionCount, RetentionRule, RetentionRun, RetentionTotal
from askpro.privacy.retention import walk
from askpro.privacy.retention.runs import go_on
from askpro.privacy.retention.shelves import SHELVES
from askpro.privacy.tasks import delete_what_is_over, start_retention
from askpro.queues import Release
from askpro.queues.testing import run_jobs
from askpro.watch.models import Delivery, Incident, Mute, Notice, Watcher
from calls.models import Call, Customer, FunctionCall
from calls.models.call import forgotten_id
from tests.privacy.retention.old import MOBILE, NOW, WORD, story
from tests.stored_models import stored_models
from webhooks.models import RefusedWebhook, WebhookEvent

pytestmark = pytest.mark.django_db

YEARS = timedelta(days=4000)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def night() -> None:
    """What the jobs of a night do."""
    for kind in Kept.values:
        assert go_on(RetentionRun.nightly(kind), time.monotonic() + 9)


def counted(kind: str) -> tuple[int, int, int, int]:
    """What the newest run of a class counted: deleted, blanked, held, left."""
    run = RetentionRun.objects.filter(kind=kind).latest("pk")
    counts = list(run.counts.values_list("deleted", "blanked", "held", "left"))
    return tuple(map(sum, zip(*counts, strict=True))) if counts else (0, 0, 0, 0)


def everything_written() -> str:
    """All personal fields of all rows, as texts."""
    return "\n".join(
        f"{model.__name__}.{name}: {getattr(row, name)}"
        for model in stored_models()
        for row in model._default_manager.all()
        for name, held in personal(model)
        if isinstance(held.kept, Kept)
    )


def test_every_field_that_ends_belongs_to_a_table_that_is_walked_through() -> None:
    ended = {
        f"{shelf.model._meta.label}.{name}"
        for shelf in SHELVES
        for name, held in personal(shelf.model)
        if shelf.deletes or name in shelf.fields
    }
    # These go with the customer.
    ended |= {"calls.CustomerNumber.number", "calls.CustomerMerge.note", "appointments.WaitingEntry.note"}
    ended |= {"calls.NamePart.part"}
    named = {
        f"{model._meta.label}.{name}"
        for model in stored_models()
        for name, held in personal(model)
        if isinstance(held, Personal) and isinstance(held.kept, Kept)
    }
    assert sorted(named - ended) == []


def test_the_schedule_sends_a_walk_through_each_class() -> None:
    story(YEARS)
    start_retention.send()
    run_jobs()
    assert sorted(RetentionRun.objects.values_list("kind", flat=True)) == sorted(Kept.values)
    assert set(RetentionRun.objects.values_list("ended_at", flat=True)) == {timezone.now()}
    assert not Call.objects.exclude(transcript="").exists()


def test_after_years_nothing_is_left_of_a_person() -> None:
    story(YEARS)
    assert everything_written().count(WORD) > 20
    night()
    night()
    left = everything_written()
    assert WORD not in left and MOBILE not in left and "call_old" not in left, left
    assert not Customer.objects.exists() and not WebhookEvent.objects.exists() and not FunctionCall.objects.exists()


def test_counts_durations_and_outcomes_stay() -> None:
    company = story(YEARS)["company"]
    day = (NOW - YEARS).date()

    def counted() -> tuple[int, ...]:
        row = recount(company, day)
        return row.calls, row.requests, row.bookings, row.follow_ups

    before = counted()
    assert before[:3] == (1, 1, 1)
    night()
    assert counted() == before
    call = Call.objects.get()
    assert (call.duration_ms, call.outcome, str(call.cost_usd)) == (61_000, "booked", "0.1234")
    assert Appointment.objects.get().status == "completed"


def test_what_somebody_works_on_is_not_touched() -> None:
    story(YEARS, is_open=True)
    before = everything_written()
    night()
    expected = [line for line in before.splitlines() if not line.startswith(("Read.", "LogEntry.", "Deed."))]
    assert [
        line for line in everything_written().splitlines() if not line.startswith(("Read.", "LogEntry.", "Deed."))
    ] == expected
    assert counted("calls") == counted("functions") == counted("unfinished_bodies") == (0, 0, 0, 1)
    assert counted("words") == (0, 0, 0, 4) and counted("messages") == (0, 0, 0, 2)


@pytest.mark.parametrize(("kind", "days"), [("transcripts", 90), ("functions", 30), ("bodies", 30), ("messages", 365)])
def test_a_class_ends_with_its_days(kind: str, days: int) -> None:
    story(timedelta(days=days) - timedelta(hours=1))
    night()
    assert counted(kind) == (0, 0, 0, 0)
    RetentionRun.objects.all().delete()
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        night()
    assert sum(counted(kind)) > 0 and counted(kind)[2:] == (0, 0)


def test_a_company_has_its_own_days() -> None:
    company = story(timedelta(days=100))["company"]
    RetentionRule.objects.create(company=company, kind="transcripts", days=101)
    RetentionRule.objects.create(company=company, kind="messages", days=7)
    RetentionRule.objects.create(company=company, kind="bodies", days=None)
    night()
    call = Call.objects.get()
    assert WORD in call.transcript and counted("messages") == (0, 2, 0, 0)
    assert WebhookEvent.objects.get(status="processed").has_body and counted("bodies") == (0, 0, 0, 0)


def test_a_legal_hold_keeps_everything_and_is_counted() -> None:
    rows = story(YEARS)
    Customer.objects.filter(pk=rows["Customer"].pk).update(legal_hold="Dispute 12")
    before = everything_written()
    night()
    kept = [line for line in before.splitlines() if not line.startswith(("Read.", "LogEntry.", "Deed."))]
    assert everything_written().splitlines() == kept
    for kind in ("transcripts", "functions", "bodies", "unfinished_bodies", "calls", "customers"):
        assert counted(kind) == (0, 0, 1, 0), kind
    Customer.objects.update(legal_hold_until=NOW.date() - timedelta(days=1))
    RetentionRun.objects.all().delete()
    night()
    assert Call.objects.get().transcript == "", "the hold is over"


def test_events_keep_their_key_when_their_body_goes() -> None:
    story(timedelta(days=40))
    night()
    event = WebhookEvent.objects.get(status="processed")
    assert (event.event_key, event.subject, event.has_body) == ("processed:call_old", "call_old", False)
    assert (event.headers, event.query) == ({}, "")
    assert WebhookEvent.objects.get(status="failed").has_body, "a person may still replay it"


def test_a_call_is_known_again_by_the_hash_of_its_id() -> None:
    company = story(timedelta(days=400))["company"]
    night()
    call = Call.objects.get()
    assert (call.retell_call_id, call.customer, call.from_number) == (forgotten_id("call_old"), None, "")
    assert Call.is_erased(company.pk, "call_old") and not Call.is_erased(company.pk, "call_other")


def test_a_customer_with_a_later_appointment_stays() -> None:
    rows = story(YEARS)
    Appointment.objects.filter(pk=rows["Appointment"].pk).update(ends_at=NOW - timedelta(days=700))
    night()
    assert Customer.objects.get().name == f"Frau {WORD}"
    assert Appointment.objects.get().customer == rows["Customer"]


def test_it_goes_through_more_than_a_page_and_counts_each_row_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(walk, "AT_ONCE", 2)
    for number in range(5):
        story(timedelta(days=100), f"call_{number}", f"+49155512300{number:02}")
    night()
    assert counted("transcripts") == (0, 5, 0, 0) and counted("functions") == (5, 0, 0, 0)
    assert not Call.objects.exclude(transcript="").exists()


def test_a_run_that_was_interrupted_goes_on_where_it_was(monkeypatch: Any) -> None:
    monkeypatch.setattr(walk, "AT_ONCE", 2)
    for number in range(5):
        story(timedelta(days=100), f"call_{number}", f"+49155512300{number:02}")
    run = RetentionRun.nightly("transcripts")

    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go_on(run, time.monotonic() + 9, die)
    assert Call.objects.exclude(transcript="").count() == 3
    assert RetentionRun.nightly("transcripts").pk == run.pk
    assert go_on(RetentionRun.objects.get(pk=run.pk), time.monotonic() + 9)
    assert counted("transcripts") == (0, 5, 0, 0)


def test_a_job_stops_after_its_time_and_comes_back(monkeypatch: Any) -> None:
    monkeypatch.setattr("askpro.privacy.tasks.WALKING_TIME", 0.0)
    story(timedelta(days=100))
    run = RetentionRun.nightly("transcripts")
    with pytest.raises(Release):
        delete_what_is_over(run_id=run.pk)
    monkeypatch.setattr("askpro.privacy.tasks.WALKING_TIME", 9.0)
    delete_what_is_over(run_id=run.pk)
    run.refresh_from_db()
    assert run.ended_at is not None and counted("transcripts") == (0, 1, 0, 0)
    delete_what_is_over(run_id=run.pk)
    assert counted("transcripts") == (0, 1, 0, 0)


def test_what_two_processes_walk_through_is_counted_once(monkeypatch: Any) -> None:
    story(timedelta(days=100))
    first = RetentionRun.nightly("transcripts")
    second = RetentionRun.objects.get(pk=first.pk)
    assert go_on(first, time.monotonic() + 9) and go_on(second, time.monotonic() + 9)
    assert counted("transcripts") == (0, 1, 0, 0)


class TestCommand:
    def run(self, capsys: Any, *arguments: str) -> str:
        call_command("retention", *arguments)
        return str(capsys.readouterr().out)

    def test_a_dry_run_counts_the_same_and_writes_nothing(self, capsys: Any) -> None:
        story(timedelta(days=100))
        before = everything_written()
        dry = self.run(capsys, "--dry-run")
        assert everything_written() == before and not RetentionRun.objects.exists()
        assert "nothing was written" in dry
        assert self.run(capsys) == dry.replace(" (nothing was written)", "")

    def test_it_may_be_about_one_class_and_one_company(self, capsys: Any) -> None:
        company = story(timedelta(days=100))["company"]
        said = self.run(capsys, "--class", "functions", "--company", company.slug)
        assert "1 deleted, 0 blanked, 0 held, 0 left." in said and company.name[:20] in said
        assert WORD in Call.objects.get().transcript and not FunctionCall.objects.exists()
        run = RetentionRun.objects.get()
        assert (run.kind, run.company, bool(run.by)) == ("functions", company, True)

    def test_it_refuses_what_does_not_exist(self) -> None:
        with pytest.raises(CommandError, match="no company"):
            call_command("retention", "--company", "nobody")
        with pytest.raises(CommandError, match="invalid choice"):
            call_command("retention", "--class", "nothing")


@pytest.mark.parametrize(
    "wrong", [{"transcript": 9}, {"calls": "0"}, {"calls": "-1"}, {"calls": ""}, {"calls": "soon"}]
)
def test_a_setting_that_cannot_be_meant_is_told_before_it_is_used(settings: Any, wrong: dict[str, Any]) -> None:
    assert checks.check_retention() == []
    settings.RETENTION_DAYS = {**settings.RETENTION_DAYS, **wrong}
    assert [message.id for message in checks.check_retention()] == ["askpro.E012"]


def test_what_is_kept_for_ever_is_not_looked_for(settings: Any) -> None:
    settings.RETENTION_DAYS = dict.fromkeys(Kept.values, "never")
    story(YEARS)
    before = everything_written()
    night()
    assert everything_written() == before and not RetentionCount.objects.exists()


class TestWhatBelongsToNobody:
    def test_counts_of_refused_webhooks_go_after_their_days(self) -> None:
        for days in (89, 91):
            RefusedWebhook.objects.create(
                provider="retell", reason="stale", hour=NOW - timedelta(days=days), address_prefix="192.0.2.0/24"
            )
        night()
        assert [row.hour for row in RefusedWebhook.objects.all()] == [NOW - timedelta(days=89)]
        assert counted("refused") == (1, 0, 0, 0)

    def test_sessions_go_some_days_after_their_end_however_many_there_are(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(walk, "AT_ONCE", 3)
        for number in range(10):
            ended = NOW - timedelta(days=8 if number < 7 else 6)
            Session.objects.create(session_key=f"{number:032}", session_data="", expire_date=ended)
        call_command("retention", "--class", "sessions", "--dry-run")
        assert "7 deleted" in capsys.readouterr().out and Session.objects.count() == 10
        night()
        assert sorted(Session.objects.values_list("pk", flat=True)) == [f"{number:032}" for number in (7, 8, 9)]
        assert counted("sessions") == (7, 0, 0, 0)

    def test_of_incidents_those_stay_that_are_not_over_or_whose_end_was_not_told(self) -> None:
        old, young = NOW - timedelta(days=401), NOW - timedelta(days=399)
        for about, over_at, told_at in (
            ("gone", old, old),
            ("young", young, young),
            ("lasts", None, None),
            ("end not told", old, None),
        ):
            Incident.objects.create(
                code="late",
                about=about,
                severity="warning",
                status="over" if over_at else "open",
                began_at=old,
                seen_at=old,
                told_at=old,
                over_at=over_at,
                over_told_at=told_at,
            )
        for subject, status in (("gone", "sent"), ("waits", "waiting")):
            notice = Notice.objects.create(kind="began", severity="warning", subject=subject, text="x", created_at=old)
            Delivery.objects.create(notice=notice, channel="email", status=status, next_at=old)
        for about, until in (("gone", old), ("young", young)):
            Mute.objects.create(code="late", about=about, until=until, reason="x", by="lina", created_at=old)
        for host, beat_at in (("gone", old), ("young", NOW)):
            Watcher.objects.create(host=host, pid=1, started_at=old, beat_at=beat_at)
        night()
        assert sorted(Incident.objects.values_list("about", flat=True)) == ["end not told", "lasts", "young"]
        assert [notice.subject for notice in Notice.objects.all()] == ["waits"]
        assert [mute.about for mute in Mute.objects.all()] == ["young"]
        assert [watcher.host for watcher in Watcher.objects.all()] == ["young"]
        assert counted("incidents") == (4, 0, 0, 0)

    def test_no_company_has_days_of_its_own_for_them(self) -> None:
        kinds = RetentionRule._meta.get_field("kind").choices or ()
        assert not {"refused", "sessions", "deeds", "incidents"} & {kind for kind, _ in kinds}


class TestTotals:
    def test_they_grow_with_each_walk_and_stay_when_its_row_goes(self) -> None:
        story(timedelta(days=100))
        night()
        story(timedelta(days=95), call_id="call_newer", phone="+4915551230078")
        night()
        total = RetentionTotal.objects.get(kind="transcripts")
        assert (total.deleted, total.blanked, total.kept, total.ended_at) == (0, 2, 0, NOW)
        RetentionRun.objects.all().delete()
        total.refresh_from_db()
        assert total.blanked == 2

    def test_they_say_what_is_over_and_there_still_and_how_old_it_is(self) -> None:
        story(timedelta(days=100), is_open=True)
        story(timedelta(days=50), call_id="call_newer", phone="+4915551230078")
        night()
        total = RetentionTotal.objects.get(kind="transcripts")
        assert (total.kept, total.blanked) == (1, 0)
        assert total.oldest_at == Call.objects.get(retell_call_id="call_old").created_at

    def test_a_walk_counts_once_and_one_of_a_company_says_nothing_of_the_others(self) -> None:
        company = story(timedelta(days=100))["company"]
        run = RetentionRun.objects.create(kind="transcripts", company=company, by="lina")
        assert go_on(run, time.monotonic() + 9)
        run.end()
        total = RetentionTotal.objects.get(kind="transcripts")
        assert (total.blanked, total.ended_at) == (1, None)
