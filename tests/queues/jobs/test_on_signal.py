"""Listeners: the job's row and the change that causes it are in one transaction."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import Signal

from askpro.queues.jobs.on_signal import OutsideTransaction, sends_on
from askpro.queues.models import Job
from calls.models import Branch, Company, PhoneNumber
from tests.queues.actors import nothing, tagged

moved = Signal()


@pytest.fixture(autouse=True)
def listeners() -> Iterator[None]:
    @sends_on(moved)
    def follow(numbers, **_):
        return [nothing.message(number=number) for number in numbers]

    @sends_on(post_save, sender=PhoneNumber)
    def follow_number(instance, created, **_):
        return tagged.message(call_id=instance.pk) if created else None

    yield
    moved.disconnect(dispatch_uid=f"{__name__}.follow")
    post_save.disconnect(sender=PhoneNumber, dispatch_uid=f"{__name__}.follow_number")


def new_number() -> PhoneNumber:
    company = Company.objects.create(name="Salon", slug="salon")
    branch = Branch.objects.create(company=company, name="Mitte")
    return PhoneNumber(company=company, branch=branch, number="+493023125100")


@pytest.mark.django_db
def test_it_sends_every_message_that_the_listener_returns():
    with transaction.atomic():
        moved.send(None, numbers=[1, 2])
    assert [job.kwargs for job in Job.objects.order_by("id")] == [{"number": 1}, {"number": 2}]


@pytest.mark.django_db
def test_it_sends_nothing_when_the_listener_returns_nothing():
    moved.send(None, numbers=[])
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_sends_nothing_when_the_change_is_rolled_back():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        moved.send(None, numbers=[1])
        1 / 0  # noqa: B018
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_refuses_a_signal_outside_of_a_transaction():
    with pytest.raises(OutsideTransaction):
        moved.send(None, numbers=[1])


@pytest.mark.django_db(transaction=True)
def test_a_saved_row_and_its_job_are_one_transaction(monkeypatch):
    number = new_number()
    with monkeypatch.context() as patched:
        patched.setattr(tagged.broker, "send_many", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            number.save()
    assert not PhoneNumber.objects.exists()

    number = new_number_again(number)
    number.save()
    assert Job.objects.get().kwargs == {"call_id": number.pk}
    number.save()
    assert Job.objects.count() == 1


def new_number_again(number: PhoneNumber) -> PhoneNumber:
    return PhoneNumber(company=number.company, branch=number.branch, number=number.number)


@pytest.mark.django_db
def test_rows_from_a_fixture_are_no_news():
    with transaction.atomic():
        new_number().save_base(raw=True)
    assert not Job.objects.exists()
