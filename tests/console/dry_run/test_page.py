"""The page of a dry run: a process of its own tries it, nothing stays but the record, and masks hold."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import models
from django.test import Client
from django.utils import translation

from appointments.models import FollowUp
from askpro.console.dry_run.cells import CODES, shown
from askpro.console.dry_run.report import Change, Ended, Report
from askpro.console.dry_run.told import told
from askpro.console.masking import looking
from askpro.console.models import Deed
from askpro.language.sentences import Kept, Sentence
from askpro.outside import Leaving
from askpro.privacy.classes import FIELDS, Harmless
from askpro.queues.jobs.following import Following
from askpro.queues.models import Job
from tests.console.dry_run.rows import everything
from tests.console.factories import make_world
from tests.console.repair.rows import job
from tests.console.world import World
from webhooks.models import WebhookEvent

NOTED = {"console_deed", "django_admin_log", "privacy_read", "django_session", "auth_user"}


def unnoted() -> dict[str, Any]:
    return {table: digest for table, digest in everything().items() if table not in NOTED}


@pytest.mark.django_db(transaction=True)
def test_a_process_tries_it_and_nothing_stays_but_the_record(
    admin_client: Client, child_environment: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    for name, value in child_environment().items():
        monkeypatch.setitem(os.environ, name, value)
    event = next(each for each in world.events if each.provider == "retell" and each.event_type == "call_ended")
    WebhookEvent.objects.filter(pk=event.pk).update(status="failed")
    page = f"/admin/webhooks/webhookevent/{event.pk}/dry-run/"
    assert b"Start the dry run" in admin_client.get(page).content
    before = unnoted()

    answer = admin_client.post(page)

    assert unnoted() == before
    found = answer.context["told"]
    assert found.tone == "info" and found.asked == [], found
    assert any(row.title == f"Webhook event {event.pk}" for row in found.rows)
    deed = Deed.objects.get(act="dry_run")
    assert deed.after["ended"] == "completed" and deed.object_id == str(event.pk)
    assert LogEntry.objects.filter(object_id=str(event.pk)).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["queued", "completed", "processing"])
def test_a_job_that_is_not_dead_is_not_tried(admin_client: Client, status: str) -> None:
    page = f"/admin/queues/job/{job(status).pk}/dry-run/"
    assert b"Start the dry run" not in admin_client.get(page).content
    assert "told" not in admin_client.post(page).context and not Deed.objects.exists()


@pytest.mark.django_db
def test_the_job_s_page_offers_it(admin_client: Client) -> None:
    dead = job()
    page = admin_client.get(f"/admin/queues/job/{dead.pk}/change/").content.decode()
    assert f"/admin/queues/job/{dead.pk}/dry-run/" in page


def test_what_a_process_tells_is_what_it_found() -> None:
    report = Report(
        Ended.ASKED,
        asked=[Leaving("GET", "api.cal.example", "/v2/slots")],
        changes=[Change("calls.Call", "7", [("transcript", None, "x")], is_new=True)],
        written=1,
        uncaught={"queues_lock": 2},
        then={"completed": [Following("step", "count_request", "7", "queued")], "dead": []},
    )
    assert Report.of_json(report.as_json()) == report


@pytest.mark.django_db
@pytest.mark.parametrize("masked", [True, False])
def test_of_persons_it_shows_what_the_reader_may_see_and_of_secrets_nothing(
    world: World, admin_user: Any, masked: bool
) -> None:
    changes = [
        Change("calls.Customer", "1", [("name", "Petra Zeisig", "Petra Größler"), ("phone", None, "+493012345678")]),
        Change("webhooks.WebhookSecret", "1", [("secret", None, "whsec_zeisig")], is_new=True),
        Change("calls.Company", "1", [("calcom_api_key", "cal_zeisig", "cal_zeisig2")]),
    ]
    with looking(masked):
        shown = str(told(admin_user, Report(Ended.COMPLETED, changes=changes, written=3)).rows)
    assert "whsec_zeisig" not in shown and "cal_zeisig" not in shown
    assert ("Größler" in shown, "12345678" in shown) == (not masked, not masked)


@pytest.mark.django_db
def test_rows_that_the_reader_may_not_see_are_counted(
    staff_with: Callable[..., Client], world: World, admin_user: Any
) -> None:
    reader = staff_with("queues.view_job").session["_auth_user_id"]
    user = type(admin_user).objects.get(pk=reader)
    changes = [Change("calls.Customer", "1", [("name", "Petra Zeisig", "Petra Größler")])]
    found = told(user, Report(Ended.COMPLETED, changes=changes, written=1))
    assert found.rows == [] and found.left_out == 1 and "Zeisig" not in str(found)


@pytest.mark.django_db
@pytest.mark.parametrize("ended", Ended)
def test_each_end_has_a_sentence(admin_user: Any, ended: Ended) -> None:
    found = told(admin_user, Report(ended, error="calls.tasks.Broken", message="It broke."))
    assert found.lead and "%(" not in found.lead


@pytest.mark.django_db
def test_jobs_that_would_be_sent_are_named(admin_user: Any) -> None:
    sent = Change("queues.Job", "x", [("actor_name", None, "send_sms_notification")], is_new=True)
    assert told(admin_user, Report(Ended.COMPLETED, changes=[sent], written=1)).follows == [
        "The job send_sms_notification would be sent."
    ]
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_states_and_times_are_told_as_on_pages(admin_user: Any) -> None:
    columns = [("status", "failed", "unassigned"), ("processed_at", None, "2026-11-30T12:00:00+00:00")]
    found = told(
        admin_user, Report(Ended.COMPLETED, changes=[Change("webhooks.WebhookEvent", "7", columns)], written=1)
    )
    assert found.follows[0] == "Webhook event 7: “Job gave up” becomes “No company has this number”."
    assert "2026-11-30T" not in str(found.rows) and "13:00:00" in str(found.rows)


def test_codes_are_told_as_sentences_in_the_reader_s_language(db: None) -> None:
    """Each column that keeps codes × each of its codes; and what programs write into rows in English."""
    wrong = []
    for (label, name), kinds in CODES.items():
        model = apps.get_model(label)
        model._meta.get_field(name)
        for code in (code for kind in kinds for code in kind.values):
            with translation.override("de"):
                german = shown(model, name, code, {})
            with translation.override("en"):
                if german in (code, shown(model, name, code, {})):
                    wrong.append((label, name, code))
    assert wrong == []
    with translation.override("de"):
        assert shown(WebhookEvent, "reason", "No job works on this type.") != "No job works on this type."
        assert shown(Job, "release_reason", "waits for its lock") != "waits for its lock"
        assert shown(FollowUp, "detail", "no_event_type", {"service": "Schnitt"}).startswith("Schnitt")


def test_every_column_that_keeps_such_codes_is_known(world: World) -> None:
    kinds = [kind for kind in kinds_of(Sentence) if kind is not Kept]
    codes = {code for kind in kinds for code in kind.values}
    unknown = set()
    for label, fields in FIELDS.items():
        for name in (name for name, meaning in fields.items() if meaning == Harmless.CODE):
            field = apps.get_model(label)._meta.get_field(name)
            if field.choices or (label, name) in CODES or not isinstance(field, models.CharField):
                continue
            stored = set(apps.get_model(label)._default_manager.values_list(name, flat=True)) - {""}
            unknown |= {(label, name)} if stored and stored <= codes else set()
    assert unknown == set()


def kinds_of(kind: type[Sentence]) -> list[type[Sentence]]:
    return [each for sub in kind.__subclasses__() for each in (sub, *kinds_of(sub))]


@pytest.mark.django_db
def test_the_steps_of_a_chain_are_told_in_their_order(admin_user: Any) -> None:
    changes = [
        Change(
            "queues.Job",
            str(number),
            [("actor_name", None, name), ("chain_id", None, "c"), ("chain_step", None, at)],
            is_new=True,
        )
        for number, (name, at) in enumerate([("third", 2), ("caught", -1), ("first", 0), ("second", 1)])
    ]
    assert told(admin_user, Report(Ended.COMPLETED, changes=changes, written=4)).follows == [
        "A chain would be sent: first → second → third."
    ]
