"""With Redis off for the whole test: `conftest.py` runs the suites of behaviour again; here, that it is really off."""

from importlib import import_module

import pytest
from django.db import transaction

from askpro.queues.ledger import hints
from tests.queues import actors, conftest

OFF = pytest.mark.parametrize("redis_is_on", [False], indirect=True)


@OFF
@pytest.mark.django_db
def test_neither_the_engine_nor_its_processes_know_of_redis(child_environment):
    assert child_environment()["REDIS_URL"] == ""
    assert hints.connect(1.0) is None


@OFF
@pytest.mark.django_db(transaction=True)
def test_nothing_is_pushed(redis_client):
    with transaction.atomic():
        actors.nothing.send(1)
    assert redis_client.keys() == []


@pytest.mark.parametrize("name", sorted(conftest.ALSO_WITHOUT_REDIS | conftest.ALSO_WITHOUT_REDIS_IF_LONG))
def test_the_suites_that_run_again_exist(name):
    assert import_module(f"tests.queues.{name}")
