"""`@actor`: Dramatiq's decorator with the engine's options, checked at import."""

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from inspect import BoundArguments, Signature, signature
from types import NoneType, UnionType
from typing import Any, ParamSpec, TypeVar, get_args, get_type_hints

import dramatiq
from django.conf import settings
from django.utils.module_loading import import_string
from dramatiq import Message

from askpro.queues import keys
from askpro.queues.arguments import LARGEST, encoded
from askpro.queues.config import is_silenced
from askpro.queues.errors import Rejected, Release
from askpro.queues.ids import uuid7
from askpro.queues.jobs import dramatiq_words, releases
from askpro.queues.jobs.messages import JobMessage, messages_of
from askpro.queues.jobs.words import (
    DEFAULTS,
    MESSAGE_WORDS,
    MOST_RETRIES,
    WORDS,
    check_values,
    checked,
    function_of,
    is_time,
    milliseconds,
    typed,
)
from askpro.queues.ledger import enqueue, limits
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.correlation import carried
from askpro.queues.ledger.current import current
from askpro.queues.ledger.outcome import COMPLETED, Outcome, decide
from askpro.queues.ledger.running import run, run_atomically
from askpro.queues.ledger.turns import NOBODY
from askpro.queues.plain import name_of

P = ParamSpec("P")
R = TypeVar("R")
# What tells `max_retries=None`, which means "for ever" to Dramatiq, from what was not said.
UNSAID: Any = object()

log = logging.getLogger(__name__)


class LedgerActor(dramatiq.Actor[P, R]):
    """An actor whose messages are rows, and which may commit its effects together with its completion."""

    def __init__(
        self,
        fn: Callable[P, R],
        *,
        broker: dramatiq.Broker,
        actor_name: str,
        queue_name: str,
        priority: int,
        options: dict[str, Any],
    ) -> None:
        """Raises `ValueError` for options that could not be kept, and for a function that would not run."""
        check_values(actor_name, {"priority": priority})
        options = checked(actor_name, fn, queue_name, options)
        super().__init__(
            fn, broker=broker, actor_name=actor_name, queue_name=queue_name, priority=priority, options=options
        )

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function now, in this thread. In a worker, an atomic actor's completion commits with its effects."""
        if current.claim is not None and limits.is_late(current.claim):
            # Its thread is late: starting now would put too many starts into one window.
            raise Release(0.0, "missed its slot")
        if self._guard is not None:
            # By name, they need not be held against the function first; it does not take what does not fit either.
            self._guard(self._signature.bind(*args, **kwargs).arguments if args else kwargs)
        return (run_atomically if self.word("atomic") else run)(self.fn, args, kwargs)

    def word(self, name: str, message_options: dict[str, Any] | None = None) -> Any:
        """An option by precedence: message, actor, engine."""
        if message_options and name in message_options:
            return message_options[name]
        return self.options.get(name, DEFAULTS[name])

    def tries_left(self, claim: Claim) -> int:
        """How many more runs may follow this claim's run."""
        return int(self.word("max_retries", claim.options) + claim.extra_tries - claim.tries_spent)

    def judge(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Raises `ValueError` where these arguments do not fit the function, and what `JOB_GUARD` raises."""
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise ValueError(f"{self.actor_name}: {error}.") from error
        kinds = get_type_hints(function_of(self.fn))
        for name, value in bound.arguments.items():
            if not _is_of(kinds.get(name), value):
                raise ValueError(f"{self.actor_name}: {name} is {value!r}, which is not {_name_of(kinds[name])}.")
        if self._guard is not None:
            self._guard(bound.arguments)

    def outcome(self, claim: Claim, error: BaseException | None) -> Outcome:
        """What becomes of a claim whose run raised `error`, or returned (None)."""
        if error is None:
            # Most runs: what a failure would need to know takes longer to look up than an empty job takes.
            return COMPLETED
        if isinstance(error, TypeError | Rejected) and (misfit := self._misfit(claim)):
            return releases.misfit(claim, misfit)
        asked = self.options.get("retry_when")
        if asked is None:
            return self._outcome(claim, error, self.tries_left(claim))
        outcome = self._outcome(claim, error, 1)
        is_final = outcome.status == "retrying" and not self._shall_retry(asked, claim, error)
        return self._outcome(claim, error, 0) if is_final else outcome

    def new_job(
        self, message: Message[Any], delay: int | timedelta | None = None, *, largest: int | None = LARGEST
    ) -> enqueue.NewJob:
        """The row of a message, `delay` in milliseconds. Raises `ValueError` for arguments that it cannot hold."""
        options, delay = message.options, self._delay(delay)
        dramatiq_words.refuse(self.actor_name, options)
        fill = self._filler(message)
        deadline, (share, places) = self.word("deadline", options), self.word("concurrency") or (None, None)
        tags = [keys.tag(fill(tag)) for tag in self.word("tags", options)]
        return enqueue.NewJob(
            id=uuid.UUID(message.message_id),
            actor_name=self.actor_name,
            queue_name=message.queue_name,
            args=encoded(f"{self.actor_name}: arguments", message.args, largest),
            kwargs=encoded(f"{self.actor_name}: arguments", message.kwargs),
            options=encoded(
                f"{self.actor_name}: options", carried({k: v for k, v in options.items() if k != "expires"})
            ),
            tags=tags,
            delay=delay,
            deadline=deadline and deadline + (delay or 0),
            lock_key=_key(fill(self.word("in_order") or self.word("no_overlap"))),
            in_order=self.word("in_order") is not None,
            share_key=_key(fill(share)),
            share_limit=places,
            fair_key=_key(fill(self.word("fair_by"))) or self._nobody,
            unique_key=_key(fill(self.word("unique_by"))),
            rate_limit=_limit(fill(self.word("rate_limit"))),
            expires_at=_moment(self.word("expires", options)),
            silenced=self.word("silenced") or is_silenced(tags),
        )

    def message_with_options(
        self, *, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None, **options: Any
    ) -> Message[R]:
        options = dramatiq_words.translated(self.actor_name, options)
        # What another middleware reads of an actor, it also reads of a message.
        known = MESSAGE_WORDS | (self.broker.actor_options - WORDS - dramatiq_words.NAMES)
        if unknown := set(options) - known:
            raise ValueError(f"{self.actor_name}: unknown message options {sorted(unknown)}; known: {sorted(known)}.")
        options = typed(options)
        check_values(self.actor_name, options)
        for name in ("on_success", "on_failure"):
            called = options.pop(name, self.options.get(name))
            if called is not None:
                options[name] = self._name_of_called(name, called)
        return JobMessage(
            queue_name=self.queue_name,
            actor_name=self.actor_name,
            args=args,
            kwargs=kwargs or {},
            options=options,
            message_id=str(uuid7()),
        )

    def _outcome(self, claim: Claim, error: BaseException | None, tries_left: int) -> Outcome:
        return decide(
            error,
            tries_left=tries_left,
            tries_spent=claim.tries_spent,
            backoff=self.word("backoff", claim.options),
            throws=self.word("throws"),
            is_cancelled=claim.interrupted,
        )

    def _misfit(self, claim: Claim) -> TypeError | None:
        """Why the function could not be called. Asked after a failure only: each run would pay for it."""
        try:
            self._signature.bind(*claim.args, **claim.kwargs)
        except TypeError as error:
            return error
        return None

    def _shall_retry(self, asked: Callable[[int, Any], bool], claim: Claim, error: BaseException | None) -> bool:
        if claim.tries_spent >= MOST_RETRIES:
            return False
        try:
            return bool(asked(claim.tries_spent, error))
        except Exception as failure:  # noqa: BLE001 - whatever it raises, the job must be settled
            log.error("%s %s: retry_when failed with %s", self.actor_name, claim.id, name_of(failure))
            return self.tries_left(claim) > 0

    @property
    def _nobody(self) -> str | None:
        """The tenant of jobs that name none: where others take turns, these together are one tenant."""
        broker: Any = self.broker
        return NOBODY if self.queue_name in broker.fair_queues else None

    def _delay(self, delay: Any) -> int | None:
        delay = milliseconds(delay)
        if delay is None:
            return None
        is_number = isinstance(delay, int | float) and not isinstance(delay, bool)
        if not (is_number and is_time(max(int(delay), 0))):
            raise ValueError(f"{self.actor_name}: delay is {delay!r}; it must be milliseconds or a timedelta.")
        return max(int(delay), 0)

    def _name_of_called(self, word: str, called: Any) -> str:
        """Refuse an actor that could not be called when the run has ended: then the sender would not hear of it."""
        name = called.actor_name if isinstance(called, dramatiq.Actor) else called
        actor: Any = self.broker.actors.get(name)
        if actor is None:
            raise ValueError(f"{self.actor_name}: {word} names {name!r}, which is no actor of this process.")
        try:
            signature(function_of(actor.fn)).bind({}, None)
        except TypeError as error:
            raise ValueError(f"{self.actor_name}: {word} calls {name} with message and result: {error}.") from error
        return str(name)

    def _filler(self, message: Message[Any]) -> Callable[[str | None], Any]:
        try:
            bound = self._signature.bind(*message.args, **message.kwargs)
        except TypeError as error:
            raise ValueError(f"{self.actor_name}: {error}.") from error
        return lambda template: template and self._filled(template, bound)

    def _filled(self, template: str, bound: BoundArguments) -> str:
        bound.apply_defaults()
        try:
            return template.format(**bound.arguments)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"{self.actor_name}: a tag or key cannot be filled: {error!r}.") from error

    @cached_property
    def _guard(self) -> Callable[[Mapping[str, Any]], None] | None:
        """What judges the arguments of a job before each run (`JOB_GUARD`); None where the project has none."""
        path = getattr(settings, "JOB_GUARD", "")
        return import_string(path) if path else None

    @cached_property
    def _signature(self) -> Signature:
        return signature(function_of(self.fn))


def actor(
    fn: Callable[..., Any] | None = None,
    *,
    queue_name: str = "default",
    max_retries: int = UNSAID,
    backoff: Sequence[int] | None = None,
    retry_when: Callable[[int, BaseException], bool] | None = None,
    time_limit: int | timedelta | None = None,
    deadline: int | timedelta | None = None,
    atomic: bool | None = None,
    no_overlap: str | None = None,
    in_order: str | None = None,
    concurrency: tuple[str, int] | None = None,
    fair_by: str | None = None,
    unique_by: str | None = None,
    rate_limit: str | None = None,
    expires: int | timedelta | None = None,
    throws: type[BaseException] | tuple[type[BaseException], ...] | None = None,
    tags: tuple[str, ...] | None = None,
    silenced: bool | None = None,
    slow: int | timedelta | None = None,
    urgency: str | None = None,
    **more: Any,
) -> Any:
    """Declare a job. Times in milliseconds or as timedelta; keys and tags name arguments, such as "call:{call_id}".

    queue_name   a queue of `askpro/queue_settings.py`
    max_retries  runs after the first one; backoff: the pauses before them in order, the last one repeats, jittered
    retry_when   asked with (retries so far, error) after a failed run, in place of counting them
    time_limit   of one run; deadline: of the whole job, waiting included; the job is dead after it
    atomic       effects and completion commit in one transaction, exactly once; the job must not call the outside
    no_overlap   only one job with this key runs at a time; the others wait and spend no try
    in_order     the same, and the key stays taken while an earlier job of it is unfinished, retries included
    concurrency  (key, n): at most n jobs with this key run at the same time
    fair_by      a tenant: of those that wait, the one with the least running jobs is next
    unique_by    no second copy with this key waits; `send` returns the waiting one
    rate_limit   a name of LIMITS: evenly spaced starts over all hosts; waiting spends no try. With whose it is behind a
                 colon ("sms:{company_id}"), each has as many
    expires      cancelled if it has not started within this time of being sent; a message may give a point in time
    throws       errors that are expected and final: no retry, counted apart from bugs
    tags         jobs can be found and cancelled by them
    urgency      which jobs pass a gate first: "first", "usual" or "last"
    slow         a run that takes longer is logged with what took its time; by default, the queue says how long
    silenced     completed and cancelled ones are left out of the console's list; those that failed never are
    on_success, on_failure   the actor that is sent (message, result) or (message, error) once the job is over
    priority     as in Dramatiq, among the jobs that one process has claimed; lower comes first
    docs/writing-jobs.md has an example of each.
    """
    said = {name: value for name, value in locals().items() if name in WORDS and value is not None} | more
    if max_retries is UNSAID:
        del said["max_retries"]
    else:
        said["max_retries"] = max_retries

    def declare(function: Callable[..., Any]) -> LedgerActor[Any, Any]:
        return dramatiq.actor(function, actor_class=LedgerActor, queue_name=queue_name, **said)  # type: ignore[call-overload]

    return declare if fn is None else declare(fn)


def wake(waiting: LedgerActor[Any, Any], tag: str) -> int:
    """Make the actor's released jobs with this tag ready now, in the caller's transaction; returns how many."""
    return enqueue.wake(waiting.actor_name, tag)


def send_many(messages: Sequence[Message[Any]], *, delay: int | timedelta | None = None) -> None:
    """Send many messages in the caller's transaction, a thousand per statement; `delay` in milliseconds."""
    broker: Any = dramatiq.get_broker()
    broker.send_many(messages_of(messages), delay=delay)


def _key(text: str | None) -> str | None:
    return text and keys.key(text)


def _limit(name: str | None) -> str | None:
    return name and keys.tag(name)


def _moment(expires: int | datetime | None) -> datetime | None:
    if expires is None or isinstance(expires, datetime):
        return expires
    return datetime.now(UTC) + timedelta(milliseconds=expires)


def _is_of(kind: Any, value: Any) -> bool:
    """Whether a value that came as JSON is of a plain kind, or of one of several; other kinds are not judged."""
    if kinds := [each for each in get_args(kind) if isinstance(each, type)] if isinstance(kind, UnionType) else []:
        return any(_is_of(each, value) for each in kinds)
    if kind is int or kind is float:
        return isinstance(value, (int, kind)) and not isinstance(value, bool)
    return isinstance(value, kind) if kind in (str, bool, NoneType) else True


def _name_of(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind)) if isinstance(kind, type) else str(kind)
