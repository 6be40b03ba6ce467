"""`calcom_connect` against the sandbox's Cal.com."""

import json
from collections.abc import Callable
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from appointments.calcom.account import Schedule
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.credentials import LOCAL
from calls.models import Company, Service
from tests.appointments.salon import branch, company, service, staff
from webhooks.models import WebhookAddress, WebhookEvent, WebhookSecret

pytestmark = pytest.mark.django_db(transaction=True)

KEY = LOCAL["CALCOM_API_KEY"]
COLOUR, HAIRCUT, BEARD, KAETHE = 4712, 4711, 4713, 20817
PUBLIC = "https://askpro.example.org"
NOTHING = "Nothing is missing.\n"


@pytest.fixture
def salon(sandbox: SandboxClient, settings: Any) -> Company:
    settings.PUBLIC_URL = PUBLIC
    here = branch(company(calcom_api_key=KEY))
    service(here.company, COLOUR, name="Färben", duration_minutes=90)
    staff(here, KAETHE)
    return here.company


@pytest.fixture
def registered(sandbox: SandboxClient) -> Callable[[], list[dict[str, Any]]]:
    return lambda: sandbox.calcom("GET", "/v2/webhooks", key=KEY).json()["data"]


def connect(of: Company, *options: str) -> str:
    """What the command prints; it ends with what is missing, if something is."""
    out = StringIO()
    try:
        call_command("calcom_connect", of.slug, *options, stdout=out)
    except CommandError as error:
        out.write(f"{error}\n")
    return out.getvalue()


def test_it_registers_the_webhook_once_with_a_secret_of_its_own(salon: Company, registered: Any) -> None:
    assert connect(salon).endswith(NOTHING)
    address, secret = WebhookAddress.objects.get(), WebhookSecret.objects.get()
    (webhook,) = before = registered()
    assert (webhook["subscriberUrl"], webhook["secret"]) == (address.url, secret.opened())
    assert webhook["active"] and {"BOOKING_CREATED", "BOOKING_REASSIGNED", "MEETING_ENDED"} <= set(webhook["triggers"])

    again = connect(salon)

    assert again.endswith(NOTHING) and "this company's secret" in again
    assert (registered(), WebhookSecret.objects.get()) == (before, secret)
    assert secret.opened() not in again


def test_what_cal_com_then_sends_is_believed_and_is_the_companys(
    salon: Company, sandbox: SandboxClient, settings: Any, live_server: Any
) -> None:
    settings.PUBLIC_URL = live_server.url
    sandbox.switch(webhook_urls="any")
    connect(salon)
    attendee = {"name": "Ole Linde", "email": "ole@example.org", "timeZone": "Europe/Berlin"}
    booking = {"eventTypeId": COLOUR, "start": "2026-12-03T13:00:00Z", "attendee": attendee}
    assert sandbox.calcom("POST", "/v2/bookings", key=KEY, **booking).status_code == 201
    own, shared = WebhookEvent.objects.order_by("address")
    assert (own.address, shared.address) == (WebhookAddress.objects.get(), None)


def test_a_dry_run_changes_nothing(salon: Company, registered: Any) -> None:
    assert "Missing: The webhook: it is registered without --dry-run." in connect(salon, "--dry-run")
    assert not WebhookAddress.objects.exists() and registered() == []


def test_an_address_that_is_not_public_is_told_and_leaves_no_secret(
    salon: Company, registered: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert "Cal.com sends webhooks to public HTTPS addresses only." in connect(salon)
    # The installation's secrets still speak for this company.
    assert WebhookAddress.of(salon.pk, "calcom") is None
    assert registered() == []


def test_a_webhook_that_was_switched_off_is_switched_on_and_keeps_its_secret(
    salon: Company, sandbox: SandboxClient, registered: Any
) -> None:
    connect(salon)
    (webhook,) = registered()
    sandbox.calcom(
        "PATCH", f"/v2/webhooks/{webhook['id']}", key=KEY, active=False, triggers=["OOO_CREATED", "BOOKING_CREATED"]
    )
    assert connect(salon).endswith(NOTHING)
    (now,) = registered()
    assert (now["id"], now["active"], now["secret"]) == (webhook["id"], True, webhook["secret"])
    assert set(now["triggers"]) == {*webhook["triggers"], "OOO_CREATED"}
    assert WebhookSecret.objects.count() == 1


def test_a_webhook_that_signs_with_another_secret_gets_one_of_ours(
    salon: Company, sandbox: SandboxClient, registered: Any
) -> None:
    connect(salon)
    (webhook,) = registered()
    sandbox.calcom("PATCH", f"/v2/webhooks/{webhook['id']}", key=KEY, secret="somebody else's")
    assert connect(salon).endswith(NOTHING)
    assert registered()[0]["secret"] in WebhookAddress.objects.get().active_secrets()
    assert len(registered()) == 1


def test_a_lost_answer_is_found_out_by_the_next_run(salon: Company, sandbox: SandboxClient, registered: Any) -> None:
    sandbox.fault("calcom.create_webhook", drop="after")
    assert "Run it again later" in connect(salon)
    assert connect(salon).endswith(NOTHING)
    assert len(registered()) == WebhookSecret.objects.count() == 1


def test_a_failure_after_which_nothing_is_there_leaves_no_secret(salon: Company, sandbox: SandboxClient) -> None:
    sandbox.fault("calcom.create_webhook", status=429)
    assert "Run it again later" in connect(salon)
    assert not WebhookSecret.objects.exists()


def test_a_cal_com_that_knows_one_trigger_less_gets_the_others(
    salon: Company, sandbox: SandboxClient, registered: Any
) -> None:
    sandbox.fault("calcom.create_webhook", status=400)
    assert connect(salon).endswith(NOTHING)
    assert "BOOKING_REASSIGNED" not in registered()[0]["triggers"]
    assert connect(salon).endswith(NOTHING)


def test_companies_of_one_key_share_its_webhook(salon: Company, sandbox: SandboxClient, registered: Any) -> None:
    company("salon-esche", calcom_api_key=KEY)
    said = connect(salon)
    assert "also that of Salon-Esche" in said and f"A webhook to {PUBLIC}/webhooks/calcom/ with a secret of" in said
    assert registered() == [] and not WebhookAddress.objects.exists()
    triggers = said.partition("triggers ")[2].partition(";")[0].split(", ")
    url = f"{PUBLIC}/webhooks/calcom/"
    sandbox.calcom("POST", "/v2/webhooks", key=KEY, active=True, subscriberUrl=url, triggers=triggers)
    assert connect(salon).endswith(NOTHING)


def test_the_users_older_webhook_is_to_be_switched_off(salon: Company, sandbox: SandboxClient) -> None:
    url = f"{PUBLIC}/webhooks/calcom/"
    sandbox.calcom("POST", "/v2/webhooks", key=KEY, active=True, subscriberUrl=url, triggers=["BOOKING_CREATED"])
    assert f"Missing: Switch off the user's webhook to {url}: each event would come twice." in connect(salon)


@pytest.mark.parametrize(
    ("key", "said"), [("", "There is no Cal.com API key"), ("cal_wrong", "Cal.com refuses the API key (401)")]
)
def test_a_key_that_is_none_ends_it(salon: Company, settings: Any, key: str, said: str) -> None:
    settings.CALCOM_API_KEY = ""
    Company.objects.update(calcom_api_key=key)
    salon.refresh_from_db()
    answer = connect(salon)
    assert f"Missing: {said}" in answer and answer.endswith("1 missing.\n")


@pytest.mark.parametrize(
    ("route", "what"),
    [
        ("calcom.list_event_types", "read event types"),
        ("calcom.list_bookings", "read bookings"),
        ("calcom.list_schedules", "read schedules"),
        ("calcom.list_webhooks", "register webhooks"),
        ("calcom.create_webhook", "register webhooks"),
    ],
)
def test_it_names_what_the_key_may_not(salon: Company, sandbox: SandboxClient, route: str, what: str) -> None:
    sandbox.fault(route, status=403, times=9)
    salon.branches.update(opening_hours={})
    assert f"Missing: A key that may {what}: Cal.com refuses it to this one.\n" in connect(salon)
    assert not WebhookSecret.objects.exists() or what != "register webhooks"


def test_it_names_what_is_missing_at_the_services(salon: Company, sandbox: SandboxClient) -> None:
    sandbox.switch(
        event_type_kinds={
            str(COLOUR): {"fields": [{"slug": "kasse", "type": "text", "required": True}]},
            str(BEARD): {"team": "managed"},
        }
    )
    service(salon, None, name="Beratung")
    service(salon, 99, name="Perücke")
    service(salon, HAIRCUT, name="Haarschnitt")
    service(salon, BEARD, name="Bart")
    service(salon, 98, name="Früher", is_active=False)
    said = connect(salon)
    for missing in (
        "An event type for Beratung.",
        "The event type of Perücke (99): it is not shown.",
        "Haarschnitt: Ömer Yıldız (Cal.com user 20818) as staff.",
        "Färben: an answer on its page for each of these fields: kasse.",
        "Bart cannot be booked by phone: template.",
    ):
        assert f"Missing: {missing}\n" in said
    assert "Früher" not in said
    Service.objects.all().delete()
    assert "Missing: Services: run sync_calcom" in connect(salon)


def test_a_branch_without_opening_hours_is_told_those_of_the_schedule(salon: Company) -> None:
    salon.branches.update(opening_hours={})
    said = connect(salon)
    hours = json.loads(said.partition("the schedule Öffnungszeiten says ")[2].partition(".\n")[0])
    assert (hours["di"], hours["sa"], "mo" in hours) == ([["09:00", "18:00"]], [["09:00", "14:00"]], False)
    here = salon.branches.get()
    here.opening_hours = hours
    here.clean()


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ({"availability": [{"days": ["Monday", "Sunday", "Someday", 3], "startTime": "08:00", "endTime": "12:00"}]}, 2),
        ({"availability": [{"days": "Monday"}, None, 5]}, 0),
        ({"availability": "always"}, 0),
        ({}, 0),
    ],
)
def test_a_schedule_is_read_whatever_it_says(said: dict[str, Any], hours: int) -> None:
    assert len(Schedule.from_api(said).hours) == hours


@pytest.mark.parametrize(
    ("expires", "said"),
    [
        (None, "no day of expiry is entered"),
        (date(2026, 11, 30), "Missing: A new API key: this one expired on 30.11.2026."),
        (date(2026, 12, 31), "Missing: A new API key: this one expires on 31.12.2026."),
    ],
)
def test_it_says_when_the_key_expires(salon: Company, expires: date | None, said: str) -> None:
    salon.calcom_key_expires_on = expires
    salon.save()
    assert said in connect(salon)


def test_a_company_that_does_not_exist_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="no company with the slug nobody"):
        call_command("calcom_connect", "nobody")
