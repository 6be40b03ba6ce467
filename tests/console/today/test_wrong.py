"""Each kind of trouble is told in its sentence, with what to do and where, and is gone as soon as it is cured."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from django.utils.html import escape

from askpro.console.today.wrong import Wrong
from askpro.metrics.models import Delta
from askpro.queues.metrics.histogram import BOUNDS
from askpro.queues.models import GateState, Job, Pause, Supervisor
from askpro.watch.models import Incident, Watcher
from tests.console.tenants import bound

pytestmark = pytest.mark.django_db

NO_TIMES = [0] * (len(BOUNDS) + 1)


@dataclass(frozen=True)
class Case:
    """What makes it, what cures it, and what is read meanwhile: in English, and a part of the German."""

    make: Callable[[], Any]
    cure: Callable[[], Any]
    code: str
    says: str
    in_german: str


def ago(**length: float) -> Any:
    return timezone.now() - timedelta(**length)


def host(name: str, beat_at: Any, status: str = "running") -> Supervisor:
    row = Supervisor.objects.create(host=name, pid=1, process_started_at=0, environment="testing", status=status)
    Supervisor.objects.filter(pk=row.pk).update(beat_at=beat_at, started_at=ago(hours=2))
    return row


def jobs(count: int = 1, **values: Any) -> None:
    Job.objects.bulk_create(Job(**{"actor_name": "send_sms", "queue_name": "high", **values}) for _ in range(count))


def requests(failed: int, well: int) -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    shared: dict[str, Any] = {"at": minute, "kind": "vendor", "name": "calcom", "part": "GET /v2/slots", "company": 0}
    shared |= {"seconds": 1.0, "buckets": NO_TIMES}
    Delta.objects.create(result="unavailable", count=failed, **shared)
    Delta.objects.create(result="ok", count=well, **shared)


def incident(**values: Any) -> Incident:
    told: dict[str, Any] = {"severity": "critical", "status": "open", "began_at": ago(minutes=5), "seen_at": ago()}
    return Incident.objects.create(**told | values)


CASES = {
    "a paused queue": Case(
        lambda: Pause.objects.create(kind="queue", name="high", by="lina", reason="Cal.com ist weg"),
        lambda: Pause.objects.all().delete(),
        "waiting_too_long",
        "The queue high is paused.",
        "Die Warteschlange high ist angehalten.",
    ),
    "paused jobs": Case(
        lambda: Pause.objects.create(kind="actor", name="send_sms", until=timezone.now() + timedelta(hours=1)),
        lambda: Pause.objects.update(until=ago(seconds=1)),
        "waiting_too_long",
        "Jobs send_sms are paused until ",
        "Jobs send_sms sind bis ",
    ),
    "a shut gate": Case(
        lambda: GateState.objects.create(name="calcom:3f9a", shut_since=ago(seconds=20), reason="Timeout"),
        lambda: GateState.objects.update(shut_since=None),
        "gate_shut",
        "Cal.com counts as away.",
        "Cal.com gilt als nicht erreichbar.",
    ),
    "a failing vendor": Case(
        lambda: requests(failed=30, well=10),
        lambda: Delta.objects.all().delete(),
        "vendor_failing",
        "Cal.com: 30 of 40 requests failed within 10 minutes.",
        "Cal.com: 30 von 40 Anfragen sind in 10 Minuten fehlgeschlagen.",
    ),
    "a silent host": Case(
        lambda: host("salt", ago(minutes=3)),
        lambda: Supervisor.objects.filter(host="salt").update(beat_at=timezone.now()),
        "supervisor_dead",
        "The host salt has fallen silent.",
        "Der Rechner salt meldet sich nicht mehr.",
    ),
    "a dead host": Case(
        lambda: host("salt", ago(minutes=3), "dead"),
        lambda: Supervisor.objects.filter(host="salt").update(status="stopped"),
        "supervisor_dead",
        "The host salt has fallen silent.",
        "Der Rechner salt meldet sich nicht mehr.",
    ),
    "nobody at work": Case(
        lambda: Supervisor.objects.update(status="stopped"),
        lambda: Supervisor.objects.update(status="running", beat_at=timezone.now()),
        "no_queues_run",
        "Nobody works the queues: no queues_run is alive.",
        "Niemand bearbeitet die Warteschlangen",
    ),
    "a late queue": Case(
        lambda: jobs(status="queued", ready_at=ago(hours=1)),
        lambda: Job.objects.update(status="processing"),
        "promise_broken",
        "The queue high is late: its oldest job has waited 1 h, and ",
        "Die Warteschlange high ist im Verzug",
    ),
    "dead jobs": Case(
        lambda: jobs(3, status="dead", finished_at=ago(minutes=2), error_class="askpro.queues.errors.Unavailable"),
        lambda: Job.objects.update(status="cancelled"),
        "dead_jobs",
        "3 jobs send_sms gave up: Unavailable.",
        "3 Jobs send_sms sind gescheitert: Unavailable.",
    ),
    "a dead job of an unknown error": Case(
        lambda: jobs(status="dead", finished_at=ago(hours=3)),
        lambda: Job.objects.update(finished_at=ago(hours=25)),
        "dead_jobs",
        "1 job send_sms gave up: unknown error.",
        "1 Job send_sms ist gescheitert: unbekannter Fehler.",
    ),
    "an incident": Case(
        lambda: incident(code="disk_full", about="salt"),
        lambda: Incident.objects.update(status="over", over_at=timezone.now()),
        "disk_full",
        "(salt)",
        "(salt)",
    ),
    "no watch": Case(
        lambda: Watcher.objects.all().delete(),
        lambda: Watcher.objects.create(host="salt", pid=1, started_at=ago(hours=1), beat_at=ago(seconds=5)),
        "watcher_missing",
        "Nobody watches: the watch does not run",
        "Niemand überwacht die Anlage",
    ),
    "a watch that fell silent": Case(
        lambda: Watcher.objects.update(beat_at=ago(minutes=2)),
        lambda: Watcher.objects.update(beat_at=ago(seconds=5)),
        "watcher_missing",
        "Nobody watches: the watch does not run",
        "Niemand überwacht die Anlage",
    ),
    "a watch that was stopped": Case(
        lambda: Watcher.objects.update(stopped_at=ago(seconds=9)),
        lambda: Watcher.objects.update(stopped_at=None, beat_at=ago(seconds=1)),
        "watcher_missing",
        "Nobody watches: the watch does not run",
        "Niemand überwacht die Anlage",
    ),
}


@pytest.fixture
def well(db: None) -> None:
    """An installation where nothing is wrong."""
    host("askpro-01", ago(seconds=1))
    Watcher.objects.create(host="askpro-01", pid=1, started_at=ago(hours=1), beat_at=ago(seconds=5))


def look(client: Client) -> Wrong:
    found = client.get("/admin/").context["wrong"]
    assert isinstance(found, Wrong)
    return found


def read(client: Client, language: str = "en") -> str:
    return client.get("/admin/", headers={"accept-language": language}).content.decode()


@pytest.mark.parametrize("name", CASES)
def test_each_is_told_while_it_lasts_with_what_to_do_and_where(well: None, admin_client: Client, name: str) -> None:
    case = CASES[name]
    assert not look(admin_client).troubles

    case.make()
    (trouble,) = look(admin_client).troubles
    shown = read(admin_client)
    assert (trouble.code, case.says in trouble.what) == (case.code, True), trouble.what
    assert "Nothing is wrong." not in shown
    for words in (trouble.todo, trouble.address, trouble.runbook):
        assert words and escape(words) in shown
    assert case.in_german in read(admin_client, "de")
    assert admin_client.get(trouble.address).status_code == admin_client.get(trouble.runbook).status_code == 200
    assert resolve(trouble.address.partition("?")[0]).view_name != "admin:index"

    case.cure()
    assert not look(admin_client).troubles
    assert "Nothing is wrong." in read(admin_client)


def test_it_is_calm_with_when_it_was_looked_and_that_the_watch_runs(well: None, admin_client: Client) -> None:
    shown = read(admin_client)

    assert "Nothing is wrong." in shown
    assert "Looked at " in shown
    assert "The watch on askpro-01 runs, last at " in shown


def test_what_the_watch_knows_too_stands_there_once_with_who_is_at_it(well: None, admin_client: Client) -> None:
    CASES["dead jobs"].make()
    about = {"about": "send_sms: Unavailable", "acknowledged_by": "lina"}
    known = incident(code="dead_jobs_pressing", **about)

    (trouble,) = look(admin_client).troubles

    assert trouble.what == "3 jobs send_sms gave up: Unavailable."
    assert (trouble.taken_by, trouble.since) == ("lina", known.began_at)
    assert str(known.pk) in trouble.incident
    assert "lina is at it." in read(admin_client)


def test_a_vendor_that_is_away_is_not_told_to_fail_besides(well: None, admin_client: Client) -> None:
    CASES["a shut gate"].make()
    CASES["a failing vendor"].make()

    assert [trouble.code for trouble in look(admin_client).troubles] == ["gate_shut"]


@pytest.mark.parametrize(("failed", "well_done"), [(9, 0), (20, 21), (0, 500)])
def test_some_failed_requests_are_no_failing_vendor(
    well: None, admin_client: Client, failed: int, well_done: int
) -> None:
    requests(failed, well_done)

    assert not look(admin_client).troubles


def test_a_paused_queue_is_not_late_besides(well: None, admin_client: Client) -> None:
    CASES["a late queue"].make()
    CASES["a paused queue"].make()

    assert [trouble.code for trouble in look(admin_client).troubles] == ["waiting_too_long"]


def test_a_host_that_began_again_is_not_missed(well: None, admin_client: Client) -> None:
    host("askpro-01", ago(minutes=3), "dead")
    Supervisor.objects.filter(status="running").update(started_at=ago(minutes=2))

    assert not look(admin_client).troubles


def test_the_grave_comes_first(well: None, admin_client: Client) -> None:
    CASES["a paused queue"].make()
    CASES["a late queue"].make()
    Pause.objects.update(name="low")

    assert [trouble.tone for trouble in look(admin_client).troubles] == ["danger", "warning"]
    assert look(admin_client).is_grave


def test_many_causes_of_death_are_told_as_a_number(well: None, admin_client: Client) -> None:
    for number in range(8):
        jobs(8 - number, status="dead", finished_at=ago(minutes=2), error_class=f"Error{number}")

    told = [trouble.what for trouble in look(admin_client).troubles]

    assert told[0] == "8 jobs send_sms gave up: Error0." and len(told) == 6
    assert "Jobs gave up for 3 more causes." in told


def test_each_has_an_id_of_its_own_on_the_page(well: None, admin_client: Client) -> None:
    for name in ("a shut gate", "a silent host", "a late queue", "dead jobs", "an incident", "a paused queue"):
        CASES[name].make()
    Pause.objects.update(name="low")

    names = [trouble.name for trouble in look(admin_client).troubles]

    assert len(names) == len(set(names)) == 6
    assert all(f'id="{name}"' in read(admin_client) for name in names)


@pytest.mark.parametrize("name", CASES)
def test_nobody_but_operators_reads_of_it(well: None, name: str) -> None:
    CASES[name].make()
    client = Client()
    client.force_login(bound())

    assert client.get("/admin/").context["wrong"] is None
    assert CASES[name].says not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("make", [CASES["a shut gate"].make, CASES["a failing vendor"].make])
def test_a_vendors_trouble_leads_to_the_repair_of_what_gave_up(
    admin_client: Client, staff_with: Callable[..., Client], make: Callable[[], Any]
) -> None:
    make()
    page = admin_client.get("/admin/")
    (trouble,) = [each for each in page.context["wrong"].troubles if each.repair]
    assert "/failures/retry/?vendor=calcom&from=" in trouble.repair and "&to=" not in trouble.repair
    assert admin_client.get(trouble.repair).status_code == 200
    assert escape(trouble.repair) in page.content.decode()

    looks_only = staff_with("queues.view_job").get("/admin/").content.decode()
    assert trouble.what in looks_only and "/failures/retry/?vendor=" not in looks_only
