"""One erasure from its beginning to its end. Every step may be repeated: whoever dies in the middle has a successor."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from askpro.by_name import job
from askpro.console.subjects import MODELS
from askpro.privacy.erasing import remnants, rows, vendors
from askpro.privacy.models import Erasure, Item
from askpro.privacy.trail import Trail
from askpro.queues import Release
from askpro.queues.jobs.interventions import cancel_tagged
from askpro.queues.models import Job
from askpro.sweeping import tagged
from calls.models import Customer

# Seconds between two looks for cancellations and running jobs, and how long a cancellation is waited for.
LOOK_AGAIN: Final = 5.0
LONGEST_WAIT: Final = timedelta(hours=1)
JOBS: Final = {Item.Place.RETELL: "erase_retell_call", Item.Place.TWILIO: "erase_twilio_message"}

Progress = Callable[[str, int], object]


def run(erasure: Erasure, note: Progress = lambda name, count: None) -> None:
    """Erase the person here, and send the jobs that ask the vendors; `note` hears of each table and its rows.

    1. A legal hold of any of the customers: nothing is erased, and the request says until when.
    2. Cancel appointments ahead, and wait for that for an hour at most.
    3. End the jobs about the person's rows.
    4. Write down what vendors hold, then blank the rows, and search everything else.
    5. Forget whom it was about, and send a job for each object at a vendor.
    Raises `Release` while it has to wait.
    """
    if erasure.state == Erasure.State.RUNNING and not _is_held(erasure):
        _wait_for_cancellations(erasure)
        _end_jobs(erasure)
        # Found anew: a cancellation has written messages, and a job that was ended may have written rows.
        trail = trail_of(erasure)
        vendors.store(trail, erasure)
        _erase(trail, erasure, note)
        with transaction.atomic():
            vendors.judge_bookings(erasure)
            if erasure.note_erased():
                ask_vendors(erasure)
    erasure.settle()


def trail_of(erasure: Erasure) -> Trail:
    return Trail(erasure.person, None if erasure.company_id is None else frozenset({erasure.company_id}))


def held(erasure: Erasure) -> list[Customer]:
    """The customers under a legal hold today."""
    return list(Customer.objects.filter(Customer.held(), pk__in=erasure.customers))


def ask_vendors(erasure: Erasure) -> None:
    """Send a job for each item that waits, in the caller's transaction."""
    for item in erasure.items.filter(state=Item.State.WAITING, place__in=JOBS):
        ask_vendor(item)


def ask_vendor(item: Item) -> None:
    job(JOBS[Item.Place(item.place)]).send(item_id=item.pk, company_id=item.company_id)


def _is_held(erasure: Erasure) -> bool:
    if not (holds := held(erasure)):
        return False
    ends = [customer.legal_hold_until for customer in holds]
    erasure.hold(None if None in ends else max(end for end in ends if end))
    return True


def _wait_for_cancellations(erasure: Erasure) -> None:
    waiting = vendors.cancel_ahead(trail_of(erasure), erasure)
    if waiting and timezone.now() < erasure.requested_at + LONGEST_WAIT:
        raise Release(LOOK_AGAIN, "appointments are being cancelled")


def _end_jobs(erasure: Erasure) -> None:
    """End what waits to be done for the person's rows; what runs at this moment is waited for."""
    tags = _tags(trail_of(erasure))
    for tag in tags:
        cancel_tagged(tag, "Its person was erased.")
    if tags and tagged(*tags).filter(status=Job.Status.PROCESSING).exists():
        raise Release(LOOK_AGAIN, "a job about the person is running")


def _erase(trail: Trail, erasure: Erasure, note: Progress) -> None:
    for step in (remnants.erase, rows.erase):
        for name, count in step(trail):
            values = {"state": Item.State.ERASED, "count": count, "ended_at": timezone.now()}
            Item.objects.update_or_create(values, erasure=erasure, place=Item.Place.TABLE, subject=name)
            note(name, count)


def _tags(trail: Trail) -> list[str]:
    people = {word: label for word, label in MODELS.items() if word != "company"}
    return [f"{word}:{pk}" for word, label in people.items() for pk in sorted(trail.ids(apps.get_model(label)))]
