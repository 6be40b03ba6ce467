"""Invalid queue settings are refused, with the fix in the message."""

import pytest

from askpro.queue_settings import ENVIRONMENTS, QUEUES
from askpro.queues import config
from askpro.queues.config import (
    FOR_EVER,
    InvalidQueueSettings,
    pools,
    promise,
    queue_names,
    retention,
    unworked_queues,
)


@pytest.fixture
def _known_queues():
    """Restore the product's queues afterwards."""
    yield
    config.queue_names.cache_clear()
    config.queue_names()


@pytest.fixture
def declare(_known_queues, settings, monkeypatch):
    """Other queue settings for one test."""

    def declare(environments, queues=("critical", "low"), defaults=None):
        settings.QUEUE_SETTINGS = "tests.queues.test_config"
        monkeypatch.setitem(globals(), "ENVIRONMENTS", environments)
        monkeypatch.setitem(globals(), "QUEUES", {name: {"promise": 5} for name in queues})
        monkeypatch.setitem(globals(), "DEFAULTS", defaults or {})
        config.queue_names.cache_clear()

    return declare


def test_the_products_own_settings_leave_no_queue_unworked():
    for environment in ENVIRONMENTS:
        assert pools(environment)
        assert unworked_queues(environment) == set()


def test_every_queue_has_a_promise():
    assert {name for name in queue_names() if promise(name) > 0} == set(QUEUES)


def test_a_pool_is_one_process_with_one_thread_unless_said_otherwise(declare):
    declare({"here": {"all": {"queues": ["critical", "low"], "max_processes": 2}}})
    (pool,) = pools("here")
    assert (pool.queues, pool.threads, pool.nice) == (("critical", "low"), 1, 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"queues": ["low"], "proceses": 2}, "Did you mean 'processes'"),
        ({"queues": ["low"], "thread": 2}, "Did you mean 'threads'"),
        ({"queues": ["low"], "zzz": 2}, "Known: cooldown, max_age, .*, processes, queues"),
        ({"queues": ["low"], "name": "x"}, "unknown key 'name'"),
        ({"queues": ["lwo"]}, "lwo.*QUEUES does not name"),
        ({"queues": []}, "needs a queue"),
        ({"queues": ["low"], "processes": 0}, "at least one process"),
        ({"queues": ["low"], "threads": 0}, "one thread"),
        ({"queues": ["low"], "strategy": "auto"}, "no strategy 'auto'; choose one of promise"),
        ({"queues": ["low", "critical"], "min_processes": 2, "max_processes": 3}, "max_processes of at least 4"),
        ({"queues": ["low"], "processes": 2, "strategy": "size"}, "choose one"),
        ({"queues": ["low"], "nice": 20}, "nice between -20 and 19"),
        ({"queues": ["low"], "memory": -1}, "memory and rest of at least 0"),
        ({"queues": ["low"], "time_limit": 0}, "time_limit above 0"),
        ({"queues": "low"}, "queues 'low', which is not a list of names"),
        ({"queues": ["low"], "processes": "2"}, "processes '2', which is not a number"),
        ({"queues": ["low"], "min_processes": 1.5}, "min_processes 1.5, which is not a number"),
        ({"queues": ["low"], "rest": None}, "rest None, which is not a number"),
        ({"queues": ["low"], "max_jobs": True}, "max_jobs True, which is not a number"),
        ({"queues": ["low"], "max_shift": 0}, "max_shift of at least 1"),
    ],
)
def test_it_refuses_a_pool_that_cannot_be_meant(declare, words, message):
    declare({"here": {"mine": words}})
    with pytest.raises(InvalidQueueSettings, match=f"(?s)'mine'.*{message}"):
        pools("here")


def test_it_refuses_an_unknown_environment_and_lists_the_known(declare):
    declare({"here": {"all": {"queues": ["low"]}}})
    with pytest.raises(InvalidQueueSettings, match=r"No environment 'there'.*known: here.*ASKPRO_ENV"):
        pools("there")


def test_it_names_the_queues_that_nobody_works(declare):
    declare({"here": {"all": {"queues": ["low"]}}})
    assert unworked_queues("here") == {"critical"}


class TestPools:
    def test_an_environment_stands_on_the_defaults_of_the_pool_s_name(self, declare):
        defaults = {"low": {"queues": ["low"], "nice": 19, "memory": 64}, "unused": {"queues": ["critical"]}}
        declare({"here": {"low": {"processes": 3, "memory": 32}}}, defaults=defaults)
        (pool,) = pools("here")
        assert (pool.queues, pool.nice, pool.memory, pool.max_processes) == (("low",), 19, 32, 3)

    def test_a_fixed_number_of_processes_works_all_queues_together(self, declare):
        declare({"here": {"all": {"queues": ["critical", "low"], "processes": 3}}})
        (pool,) = pools("here")
        assert (pool.strategy, pool.min_processes, pool.max_processes) == ("off", 3, 3)
        assert pool.groups == {"all": ("critical", "low")}

    def test_a_balanced_pool_has_processes_for_each_queue(self, declare):
        declare({"here": {"all": {"queues": ["critical", "low"], "max_processes": 3}}})
        assert pools("here")[0].groups == {"all:critical": ("critical",), "all:low": ("low",)}

    def test_production_has_the_pools_that_were_ordered(self):
        bounds = {pool.name: (pool.min_processes, pool.max_processes) for pool in pools("production")}
        assert bounds["critical"] == (5, 20)
        assert bounds["high"] == (3, 15)
        assert bounds["default"] == (10, 10)
        assert bounds["webhooks"] == (5, 25)
        assert bounds["notifications"] == (5, 5)
        assert [pool.name for pool in pools("production") if "low" in pool.queues] == ["low"]


class TestQueues:
    def test_their_words_are_what_a_job_has_unless_it_says_otherwise(self, declare, monkeypatch):
        declare({"here": {}})
        words = {"promise": 5, "tries": 4, "backoff": [1, 2.5], "time_limit": 30}
        monkeypatch.setitem(globals(), "QUEUES", {"low": words})
        assert config.job_defaults("low") == {"max_retries": 3, "backoff": (1000, 2500), "time_limit": 30_000}

    def test_there_are_no_more_than_a_worker_can_count(self, declare, monkeypatch):
        declare({"here": {}})
        monkeypatch.setitem(globals(), "QUEUES", {f"queue{number}": {"promise": 5} for number in range(65)})
        with pytest.raises(InvalidQueueSettings, match="64 are the most"):
            config.queue_names()

    def test_a_misspelt_word_is_refused(self, declare, monkeypatch):
        declare({"here": {"all": {"queues": ["low"]}}})
        monkeypatch.setitem(globals(), "QUEUES", {"low": {"promis": 5}})
        with pytest.raises(InvalidQueueSettings, match=r"Queue 'low'.*Did you mean 'promise'"):
            pools("here")

    @pytest.mark.parametrize("words", [{}, {"promise": 0}, {"promise": "5"}])
    def test_each_needs_a_promise(self, declare, monkeypatch, words):
        declare({"here": {"all": {"queues": ["low"]}}})
        monkeypatch.setitem(globals(), "QUEUES", {"low": words})
        with pytest.raises(InvalidQueueSettings, match="Queue 'low' needs a promise above 0"):
            pools("here")


class TestRetention:
    @pytest.fixture
    def keep(self, declare, monkeypatch):
        def keep(tags=(), **words):
            declare({"here": {}})
            monkeypatch.setitem(globals(), "RETENTION", words)
            monkeypatch.setitem(globals(), "MONITORED_TAGS", tags)
            return retention()

        return keep

    def test_the_products_own_can_be_read(self):
        assert retention().completed == 30 * 24 * 60

    def test_what_is_not_named_is_kept_for_ever_and_so_is_none(self, keep):
        kept = keep(completed=5, failed=None)
        assert (kept.completed, kept.failed, kept.recent) == (5, FOR_EVER, FOR_EVER)

    def test_queues_and_actors_may_say_otherwise(self, keep):
        kept = keep(
            ("a",), completed=5, failed=9, monitored=8, queues={"low": {"completed": 1}}, actors={"x": {"failed": 7}}
        )
        assert kept.all_of("completed") == {5, 1} and kept.all_of("failed") == {9, 7}
        assert kept.others("queues", "completed") == {"low": 1} and kept.others("actors", "completed") == {}
        assert (kept.longest_completed, kept.steps_of_completed) == (8, {5, 1, 8})

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ({"complete": 5}, "Did you mean 'completed'"),
            ({"completed": 0}, "RETENTION keeps completed for 0; write whole minutes of at least 1, or None"),
            ({"completed": -5}, "for -5"),
            ({"completed": 1.5}, "for 1.5"),
            ({"completed": True}, "for True"),
            ({"completed": "5"}, "for '5'"),
            ({"queues": {"lwo": {}}}, "queues .'lwo'., which QUEUES does not"),
            ({"queues": {"low": {"failled": 5}}}, "queues 'low', has an unknown key 'failled'.*Did you mean 'failed'"),
            ({"queues": {"low": {"recent": 5}}}, "unknown key 'recent'.*Known: completed, failed, pending"),
            ({"actors": {"x": {"pending": 5}}}, "unknown key 'pending'"),
            ({"actors": {"x": {"failed": 0}}}, "actors 'x', keeps failed for 0"),
            ({"completed": 6, "failed": 5}, r"completed jobs longer .6. than failed ones .5.; raise failed"),
            ({"failed": 5, "completed": 4, "queues": {"low": {"completed": 6}}}, "completed jobs of 'low' longer"),
            ({"failed": 5, "completed": 4, "actors": {"x": {"failed": 3}}}, "completed jobs of 'x' longer"),
            ({"completed": 4, "failed": 5, "archived": 4}, "archived of dead jobs before.*raise archived above 5"),
            ({"tags": ("a",), "completed": 4, "monitored": 3}, "monitored jobs shorter than completed"),
            ({"tags": ("*",)}, "cannot read MONITORED_TAGS"),
            ({"tags": ("a*b",)}, "cannot read MONITORED_TAGS"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, keep, words, message):
        with pytest.raises(InvalidQueueSettings, match=message):
            keep(**words)
