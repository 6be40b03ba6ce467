"""Queue settings that cannot be meant are refused, with the fix in the message."""

import pytest

from askpro.queue_settings import ENVIRONMENTS, QUEUES
from askpro.queues import config
from askpro.queues.config import InvalidQueueSettings, Pool, pools, promise, queue_names, unworked_queues


@pytest.fixture
def _known_queues():
    """The product's queues are known again afterwards."""
    yield
    config.queue_names.cache_clear()
    config.queue_names()


@pytest.fixture
def declare(_known_queues, settings, monkeypatch):
    """Other queue settings for one test."""

    def declare(environments, queues=("critical", "low")):
        settings.QUEUE_SETTINGS = "tests.queues.test_config"
        monkeypatch.setitem(globals(), "ENVIRONMENTS", environments)
        monkeypatch.setitem(globals(), "QUEUES", {name: {"promise": 5} for name in queues})
        config.queue_names.cache_clear()

    return declare


def test_the_products_own_settings_leave_no_queue_unworked():
    for environment in ENVIRONMENTS:
        assert pools(environment)
        assert unworked_queues(environment) == set()


def test_every_queue_has_a_promise():
    assert {name for name in queue_names() if promise(name) > 0} == set(QUEUES)


def test_a_pool_is_one_process_with_one_thread_unless_said_otherwise(declare):
    declare({"here": {"all": {"queues": ["critical", "low"]}}})
    assert pools("here") == [Pool("all", ("critical", "low"), processes=1, threads=1, nice=0)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"queues": ["low"], "proceses": 2}, "Did you mean 'processes'"),
        ({"queues": ["low"], "thread": 2}, "Did you mean 'threads'"),
        ({"queues": ["low"], "zzz": 2}, "Known: nice, processes, queues, threads"),
        ({"queues": ["low"], "name": "x"}, "unknown key 'name'"),
        ({"queues": ["lwo"]}, "lwo.*QUEUES does not name"),
        ({"queues": []}, "needs a queue"),
        ({"queues": ["low"], "processes": 0}, "at least one process"),
        ({"queues": ["low"], "threads": 0}, "one thread"),
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
