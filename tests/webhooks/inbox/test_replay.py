from datetime import timedelta
from io import StringIO
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from askpro.queues.models import Job
from calls.models import Company
from tests.webhooks.signing import post_calcom, post_retell, recorded
from webhooks.inbox.replay import replay_one
from webhooks.models import WebhookEvent

pytestmark = pytest.mark.django_db

Status = WebhookEvent.Status


@pytest.fixture
def events() -> dict[str, WebhookEvent]:
    """One event in each state, whose jobs are gone."""
    post_retell(recorded("retell", "call_ended"))
    first = WebhookEvent.objects.get()
    Job.objects.all().delete()
    made = {}
    for number, status in enumerate(Status.values):
        first.pk, first.event_key, first.status = None, f"call_ended:{number}", status
        first.subject = f"call_{status}"
        first.save(force_insert=True)
        made[status] = WebhookEvent.objects.get(pk=first.pk)
    WebhookEvent.objects.exclude(pk__in=[event.pk for event in made.values()]).delete()
    return made


def replayed(*arguments: str, answer: str | None = None) -> tuple[str, set[str]]:
    """What the command said, and the former states of the events that it sent again."""
    out = StringIO()
    with mock.patch("builtins.input", side_effect=EOFError if answer is None else [answer]):
        call_command("replay_webhooks", *arguments, stdout=out)
    subjects = WebhookEvent.objects.filter(replays=1).values_list("subject", flat=True)
    return out.getvalue(), {subject.removeprefix("call_") for subject in subjects}


def test_it_takes_up_the_unfinished_ones_when_nothing_is_chosen(events: dict[str, WebhookEvent]) -> None:
    said, sent = replayed("--yes")
    assert sent == {"failed", "ignored", "unassigned", "invalid"}
    assert "4 events match." in said and "4 sent." in said
    assert set(WebhookEvent.objects.filter(replays=1).values_list("status", "reason")) == {("received", "")}
    assert {job.kwargs["event_id"] for job in Job.objects.all()} == {events[state].pk for state in sent}


def test_it_only_shows_when_dry(events: dict[str, WebhookEvent]) -> None:
    said, sent = replayed("--dry-run")
    assert "retell call_ended failed" in said and not sent and not Job.objects.exists()


@pytest.mark.parametrize(("answer", "count"), [("y", 4), ("n", 0), ("", 0)])
def test_it_asks_before_it_does(events: dict[str, WebhookEvent], answer: str, count: int) -> None:
    assert len(replayed(answer=answer)[1]) == count


def test_it_says_what_to_add_when_nobody_can_be_asked(events: dict[str, WebhookEvent]) -> None:
    with pytest.raises(CommandError, match="--yes"):
        replayed()
    assert not Job.objects.exists()


def test_it_takes_processed_ones_and_conflicts_only_when_forced(events: dict[str, WebhookEvent]) -> None:
    with pytest.raises(CommandError, match="--force"):
        replayed("--status", "processed", "--yes")
    assert replayed("--status", "processed", "--status", "conflict", "--force", "--yes")[1] == {"processed", "conflict"}


def test_it_never_takes_up_what_waits_for_its_job(events: dict[str, WebhookEvent]) -> None:
    assert "received" not in replayed("--force", "--yes")[1]


def test_it_chooses_by_id_call_type_and_provider(events: dict[str, WebhookEvent]) -> None:
    assert replayed("--id", str(events["failed"].pk), "--yes")[1] == {"failed"}
    assert replayed("--call", "call_invalid", "--yes")[1] == {"failed", "invalid"}
    assert "0 events match." in replayed("--event-type", "call_started", "--yes")[0]
    assert "0 events match." in replayed("--provider", "calcom", "--yes")[0]


def test_it_chooses_by_company(events: dict[str, WebhookEvent]) -> None:
    ours = Company.objects.create(name="Salon Birke", slug="salon-birke")
    WebhookEvent.objects.filter(pk=events["failed"].pk).update(company=ours)
    assert replayed("--company", "salon-birke", "--yes")[1] == {"failed"}
    with pytest.raises(CommandError, match="Did you mean salon-birke"):
        replayed("--company", "salon-brike", "--yes")


def test_it_chooses_by_the_time_of_receiving(events: dict[str, WebhookEvent]) -> None:
    old = timezone.now() - timedelta(hours=5)
    WebhookEvent.objects.filter(pk=events["failed"].pk).update(received_at=old)
    assert replayed("--until", "3h", "--yes")[1] == {"failed"}
    day = timezone.localdate() + timedelta(days=1)
    assert "0 events match." in replayed("--since", day.isoformat(), "--yes")[0]


def test_it_takes_the_oldest_when_limited(events: dict[str, WebhookEvent]) -> None:
    oldest = min(event.pk for state, event in events.items() if state in WebhookEvent.UNFINISHED)
    replayed("--limit", "1", "--yes")
    assert WebhookEvent.objects.get(replays=1).pk == oldest


@pytest.mark.parametrize("wrong", [["--since", "gestern"], ["--since", "2026-02-30"], ["--limit", "0"], ["--id", "x"]])
def test_it_says_what_is_wrong_with_an_option(wrong: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("replay_webhooks", *wrong)


def test_it_leaves_an_event_as_it_is_when_its_type_has_no_job() -> None:
    post_calcom(recorded("calcom", "PING"))
    said, sent = replayed("--yes")
    assert "0 sent, 1 left" in said and not sent
    assert WebhookEvent.objects.get().status == Status.IGNORED


def test_incident_13_a_replay_works_on_the_stored_event_when_the_number_has_found_its_company() -> None:
    from askpro.queues.testing import run_jobs
    from calls.models import Branch, Call, Company, PhoneNumber

    told: dict[str, Any] = recorded("retell", "call_ended.not_connected")
    post_retell(told)
    run_jobs()
    event = WebhookEvent.objects.get()
    assert event.status == Status.UNASSIGNED and not Call.objects.exists()
    company = Company.objects.create(name="Praxis Sonnenhof", slug="praxis-sonnenhof")
    branch = Branch.objects.create(company=company, name="Mitte")
    PhoneNumber.objects.create(company=company, branch=branch, number=told["call"]["from_number"])
    assert replay_one(event)
    run_jobs()
    event.refresh_from_db()
    assert (event.status, event.company, event.replays) == (Status.PROCESSED, company, 1)
    assert Call.objects.get().company == company


def test_it_leaves_what_has_no_body_any_more(events: dict[str, WebhookEvent]) -> None:
    for event in events.values():
        event.delete_body()
    assert replayed("--force", "--yes") == ("0 events match.\n", set())
    assert not any(replay_one(event, force=True) for event in events.values())
    assert not Job.objects.exists()
    assert {event.status for event in WebhookEvent.objects.all()} == set(Status.values), "their states stay"
