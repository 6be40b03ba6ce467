"""What comes in from the vendors, and what does not, as the watcher finds it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from appointments.models import SyncPoint
from askpro.queues.models import Job, Schedule, ScheduledTick
from calls.models import Company
from tests.found import found, told
from tests.webhooks.silence.months import BERLIN, HOUR
from tests.webhooks.silence.rows import company, events, hours
from webhooks.conditions import arrivals
from webhooks.inbox import unstored
from webhooks.models import RefusedWebhook, RetellReading, WebhookAddress, WebhookEvent
from webhooks.models.fingerprint import fingerprint

pytestmark = pytest.mark.django_db

# Tuesday, 16 June 2026, ten in Berlin.
TEN = datetime(2026, 6, 16, 8, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
Reason, Status = RefusedWebhook.Reason, WebhookEvent.Status


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Iterator[Any]:
    settings.RETELL_API_KEYS = ["key_one"]
    arrivals._flows.cache_clear()
    with time_machine.travel(TEN, tick=False) as clock:
        yield clock


def usual(whose: Company, provider: str = "retell", rate: int = 20) -> None:
    every = [TEN - HOUR * number for number in range(1, 8 * 7 * 24)]
    hours({hour: rate for hour in every if 8 <= hour.astimezone(BERLIN).hour < 18}, whose, provider)


def refused(reason: Reason, provider: str = "retell") -> None:
    """One request of this hour; the door takes PostgreSQL's clock."""
    RefusedWebhook._count(provider, reason, TEN, "203.0.113.0/24", 1)


class TestSilence:
    def test_an_hour_without_a_call_is_told_with_what_is_usual_and_ends_with_the_next_one(self) -> None:
        ours = company()
        usual(ours)
        events([TEN - MINUTE], ours)
        assert found("provider_silent", TEN + MINUTE * 30) == {}
        [finding] = found("provider_silent", TEN + HOUR).values()
        assert (finding.about, finding.since) == (f"retell:{ours.pk}", TEN - MINUTE)
        words = told("provider_silent", finding)
        assert f"Retell has sent nothing for company {ours.pk} for 61 minutes; about 18 events are usual" in words
        assert ours.name not in words
        events([TEN + HOUR], ours)
        assert found("provider_silent", TEN + HOUR + MINUTE) == {}

    def test_it_says_how_many_calls_were_fetched_whose_webhook_never_came(self) -> None:
        ours = company()
        usual(ours)
        events([TEN - MINUTE], ours)
        events([TEN + MINUTE * 20, TEN + MINUTE * 25], ours, fetched=True)
        refused(Reason.BAD_SIGNATURE)
        hours({TEN: 0}, ours, fetched=2)
        [finding] = found("provider_silent", TEN + HOUR).values()
        assert "2 were fetched meanwhile" in told("provider_silent", finding)
        assert "1 were refused here" in told("provider_silent", finding)

    def test_its_threshold_is_a_setting(self, settings: Any) -> None:
        ours = company()
        usual(ours)
        events([TEN - MINUTE], ours)
        settings.WATCH_THRESHOLDS = {"provider_silent.chance": 1e-2}
        assert list(found("provider_silent", TEN + MINUTE * 30)) == [f"retell:{ours.pk}"]


class TestRefused:
    @pytest.mark.parametrize(
        ("reason", "about"),
        [
            (Reason.BAD_SIGNATURE, "retell:secret"),
            (Reason.NOT_CONFIGURED, "retell:secret"),
            (Reason.STALE, "retell:clock"),
            (Reason.FUTURE, "retell:clock"),
        ],
    )
    def test_three_refusals_for_the_same_kind_of_reason_are_told(self, reason: Reason, about: str) -> None:
        for _ in range(3):
            assert found("webhooks_refused", TEN) == {}
            refused(reason)
        [finding] = found("webhooks_refused", TEN).values()
        assert finding.about == about
        assert f"3 {reason.value}" in told("webhooks_refused", finding)

    def test_what_strangers_try_now_and_then_is_not(self) -> None:
        for _ in range(9):
            refused(Reason.NO_ADDRESS, "calcom")
            refused(Reason.MALFORMED, "twilio")
        refused(Reason.MISSING_SIGNATURE, "twilio")
        assert found("webhooks_refused", TEN) == {}

    def test_what_could_not_be_stored_is_no_refusal(self) -> None:
        RefusedWebhook.count_unstored("retell", TEN, 50)
        assert found("webhooks_refused", TEN) == {}

    def test_it_ends_within_two_hours_of_the_last(self, clock: Any) -> None:
        for _ in range(3):
            refused(Reason.BAD_SIGNATURE)
        assert found("webhooks_refused", TEN + MINUTE * 119) != {}
        assert found("webhooks_refused", TEN + MINUTE * 121) == {}

    def test_vendors_are_told_of_apart(self) -> None:
        for provider in ("retell", "twilio"):
            for _ in range(3):
                refused(Reason.BAD_SIGNATURE, provider)
        assert list(found("webhooks_refused", TEN)) == ["retell:secret", "twilio:secret"]


class TestUnstored:
    @pytest.fixture(autouse=True)
    def empty(self) -> None:
        unstored._taken()

    def test_one_that_waits_in_redis_is_told_and_stays_so_in_the_rows(self) -> None:
        assert found("webhooks_unstored", TEN) == {}
        unstored.note("calcom")
        assert found("webhooks_unstored", TEN)["calcom"].value == 1
        assert unstored.record() == 1
        assert found("webhooks_unstored", TEN)["calcom"].value == 1
        assert found("webhooks_unstored", TEN + HOUR * 2) == {}

    def test_without_redis_the_rows_are_told(self, settings: Any) -> None:
        settings.REDIS_URL = ""
        RefusedWebhook.count_unstored("retell", TEN, 7)
        assert found("webhooks_unstored", TEN)["retell"].value == 7


class TestUnassigned:
    def test_a_fifth_of_a_days_events_that_nobody_has_is_told_and_ends_when_they_are_placed(self) -> None:
        ours = company()
        hours({TEN - HOUR: 16}, ours)
        events([TEN - HOUR] * 4, None, status=Status.UNASSIGNED)
        assert found("unassigned_share", TEN) == {}
        events([TEN - MINUTE], None, status=Status.UNASSIGNED)
        [finding] = found("unassigned_share", TEN).values()
        assert (finding.about, finding.since) == ("retell", TEN - HOUR)
        WebhookEvent.objects.update(status=Status.PROCESSED, company=ours)
        assert found("unassigned_share", TEN) == {}

    def test_a_few_among_many_are_not(self) -> None:
        hours({TEN - HOUR: 60}, company())
        events([TEN - HOUR] * 6, None, status=Status.UNASSIGNED)
        assert found("unassigned_share", TEN) == {}

    def test_those_of_yesterday_are_not(self) -> None:
        events([TEN - DAY - HOUR] * 6, None, status=Status.UNASSIGNED)
        assert found("unassigned_share", TEN) == {}


class TestIgnored:
    def test_twice_the_usual_share_is_told(self) -> None:
        ours = company()
        hours({TEN - DAY * number: 100 for number in range(2, 50)}, ours, ignored=20)
        hours({TEN - HOUR * 3: 100}, ours, ignored=39)
        assert found("ignored_share", TEN) == {}
        hours({TEN - HOUR * 2: 100}, ours, ignored=45)
        assert list(found("ignored_share", TEN)) == ["retell"]

    def test_few_are_not(self) -> None:
        hours({TEN - HOUR * 3: 19}, company(), ignored=19)
        assert found("ignored_share", TEN) == {}


class TestReconciliation:
    def test_an_account_that_was_not_read_for_an_hour_is_told(self) -> None:
        reading = RetellReading.objects.create(fingerprint=fingerprint("key_one"), finished_at=TEN - HOUR)
        assert found("reconciliation_missing", TEN) == {}
        assert list(found("reconciliation_missing", TEN + MINUTE)) == [f"retell:{reading.pk}"]
        reading.note_complete(TEN)
        assert found("reconciliation_missing", TEN + MINUTE) == {}

    def test_an_account_that_could_never_be_read_is_told(self) -> None:
        RetellReading.objects.create(fingerprint=fingerprint("key_one"), refused_at=TEN, began_at=TEN - HOUR * 2)
        assert len(found("reconciliation_missing", TEN)) == 1

    def test_a_key_that_was_replaced_or_taken_out_is_not(self, settings: Any) -> None:
        settings.RETELL_API_KEYS = ["key_one", "key_replaced"]
        RetellReading.objects.create(fingerprint=fingerprint("key_one"), finished_at=TEN)
        RetellReading.objects.create(fingerprint=fingerprint("key_replaced"), refused_at=TEN, began_at=TEN - DAY)
        RetellReading.objects.create(fingerprint=fingerprint("key_gone"), finished_at=TEN - DAY)
        assert found("reconciliation_missing", TEN) == {}

    def test_the_account_of_a_company_is_told_by_its_company(self) -> None:
        address = WebhookAddress.objects.create(company=company(), provider="retell")
        address.add_secret("key_two")
        RetellReading.objects.create(address=address, fingerprint=fingerprint("key_two"), finished_at=TEN - DAY)
        [finding] = found("reconciliation_missing", TEN).values()
        assert f"company {address.company_id}" in told("reconciliation_missing", finding)

    def test_bookings_that_were_not_read_are_told_by_company(self) -> None:
        ours, off = company(), company("off", is_active=False)
        for each in (ours, off):
            SyncPoint.objects.create(company=each, part="bookings", finished_at=TEN - MINUTE * 91)
        assert list(found("reconciliation_missing", TEN)) == [f"calcom:{ours.pk}"]

    @pytest.mark.parametrize(("status", "is_told"), [("completed", False), ("dead", True), ("queued", True)])
    def test_a_nightly_count_that_did_not_complete_is_told(self, status: str, is_told: bool) -> None:
        schedule = Schedule.objects.create(name="nightly", cron="30 3 * * *", timezone="UTC", actor_name="recount_all")
        for ago, ended in ((2, "completed"), (1, status), (0, status)):
            at = TEN - DAY * ago - HOUR
            job = Job.objects.create(
                actor_name="recount_all", queue_name="low", status=ended, finished_at=None if ended == "queued" else at
            )
            ScheduledTick.objects.create(schedule=schedule, at=at, job_id=job.pk, sent_at=at)
        assert bool(found("reconciliation_missing", TEN)) is is_told
