"""Hostile text in every place where a job can put it: one settle writes all of it, and loses no job's result."""

import time
from typing import Any

import pytest
from django.db import connection
from dramatiq import get_broker
from hypothesis import example, given, settings
from hypothesis import strategies as st

from askpro.queues import Batch, Gone, Rejected, Release, interventions, log, once
from askpro.queues.ledger.claim import by_age
from askpro.queues.ledger.current import current
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.ledger.outcome import decide
from askpro.queues.ledger.settle import Item, settle
from askpro.queues.models import Attempt, Effect, Job
from askpro.queues.models import Batch as Row
from tests.queues import actors

pytestmark = pytest.mark.django_db

SPECIAL = [
    "\x00",
    "\ud800",
    "\udfff\x00",
    "x" * 1_000_000,
    "ä" * 1000 + "\ud83d",
    '{"a","b"}',
    "\\",
    "%s %(a)s",
    "NULL",
    "",
]
# Every code point, halves of characters among them.
TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40) | st.sampled_from(SPECIAL)


def with_cause(text: str) -> Exception:
    error = ValueError(text)
    error.__cause__ = KeyError(text)
    error.add_note(text)
    return error


ERRORS: list[tuple[Any, str]] = [
    (lambda text: None, "completed"),
    (lambda text: ValueError(text), "retrying"),
    (lambda text: Rejected(text), "dead"),
    (lambda text: Release(5, text), "released"),
    (lambda text: Gone(text), "cancelled"),
    (lambda text: SyntaxError(text, (text, 1, 1, text)), "retrying"),
    (lambda text: OSError(5, text, text), "retrying"),
    (lambda text: UnicodeDecodeError("utf-8", b"\xff\xfe", 0, 1, text), "retrying"),
    (with_cause, "retrying"),
]
ENDS = st.lists(st.tuples(st.sampled_from(ERRORS), TEXT, TEXT), min_size=1, max_size=8)


@settings(max_examples=80, deadline=None)
@given(ends=ENDS, name=TEXT)
@example(ends=[(error, text, text) for error in ERRORS for text in SPECIAL[:4]], name="\x00")
def test_a_batch_full_of_it_is_settled_by_one_statement(ends: list[Any], name: str) -> None:
    batch = Batch([actors.nothing.message(number) for number, _ in enumerate(ends)], name=name, allow_failures=True)
    batch.send()
    with connection.cursor() as cursor:
        database = DjangoConnection(cursor)
        claims = by_age((database, 1, "default", get_broker().actors), 100)
        items = []
        for claim, ((error, _), text, said) in zip(claims, ends, strict=True):
            claim.started = time.monotonic()
            current.claim = claim
            log(said)
            current.claim = None
            items.append(Item(claim, decide(error(text), tries_left=1, tries_spent=0, backoff=(1,)), claim.started))
        assert len(settle(database, 1, "v1", items).ids) == len(ends)
    expected = [status for (_, status), _, _ in ends]
    assert list(Job.objects.filter(batch_id=batch.id).order_by("id").values_list("status", flat=True)) == expected
    over = [status for status in expected if status in Job.FINAL]
    row = Row.objects.get(pk=batch.id)
    assert (row.pending, row.failed) == (len(ends) - len(over), len(over) - over.count("completed"))
    assert Attempt.objects.filter(job__batch_id=batch.id).count() == len(ends) - expected.count("released")
    Job.objects.filter(batch_id=batch.id).delete()


@given(text=TEXT)
@example(text="\x00")
@example(text="\ud800")
@example(text="x" * 1_000_000)
@example(text="{call_id}")
def test_what_is_sent_is_kept_as_it_is_or_refused_before_it_is_written(text: str) -> None:
    before = Job.objects.count()
    try:
        message = actors.tagged.send_with_options(args=(text,), tags=("call:{call_id}", text or "none"))
    except ValueError as error:
        assert str(error).startswith("tagged: ")
        assert Job.objects.count() == before
        return
    job = Job.objects.get(pk=message.message_id)
    assert job.args == [text]
    assert interventions.cancel_tagged(f"call:{text}", reason=text) == 1
    job.refresh_from_db()
    assert job.status == "cancelled"


@given(text=TEXT, other=TEXT)
def test_an_effect_is_claimed_by_its_whole_key_or_not_at_all(text: str, other: str) -> None:
    Effect.objects.all().delete()
    try:
        taken = [once(key) for key in (f"1{text}", f"1{text}", f"2{other}", f"1{text}9")]
    except ValueError:
        return
    assert taken == [True, False, True, True]
