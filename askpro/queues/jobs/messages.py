"""Refuses Dramatiq's pipelines and groups when they are started: their state lives in messages and in Redis."""

from collections.abc import Iterable
from typing import Any, NoReturn

import dramatiq
from dramatiq import Message

INSTEAD = (
    "{} is not durable and not supported: use chain([a.message(…), b.message(…)]).send() for steps, and"
    " Batch([a.message(…), b.message(…)]).send() for jobs side by side (askpro.queues)."
)


class NotSupported(TypeError):
    """A way to combine jobs that this broker refuses; the message names the one that it offers."""


class JobMessage(Message[Any]):
    """A message of one of our actors."""

    def __or__(self, other: Any) -> NoReturn:
        raise NotSupported(INSTEAD.format("a | b"))


def messages_of(values: Iterable[Any]) -> list[Message[Any]]:
    """The values, each checked to be a message, none twice. Raises `TypeError` or `ValueError` with the fix."""
    if isinstance(values, Message):
        raise TypeError("Several messages are expected here, but this is one; put it into a list.")
    messages = [message_of(value) for value in values]
    if len({message.message_id for message in messages}) < len(messages):
        raise ValueError("The same message is in the list twice; call .message() for each.")
    return messages


def message_of(value: Any) -> Message[Any]:
    """The value, checked to be a message. Raises `TypeError` with the fix."""
    if isinstance(value, Message):
        return value
    hint = f"write {value.actor_name}.message(…)" if isinstance(value, dramatiq.Actor) else "write actor.message(…)"
    raise TypeError(f"A message is expected, not {type(value).__name__}; {hint}.")


def refuse(broker: type[dramatiq.Broker]) -> None:
    """Make `run` of pipelines and groups raise `NotSupported` when they use such a broker.

    To the broker they look like any other message; only their own `run` can tell them apart.
    """
    for kind in (dramatiq.group, dramatiq.pipeline):
        kind.run = _refusing(kind.run, broker, f"dramatiq.{kind.__name__}")  # type: ignore[method-assign]


def _refusing(run: Any, broker: type[dramatiq.Broker], name: str) -> Any:
    def refusing(self: Any, *, delay: int | None = None) -> Any:
        if isinstance(self.broker, broker):
            raise NotSupported(INSTEAD.format(name))
        return run(self, delay=delay)

    return refusing
