"""The actors of our side."""

import time
from typing import Any

from askpro.dev.bench import work
from askpro.dev.bench.pressure import marks, mix
from askpro.dev.bench.queue_settings import FAIR, PLAIN
from askpro.queues import actor


@actor(queue_name=PLAIN)
def empty() -> None:
    work.nothing()


@actor(queue_name=PLAIN, atomic=True)
def effect(number: int) -> None:
    work.leave_effect(number)


@actor(queue_name=PLAIN)
def start() -> None:
    work.tell_start()


@actor(queue_name=PLAIN)
def numbered(number: int) -> None:
    work.nothing()


@actor(queue_name=PLAIN, unique_by="bench:{number}")
def single(number: int) -> None:
    work.nothing()


@actor(queue_name="low")
def weighed(call_id: int) -> None:
    work.nothing()


@actor(queue_name="low", tags=("call:{call_id}", "company:1"))
def weighed_tagged(call_id: int) -> None:
    work.nothing()


@actor(queue_name="low", tags=("call:{call_id}", "company:1"), no_overlap="weighed:{call_id}", fair_by="company:1")
def weighed_keyed(call_id: int) -> None:
    work.nothing()


@actor(queue_name=PLAIN)
def of_tenant(tenant: int) -> None:
    work.nothing()


@actor(queue_name=FAIR, fair_by="tenant:{tenant}")
def of_tenant_in_turn(tenant: int) -> None:
    work.nothing()


@actor(queue_name=FAIR, fair_by="tenant:{tenant}")
def long_in_turn(tenant: int, seconds: float) -> None:
    time.sleep(seconds)


@actor(queue_name=FAIR, fair_by="tenant:{tenant}")
def start_in_turn(tenant: int) -> None:
    work.tell_start()


def _pressed(queue: str, suffix: str = "", **words: Any) -> Any:
    def run(call_id: int, company_id: int, milliseconds: int, sent: int) -> None:
        marks.tell_start(sent)
        mix.rest(milliseconds)

    tags = ("call:{call_id}", "company:{company_id}")
    return actor(run, queue_name=queue, actor_name=f"pressed_{queue}{suffix}", tags=tags, **words)


@actor(tags=("call:{call_id}", "company:{company_id}"))
def heard(call_id: int, company_id: int, sent: int) -> None:
    marks.tell_start(sent)


# One for each queue of the mix.
pressed = {queue: _pressed(queue) for queue in mix.QUEUES}
pressed_keyed = {queue: _pressed(queue, "_keyed", no_overlap="company:{company_id}") for queue in mix.QUEUES}
