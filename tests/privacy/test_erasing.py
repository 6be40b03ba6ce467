"""Whom an erasure finds, what it leaves, what holds it back, and who goes on when somebody dies in the middle."""

import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from appointments.models import Appointment, Change, FollowUp
from askpro.privacy import sweepers
from askpro.privacy.erasing import rows, run
from askpro.privacy.models import Erasure, Item, Read, Wanted
from askpro.privacy.tasks import erase_person, erase_twilio_message
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from calls.models import Call, Company, Customer, CustomerNumber
from notifications import opt_outs
from notifications.models import Notification, OptOut
from tests.appointments.salon import branch, call, company, customer, request, service

pytestmark = pytest.mark.django_db

NUMBER, SHARED, OTHERS = "+4915550100456", "+4915550100777", "+4915550100999"
SENDER = "+493023125199"


@pytest.fixture
def salon() -> Company:
    at = branch(company(sms_sender=SENDER))
    service(at.company)
    return at.company


@pytest.fixture
def ole(salon: Company) -> Customer:
    """A customer with a call, a wish, an appointment of last week and a message about it, all with his name."""
    who = customer(salon, NUMBER, email="ole.linde@example.org", contact_phone=SHARED)
    CustomerNumber.note(who, OTHERS, CustomerNumber.Kind.OTHER, CustomerNumber.Known.PERSON)
    talk = call(salon.branches.get(), who, from_number=NUMBER, transcript="User: Linde, guten Tag.", summary="Linde")
    wish = request(talk, contact_phone=SHARED, notes="für Ole Linde", status="booked")
    week_ago = timezone.now() - timedelta(days=7)
    held = Appointment.objects.create(
        company=salon,
        customer=who,
        call=talk,
        booking_request=wish,
        attendee_name="Ole Linde",
        calcom_uid="uid-of-ole",
        attendee_phone=NUMBER,
        starts_at=week_ago,
        ends_at=week_ago + timedelta(hours=1),
        status="completed",
    )
    told = {"channel": "sms", "kind": "confirmation", "recipient": SHARED, "text": "Guten Tag Ole Linde"}
    Notification.objects.create(
        company=salon, appointment=held, customer=who, provider_id="SM1", status="delivered", **told
    )
    return who


def texts() -> str:
    models = (Customer, CustomerNumber, Call, Appointment, Notification, OptOut, FollowUp, Change)
    return str([list(model.objects.values_list()) for model in models])  # type: ignore[attr-defined]


def erase(**options: Any) -> Erasure:
    call_command("erase_person", **{"company": "salon-birke", **options})
    return Erasure.objects.latest("pk")


def test_it_takes_the_persons_rows_and_leaves_their_number(ole: Customer) -> None:
    erased = erase(number="0155 5010 0456")
    assert "Linde" not in texts() and NUMBER not in texts() and SHARED not in texts()
    assert [Call.objects.count(), Appointment.objects.count(), Notification.objects.count()] == [1, 1, 1]
    assert erased.wanted == "" and len(erased.marks) == 4
    assert dict(erased.items.values_list("subject", "state")) | {"uid-of-ole": "person", "SM1": "waiting"} == dict(
        erased.items.values_list("subject", "state")
    )


def test_of_a_family_only_who_is_named_is_erased(ole: Customer, salon: Company) -> None:
    mother = Customer.objects.create(company=salon, phone="+4915550100888", name="Ida Linde", contact_phone=SHARED)
    with pytest.raises(CommandError, match=f"--customer {ole.pk} "):
        erase(number=SHARED)
    assert not Erasure.objects.exists()
    erased = erase(number=SHARED, customer=[ole.pk])
    mother.refresh_from_db()
    assert (mother.name, mother.contact_phone, erased.customers) == ("Ida Linde", SHARED, [ole.pk])


def test_another_company_keeps_what_it_knows(ole: Customer) -> None:
    there = Customer.objects.create(company=company("other"), phone=NUMBER, name="Herr Linde")
    erase(number=NUMBER)
    there.refresh_from_db()
    assert there.name == "Herr Linde"
    call_command("erase_person", number=NUMBER, all_companies=True)
    there.refresh_from_db()
    assert there.erased_at is not None


def test_a_legal_hold_forbids_it_until_it_is_over(ole: Customer, capsys: Any) -> None:
    Customer.objects.filter(pk=ole.pk).update(legal_hold="Court case", legal_hold_until=timezone.localdate())
    with pytest.raises(SystemExit) as ended:
        erase(number=NUMBER)
    held = Erasure.objects.get()
    assert (ended.value.code, held.state, held.held_until) == (3, Erasure.State.HELD, timezone.localdate())
    assert "Linde" in texts()
    Customer.objects.update(legal_hold_until=timezone.localdate() - timedelta(days=1))
    assert held.release()
    run.run(held)
    assert "Linde" not in texts()


def test_a_dry_run_only_counts(ole: Customer, capsys: Any) -> None:
    call_command("erase_person", number=NUMBER, company="salon-birke", dry_run=True)
    said = capsys.readouterr().out
    assert "calls.Call: 1" in said and "Message at Twilio SM1" in said and "no way to erase a booking" in said
    assert not Erasure.objects.exists() and "Linde" in texts()


def test_whoever_dies_in_the_middle_has_a_successor(ole: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    erased: list[str] = []

    def dies(model: Any, found: Any) -> None:
        erased.append(model._meta.label)
        if len(erased) == 3:
            raise KeyboardInterrupt
        usual(model, found)

    usual = rows._erase
    monkeypatch.setattr(rows, "_erase", dies)
    with pytest.raises(KeyboardInterrupt):
        erase(number=NUMBER)
    monkeypatch.setattr(rows, "_erase", usual)
    half = Erasure.objects.get()
    assert half.state == Erasure.State.RUNNING and "Linde" in texts()
    Erasure.objects.update(requested_at=timezone.now() - timedelta(minutes=5))
    sweepers.sweep()
    assert Job.objects.filter(actor_name=erase_person.actor_name).count() == 1
    run_jobs()
    assert "Linde" not in texts() and Erasure.objects.get().erased_at is not None


def test_the_same_request_again_finds_nothing(ole: Customer, capsys: Any) -> None:
    erase(number=NUMBER)
    erase(customer=[ole.pk])
    assert Erasure.objects.count() == 1 and "Nothing is held" in capsys.readouterr().out


def test_stop_holds_for_a_number_that_nobody_knows_any_more(ole: Customer, salon: Company) -> None:
    opt_outs.opt_out(NUMBER, [SENDER])
    erase(number=NUMBER)
    assert not OptOut.objects.filter(number=NUMBER).exists() and opt_outs.has_opted_out(NUMBER, salon)
    again = customer(salon, NUMBER)
    assert opt_outs.with_stop(Customer.objects.filter(pk=again.pk)).get().has_stopped
    opt_outs.opt_in(NUMBER, [SENDER])
    assert not opt_outs.has_opted_out(NUMBER, salon)


def test_what_a_vendor_refuses_is_left_to_a_person(ole: Customer, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKENS = "", []
    erased = erase(number=NUMBER)
    run_jobs()
    assert Job.objects.get(actor_name=erase_twilio_message.actor_name).status == "dead"
    sweepers.sweep()
    item = erased.items.get(subject="SM1")
    assert (item.state, item.why) == (Item.State.PERSON, Item.Why.REFUSED)
    erased.refresh_from_db()
    assert erased.state == Erasure.State.PERSON
    for left in erased.items.filter(state=Item.State.PERSON):
        assert left.end(Item.State.BY_HAND, note="In Cal.com gelöscht.")
    assert erased.settle() and erased.state == Erasure.State.DONE


def test_a_message_that_waits_is_not_sent_and_nobody_is_asked_to_call(ole: Customer) -> None:
    Notification.objects.update(status="pending", provider_id=None)
    erase(number=NUMBER)
    assert (Notification.objects.get().status, Notification.objects.get().reason) == ("skipped", "erased")
    assert not FollowUp.objects.exists()


def test_a_mark_knows_the_number_again_in_whatever_order() -> None:
    one, other = Wanted(numbers=(NUMBER,), emails=("a@example.org",)), Wanted(numbers=(NUMBER,))
    assert set(other.marks) < set(one.marks) and NUMBER[1:] not in str(one.marks)


@pytest.fixture
def exported(ole: Customer, tmp_path: Path) -> Iterator[Callable[..., Path]]:
    def export(**options: Any) -> Path:
        path = tmp_path / "person.zip"
        call_command("export_person", str(path), **{"company": "salon-birke", "number": NUMBER, **options})
        return path

    yield export


def test_an_export_has_everything_for_people_and_for_programs(exported: Callable[..., Path], ole: Customer) -> None:
    path = exported()
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        page, data = archive.read("person.html").decode(), json.loads(archive.read("person.json"))
    assert data["calls.Call"][0]["transcript"] == "User: Linde, guten Tag."
    assert [row["number"] for row in data["calls.CustomerNumber"]] == [OTHERS]
    assert {"calls.Customer", "appointments.Appointment", "notifications.Notification", "jobs", "reads"} <= data.keys()
    assert "Was zu dieser Person gespeichert ist" in page and "Termine" in page and "Guten Tag Ole Linde" in page
    assert Read.objects.get(kind="export").object_id == str(ole.pk)


def test_an_export_overwrites_no_file(exported: Callable[..., Path]) -> None:
    exported()
    with pytest.raises(CommandError, match="cannot be written"):
        exported()


def test_who_came_back_with_a_backup_is_erased_again(ole: Customer, tmp_path: Path, capsys: Any) -> None:
    stranger = Customer.objects.create(company=ole.company, phone="+4915550100888", name="Ida Buche")
    erase(number=NUMBER)
    path = tmp_path / "erased.json"
    call_command("erase_person", list=path)
    assert NUMBER[1:] not in path.read_text() and path.stat().st_mode & 0o777 == 0o600
    Customer.objects.filter(pk=ole.pk).update(name="Ole Linde", phone=NUMBER, erased_at=None)
    call_command("erase_person", again=path)
    assert "1 erased again" in capsys.readouterr().out and "Linde" not in texts()
    stranger.refresh_from_db()
    assert (stranger.name, Erasure.objects.latest("pk").ground) == ("Ida Buche", Erasure.Ground.AGAIN)
    call_command("erase_person", again=path)
    assert Erasure.objects.count() == 2


@pytest.mark.parametrize("text", ["{}", "[1]", "no JSON", '[{"company": 7, "customers": [], "marks": []}]'])
def test_a_list_that_is_none_erases_nobody(ole: Customer, tmp_path: Path, text: str) -> None:
    (tmp_path / "list").write_text(text)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("erase_person", again=tmp_path / "list")
