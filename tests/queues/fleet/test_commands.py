"""The fleet's commands as far as rows go: what they write, say, refuse, and end with."""

import io
import json
import uuid
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from dramatiq import get_broker

from askpro.queues.chores import snapshot
from askpro.queues.fleet import commands, pauses
from askpro.queues.ledger.claim import by_age, by_ids
from askpro.queues.models import (
    Attempt,
    AttemptRow,
    FleetCommand,
    FleetEvent,
    Job,
    MetricsSnapshot,
    Pause,
    Supervisor,
)
from tests.queues import actors

pytestmark = pytest.mark.django_db(transaction=True)
MANY = """
INSERT INTO queues_job (id, actor_name, queue_name, args, kwargs, options, tags, status, run_at)
SELECT gen_random_uuid(), 'nothing', %s, '[1]', '{}', '{}', '{}', %s, clock_timestamp() + interval '1 hour'
  FROM generate_series(1, %s)
"""


def run(name, *arguments, **options):
    """What the command printed, and its exit code."""
    out = io.StringIO()
    try:
        call_command(name, *arguments, stdout=out, stderr=out, **options)
    except SystemExit as ended:
        return out.getvalue(), ended.code
    return out.getvalue(), 0


def supervisor(**values):
    own = {"host": "one", "pid": 1, "process_started_at": 0.0, "environment": "testing", "pools": ["all"]}
    return Supervisor.objects.create(**{**own, **values})


def claim(database, queue="default"):
    return by_age((database, 1, queue, get_broker().actors), 100)


def dead(count=1, **values):
    for number in range(count):
        actors.nothing.send(number)
    Job.objects.filter(status="queued").update(status="dead", finished_at=timezone.now(), **values)
    for job in Job.objects.filter(status="dead"):
        AttemptRow.objects.get_or_create(job=job, claim_no=1, defaults={"outcome": "failed"})
    return list(Job.objects.filter(status="dead"))


class TestPause:
    def test_jobs_of_a_paused_queue_are_not_claimed_and_spend_nothing(self, database):
        message = actors.nothing.send(1)
        run("queues_pause", "default")
        assert claim(database) == []
        assert by_ids((database, 1, "default", get_broker().actors), [message.message_id]) == []
        run("queues_resume", "default")
        assert len(claim(database)) == 1

    def test_a_paused_job_leaves_the_others_of_its_queue(self, database):
        actors.nothing.send(1)
        actors.alone.send("a")
        run("queues_pause", actor=["nothing"])
        assert [taken.actor_name for taken in claim(database)] == ["alone"]

    def test_it_ends_by_itself_at_its_moment(self, database):
        actors.nothing.send(1)
        Pause.objects.create(kind="queue", name="default", until=timezone.now() - timedelta(seconds=1))
        assert pauses.paused(database) == frozenset()
        assert len(claim(database)) == 1

    def test_pausing_twice_is_one_pause_with_the_later_moment(self):
        run("queues_pause", "default")
        run("queues_pause", "default", until="2999-01-01T00:00")
        assert Pause.objects.get().until.year in (2998, 2999)

    def test_who_did_it_is_remembered(self):
        run("queues_pause", "default", "low", reason="Cal.com is down")
        event = FleetEvent.objects.get()
        assert "pause queue default, low (Cal.com is down)" in event.text
        assert Pause.objects.filter(by="").count() == 0
        assert set(Pause.objects.values_list("reason", flat=True)) == {"Cal.com is down"}

    @pytest.mark.parametrize(
        ("arguments", "options", "message"),
        [
            (["defualt"], {}, "No queue 'defualt'. Did you mean 'default'"),
            ([], {"actor": ["nothin"]}, "No job 'nothin'. Did you mean 'nothing'"),
            ([], {}, "Name a queue"),
            (["default"], {"until": "soon"}, "'soon' is not a time"),
            (["default"], {"until": "2020-01-01T00:00"}, "has passed"),
        ],
    )
    def test_it_refuses_what_cannot_be_meant(self, arguments, options, message):
        with pytest.raises(CommandError, match=message):
            run("queues_pause", *arguments, **options)

    def test_resuming_what_is_not_paused_is_an_error(self):
        with pytest.raises(CommandError, match="None of them was paused"):
            run("queues_resume", "default")


class TestTellingTheFleet:
    def test_each_living_supervisor_has_a_row_and_takes_it_once(self, database):
        first, second, gone = supervisor(), supervisor(status="stopping"), supervisor(status="dead")
        said, code = run("queues_restart", wait=0)
        assert (said.strip(), code) == ("0 of 2 supervisors have taken it.", 1)
        assert [command.kind for command in commands.take(database, first.pk)] == ["restart"]
        assert commands.take(database, first.pk) == []
        assert commands.take(database, gone.pk) == []
        assert FleetCommand.objects.get(taken_at=None).supervisor == second

    def test_one_alone_can_be_told(self):
        _, second = supervisor(), supervisor()
        told = commands.command(FleetCommand.Kind.RESTART, by="chefin", reason="leaks", supervisor_id=second.pk)
        assert [command.supervisor_id for command in told] == [second.pk]
        event = FleetEvent.objects.get()
        assert (event.text, event.supervisor_id) == (f"chefin: restart on {second.host} (leaks)", second.pk)

    def test_nobody_to_tell_is_exit_code_two(self):
        assert run("queues_stop") == ("No supervisor is running.\n", 2)

    def test_scaling_reaches_those_that_run_the_pool(self, database):
        here, elsewhere = supervisor(), supervisor(pools=["other"])
        run("queues_scale", "all", "7", wait=0)
        assert commands.take(database, elsewhere.pk) == []
        assert commands.take(database, here.pk) == [commands.Command("scale", "all", 7)]
        assert commands.scales(database, here.pk) == {"all": 7}
        run("queues_scale", "all", "auto", wait=0)
        commands.take(database, here.pk)
        assert commands.scales(database, here.pk) == {}

    @pytest.mark.parametrize(("pool", "processes"), [("al", "3"), ("all", "0"), ("all", "-1"), ("all", "many")])
    def test_it_refuses_what_cannot_be_meant(self, pool, processes):
        with pytest.raises(CommandError, match=r"Did you mean 'all'|neither"):
            run("queues_scale", pool, processes, wait=0)


class TestStatus:
    def test_without_a_supervisor_it_is_inactive(self):
        said, code = run("queues_status")
        assert (said.split()[0], code) == ("Inactive", 2)

    def test_with_one_it_is_running_and_with_a_pause_paused(self):
        supervisor(
            state={"processes": {"all": [3, 4]}, "queues": {"all": ["default"]}, "rates": {"default": [2.5, 0.1]}}
        )
        assert run("queues_status")[1] == 0
        run("queues_pause", "low")
        said, code = run("queues_status", json=True)
        seen = json.loads(said)
        assert (code, seen["status"], seen["pauses"][0]["name"]) == (1, "paused", "low")
        (default,) = (queue for queue in seen["queues"] if queue["name"] == "default")
        assert (default["processes"], default["rate"], default["run_time"]) == (3, 2.5, 0.1)

    def test_a_silent_one_counts_for_nothing(self):
        supervisor()
        Supervisor.objects.update(beat_at=timezone.now() - timedelta(minutes=1))
        assert run("queues_status")[1] == 2

    def test_a_dead_host_is_still_shown(self):
        supervisor(status="dead", host="gone")
        (line,) = (line for line in run("queues_status")[0].splitlines() if line.startswith("gone:1"))
        assert "dead" in line

    def test_it_counts_what_is_ready_later_running_and_dead(self, database):
        dead(2)
        actors.nothing.send(1)
        actors.nothing.send(2)
        actors.nothing.send_with_options(args=(3,), delay=60_000)
        by_age((database, 1, "default", get_broker().actors), 1)
        seen = json.loads(run("queues_status", json=True)[0])
        (queue,) = (queue for queue in seen["queues"] if queue["name"] == "default")
        assert [queue[what] for what in ("ready", "running", "later", "dead")] == [1, 1, 1, 2]

    @pytest.mark.parametrize(("status", "what"), [("scheduled", "later"), ("dead", "dead")])
    def test_many_of_one_queue_hide_none_of_another(self, database, status, what):
        many = 25_000
        with connection.cursor() as cursor:
            cursor.execute(MANY, ["low", status, many])
            cursor.execute(MANY, ["critical", status, 1])
        counts = {queue["name"]: queue[what] for queue in json.loads(run("queues_status", json=True)[0])["queues"]}
        assert (counts["low"], counts["critical"]) == (many, 1)


class TestCancelling:
    def test_it_ends_jobs_by_id_and_by_tag_and_keeps_the_reason(self):
        one = actors.nothing.send(1)
        actors.tagged.send(call_id=7)
        said, _ = run("queues_cancel", one.message_id, tag=["call:7"], reason="The salon asked for it.")
        assert said == "2 jobs are cancelled.\n"
        assert {*Job.objects.values_list("status", "error_message")} == {("cancelled", "The salon asked for it.")}
        assert f"{one.message_id} call:7" in FleetEvent.objects.get().text

    @pytest.mark.parametrize(
        ("ids", "said"), [([], "Name ids, or a --tag"), (["17"], "not a job's"), ([str(uuid.UUID(int=7))], "No such")]
    )
    def test_it_refuses_to_guess(self, ids, said):
        with pytest.raises(CommandError, match=said):
            run("queues_cancel", *ids)


class TestDeadJobs:
    def test_incident_27_retry_makes_them_ready_with_their_history(self):
        first, _ = dead(2)
        said, _ = run("queues_retry", str(first.pk))
        assert said == "1 jobs are ready again.\n"
        first.refresh_from_db()
        assert (first.status, first.extra_tries, first.attempts.count()) == ("queued", 1, 1)
        assert run("queues_retry", all=True, queue="default")[0] == "1 jobs are ready again.\n"

    def test_forget_deletes_the_dead_only(self):
        first, _ = dead(2)
        actors.nothing.send(3)
        run("queues_forget", str(first.pk))
        assert not Attempt.objects.filter(job_id=first.pk).exists()
        assert run("queues_forget", all=True)[0] == "1 dead jobs are deleted.\n"
        assert Job.objects.get().status == "queued"

    @pytest.mark.parametrize("name", ["queues_retry", "queues_forget"])
    def test_they_refuse_to_guess(self, name):
        with pytest.raises(CommandError, match="Name ids, or --all"):
            run(name)
        with pytest.raises(CommandError, match="is not a job's id"):
            run(name, "17")
        with pytest.raises(CommandError, match="No such dead job"):
            run(name, all=True)

    def test_hours_and_actor_narrow_them(self):
        dead(1)
        Job.objects.update(finished_at=timezone.now() - timedelta(hours=5))
        with pytest.raises(CommandError, match="No such dead job"):
            run("queues_retry", all=True, hours=1.0)
        with pytest.raises(CommandError, match="No such dead job"):
            run("queues_retry", all=True, actor="alone")
        assert run("queues_retry", all=True, hours=6.0, actor="nothing")[1] == 0


class TestClear:
    def test_incident_27_what_waits_is_cancelled_and_stays_with_the_reason(self, database):
        actors.nothing.send(0)
        (running,) = claim(database)
        actors.nothing.send(1)
        actors.nothing.send_with_options(args=(2,), delay=60_000)
        actors.tagged.send(3)
        assert run("queues_clear", "default")[0] == "2 jobs of default are cancelled.\n"
        cleared = Job.objects.filter(status="cancelled")
        assert {job.error_message.startswith("Cleared by ") for job in cleared} == {True}
        assert Job.objects.get(pk=running.id).status == "processing"
        assert Job.objects.get(queue_name="high").status == "queued"
        assert "clear default: 2 jobs" in FleetEvent.objects.get().text

    @pytest.mark.parametrize(("answer", "left"), [("default", 0), ("yes", 1), (EOFError(), 1)])
    def test_in_production_it_asks(self, settings, monkeypatch, answer, left):
        settings.ENVIRONMENT = "production"

        def reply(question):
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr("builtins.input", reply)
        actors.nothing.send(1)
        try:
            run("queues_clear", "default")
        except CommandError as error:
            assert str(error) == "Nothing was cleared."
        assert Job.objects.filter(status="queued").count() == left


class TestPrune:
    def test_it_goes_by_the_settings(self):
        dead(1)
        Job.objects.update(finished_at=timezone.now() - timedelta(days=100))
        assert run("queues_prune")[0] == "0 rows and the tables of 0 days are deleted.\n"
        assert Job.objects.count() == 1

    def test_another_time_may_be_named_for_what_failed_and_the_fleet(self):
        dead(1)
        with connection.cursor() as cursor:
            # As if it had been made then: the time of creation is in the id.
            cursor.execute("UPDATE queues_job SET id = ('00000000' || right(id::text, 28))::uuid")
        Job.objects.update(finished_at=timezone.now() - timedelta(days=100))
        supervisor(status="dead")
        Supervisor.objects.update(beat_at=timezone.now() - timedelta(days=100))
        run("queues_prune", dead_days=110)
        assert (Job.objects.count(), Supervisor.objects.count()) == (1, 1)
        assert run("queues_prune", dead_days=90)[0].startswith("2 rows")
        assert (Job.objects.count(), Supervisor.objects.count()) == (0, 0)

    def test_another_time_may_be_named_for_what_completed(self):
        actors.nothing.send(1)
        actors.nothing.send(2)
        first, second = Job.objects.order_by("pk")
        Job.objects.filter(pk=first.pk).update(status="completed", finished_at=timezone.now() - timedelta(days=20))
        run("queues_prune", days=21)
        assert Job.objects.count() == 2
        assert run("queues_prune", days=10)[0].endswith("the tables of 1 days are deleted.\n")
        assert [job.pk for job in Job.objects.all()] == [second.pk]

    def test_a_day_is_the_least(self):
        with pytest.raises(CommandError, match="at least 1"):
            run("queues_prune", days=0)


class TestSnapshot:
    def test_each_queue_is_noted_as_it_stands(self, database):
        actors.nothing.send(1)
        assert run("queues_snapshot")[0] == "6 queues are noted.\n"
        row = MetricsSnapshot.objects.get(queue_name="default")
        assert (row.ready, row.running) == (1, 0)
        assert row.oldest > 0
        assert "just being taken" in run("queues_snapshot")[0]
        assert MetricsSnapshot.objects.count() == 6

    def test_the_chores_of_several_hosts_take_one_every_five_minutes(self, database):
        assert snapshot.take_if_due() == 6
        assert snapshot.take_if_due() == 0
        MetricsSnapshot.objects.update(at=timezone.now() - timedelta(minutes=6))
        assert snapshot.take_if_due() == 6
