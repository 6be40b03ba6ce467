"""What callers and colleagues ask support, answered in German within a stated number of clicks from the start page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from appointments.models import FollowUp
from askpro.console import display
from askpro.queues.models import Job
from calls.models import BookingRequest, Branch, Call, PhoneNumber
from notifications.models import Notification
from tests.browser.person import Person
from tests.console.world import World

pytestmark = pytest.mark.browser


def test_why_did_i_get_no_sms(person: Person, console_world: World) -> None:
    message = next(row for row in console_world.messages if row.status == "skipped" and row.customer)
    Notification.objects.filter(pk=message.pk).update(reason="no_mobile")
    assert message.customer is not None and message.appointment is not None

    person.find(message.customer.phone or "", message.appointment)

    person.reads("Die Nummer ist keine Mobilnummer.")
    person.needed_at_most(3)


def test_who_tried_it_again_and_why(person: Person, console_world: World) -> None:
    dead = Job.objects.get(status="dead", actor_name="create_appointment_from_call")
    colleague = Client()
    colleague.force_login(User.objects.create_superuser("lina"))
    colleague.post(f"/admin/queues/job/{dead.pk}/retry/", {"confirmed": "yes", "note": "Cal.com ist zurück"})
    call = console_world.calls[0]

    person.find(call.retell_call_id, call)

    person.reads("lina: Erneut gesendet: Cal.com ist zurück")
    person.needed_at_most(3)


@pytest.fixture
def call(console_world: World) -> Call:
    """One that should have come in at the branch Nord; a person is to call back, and nothing is booked."""
    found = next(call for call in console_world.calls[1:] if call.outcome == "follow_up" and call.customer)
    Branch.objects.create(company=found.company, name="Nord")
    FollowUp.objects.filter(call=found).update(status="open")
    return found


def test_a_call_at_the_wrong_branch_goes_to_the_right_one(person: Person, call: Call) -> None:
    person.find(call.from_number, call)
    person.press("Andere Filiale")
    person.choose("Welcher Filiale?", "Nord")
    person.press("Andere Filiale")

    person.reads("Der anderen Filiale zugeordnet.")
    person.needed_at_most(8)
    assert Call.objects.get(pk=call.pk).branch.name == "Nord"
    assert {row.branch and row.branch.name for row in FollowUp.objects.filter(call=call)} == {"Nord"}
    assert {row.where.name for row in BookingRequest.objects.filter(call=call)} == {"Nord"}


def test_later_calls_of_its_number_come_in_at_the_right_one(person: Person, call: Call) -> None:
    number = PhoneNumber.objects.get(pk=call.phone_number_id)
    page = person.page

    person.find(call.from_number, call)
    person.click(page.locator(f"#main a[href='{display.address(number)}']").first, "the number")
    person.click(page.locator(".field-branch .select2-selection"), "Filiale")
    person.click(page.locator(".select2-results__option", has_text="Nord"), "Nord")
    person.press("Speichern")
    person.reads("Schalten Sie das ein")
    person.click(page.locator("#id_is_meant"), "Anrufe umleiten")
    person.press("Speichern")

    person.needed_at_most(8)
    number.refresh_from_db()
    assert number.branch.name == "Nord"
