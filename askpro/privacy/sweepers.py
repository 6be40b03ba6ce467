"""Finds erasures that stand still: one whose process died, an item whose job is missing or has given up."""

from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from askpro.one_by_one import one_by_one
from askpro.privacy.erasing.run import JOBS, ask_vendor
from askpro.privacy.models import Erasure, Item
from askpro.privacy.tasks import erase_person
from askpro.queues.models import Job
from askpro.sweeping import tag, with_job, without_job

AT_ONCE: Final = 200
# The job of a new erasure is committed with it.
FORGOTTEN_AFTER: Final = timedelta(minutes=2)
TAG: Final = tag("erasure_item")
NAMES: Final = (*JOBS.values(),)
ALIVE_OR_DEAD: Final = (*Job.LIVE, Job.Status.DEAD)


def sweep() -> None:
    """Send missing jobs, leave to a person what jobs gave up, and close what has nothing left to wait for."""
    one_by_one((resume_erasures, ask_vendors_again, give_up, settle), lambda part: part())


def resume_erasures() -> None:
    """Send a job for erasures whose process died, or whose job did."""
    running = Erasure.objects.filter(state=Erasure.State.RUNNING, requested_at__lt=timezone.now() - FORGOTTEN_AFTER)
    forgotten = without_job(running, tag("erasure"), [erase_person.actor_name])
    one_by_one(forgotten.values_list("pk", flat=True)[:AT_ONCE], lambda pk: erase_person.send(erasure_id=pk))


def ask_vendors_again() -> None:
    """Send a job for items that have none, not even a dead one."""
    one_by_one(without_job(_waiting(), TAG, NAMES, ALIVE_OR_DEAD)[:AT_ONCE], ask_vendor)


def give_up() -> None:
    """Leave to a person the items whose job is dead."""
    dead = with_job(_waiting(), TAG, NAMES, [Job.Status.DEAD])
    alive = with_job(_waiting(), TAG, NAMES)
    given_up = dead.exclude(pk__in=alive.values("pk"))[:AT_ONCE]
    one_by_one(given_up, lambda item: item.end(Item.State.PERSON, Item.Why.REFUSED))


def settle() -> None:
    """Close the erasures of which nothing waits any more."""
    waiting = Item.objects.filter(erasure=OuterRef("pk"), state=Item.State.WAITING)
    over = Erasure.objects.filter(~Exists(waiting), state=Erasure.State.VENDORS)
    one_by_one(over[:AT_ONCE], lambda erasure: erasure.settle())


def _waiting() -> QuerySet[Item]:
    return Item.objects.filter(state=Item.State.WAITING, erasure__state=Erasure.State.VENDORS, place__in=JOBS)
