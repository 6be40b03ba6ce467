"""A dry run leaves nothing: whatever the work does, the database is the same before and after, and nobody is asked."""

import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import IntegrityError, connection, transaction

from appointments.models import FollowUp
from askpro import outside
from askpro.by_name import job
from askpro.console.dry_run.rehearsal import rehearse
from askpro.console.dry_run.report import Ended, Report
from askpro.queues import LedgerActor
from askpro.queues.jobs.once import once
from askpro.queues.jobs.rehearsing import Rehearsed
from askpro.queues.jobs.rehearsing import rehearse as run
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.ledger.outcome import COMPLETED
from calls.models import Call, Company
from tests.console.dry_run.rows import actors, arguments, everything
from tests.console.world import World

pytestmark = pytest.mark.django_db
DONE = Rehearsed(COMPLETED)


def tried(work: Callable[[], Any]) -> Report:
    """The report of a piece of work."""

    def whole() -> Rehearsed:
        work()
        return DONE

    return rehearse(whole)


def test_no_job_leaves_a_trace(world: World) -> None:
    wanted = [(actor, arguments(actor, world)) for actor in actors()]
    before, ended = everything(), {}

    for actor, values in wanted:
        report = rehearse(lambda actor=actor, values=values: run(actor, kwargs=values))  # type: ignore[misc]
        ended[actor.actor_name] = report.ended
        assert everything() == before, actor.actor_name

    assert len(ended) > 40
    assert {name: how for name, how in ended.items() if how in (Ended.BROKEN, Ended.BUSY)} == {}
    # Were all refused at once, nothing would be known.
    assert len([how for how in ended.values() if how == Ended.COMPLETED]) > 15


def test_it_tells_which_columns_of_which_rows_differ(world: World) -> None:
    company = world.companies[0]

    def work() -> None:
        Company.objects.filter(pk=company.pk).update(name="Anders")
        FollowUp.objects.filter(pk=world.follow_ups[0].pk).delete()
        job("count_request").send(request_id=world.requests[0].pk, company_id=world.requests[0].company_id)

    report = tried(work)

    changed = {change.model: change for change in report.changes}
    assert ("name", company.name, "Anders") in changed["calls.Company"].columns
    assert len(changed["calls.Company"].columns) == 1
    assert changed["appointments.FollowUp"].is_deleted
    assert changed["queues.Job"].is_new and ("actor_name", None, "count_request") in changed["queues.Job"].columns
    assert report.uncaught == {} and report.written == len(report.changes)


def test_a_row_that_ends_as_it_began_is_no_difference(world: World) -> None:
    company = world.companies[0]
    assert tried(company.save).changes == []


@pytest.mark.parametrize(
    ("statement", "model"),
    [
        ("UPDATE calls_company SET name = 'Anders'", "calls.Company"),
        ("UPDATE calls_company AS it SET name = 'Anders'", None),
        ("WITH done AS (UPDATE calls_company SET name = 'Anders' RETURNING id) SELECT * FROM done", None),
    ],
)
def test_what_is_written_by_hand_is_told_or_at_least_counted(world: World, statement: str, model: str | None) -> None:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    report = tried(work)

    if model:
        assert {change.model for change in report.changes} == {model} and report.uncaught == {}
    else:
        assert report.changes == [] and report.uncaught == {"calls_company": len(world.companies)}


def test_the_sender_of_a_statement_reads_what_it_would_read_without(world: World) -> None:
    read: list[Any] = []

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE calls_company SET name = 'A' RETURNING name, id")
            read.append((cursor.rowcount, cursor.fetchall()[0][0]))
        read.append(Call.objects.filter(pk=world.calls[0].pk).update(transcript="x"))
        read.append(Company.objects.create(name="Neu", slug="neu").pk)

    tried(work)

    assert read[:2] == [(len(world.companies), "A"), 1] and read[2] > 0


def in_a_thread(work: Callable[[], Any]) -> None:
    thread = threading.Thread(target=_quietly, args=(work,))
    thread.start()
    thread.join()


def _quietly(work: Callable[[], Any]) -> None:
    try:
        work()
    except BaseException:  # noqa: BLE001 - a thread that dies of it would say so on the test's stderr
        return


def written_elsewhere() -> None:
    Company.objects.create(name="Faden", slug="faden")


def by_a_second_session() -> None:
    psycopg2.connect(**connection.get_connection_params())


WAYS_OUT: dict[str, Callable[[], Any]] = {
    "socket": lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
    "name": lambda: socket.getaddrinfo("vendor.example", 443),
    "datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    "process": lambda: subprocess.run(["true"], check=False),
    "file": lambda: Path("left.txt").write_text("x"),
    "second session": by_a_second_session,
    "engine's session": lambda: EngineConnection().rows("DELETE FROM queues_pause"),
    "thread's session": lambda: in_a_thread(written_elsewhere),
    "thread's socket": lambda: in_a_thread(lambda: socket.create_connection(("127.0.0.1", 9), timeout=1)),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_way_leads_out(world: World, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = everything()

    report = tried(WAYS_OUT[way])

    assert len(report.asked) == 1 and everything() == before and list(tmp_path.iterdir()) == []
    assert report.ended == (Ended.COMPLETED if "thread" in way else Ended.ASKED)


def test_nothing_that_handles_errors_takes_a_refusal_for_an_answer(world: World) -> None:
    def work() -> None:
        Company.objects.filter(pk=world.companies[0].pk).update(name="Vorher")
        try:
            outside.leaving("post", "api.cal.example", "/v2/bookings")
        except Exception:  # noqa: BLE001 - as broad as any code of a job may be
            Company.objects.filter(pk=world.companies[0].pk).update(name="Ausgefallen")

    report = tried(work)

    assert (report.ended, report.asked) == (Ended.ASKED, [outside.Leaving("POST", "api.cal.example", "/v2/bookings")])
    assert report.changes[0].columns == [("name", world.companies[0].name, "Vorher")]


@pytest.mark.parametrize("statement", ["COMMIT", "  end", "ROLLBACK", "BEGIN", "PREPARE TRANSACTION 'x'"])
def test_its_transaction_is_not_ended_by_hand(world: World, statement: str) -> None:
    before = everything()

    def work() -> None:
        Company.objects.filter(pk=world.companies[0].pk).update(name="Anders")
        with connection.cursor() as cursor:
            cursor.execute(statement)

    assert tried(work).ended == Ended.ASKED
    assert everything() == before


def test_what_waits_for_the_commit_is_listed_and_does_not_run(world: World) -> None:
    ran: list[str] = []

    def then() -> None:
        ran.append("then")

    report = tried(lambda: transaction.on_commit(then))

    assert ran == [] and report.follows == [f"{__name__}.test_what_waits_for_the_commit_is_listed_and_does_not_run"]


def test_a_statement_that_fails_takes_nothing_else_with_it(world: World) -> None:
    """Outside of a transaction each statement is its own; a dry run's transaction does not change that."""

    def work() -> None:
        Company.objects.filter(pk=world.companies[0].pk).update(name="Vorher")
        with pytest.raises(IntegrityError):
            Company.objects.bulk_create([Company(pk=world.companies[0].pk, name="Doppelt", slug="doppelt")])
        with pytest.raises(IntegrityError):
            Company(pk=world.companies[0].pk, name="Doppelt", slug="doppelt").save(force_insert=True)
        Company.objects.filter(pk=world.companies[1].pk).update(name="Nachher")

    report = tried(work)

    assert report.ended == Ended.COMPLETED and len(report.changes) == 2


def test_what_could_not_be_committed_is_told(world: World) -> None:
    report = tried(lambda: Call.objects.filter(pk=world.calls[0].pk).update(company_id=987654321))
    assert report.ended == Ended.UNCOMMITTABLE


def test_a_job_finds_durable_blocks_and_marks_as_in_a_worker(world: World) -> None:
    def work() -> None:
        with transaction.atomic(durable=True):
            assert once("dry-run")

    assert tried(work).ended == Ended.COMPLETED
    with transaction.atomic():
        assert once("dry-run"), "its mark has stayed"


@pytest.mark.parametrize("actor", actors(), ids=lambda actor: actor.actor_name)
def test_arguments_that_do_not_fit_fail_as_a_job_does(db: None, actor: LedgerActor[Any, Any]) -> None:
    assert rehearse(lambda: run(actor, kwargs={"nonsense": 1})).ended == Ended.DEAD
