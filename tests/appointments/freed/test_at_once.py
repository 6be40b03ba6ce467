"""Answers, deadlines and changes come at the same time, and processes die between any two statements: a time is never
promised to two, and nothing is lost."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from appointments.calcom.booking import Status
from appointments.models import FreedTime, Offer, Question
from askpro.queues.models import Job
from calls.models import BookingRequest
from notifications.models import Notification
from tests.appointments.freed.scene import NO, UID, YES, Scene, go_on
from tests.appointments.freed.test_offering import DEADLINE
from tests.appointments.news import hear, told_of
from tests.appointments.salon import NOW, WISH

LIVE = ("open", "accepted")


class Killed(BaseException):
    """The process is gone."""


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Each in a session of its own, all beginning together; the victim of a deadlock tries again."""

    def run(act: Callable[[], object]) -> object:
        try:
            for _ in range(10):
                try:
                    return act()
                except OperationalError:
                    continue
        finally:
            connection.close()
        raise AssertionError("a deadlock each time")

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def assert_promised_to_one_at_most() -> None:
    accepted = Offer.objects.filter(booking_request__isnull=False)
    assert BookingRequest.objects.filter(call=None).count() == accepted.count() <= 1
    assert Offer.objects.filter(state__in=LIVE).count() <= 1
    customers = list(Offer.objects.values_list("customer", flat=True))
    assert len(customers) == len(set(customers))
    open_questions = Question.objects.filter(state="open").count()
    assert open_questions == Offer.objects.filter(state="open").count()
    assert Notification.objects.filter(kind="offer").count() == Question.objects.count()
    is_accepted = FreedTime.objects.get().state == "accepted"
    assert is_accepted == Offer.objects.filter(state="accepted").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(4))
def test_answers_and_deadlines_at_once_promise_the_time_to_one(scene: Scene, clock: Any, seed: int) -> None:
    for number in (1, 2, 3):
        scene.waits(number)
    scene.cancels()
    freed = scene.freed()
    go_on(freed, NOW)
    dice = random.Random(seed)
    said = dice.choice([YES, NO])
    at_deadline = dice.choice([NOW, DEADLINE])
    clock.move_to(at_deadline)
    answers = [atomically(lambda: scene.says(1, YES)), atomically(lambda: scene.says(1, said))]
    acts = [*answers, *[lambda: go_on(freed, at_deadline)] * 2]
    dice.shuffle(acts)
    at_once(*acts)
    assert_promised_to_one_at_most()


@pytest.mark.django_db(transaction=True)
def test_two_cancellations_at_once_free_one_time(scene: Scene) -> None:
    scene.calendar.free = [f"{WISH:%Y-%m-%dT%H:%M:%SZ}"]
    at_once(*[lambda: hear(told_of(Status.CANCELLED, UID), NOW)] * 3)
    assert FreedTime.objects.count() == 1
    assert Job.objects.filter(actor_name="offer_freed_time").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_times_that_one_customer_waits_for_are_not_offered_at_once(scene: Scene) -> None:
    scene.enters(1)
    scene.calendar.free = ["2026-12-03T13:00:00Z", "2026-12-03T15:00:00Z"]
    values = {"company": scene.company, "appointment": scene.appointment, "branch": scene.branch}
    values |= {"service": scene.service, "staff": scene.staff}
    type(scene.appointment).objects.update(status="cancelled")
    both = [
        FreedTime.objects.create(**values, starts_at=start, ends_at=start.replace(minute=45))
        for start in (WISH, WISH.replace(hour=15))
    ]
    at_once(*[lambda freed=freed: go_on(freed, NOW) for freed in both])
    assert sorted(Offer.objects.values_list("state", flat=True)) == ["open", "skipped"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("step", "every"),
    [
        *[("offer", 9), ("accept", 3), ("decline", 3), ("expire", 9), ("settle", 3)],
        *[pytest.param(step, 1, marks=pytest.mark.long) for step in ("offer", "accept", "decline", "expire", "settle")],
    ],
)
def test_whoever_dies_at_any_statement_is_made_up_for(scene: Scene, clock: Any, step: str, every: int) -> None:
    act = prepared(scene, clock, step)
    with undone():
        act()
        wanted = state()
    for statement in count(1, every):
        with undone():
            was_killed = killed_at(statement, act)
            act()
            assert state() == wanted, f"killed at statement {statement}"
        if not was_killed:
            break
    assert statement > 5


def prepared(scene: Scene, clock: Any, step: str) -> Callable[[], object]:
    """What is to be killed: one transaction, or several, of a job."""
    scene.waits(1)
    scene.waits(2)
    scene.cancels()
    freed = scene.freed()
    if step == "offer":
        return lambda: go_on(freed, NOW)
    go_on(freed, NOW)
    if step == "expire":
        clock.move_to(DEADLINE)
        return lambda: go_on(freed, DEADLINE)
    if step == "decline":
        return atomically(lambda: scene.says(1, NO))
    if step == "accept":
        return atomically(lambda: scene.says(1, YES))
    scene.says(1, YES)
    BookingRequest.objects.filter(call=None).update(status="dropped")
    Offer.objects.update(state="gone")
    return lambda: go_on(freed, NOW)


def atomically(act: Callable[[], object]) -> Callable[[], object]:
    """As the job of an answer runs it."""

    def run() -> None:
        with transaction.atomic():
            act()

    return run


def state() -> dict[str, Any]:
    return {
        "freed": list(FreedTime.objects.values_list("state", "ending", "due_at")),
        "offers": list(Offer.objects.order_by("customer__phone").values_list("customer__phone", "state", "why")),
        "questions": list(Question.objects.order_by("number").values_list("number", "state", "answer")),
        "messages": list(Notification.objects.order_by("recipient", "kind").values_list("recipient", "kind")),
        "requests": BookingRequest.objects.filter(call=None).count(),
        "bookings": Job.objects.filter(actor_name="create_appointment_from_request").count(),
    }


@contextmanager
def undone() -> Iterator[None]:
    mark = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(mark)


def killed_at(statement: int, act: Callable[[], object]) -> bool:
    """Run it until its statement of this number; False if it has fewer."""
    numbers = count(1)

    def execute(run: Callable[..., object], sql: str, params: Any, many: bool, context: Any) -> object:
        if next(numbers) == statement:
            raise Killed
        return run(sql, params, many, context)

    try:
        with connection.execute_wrapper(execute):
            act()
    except Killed:
        return True
    return False
