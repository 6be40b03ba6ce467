"""The actors of our side."""

from askpro.dev.bench import work
from askpro.queues import actor


@actor
def empty() -> None:
    work.nothing()


@actor(atomic=True)
def effect(number: int) -> None:
    work.leave_effect(number)


@actor
def start() -> None:
    work.tell_start()


@actor
def numbered(number: int) -> None:
    work.nothing()


@actor(unique_by="bench:{number}")
def single(number: int) -> None:
    work.nothing()
