"""The same call reported several times at once, in threads with their own transactions."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from askpro.queues.models import Job
from calls.models import BookingRequest, Call, Customer
from calls.tasks import extract_call_data, identify_customer, process_retell_call_ended
from tests.calls.practice import event, practice

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> list[BaseException]:
    """Run all of them, released at the same moment; return what they raised."""
    barrier, errors = threading.Barrier(len(works)), []

    def run(work: Callable[[], Any]) -> None:
        try:
            barrier.wait(10)
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return errors


def test_incident_15_it_is_one_call_with_one_chain_when_five_events_of_it_run_at_once() -> None:
    practice()
    stored = [event(name) for name in ("call_ended", "call_analyzed", "call_ended", "call_analyzed", "call_ended")]
    assert not at_once(*(lambda pk=each.pk: process_retell_call_ended(event_id=pk) for each in stored))
    assert Call.objects.get().status == Call.Status.ANALYZED
    assert Job.objects.values("chain_id").distinct().count() == 1 and Job.objects.count() == 5


def test_it_is_one_request_and_one_customer_when_the_jobs_run_at_once() -> None:
    practice()
    stored = event("call_analyzed")
    process_retell_call_ended(event_id=stored.pk)
    call = Call.objects.get()
    works = [lambda: extract_call_data(call_id=call.pk), lambda: identify_customer(call_id=call.pk)] * 3
    assert not at_once(*works)
    assert BookingRequest.objects.count() == 1 and Customer.objects.count() == 1


def test_it_is_one_customer_when_two_calls_of_one_number_run_at_once() -> None:
    practice()
    for call_id in ("call_first", "call_second"):
        process_retell_call_ended(event_id=event("call_analyzed", call_id=call_id).pk)
    works = [lambda pk=pk: identify_customer(call_id=pk) for pk in Call.objects.values_list("pk", flat=True)]
    assert not at_once(*works, *works)
    customer = Customer.objects.get()
    assert set(Call.objects.values_list("customer", flat=True)) == {customer.pk}
