"""Options of an actor or a message are checked where they are given, not when the job runs."""

import threading
import time
from datetime import UTC, datetime, timedelta

import dramatiq
import pytest
from dramatiq import get_broker
from dramatiq.middleware import TimeLimit

from askpro.queues import MIN, H, S, actor
from askpro.queues.jobs.actor import DEFAULTS
from askpro.queues.ledger.turns import NOBODY
from askpro.queues.models import Job
from tests.queues import actors, hostile


@pytest.fixture(autouse=True)
def forget():
    """Actors that a test declares are removed after it."""
    known = set(get_broker().actors)
    yield
    for name in set(get_broker().actors) - known:
        del get_broker().actors[name]


class TestDeclaring:
    def test_an_unknown_word_fails(self):
        with pytest.raises(ValueError, match="max_retires"):

            @actor(max_retires=3)
            def job(): ...

    def test_a_word_of_the_middleware_that_is_left_out_fails(self):
        with pytest.raises(ValueError, match="pipe_ignore"):

            @actor(pipe_ignore=True)
            def job(): ...

    def test_an_unknown_queue_fails_and_the_known_ones_are_named(self):
        with pytest.raises(ValueError, match="job: unknown queue 'hihg'; known: critical, high"):

            @actor(queue_name="hihg")
            def job(): ...

    @pytest.mark.parametrize("words", [{"tags": ("call:{call}",)}, {"no_overlap": "call:{call}"}, {"tags": ("{0}",)}])
    def test_a_template_that_names_no_argument_fails(self, words):
        with pytest.raises(ValueError, match="which are no arguments of the job"):

            @actor(**words)
            def job(call_id): ...

    @pytest.mark.parametrize(
        "words",
        [
            {"max_retries": -1},
            {"max_retries": 10**6},
            {"backoff": ("1",)},
            {"backoff": 5 * S},
            {"time_limit": 0},
            {"deadline": 0.5},
            {"deadline": timedelta(0)},
            {"deadline": 10**15},
            {"expires": 0},
            {"expires": "soon"},
            {"expires": datetime(2026, 1, 2, tzinfo=UTC)},
            {"atomic": "yes"},
            {"silenced": 1},
            {"no_overlap": ""},
            {"in_order": 5},
            {"unique_by": ("a",)},
            {"fair_by": 7},
            {"fair_by": ""},
            {"rate_limit": 5},
            {"concurrency": "company"},
            {"concurrency": ("company", 0)},
            {"throws": "ValueError"},
            {"throws": (ValueError, 5)},
            {"tags": "call:{call_id}"},
            {"tags": ("a", 1)},
            {"on_success": print},
            {"priority": "high"},
        ],
        ids=str,
    )
    def test_a_value_that_cannot_be_meant_fails(self, words):
        with pytest.raises(ValueError, match=f"job: {next(iter(words))} is"):

            @actor(**words)
            def job(): ...

    def test_a_template_that_cannot_be_read_fails(self):
        with pytest.raises(ValueError, match=r"job: '\{call' cannot be read"):

            @actor(no_overlap="{call")
            def job(call): ...

    def test_a_limit_that_nobody_declared_fails_and_the_known_ones_are_named(self):
        with pytest.raises(ValueError, match=r"No rate limit 'fsat' in LIMITS; known: .*fast"):

            @actor(rate_limit="fsat")
            def job(): ...

    def test_order_and_no_overlap_together_fail(self):
        with pytest.raises(ValueError, match="job: in_order implies no_overlap"):

            @actor(in_order="a", no_overlap="a")
            def job(): ...

    def test_what_would_run_nothing_when_called_fails(self):
        async def job(): ...

        def steps():
            yield

        for function in (job, steps):
            with pytest.raises(ValueError, match="a job is a plain function"):
                actor(function)

    def test_lists_and_timedeltas_are_as_good(self):
        @actor(throws=[KeyError], tags=["a"], backoff=[timedelta(seconds=5)], time_limit=timedelta(seconds=30))
        def job(): ...

        assert (job.word("throws"), job.word("tags"), job.word("backoff")) == ((KeyError,), ("a",), (5 * S,))
        assert job.word("time_limit") == 30 * S

    def test_the_same_name_twice_fails(self):
        with pytest.raises(ValueError, match="nothing"):

            @actor
            def nothing(): ...

    def test_it_works_without_parentheses(self):
        @actor
        def job(): ...

        assert isinstance(job, dramatiq.Actor)
        assert (job.queue_name, job.word("max_retries")) == ("default", 3)

    def test_a_deadline_may_be_a_timedelta(self):
        @actor(deadline=timedelta(hours=2))
        def job(): ...

        assert job.word("deadline") == 2 * H

    def test_it_can_be_called_like_the_function_that_it_is(self):
        @actor
        def add(one, two):
            return one + two

        assert add(1, 2) == 3


class TestPrecedence:
    def test_the_message_decides_over_the_actor_and_the_actor_over_the_engine(self):
        assert actors.nothing.word("max_retries") == DEFAULTS["max_retries"] == 3
        assert actors.fails.word("max_retries") == 2
        assert actors.fails.word("max_retries", {"max_retries": 9}) == 9

    @pytest.mark.parametrize("job", [actors.nothing, hostile.short_limit], ids=["the engine's", "its own"])
    def test_the_time_limit_is_the_one_that_dramatiq_enforces(self, job):
        (middleware,) = (item for item in get_broker().middleware if isinstance(item, TimeLimit))
        middleware.before_process_message(get_broker(), job.message())
        limit = middleware.manager.deadlines.pop(threading.get_ident()) - time.monotonic()
        assert limit == pytest.approx(job.word("time_limit") / 1000, abs=0.5)


@pytest.mark.django_db
class TestMessages:
    def test_options_are_kept_with_the_message(self):
        actors.nothing.send_with_options(args=(1,), max_retries=7, deadline=5 * MIN)
        job = Job.objects.get()
        assert job.options == {"max_retries": 7, "deadline": 5 * MIN}
        assert 299 < (job.deadline_at - job.created_at).total_seconds() < 301

    def test_a_deadline_counts_from_the_end_of_the_delay(self):
        actors.nothing.send_with_options(args=(1,), delay=10 * MIN, deadline=5 * MIN)
        job = Job.objects.get()
        assert 899 < (job.deadline_at - job.created_at).total_seconds() < 901

    def test_a_delay_may_be_a_timedelta(self):
        actors.nothing.send_with_options(args=(1,), delay=timedelta(seconds=90))
        job = Job.objects.get()
        assert 89 < (job.run_at - job.created_at).total_seconds() < 91

    def test_defaults_of_the_function_fill_templates(self):
        actors.alone.send("a")
        assert Job.objects.get().lock_key == "key:a"

    @pytest.mark.parametrize("argument", ["\ud800", {"deep": ["\udfff"]}, "x\x00"])
    def test_text_that_postgresql_cannot_store_is_refused_before_it_hurts_the_transaction(self, argument):
        with pytest.raises(ValueError, match="nothing: "):
            actors.nothing.send(argument)
        assert not Job.objects.exists()

    def test_a_queue_that_has_a_default_gives_it_to_its_jobs(self):
        assert actors.tagged.word("max_retries") == 4
        assert actors.critical_and_fails.word("max_retries") == 0

    @pytest.mark.parametrize(
        ("args", "kwargs"), [((), {}), ((1, 2, 3), {}), ((1,), {"nmae": "x"})], ids=["few", "many", "other"]
    )
    def test_arguments_that_the_job_does_not_take_are_refused_when_they_are_sent(self, args, kwargs):
        with pytest.raises(ValueError, match=r"slow: .*argument"):
            actors.slow.send(*args, **kwargs)

    @pytest.mark.parametrize("delay", ["5", True, 10**15, timedelta(days=10**6)], ids=str)
    def test_a_delay_that_cannot_be_meant_is_refused(self, delay):
        with pytest.raises(ValueError, match="nothing: delay is"):
            actors.nothing.send_with_options(args=(1,), delay=delay)

    def test_a_delay_into_the_past_is_none(self):
        actors.nothing.send_with_options(args=(1,), delay=timedelta(days=-1))
        assert Job.objects.get().run_at <= datetime.now(UTC)

    def test_a_message_may_take_away_what_its_actor_has(self):
        @actor(expires=timedelta(minutes=5), on_success=actors.hears)
        def job(): ...

        job.send_with_options(expires=None, on_success=None)
        assert (Job.objects.get().expires_at, Job.objects.get().options) == (None, {})

    def test_a_backslash_is_no_nul(self):
        actors.nothing.send(r"C:\u0000")
        assert Job.objects.get().args == [r"C:\u0000"]

    @pytest.mark.parametrize(
        "option",
        [
            {"max_retries": None},
            {"max_retries": "3"},
            {"max_retries": -1},
            {"max_retries": 10_001},
            {"backoff": 5 * S},
            {"backoff": ["1"]},
            {"time_limit": None},
            {"time_limit": 0},
            {"time_limit": float("inf")},
            {"deadline": "tomorrow"},
            {"expires": "tomorrow"},
            {"expires": datetime(2026, 1, 2)},  # noqa: DTZ001 - its zone is unknown
            {"tags": "call:7"},
            {"on_failure": 5},
        ],
        ids=str,
    )
    def test_an_option_of_a_wrong_type_is_refused_when_it_is_sent(self, option):
        with pytest.raises(ValueError, match=f"nothing: {next(iter(option))} is"):
            actors.nothing.send_with_options(args=(1,), **option)

    @pytest.mark.parametrize("word", ["atomic", "no_overlap", "throws"])
    def test_what_the_job_is_cannot_be_said_by_a_message(self, word):
        with pytest.raises(ValueError, match="unknown message options"):
            actors.nothing.send_with_options(args=(1,), **{word: True})


@pytest.mark.django_db
class TestTenants:
    def test_a_job_that_names_none_has_the_common_one_where_others_take_turns(self):
        assert actors.tied.queue_name == actors.nothing.queue_name in get_broker().fair_queues
        actors.nothing.send(1)
        actors.tied.send(company_id=3)
        assert [*Job.objects.order_by("id").values_list("fair_key", flat=True)] == [NOBODY, "company:3"]

    def test_elsewhere_it_has_none(self):
        assert actors.in_webhooks.queue_name not in get_broker().fair_queues
        actors.in_webhooks.send()
        assert Job.objects.get().fair_key is None
