"""What the vendors' answers say of the vendors, as the watcher finds it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from appointments.models import Appointment
from askpro.metrics.models import Delta
from askpro.queues.metrics.histogram import BOUNDS
from calls.models import Branch
from notifications.models import Notification
from tests.appointments import salon
from tests.found import found, told
from webhooks.models import RetellReading, WebhookAddress
from webhooks.models.fingerprint import fingerprint

pytestmark = pytest.mark.django_db

# Tuesday, 16 June 2026, ten in Berlin.
TEN = datetime(2026, 6, 16, 8, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Iterator[Any]:
    settings.RETELL_API_KEYS = ["key_one"]
    with time_machine.travel(TEN, tick=False) as clock:
        yield clock


@pytest.fixture
def here(db: None) -> Branch:
    return salon.branch(salon.company())


def asked(vendor: str, result: str, count: int = 1, company_id: int = 0, ago: timedelta = MINUTE) -> None:
    """So many exchanges that ended so, as a process writes them."""
    at = (TEN - ago).replace(second=0, microsecond=0)
    Delta.objects.create(
        at=at,
        kind="vendor",
        name=vendor,
        part="/v2/bookings",
        result=result,
        company=company_id,
        count=count,
        seconds=0.1 * count,
        buckets=[count, *[0] * len(BOUNDS)],
    )


class TestRefusedKeys:
    def test_twenty_four_bookings_that_die_of_a_refused_key_are_one_finding_at_once(self, here: Branch) -> None:
        asked("calcom", "ok", 30, here.company_id, ago=20 * MINUTE)
        assert found("vendor_refuses_key", TEN) == {}
        for ago in range(6):
            asked("calcom", "key_refused", 4, here.company_id, ago=ago * MINUTE)
        [finding] = found("vendor_refuses_key", TEN).values()
        assert (finding.about, finding.value, finding.since) == (f"calcom:{here.company_id}", 24, TEN - 5 * MINUTE)
        words = told("vendor_refuses_key", finding)
        assert f"Cal.com of company {here.company_id} has refused the key 24 times" in words

    def test_it_lasts_until_the_vendor_takes_the_key(self, here: Branch) -> None:
        asked("calcom", "key_refused", 2, here.company_id, ago=50 * MINUTE)
        assert len(found("vendor_refuses_key", TEN)) == 1
        asked("calcom", "refused", 2, here.company_id, ago=20 * MINUTE)
        assert len(found("vendor_refuses_key", TEN)) == 1
        asked("calcom", "ok", 1, here.company_id, ago=MINUTE)
        assert found("vendor_refuses_key", TEN) == {}

    def test_companies_that_share_the_installations_key_share_one_finding(self) -> None:
        for slug in ("one", "two", "three"):
            ours = salon.company(slug, calcom_api_key="")
            asked("calcom", "key_refused", 2, ours.pk)
        [finding] = found("vendor_refuses_key", TEN).values()
        assert (finding.about, finding.value) == ("calcom", 6)

    def test_twilio_is_told_by_company_where_it_has_its_own_account(self, here: Branch) -> None:
        other = salon.company("other")
        address = WebhookAddress.objects.create(company=other, provider="twilio", account="AC" + "0" * 32)
        address.add_secret("token")
        for company_id in (here.company_id, other.pk):
            asked("twilio", "key_refused", 1, company_id)
        assert sorted(found("vendor_refuses_key", TEN)) == ["twilio", f"twilio:{other.pk}"]

    def test_the_mail_server_is_a_vendor_as_well(self) -> None:
        asked("mail", "key_refused")
        assert list(found("vendor_refuses_key", TEN)) == ["mail"]

    def test_retells_key_is_refused_when_no_other_of_the_account_is_read(self, settings: Any) -> None:
        asked("retell", "key_refused", 5)
        assert found("vendor_refuses_key", TEN) == {}
        RetellReading.objects.create(fingerprint=fingerprint("key_one"), refused_at=TEN - HOUR)
        RetellReading.objects.create(fingerprint=fingerprint("key_gone"), refused_at=TEN - 2 * HOUR)
        assert found("vendor_refuses_key", TEN)["retell"].since == TEN - HOUR
        settings.RETELL_API_KEYS = ["key_one", "key_two"]
        RetellReading.objects.create(fingerprint=fingerprint("key_two"), finished_at=TEN)
        assert found("vendor_refuses_key", TEN) == {}


class TestCredit:
    def test_a_payment_that_is_wanted_is_told(self, here: Branch) -> None:
        asked("retell", "out_of_credit", 2)
        asked("twilio", "out_of_credit", 3, here.company_id)
        findings = found("vendor_out_of_credit", TEN)
        assert {about: each.value for about, each in findings.items()} == {"retell": 2, "twilio": 3}
        asked("retell", "ok", 2, ago=timedelta(0))
        assert list(found("vendor_out_of_credit", TEN)) == ["twilio"]

    def test_calls_that_retell_did_not_hold_are_told_until_it_holds_one(self, here: Branch) -> None:
        salon.call(here, call_id="call_1", disconnection_reason="user_hangup")
        salon.call(here, call_id="call_2", disconnection_reason="credit_exhausted")
        salon.call(here, call_id="call_3", disconnection_reason="dial_busy")
        salon.call(here, call_id="call_4", disconnection_reason="no_valid_payment")
        assert found("vendor_out_of_credit", TEN)["retell"].value == 2
        salon.call(here, call_id="call_5", disconnection_reason="agent_hangup")
        assert found("vendor_out_of_credit", TEN) == {}

    def test_messages_of_a_suspended_account_are_told(self, here: Branch) -> None:
        appointment = Appointment.objects.create(
            company=here.company,
            branch=here,
            customer=salon.customer(here.company),
            starts_at=TEN + HOUR,
            ends_at=TEN + 2 * HOUR,
        )
        for version, code in enumerate(("30002", "30002", "30006"), 1):
            Notification.objects.create(
                company=here.company,
                appointment=appointment,
                kind="confirmation",
                channel="sms",
                version=version,
                status="failed",
                error_code=code,
            )
        assert found("vendor_out_of_credit", TEN)["twilio"].value == 2


class TestFailing:
    def test_half_of_the_requests_within_ten_minutes_are_told(self) -> None:
        asked("calcom", "ok", 12)
        asked("calcom", "unavailable", 7)
        assert found("vendor_failing", TEN) == {}
        asked("calcom", "unknown", 6)
        [finding] = found("vendor_failing", TEN).values()
        assert "13 of 25 requests to Cal.com failed within 10 minutes: 7 unavailable, 6 unknown" in told(
            "vendor_failing", finding
        )
        assert found("vendor_failing", TEN + 15 * MINUTE) == {}

    @pytest.mark.parametrize("result", ["hurried", "refused"])
    def test_what_is_not_the_vendors_fault_does_not_count(self, result: str) -> None:
        asked("calcom", result, 100)
        asked("calcom", "unavailable", 9)
        assert found("vendor_failing", TEN) == {}

    @pytest.mark.parametrize("reason", ["error_llm_websocket_open", "sip_routing_error", "concurrency_limit_reached"])
    def test_calls_that_break_off_are_told(self, here: Branch, reason: str) -> None:
        for number in range(5):
            assert found("vendor_failing", TEN) == {}
            salon.call(here, call_id=f"call_{number}", disconnection_reason=reason)
        assert list(found("vendor_failing", TEN)) == ["retell calls"]
        for number in range(12):
            salon.call(here, call_id=f"call_good_{number}", disconnection_reason="user_hangup")
        assert found("vendor_failing", TEN) == {}
