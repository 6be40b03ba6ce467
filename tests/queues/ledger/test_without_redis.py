"""With Redis off for the whole test: what is marked `also_without_redis` runs again; here, that it is really off."""

import pytest
from django.db import transaction

from askpro.queues.ledger import hints
from tests.queues import actors

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
