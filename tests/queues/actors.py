"""Jobs that the engine's tests send; loaded by the worker processes of those tests, too."""

import os
import time

from django.db import connection

from askpro import queue_settings
from askpro.queues import Gone, RateLimited, Rejected, Release, S, actor, batches, chains, log
from askpro.queues.ledger.gates import Gate

# Ten starts a minute, ten a second, and sixty a minute.
queue_settings.LIMITS.update({"testing": (10, 60.0), "fast": (20, 2.0), "sixty": (60, 60.0)})


class Expected(Exception):
    """An error that `throws` names."""


def effect(name: str, number: int = 0) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO effect (name, number) VALUES (%s, %s)", [name, number])


@actor(queue_name="default")
def nothing(number: int = 0) -> None: ...


if os.environ.get("ASKPRO_VERSION") == "n+1":

    @actor(queue_name="default", atomic=True)
    def greets(name: str, language: str) -> None:
        effect(f"greets in {language}")

    @actor(queue_name="default", atomic=True)
    def is_new() -> None:
        effect("is new")

else:

    @actor(queue_name="default", max_retries=0)
    def greets(name: str) -> None:
        effect("greets")


@actor(queue_name="high", tags=("call:{call_id}",))
def tagged(call_id: int) -> None: ...


@actor(queue_name="default", atomic=True)
def atomic_effect(number: int) -> None:
    effect("atomic", number)


@actor(queue_name="default", atomic=True, max_retries=2, backoff=(1 * S,))
def atomic_then_fails(number: int) -> None:
    effect("atomic then fails", number)
    raise ValueError("after the effect")


@actor(queue_name="default", max_retries=2, backoff=(10 * S, 30 * S))
def fails(message: str = "no") -> None:
    raise ValueError(message)


@actor(queue_name="default", throws=Expected)
def fails_as_expected() -> None:
    raise Expected("as it should")


@actor(queue_name="default", max_retries=5)
def is_rejected() -> None:
    raise Rejected("refused for good")


@actor(queue_name="default")
def finds_nothing() -> None:
    raise Gone("the row is gone")


@actor(queue_name="default", tags=("call:{call_id}",))
def waits(call_id: int) -> None:
    raise Release(60, "waits for something")


@actor(queue_name="default")
def is_throttled() -> None:
    raise RateLimited(5)


@actor(queue_name="default", no_overlap="key:{key}")
def alone(key: str, number: int = 0) -> None:
    effect(f"alone {key}", number)


@actor(queue_name="default", no_overlap="slow key:{key}")
def alone_and_slow(key: str, number: int) -> None:
    effect(f"begin {key}", number)
    time.sleep(0.02)
    effect(f"end {key}", number)


@actor(queue_name="default")
def step(name: str) -> None:
    effect(name)


@actor(queue_name="default", max_retries=0)
def last_chance() -> None:
    raise ValueError("at once dead")


@actor(queue_name="default", max_retries=1, backoff=(100,))
def poison() -> None:
    os.kill(os.getpid(), 9)


@actor(queue_name="default", time_limit=300, max_retries=0)
def too_slow() -> None:
    while True:
        time.sleep(0.01)


@actor(queue_name="default", time_limit=300, max_retries=0)
def too_slow_in_c(seconds: float) -> None:
    time.sleep(seconds)


@actor(queue_name="default", time_limit=60 * S)
def slow(seconds: float, name: str = "slow") -> None:
    effect(f"{name} began")
    time.sleep(seconds)
    effect(f"{name} ended")


@actor(queue_name="default", time_limit=60 * S)
def lasts(seconds: float) -> None:
    time.sleep(seconds)


@actor(queue_name="default", time_limit=60 * S)
def naps(seconds: float, name: str) -> None:
    effect(f"{name} began")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)
    effect(f"{name} ended")


@actor(queue_name="webhooks")
def in_webhooks() -> None: ...


@actor(queue_name="critical", max_retries=0)
def critical_and_fails() -> None:
    raise ValueError("of somebody with a name")


@actor(queue_name="default", in_order="order:{key}", backoff=(1 * S,), max_retries=5)
def ordered(key: str, number: int, fails: bool = False) -> None:
    if fails:
        raise ValueError
    effect(f"ordered {key} {number}", number)


@actor(queue_name="default", concurrency=("company:{company_id}", 2))
def two_at_once(company_id: int, number: int) -> None: ...


@actor(
    queue_name="default",
    in_order="tied:{company_id}",
    concurrency=("some:{company_id}", 2),
    fair_by="company:{company_id}",
)
def tied(company_id: int) -> None: ...


@actor(queue_name="default", fair_by="company:{company_id}")
def takes_turns(company_id: int) -> None: ...


@actor(queue_name="default", fair_by="company:{company_id}")
def lasts_in_turn(company_id: int, seconds: float) -> None:
    time.sleep(seconds)


@actor(queue_name="default", unique_by="sync:{company_id}")
def unique(company_id: int) -> None: ...


@actor(
    queue_name="default",
    no_overlap="alone:{text}",
    concurrency=("at once:{text}", 2),
    unique_by="once:{text}",
    fair_by="of:{text}",
    tags=("text:{text}",),
)
def long_keys(text: str) -> None: ...


@actor(queue_name="default", rate_limit="testing")
def limited() -> None: ...


@actor(queue_name="default", rate_limit="testing:{company}")
def limited_for(company: str) -> None: ...


@actor(queue_name="default", rate_limit="fast")
def limited_and_fast() -> None: ...


@actor(queue_name="default", rate_limit="sixty")
def limited_to_sixty() -> None: ...


@actor(queue_name="default", in_order="long order:{key}", backoff=(50,), max_retries=3)
def ordered_and_flaky(key: str, number: int) -> None:
    effect("begin", number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM effect WHERE name = 'begin' AND number = %s", [number])
        (runs,) = cursor.fetchone()
    if number % 10 == 3 and runs == 1:
        effect("fail", number)
        raise ValueError
    effect("end", number)


@actor(queue_name="default", atomic=True)
def appends(names: list[str]) -> None:
    chains.append([step.message(name=name) for name in names])


@actor(queue_name="default")
def spreads(number: int) -> None:
    """Adds members to its own batch."""
    batches.add(batches.current_id(), [step.message(name=f"spread {n}") for n in range(number)])


@actor(queue_name="default")
def gives(number: int) -> int:
    return number


@actor(queue_name="default")
def hears(message: dict, told: object) -> None:
    effect(f"heard {message['actor_name']}: {told}")


@actor(
    queue_name="default",
    no_overlap="heard",
    tags=('said "so"',),
    rate_limit="testing",
    on_success="hears",
    fair_by="us",
)
def hears_alone(message: dict, told: object) -> None: ...


@actor(queue_name="default", silenced=True)
def ticks(fails: bool = False) -> None:
    if fails:
        raise Rejected("no")


@actor(queue_name="default")
def talks() -> None:
    log("eins")
    log("zwei \x00")


@actor(queue_name="default")
def grows(names: list[str]) -> None:
    chains.append([step.message(name=name) for name in names])


@actor(queue_name="default")
def gives_what_is_no_json() -> object:
    return object()


# What happens to the requests of `asks*` once they have passed their gate, by number; None is an answer.
answers: dict[int, Exception | None] = {}
GATE = Gate("vendor:test", per_minute=60)


def ask(number: int, gate: Gate = GATE) -> None:
    with gate.passing():
        effect("asked", number)
        if error := answers.get(number):
            raise error


@actor(queue_name="default", urgency="first", max_retries=4, no_overlap="asks:{number}")
def asks_first(number: int, times: int = 1) -> None:
    for _ in range(times):
        ask(number)


@actor(queue_name="default", max_retries=4)
def asks(number: int) -> None:
    ask(number)


@actor(queue_name="default", urgency="last", max_retries=4)
def asks_last(number: int) -> None:
    ask(number)
