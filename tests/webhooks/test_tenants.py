"""A secret signs only for its companies, at every endpoint."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from appointments.models import Appointment, CalcomUid
from askpro.queues import Release
from notifications.models import OptOut
from tests.webhooks.signing import recorded, send
from tests.webhooks.tenants import EVENTS, NOW, SHARED, Tenant, calcom, of_calcom, of_retell, rows, tenant
from webhooks.inbox.jobs import job_of
from webhooks.inbox.replay import Choice, replay
from webhooks.models import Provider, RefusedWebhook, WebhookAddress, WebhookEvent

pytestmark = pytest.mark.django_db

KINDS = {
    Provider.CALCOM: (
        "created",
        "created by our key",
        "requested",
        "rescheduled",
        "cancelled",
        "cancelled without a type",
        "cancelled before it was heard of",
        "rejected",
        "no-show",
        "ended",
    ),
    Provider.RETELL: ("started", "ended", "analyzed", "transferred", "transferred by its id", "by its agent"),
    Provider.TWILIO: ("delivered", "failed", "stop", "a reply"),
}
# The company whose address an event comes in at ("shared": the installation's), and the company that it is about.
RIGHT = [("birke", "birke"), ("linde", "linde"), ("shared", "esche")]
WRONG = [pair for pair in product(("birke", "linde", "shared"), ("birke", "linde", "esche")) if pair not in RIGHT]
MATRIX = [(provider, kind) for provider, kinds in KINDS.items() for kind in kinds]


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def tenants(clock: Any) -> dict[str, Tenant]:
    """The companies with their own secret, and those that share the installation's."""
    return {
        "birke": tenant("birke", own=True),
        "linde": tenant("linde", own=True),
        "esche": tenant("esche", own=False),
    }


def sent(provider: Provider, body: dict[str, Any], at: Tenant | None) -> WebhookEvent:
    """The event after its job; it came in at a company's own address or at the shared one."""
    secret, place = (at.secrets[provider], at.ids[provider]) if at else (SHARED[provider], "")
    assert send(provider, body, secret, place).status_code < 300
    event = WebhookEvent.objects.latest("pk")
    work(event)
    return event


def work(event: WebhookEvent) -> None:
    job = job_of(event)
    assert job is not None
    try:
        job(event_id=event.pk)
    except Release:
        return
    event.refresh_from_db()


def refusals() -> int:
    return sum(row.count for row in RefusedWebhook.objects.filter(reason="other_tenant"))


@pytest.mark.parametrize(("provider", "kind"), MATRIX)
def test_only_a_companys_own_secret_moves_its_rows(
    provider: Provider, kind: str, tenants: dict[str, Tenant], clock: Any
) -> None:
    turn = MATRIX.index((provider, kind))
    for door, owner in [RIGHT[turn % 3], WRONG[turn % 6]]:
        _judge(provider, kind, door, owner, tenants, clock)


@pytest.mark.long
@pytest.mark.parametrize(("provider", "kind"), MATRIX)
def test_every_secret_with_every_companys_rows(
    provider: Provider, kind: str, tenants: dict[str, Tenant], clock: Any
) -> None:
    for door, owner in RIGHT + WRONG:
        _judge(provider, kind, door, owner, tenants, clock)


def _judge(provider: Provider, kind: str, door: str, owner: str, tenants: dict[str, Tenant], clock: Any) -> None:
    if kind == "ended" and provider == Provider.CALCOM:
        clock.move_to(tenants[owner].booked.ends_at)
    with transaction.atomic():
        before, counted = rows(), refusals()
        event = sent(provider, EVENTS[provider](tenants[owner])[kind], tenants.get(door))
        moved = before ^ rows()
        if (door, owner) in RIGHT:
            assert moved, (door, owner)
            assert event.status == "processed", (door, owner, event.reason)
        else:
            assert not moved, (door, owner)
            assert event.status == "invalid", (door, owner, event.status)
            assert "address" in event.reason
            assert refusals() == counted + 1
        transaction.set_rollback(True)


def test_the_matrix_is_about_every_event_that_has_a_job() -> None:
    assert {provider: set(kinds) for provider, kinds in KINDS.items()} == {
        provider: set(events(tenant(f"of-{provider}", own=False))) for provider, events in EVENTS.items()
    }


@pytest.mark.parametrize("provider", Provider)
def test_each_address_knows_its_own_secrets_only(provider: Provider, tenants: dict[str, Tenant]) -> None:
    doors = {"birke": tenants["birke"].ids[provider], "linde": tenants["linde"].ids[provider], "shared": ""}
    secrets = {"birke": tenants["birke"].secrets[provider], "linde": tenants["linde"].secrets[provider]}
    secrets["shared"] = SHARED[provider]
    body = next(iter(EVENTS[provider](tenants["birke"]).values()))
    for (door, place), (signer, secret) in product(doors.items(), secrets.items()):
        code = send(provider, body, secret, place).status_code
        assert (code < 300) is (door == signer), (door, signer, code)
        assert code < 300 or code == 401


def test_an_address_that_is_nobodys_or_another_vendors_is_not_found(tenants: dict[str, Tenant]) -> None:
    birke = tenants["birke"]
    body = calcom("BOOKING_CREATED")
    assert send(Provider.CALCOM, body, birke.secrets["calcom"], "A" * 22).status_code == 404
    assert send(Provider.CALCOM, body, birke.secrets["calcom"], birke.ids["retell"]).status_code == 404
    assert RefusedWebhook.objects.get(reason="no_address").count == 2


def test_nobody_takes_the_key_of_anothers_event(tenants: dict[str, Tenant]) -> None:
    body = of_calcom(tenants["birke"])["cancelled"]
    assert sent(Provider.CALCOM, body, tenants["linde"]).status == "invalid"
    assert sent(Provider.CALCOM, body, None).status == "invalid"
    own = sent(Provider.CALCOM, body, tenants["birke"])
    assert (own.status, own.duplicates, own.conflict_of) == ("processed", 0, None)
    tenants["birke"].booked.refresh_from_db()
    assert tenants["birke"].booked.status == "cancelled"
    # Sent again at its own address, it is the same event.
    assert send(Provider.CALCOM, body, tenants["birke"].secrets["calcom"], tenants["birke"].ids["calcom"]).status_code
    own.refresh_from_db()
    assert own.duplicates == 1


FIRST_WORDS = ("created", "requested", "cancelled before it was heard of", "rescheduled", "rejected")


@pytest.mark.parametrize("theirs", FIRST_WORDS)
@pytest.mark.parametrize("ours", ["created", "cancelled before it was heard of", "rescheduled"])
def test_incident_25_nobody_takes_the_uid_of_anothers_booking(
    theirs: str, ours: str, tenants: dict[str, Tenant]
) -> None:
    """A company that learns a uid before the uid's own company does sends an event about it, as if it were its own."""
    birke, linde = tenants["birke"], tenants["linde"]
    honest = of_calcom(birke)[ours]
    with transaction.atomic():
        sent(Provider.CALCOM, honest, birke)
        right = becomes(birke)
        transaction.set_rollback(True)
    forged = of_calcom(linde)[theirs]
    forged["payload"] |= {"uid": honest["payload"]["uid"]}
    if theirs == "rescheduled":
        forged["payload"] |= {"rescheduleUid": birke.booked.calcom_uid}
    assert sent(Provider.CALCOM, forged, linde).status == "processed"
    assert not CalcomUid.objects.filter(company=birke.company).exclude(uid=birke.booked.calcom_uid).exists()
    assert sent(Provider.CALCOM, honest, birke).status == "processed"
    assert becomes(birke) == right


def becomes(of: Tenant) -> list[tuple[Any, ...]]:
    facts = ("calcom_uid", "status", "starts_at", "version", "calcom_uids__uid", "calcom_uids__ended_at")
    return sorted(Appointment.objects.filter(company=of.company).values_list(*facts), key=str)


def test_nobody_takes_the_id_of_anothers_call(tenants: dict[str, Tenant]) -> None:
    """A company that knows the id of another company's call reports it as its own."""
    birke, linde = tenants["birke"], tenants["linde"]
    body = recorded("retell", "call_ended")
    body["call"] |= {"call_id": birke.call.retell_call_id, "to_number": linde.number.number}
    before = birke.call.status
    assert sent(Provider.RETELL, body, linde).company == linde.company
    birke.call.refresh_from_db()
    assert birke.call.status == before
    body["call"] |= {"to_number": birke.number.number}
    assert sent(Provider.RETELL, body, birke).status == "processed"
    birke.call.refresh_from_db()
    assert birke.call.status == "ended"


def test_nobody_hides_the_transfer_of_anothers_call(tenants: dict[str, Tenant]) -> None:
    """For a transfer Retell may send only the call's id, and another company may have a call with that id."""
    birke, linde = tenants["birke"], tenants["linde"]
    body = recorded("retell", "call_started")
    body["call"] |= {"call_id": birke.call.retell_call_id, "to_number": linde.number.number}
    assert sent(Provider.RETELL, body, linde).status == "processed"
    told = sent(Provider.RETELL, of_retell(birke)["transferred by its id"], birke)
    assert (told.status, told.company) == ("processed", birke.company)


@pytest.mark.parametrize("word", ["STOP", "START"])
def test_nobody_stops_or_starts_the_messages_of_others(word: str, tenants: dict[str, Tenant], settings: Any) -> None:
    """A customer of linde's writes to linde, and linde's account says that it was also to another's sender."""
    settings.TWILIO_MESSAGING_SERVICE_SID = shared = "MG" + "0" * 32
    birke, linde = tenants["birke"], tenants["linde"]
    strange = [shared, birke.company.sms_sender, "+493023125990"]
    number = "+4915550199999"
    for sender in strange if word == "START" else ():
        OptOut.objects.create(number=number, sender=sender)
    before = set(OptOut.objects.values_list("sender"))
    body = recorded("twilio", "inbound_message") | {"From": number, "Body": word}
    senders = [linde.company.sms_sender, *strange]
    for to, service in product(senders, ["", *senders]):
        names = {"To": to, "MessagingServiceSid": service, "MessageSid": f"SM{to}{service}", "SmsSid": "SM"}
        sent(Provider.TWILIO, body | names, linde)
    after = set(OptOut.objects.values_list("sender"))
    assert after ^ before <= {(linde.company.sms_sender,)}
    assert word == "START" or after


def test_a_ringing_call_is_told_nothing_about_another_companys_number(tenants: dict[str, Tenant]) -> None:
    body = recorded("retell", "call_inbound")
    for door, owner in RIGHT + WRONG:
        body["call_inbound"] |= {
            "to_number": tenants[owner].number.number,
            "from_number": tenants[owner].message.recipient,
        }
        at = None if door == "shared" else tenants[door]
        answer = send(
            Provider.RETELL,
            body,
            at.secrets["retell"] if at else SHARED[Provider.RETELL],
            at.ids["retell"] if at else "",
        ).json()
        told = tenants[owner].company.name in str(answer)
        assert told is (owner == door or (door, owner) == ("shared", "esche")), (door, owner)
        assert "ja" not in answer["call_inbound"]["dynamic_variables"].values() or told


def test_a_replay_speaks_for_the_same_company(tenants: dict[str, Tenant]) -> None:
    event = sent(Provider.CALCOM, of_calcom(tenants["birke"])["cancelled"], tenants["linde"])
    before = rows()
    assert replay(Choice(force=True).events(), force=True)["sent"] == 1
    work(event)
    assert (event.status, event.company) == ("invalid", tenants["linde"].company)
    assert rows() == before


def test_a_secret_is_changed_without_losing_an_event(tenants: dict[str, Tenant]) -> None:
    birke = tenants["birke"]
    address = WebhookAddress.objects.get(public_id=birke.ids["calcom"])
    address.add_secret("cal_whsec_next")
    place = address.public_id
    body = of_calcom(birke)["cancelled"]
    assert send("calcom", body, birke.secrets["calcom"], place).status_code == 200
    assert send("calcom", body, "cal_whsec_next", place).status_code == 200
    assert address.retire_secrets() == 2
    assert send("calcom", body, birke.secrets["calcom"], place).status_code == 401
    # Without its own secret the company shares the installation's again.
    assert sent(Provider.CALCOM, body, None).status == "processed"


def test_no_secret_can_be_read_in_the_database(tenants: dict[str, Tenant]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM webhooks_webhooksecret")
        stored = {row[0] for row in cursor.fetchall()}
    assert not stored & {secret for each in tenants.values() for secret in each.secrets.values()}


def test_a_secret_that_nobody_can_open_any_more_signs_nothing(tenants: dict[str, Tenant], settings: Any) -> None:
    settings.DATA_KEYS = ["ab" * 32]
    body = of_calcom(tenants["birke"])["cancelled"]
    answer = send("calcom", body, tenants["birke"].secrets["calcom"], tenants["birke"].ids["calcom"])
    assert answer.status_code == 401
