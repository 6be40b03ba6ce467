"""What operators do after an outage, in German, within a stated number of clicks from the start page."""

from copy import copy
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from askpro.console.models import Repair
from askpro.queues.models import Job, Pause
from tests.browser.person import Person
from tests.console.repair.rows import job
from tests.console.world import World
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.browser


def yesterday(hour: int, minute: int = 0) -> datetime:
    day = timezone.localtime() - timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def typed(moment: datetime) -> str:
    return f"{moment:%d.%m.%Y %H:%M}"


def test_calcom_was_down_from_nine_to_ten(person: Person) -> None:
    died = [
        job(ago=timezone.now() - yesterday(9, minute), actor_name="create_appointment_from_call")
        for minute in range(5, 45)
    ]
    job(ago=timezone.now() - yesterday(10, 5), actor_name="create_appointment_from_call")
    job(ago=timezone.now() - yesterday(9, 30), actor_name="recount_company")

    person.menu("Reparatur")
    person.type("Gescheitert ab", typed(yesterday(9)))
    person.type("bis", typed(yesterday(10)))
    person.press("Filtern")
    person.press("Cal.com")
    person.press("Wiederholen: alle 40")
    person.type("Warum?", "Cal.com war weg")
    person.press("Wiederholen: 40")

    person.reads("Fortschritt")
    person.needed_at_most(6)
    assert set(Repair.objects.latest("pk").items.values_list("key", flat=True)) == {str(each.pk) for each in died}


def test_a_thousand_jobs_died_of_one_cause(person: Person) -> None:
    died: dict[str, Any] = {"status": "dead", "error_class": "calls.Broken", "finished_at": timezone.now()}
    Job.objects.bulk_create(Job(actor_name="count_request", queue_name="low", **died) for _ in range(1000))

    person.menu("Fehler")
    person.click(person.page.get_by_role("row", name="Broken").get_by_role("link", name="Wiederholen"), "Wiederholen")
    person.type("Warum?", "Der Fehler ist behoben")
    person.press("Wiederholen: 1.000")

    person.reads("Fortschritt")
    person.needed_at_most(4)
    assert Repair.objects.latest("pk").total == 1000


def test_three_hundred_events_are_processed_again(person: Person, console_world: World) -> None:
    first = WebhookEvent.objects.get(pk=console_world.events[0].pk)
    WebhookEvent.objects.update(status="processed")
    again = [copy(first) for _ in range(300)]
    for number, event in enumerate(again):
        event.pk, event.event_key, event.status = None, f"again:{number}", "failed"
    WebhookEvent.objects.bulk_create(again)

    person.menu("Reparatur")
    person.press("Webhook-Ereignisse")
    person.press("Job ist gescheitert")
    person.press("Erneut verarbeiten: alle 300")
    person.type("Warum?", "Die neue Version liest sie")
    person.press("Erneut verarbeiten: 300")

    person.reads("Fortschritt")
    person.needed_at_most(6)
    assert Repair.objects.latest("pk").total == 300


def test_no_sms_goes_out_any_more(person: Person) -> None:
    Pause.objects.all().delete()

    person.menu("Warteschlangen")
    person.press("Alle SMS anhalten")
    person.type("Warum?", "Falscher Text")
    person.press("Anhalten")

    person.reads("Angehalten: Jobs send_sms_notification")
    person.needed_at_most(3)
    assert Pause.objects.get().name == "send_sms_notification"
