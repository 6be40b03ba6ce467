"""Dead critical jobs are reported once, in one mail, without what callers said."""

import threading

import pytest
from django.core import mail
from django.db import connection

from askpro.queues import interventions
from askpro.queues.chores.alerts import tell_of_dead_jobs, tell_of_events
from askpro.queues.ledger import history
from askpro.queues.ledger.database import EngineConnection
from askpro.queues.models import FleetEvent, Job
from askpro.queues.testing import run_jobs
from tests.queues import actors

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ops(settings):
    settings.OPS_EMAILS = ["ops@example.org"]


def die(times=1):
    for _ in range(times):
        actors.critical_and_fails.send()
    run_jobs()


def test_many_dead_jobs_are_one_mail():
    die(7)
    assert tell_of_dead_jobs() == 7
    (message,) = mail.outbox
    assert message.subject == "AskPro: 7 jobs gave up"
    assert message.to == ["ops@example.org"]
    assert "7 x critical_and_fails: ValueError" in message.body
    assert "/admin/queues/job/?status__exact=dead" in message.body


def test_nobody_is_told_twice():
    die()
    assert (tell_of_dead_jobs(), tell_of_dead_jobs()) == (1, 0)
    assert len(mail.outbox) == 1


def test_a_retried_job_that_dies_again_is_told_again():
    die()
    tell_of_dead_jobs()
    assert interventions.retry(Job.objects.get().pk)
    run_jobs()
    assert tell_of_dead_jobs() == 1


def test_the_mail_and_the_log_quote_nothing_of_a_job(caplog):
    die()
    tell_of_dead_jobs()
    said = mail.outbox[0].body + mail.outbox[0].subject + caplog.text
    assert "withheld" in Job.objects.get().error_message
    assert "somebody" not in said


def test_queues_that_can_wait_mail_nobody():
    actors.last_chance.send()
    run_jobs()
    assert tell_of_dead_jobs() == 0
    assert mail.outbox == []


def test_a_dead_job_that_others_of_its_order_pass_by_is_told(mailoutbox):
    actors.ordered.send_with_options(kwargs={"key": "a", "number": 1, "fails": True}, max_retries=0)
    run_jobs()
    assert tell_of_dead_jobs() == 1
    assert "1 x ordered: ValueError (in order: the jobs behind it run without it)" in mailoutbox[0].body


def test_without_an_address_it_stands_in_the_log_only(settings, caplog):
    settings.OPS_EMAILS = []
    die(2)
    assert tell_of_dead_jobs() == 2
    assert mail.outbox == []
    assert "2 x critical_and_fails: ValueError" in caplog.text


def test_they_are_told_later_when_the_mail_server_is_down(settings):
    die()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        1,
    )
    with pytest.raises(OSError, match="refused"):
        tell_of_dead_jobs()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert tell_of_dead_jobs() == 1


def test_more_than_fit_into_one_mail_come_in_the_next():
    actors.critical_and_fails.broker.send_many([actors.critical_and_fails.message() for _ in range(1001)])
    Job.objects.update(status="dead", error_class="E")
    assert (tell_of_dead_jobs(), tell_of_dead_jobs(), tell_of_dead_jobs()) == (1000, 1, 0)


@pytest.mark.django_db(transaction=True)
def test_two_supervisors_do_not_tell_of_the_same_jobs(monkeypatch):
    die()
    second: list[int] = []

    def while_mailing(*args, **kwargs):
        thread = threading.Thread(target=lambda: (second.append(tell_of_dead_jobs()), connection.close()))
        thread.start()
        thread.join(10)

    monkeypatch.setattr("askpro.queues.chores.alerts.send_mail", while_mailing)
    assert tell_of_dead_jobs() == 1
    assert second == [0]


@pytest.mark.django_db(transaction=True)
def test_jobs_that_are_put_away_meanwhile_are_told_once(monkeypatch):
    die()
    monkeypatch.setattr("askpro.queues.chores.alerts.send_mail", lambda **_: history.put_away(EngineConnection()))
    assert tell_of_dead_jobs() == 1
    assert history.put_away(EngineConnection()) == 1
    assert tell_of_dead_jobs() == 0


class TestTheFleet:
    def test_what_is_urgent_is_mailed_once(self):
        FleetEvent.objects.create(kind="supervisor_dead", text="Supervisor 1 on one fell silent.")
        FleetEvent.objects.create(kind="worker_stuck", text="Worker 7 of high died.")
        FleetEvent.objects.create(kind="command", text="somebody: pause queue low")
        assert tell_of_events() == 2
        (message,) = mail.outbox
        assert (message.subject, message.to) == ("AskPro: A host fell silent", ["ops@example.org"])
        assert "Supervisor 1 on one fell silent." in message.body
        assert "Worker 7 of high died." in message.body
        assert "pause" not in message.body
        assert tell_of_events() == 0

    def test_without_addresses_it_is_logged_and_done(self, settings, caplog):
        settings.OPS_EMAILS = []
        FleetEvent.objects.create(kind="start_trouble", text="A worker of low cannot start.")
        assert tell_of_events() == 1
        assert not mail.outbox
        assert "A worker of low cannot start." in caplog.text
