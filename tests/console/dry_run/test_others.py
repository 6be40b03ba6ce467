"""What other jobs would do after a dry run's: as settle would have them do, and nothing of it stays."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.utils import translation
from dramatiq import Message, get_broker

from askpro import outside
from askpro.console.dry_run import others
from askpro.console.dry_run.jobs import JOB
from askpro.console.dry_run.rehearsal import rehearse, report_of
from askpro.console.dry_run.report import Ended, Report
from askpro.console.dry_run.told import told
from askpro.outside import Leaving
from askpro.queues import Batch, chain
from askpro.queues.jobs import interventions
from askpro.queues.jobs.following import FAILED, OUTCOMES, Following, following
from askpro.queues.jobs.rehearsing import Rehearsed
from askpro.queues.ledger.claim import take_where
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.ledger.outcome import COMPLETED
from askpro.queues.ledger.settle import Item, settle
from askpro.queues.models import Batch as BatchRow
from askpro.queues.models import Job
from tests.console.dry_run.rows import everything
from tests.console.repair.rows import job

pytestmark = pytest.mark.django_db


def step(name: str = "count_request") -> Message[Any]:
    about = "request_id" if name == "count_request" else "call_id"
    return get_broker().get_actor(name).message(**{about: 1, "company_id": 1})


def first(name: str = "count_request") -> UUID:
    """The job of this name that would run first, now dead."""
    key: UUID = Job.objects.filter(actor_name=name).order_by("chain_step", "pk").values_list("pk", flat=True)[0]
    assert interventions.end("id = %s", [str(key)], FAILED) == 1
    return key


def of_chain(catch: str = "") -> UUID:
    chain([step(), step("update_analytics"), step("identify_customer")], catch=step(catch) if catch else None).send()
    return first()


def of_batch(**words: Any) -> UUID:
    Batch([step(), step("update_analytics"), step("update_analytics")], name="Salon", **words).send()
    return first()


def last_of_batch(**words: Any) -> UUID:
    Batch([step()], on_success=step("update_analytics"), on_finish=step("identify_customer"), **words).send()
    return first()


def before_a_batch() -> UUID:
    chain([step(), Batch([step("update_analytics")]), step("identify_customer")]).send()
    return first()


def in_a_batch_of_a_chain() -> UUID:
    chain([Batch([step()]), step("identify_customer")]).send()
    start = Job.objects.get(actor_name="start_batch")
    interventions.end("id = %s", [str(start.pk)], COMPLETED)
    Job.objects.filter(actor_name="count_request").update(status="queued")
    return first()


def with_callbacks() -> UUID:
    get_broker().get_actor("count_request").send_with_options(
        kwargs={"request_id": 1, "company_id": 1}, on_success="update_analytics", on_failure="identify_customer"
    )
    return first()


SHAPES: Final[dict[str, Callable[[], UUID]]] = {
    "alone": lambda: job(cause="").pk,
    "chain": of_chain,
    "chain with catch": lambda: of_chain("update_analytics"),
    "batch": of_batch,
    "batch that goes on": lambda: of_batch(allow_failures=True),
    "last of a batch": last_of_batch,
    "before a batch": before_a_batch,
    "in a batch of a chain": in_a_batch_of_a_chain,
    "callbacks": with_callbacks,
}


def states() -> dict[str, tuple[str, str]]:
    return {str(each.pk): (each.actor_name, each.status) for each in Job.objects.all()}


def really(key: UUID, how: str) -> dict[str, tuple[str, str]]:
    """Retry it, and settle it so; the other jobs whose state that has changed."""
    before = states()
    assert interventions.retry(key)
    with connection.cursor() as cursor:
        database = DjangoConnection(cursor)
        claims = take_where(database, interventions.NOBODY, "id = %s", [str(key)], 1)
        settle(database, interventions.NOBODY, "", [Item(claim, OUTCOMES[how], time.monotonic()) for claim in claims])
    return {each: after for each, after in states().items() if after != before.get(each) and each != str(key)}


@pytest.mark.parametrize("how", OUTCOMES)
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_what_settling_does_and_nothing_stays(shape: str, how: str) -> None:
    key = SHAPES[shape]()
    before = everything()

    found = following(key, OUTCOMES[how])

    assert everything() == before
    changed = really(key, how)
    jobs = Counter((each.name, each.state) for each in found if each.what not in ("batch", "members", "later"))
    # What is sent anew has an id of its own each time, so that names and states are compared.
    members = Counter(changed.values()) - jobs
    assert jobs - Counter(changed.values()) == Counter()
    assert {state for _name, state in members} <= {"cancelled"}
    assert members.total() == sum(each.count for each in found if each.what == "members")
    for batch in BatchRow.objects.all():
        told_of = [each for each in found if each.what == "batch" and each.key == str(batch.pk)]
        assert all((each.state, each.count) == (batch.status, batch.pending) for each in told_of)


def test_the_next_step_and_what_waits_behind_it_are_named() -> None:
    found = following(of_chain("extract_call_data"), COMPLETED)

    assert [(each.what, each.name, each.state) for each in found] == [
        ("step", "update_analytics", "queued"), ("later", "identify_customer", "waiting"),
    ]  # fmt: skip
    said = others.sentences(found)
    assert said[0] == "The next step of its chain would start: update_analytics."
    assert "identify_customer" in said[-1]


def test_a_batch_says_how_many_are_left_or_cancelled() -> None:
    key = of_batch(allow_failures=True)
    assert "2 members are unfinished" in " ".join(others.sentences(following(key, COMPLETED)))
    assert others.sentences(following(job(cause="").pk, COMPLETED)) == [
        "Nothing: no other job and no batch goes by how it ends."
    ]


def test_a_job_s_dry_run_tells_what_follows_from_its_end() -> None:
    """Such a job finds no row to work on."""
    key = of_chain()
    before = everything()

    report = report_of(JOB, str(key))

    assert everything() == before
    assert list(report.then) == [str(report.ended)]


def test_where_a_request_ends_it_both_ways_are_told(admin_user: Any) -> None:
    key = of_chain("update_analytics")

    def asks() -> Rehearsed:
        outside.leaving("post", "api.twilio.example", "/Messages.json")
        raise AssertionError

    report = rehearse(asks, lambda outcome: following(key, outcome))
    page = told(admin_user, Report.of_json(report.as_json()))

    assert report.ended == Ended.ASKED and list(report.then) == ["completed", "dead"]
    assert [how for how, _ in page.then] == ["If it completes", "If it fails for good"]
    assert "The next step of its chain would start" in page.then[0][1][0]


@pytest.mark.parametrize(
    ("method", "said"), [("GET", "It would ask a vendor (GET"), ("POST", "do something (POST"), ("MAIL", "somebody")]
)
def test_it_says_where_it_ends_and_why(admin_user: Any, method: str, said: str) -> None:
    report = Report(Ended.ASKED, asked=[Leaving(method, "api.cal.example", "/v2/slots")])
    assert said in told(admin_user, report).lead


@pytest.mark.parametrize("what", ["step", "catch", "on_success", "on_failure", "on_finish", "callback"])
@pytest.mark.parametrize("state", ["queued", "cancelled"])
def test_each_has_a_sentence_in_german(what: str, state: str) -> None:
    each = Following(what, "count_request", "x", state)
    with translation.override("de"):
        said = others.sentences([each])
    assert said != others.sentences([each]) and ("count_request" in said[0] or what in ("on_finish", "callback"))


def test_a_row_that_somebody_holds_leaves_the_rest_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def held(_outcome: Any) -> list[Following]:
        raise OperationalError("canceling statement due to lock timeout")

    report = rehearse(lambda: Rehearsed(replace(COMPLETED)), held)
    assert (report.ended, report.then) == (Ended.COMPLETED, {})
