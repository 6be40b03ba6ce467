"""`@actor`: Dramatiq's decorator with the engine's words, checked at import."""

import json
import re
import string
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cached_property
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import dramatiq
from dramatiq import Message

from askpro.queues import jobs
from askpro.queues.config import queue_names
from askpro.queues.ids import uuid7
from askpro.queues.running import run_atomically
from askpro.queues.units import H, S

P = ParamSpec("P")
R = TypeVar("R")

WORDS = frozenset({"max_retries", "backoff", "time_limit", "deadline", "atomic", "no_overlap", "throws", "tags"})
# What a message may say for itself; the rest is what the job is.
MESSAGE_WORDS = frozenset({"max_retries", "backoff", "time_limit", "deadline", "tags"})
DEFAULTS: dict[str, Any] = {
    "max_retries": 3,
    "backoff": (5 * S, 30 * S, 120 * S),
    "time_limit": 60 * S,
    "deadline": 24 * H,
    "atomic": False,
    "no_overlap": None,
    "throws": (),
    "tags": (),
}
# Arguments are ids and short values: payloads and personal data belong into rows of their own.
LARGEST_ARGUMENTS = 8 * 1024
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class LedgerActor(dramatiq.Actor[P, R]):
    """An actor whose messages are rows, and which may commit its effects together with its completion."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function here and now; inside a worker an atomic actor's completion commits with its effects."""
        if self.word("atomic"):
            return run_atomically(self.fn, args, kwargs)
        return self.fn(*args, **kwargs)

    def word(self, name: str, message_options: dict[str, Any] | None = None) -> Any:
        """An option by precedence: message, actor, engine."""
        if message_options and name in message_options:
            return message_options[name]
        return self.options.get(name, DEFAULTS[name])

    def new_job(
        self,
        message: Message[Any],
        delay: int | None = None,
        chain_id: uuid.UUID | None = None,
        chain_step: int | None = None,
    ) -> jobs.NewJob:
        """The row of a message. Raises `ValueError` on arguments that are too large or no JSON."""
        values = self._bound(message)
        deadline = self.word("deadline", message.options)
        return jobs.NewJob(
            id=uuid.UUID(message.message_id),
            actor_name=self.actor_name,
            queue_name=message.queue_name,
            args=_encoded(self.actor_name, message.args),
            kwargs=_encoded(self.actor_name, message.kwargs),
            options=_encoded(self.actor_name, message.options),
            tags=[_filled(tag, values) for tag in self.word("tags", message.options)],
            delay=delay,
            deadline=deadline and deadline + (delay or 0),
            lock_key=_filled(self.word("no_overlap"), values) if self.word("no_overlap") else None,
            chain_id=chain_id,
            chain_step=chain_step,
        )

    def message_with_options(
        self, *, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None, **options: Any
    ) -> Message[R]:
        if unknown := set(options) - MESSAGE_WORDS:
            known = sorted(MESSAGE_WORDS)
            raise ValueError(f"{self.actor_name}: unknown message options {sorted(unknown)}; known: {known}.")
        _check_values(self.actor_name, options)
        return Message(
            queue_name=self.queue_name,
            actor_name=self.actor_name,
            args=args,
            kwargs=kwargs or {},
            options=options,
            message_id=str(uuid7()),
        )

    def _bound(self, message: Message[Any]) -> dict[str, Any]:
        if not (self.word("tags", message.options) or self.word("no_overlap")):
            return {}
        try:
            bound = self._signature.bind(*message.args, **message.kwargs)
        except TypeError as error:
            raise ValueError(f"{self.actor_name}: {error}.") from error
        bound.apply_defaults()
        return dict(bound.arguments)

    @cached_property
    def _signature(self) -> Any:
        return signature(self.fn)


def actor(
    fn: Callable[..., Any] | None = None,
    *,
    queue_name: str = "default",
    max_retries: int | None = None,
    backoff: Sequence[int] | None = None,
    time_limit: int | None = None,
    deadline: int | timedelta | None = None,
    atomic: bool | None = None,
    no_overlap: str | None = None,
    throws: type[BaseException] | tuple[type[BaseException], ...] | None = None,
    tags: tuple[str, ...] | None = None,
    **words: Any,
) -> Any:
    """Declare a job. Times in milliseconds.

    queue_name   one of `askpro/queue_settings.py`
    max_retries  runs after the first one; backoff: pauses between them in order, the last one repeats, jittered
    time_limit   of one run; deadline: of the whole job, waiting included
    atomic       effects and completion commit in one transaction, exactly once; the job must not call the outside
    no_overlap   no second copy with this key runs, such as "call:{call_id}"; the others wait and spend no try
    throws       errors that are expected and final: no retry, counted apart from bugs
    tags         find jobs by them, such as "call:{call_id}"
    """
    given = {
        "max_retries": max_retries,
        "backoff": tuple(backoff) if backoff is not None else None,
        "time_limit": time_limit,
        "deadline": int(deadline.total_seconds() * S) if isinstance(deadline, timedelta) else deadline,
        "atomic": atomic,
        "no_overlap": no_overlap,
        "throws": throws,
        "tags": tags,
        **words,
    }
    options = {name: value for name, value in given.items() if value is not None}
    # Dramatiq's TimeLimit has a default of its own, ten minutes, and knows nothing of the engine's.
    options.setdefault("time_limit", DEFAULTS["time_limit"])

    def declare(function: Callable[..., Any]) -> LedgerActor[Any, Any]:
        _check(function, queue_name, options)
        return dramatiq.actor(function, actor_class=LedgerActor, queue_name=queue_name, **options)  # type: ignore[call-overload]

    return declare if fn is None else declare(fn)


def wake(waiting: LedgerActor[Any, Any], tag: str) -> int:
    """Make the actor's released jobs with this tag ready now, in the caller's transaction; returns how many."""
    return jobs.wake(waiting.actor_name, tag)


def _check(function: Callable[..., Any], queue_name: str, options: dict[str, Any]) -> None:
    name = function.__name__
    if queue_name not in queue_names():
        raise ValueError(f"{name}: unknown queue {queue_name!r}; known: {', '.join(queue_names())}.")
    _check_values(name, options)
    parameters = signature(function).parameters
    templates = [*options.get("tags", ()), *([options["no_overlap"]] if "no_overlap" in options else [])]
    for template in templates:
        fields = {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}
        if missing := fields - set(parameters):
            raise ValueError(f"{name}: {template!r} names {sorted(missing)}, which are no arguments of the job.")


def _check_values(name: str, options: dict[str, Any]) -> None:
    """Refuse what would only fail when a run ends, where nobody could settle it any more."""
    for word, least in (("max_retries", 0), ("time_limit", 1), ("deadline", 1)):
        if word in options and not _is_whole(options[word], least):
            raise ValueError(f"{name}: {word} is {options[word]!r}; it must be a whole number from {least} on.")
    backoff = options.get("backoff", ())
    if not isinstance(backoff, list | tuple) or not all(_is_whole(step, 0) for step in backoff):
        raise ValueError(f"{name}: backoff is {backoff!r}; it must be a sequence of milliseconds.")


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _filled(template: str, values: dict[str, Any]) -> str:
    return template.format(**values)[:100]


def _encoded(actor_name: str, value: Any) -> str:
    try:
        text = jobs.dumps(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{actor_name}: arguments must be plain JSON: {error}.") from error
    if len(text) > LARGEST_ARGUMENTS:
        raise ValueError(f"{actor_name}: {len(text)} bytes of arguments; send an id instead (limit 8 KB).")
    if "\\u" in text:
        _check_text(actor_name, value)
    return text


def _check_text(actor_name: str, value: Any) -> None:
    plain = json.dumps(value, ensure_ascii=False)
    try:
        plain.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{actor_name}: arguments hold half a character, a lone surrogate.") from error
    if NUL.search(plain):
        raise ValueError(f"{actor_name}: arguments hold a NUL character, which PostgreSQL cannot store.")
