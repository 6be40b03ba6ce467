"""The options ("words") of `@actor`: their defaults, and the checks at import."""

import string
from collections.abc import Callable
from datetime import datetime, timedelta
from inspect import iscoroutinefunction, isgeneratorfunction, signature
from typing import Any

import dramatiq

from askpro.queues.config import job_defaults, limit, queue_names
from askpro.queues.errors import Urgency
from askpro.queues.jobs.dramatiq_words import PAUSES, translated
from askpro.queues.units import H, S

DEFAULTS: dict[str, Any] = {
    "max_retries": 3,
    "backoff": (5 * S, 30 * S, 120 * S),
    "retry_when": None,
    "time_limit": 60 * S,
    "deadline": 24 * H,
    "atomic": False,
    "no_overlap": None,
    "in_order": None,
    "concurrency": None,
    "fair_by": None,
    "unique_by": None,
    "rate_limit": None,
    "expires": None,
    "throws": (),
    "tags": (),
    "silenced": False,
    "slow": None,
    "urgency": "usual",
    "on_success": None,
    "on_failure": None,
}
WORDS = frozenset(DEFAULTS)
# Tries are counted in a small integer, and retrying by hand adds to them.
MOST_RETRIES = 10_000
# The options that a message may set for itself; the others belong to the actor.
MESSAGE_WORDS = frozenset(
    {"max_retries", "backoff", "time_limit", "deadline", "expires", "tags", "on_success", "on_failure"}
)
# Times that may be given as a timedelta; the engine counts in milliseconds.
TIMES = frozenset({"deadline", "time_limit", "expires", "slow"})
# A message may switch off what its actor has.
MAY_BE_NONE = frozenset({"expires", "on_success", "on_failure"})
# A hundred years. PostgreSQL can store later times, but beyond some point Python cannot read them any more.
LONGEST_TIME = 100 * 365 * 24 * H
MOST_PLACES = 1_000


def checked(name: str, function: Callable[..., Any], queue_name: str, words: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, in the engine's own types. Raises `ValueError` with the fix in the message."""
    function = function_of(function)
    if iscoroutinefunction(function) or isgeneratorfunction(function):
        raise ValueError(f"{name}: a job is a plain function; calling this one would run nothing.")
    if queue_name not in queue_names():
        raise ValueError(f"{name}: unknown queue {queue_name!r}; known: {', '.join(queue_names())}.")
    options = {**job_defaults(queue_name), **typed(translated(name, words))}
    if PAUSES & words.keys():
        # Pauses that no retry would wait for are only noise to whoever reads them.
        options["backoff"] = options["backoff"][: max(options.get("max_retries") or DEFAULTS["max_retries"], 1)]
    # Dramatiq's TimeLimit has its own default, ten minutes, and does not know the engine's.
    options.setdefault("time_limit", DEFAULTS["time_limit"])
    check_values(name, options)
    if "expires" in options and not is_time(options["expires"], 1):
        raise ValueError(
            f"{name}: expires is {options['expires']!r}; an actor says how long, a message may give a time."
        )
    if {"no_overlap", "in_order"} <= set(options):
        raise ValueError(f"{name}: in_order implies no_overlap; leave one out.")
    if "rate_limit" in options:
        limit(options["rate_limit"])
    for template in templates(options):
        _check_template(name, function, template)
    return options


def function_of(called: Any) -> Any:
    """What runs when an actor's `fn` is called: of a `GenericActor`, its `perform`."""
    return called.perform if isinstance(called, dramatiq.GenericActor) else called


def check_values(name: str, options: dict[str, Any]) -> None:
    """Refuse values that would only fail at the end of a run, which could not be settled then. Raises `ValueError`."""
    for word, value in options.items():
        if word in MEANT and not (value is None and word in MAY_BE_NONE):
            is_right, meant = MEANT[word]
            if not is_right(value):
                raise ValueError(f"{name}: {word} is {value!r}; it must be {meant}.")


def typed(options: dict[str, Any]) -> dict[str, Any]:
    """The same options, times as milliseconds and lists as tuples."""
    return {word: _typed(word, value) for word, value in options.items()}


def milliseconds(value: Any) -> Any:
    """A timedelta in the engine's unit; any other value unchanged."""
    return int(value.total_seconds() * S) if isinstance(value, timedelta) else value


def templates(options: dict[str, Any]) -> list[str]:
    """All texts that contain fields for the job's arguments."""
    words = ("no_overlap", "in_order", "fair_by", "unique_by", "rate_limit")
    keys = [options[word] for word in words if word in options]
    shared = [options["concurrency"][0]] if "concurrency" in options else []
    return [*options.get("tags", ()), *keys, *shared]


def is_time(value: Any, least: int = 0) -> bool:
    """Whether the value is a number of milliseconds that PostgreSQL's clock can count."""
    return is_whole(value, least, LONGEST_TIME)


def is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _typed(word: str, value: Any) -> Any:
    if word in TIMES:
        return milliseconds(value)
    if word == "backoff" and isinstance(value, list | tuple):
        return tuple(map(milliseconds, value))
    return tuple(value) if word in ("throws", "tags") and isinstance(value, list) else value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_error(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _are(is_right: Callable[[Any], bool], values: Any) -> bool:
    return isinstance(values, tuple) and all(map(is_right, values))


def _is_share(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and _is_text(value[0]) and is_whole(value[1], 1, MOST_PLACES)


def _is_moment(value: Any) -> bool:
    return value.tzinfo is not None if isinstance(value, datetime) else is_time(value, -LONGEST_TIME)


# Without LIVE: a caller on the line is not a job.
URGENCIES = tuple(urgency.name.lower() for urgency in Urgency if urgency != Urgency.LIVE)
TIME = (lambda value: is_time(value, 1), "milliseconds, a whole number from 1 on, or a timedelta")
KEY = (_is_text, 'a text such as "call:{call_id}"')
CALLED = (lambda value: isinstance(value, dramatiq.Actor | str), "an actor, or its name")
# By word: whether a value is right, and what it must be.
MEANT: dict[str, tuple[Callable[[Any], bool], str]] = {
    "max_retries": (lambda value: is_whole(value, 0, MOST_RETRIES), f"a whole number from 0 to {MOST_RETRIES}"),
    "backoff": (lambda value: _are(is_time, value), "a sequence of milliseconds or timedeltas"),
    "time_limit": TIME,
    "deadline": TIME,
    "slow": TIME,
    "expires": (_is_moment, "milliseconds, a timedelta, or a datetime with its time zone"),
    "atomic": (lambda value: isinstance(value, bool), "True or False"),
    "silenced": (lambda value: isinstance(value, bool), "True or False"),
    "urgency": (lambda value: value in URGENCIES, f"one of {', '.join(URGENCIES)}"),
    "no_overlap": KEY,
    "in_order": KEY,
    "fair_by": KEY,
    "unique_by": KEY,
    "concurrency": (_is_share, f'a pair such as ("company:{{company_id}}", 5), at most {MOST_PLACES}'),
    "rate_limit": (_is_text, 'a name of LIMITS, or one with whose it is: "sms:{company_id}"'),
    "throws": (lambda value: _is_error(value) or _are(_is_error, value), "an exception's class or a tuple of them"),
    "tags": (lambda value: _are(_is_text, value), 'a tuple of texts such as ("call:{call_id}",)'),
    "on_success": CALLED,
    "on_failure": CALLED,
    "priority": (lambda value: is_whole(value, -(2**31), 2**31), "a whole number"),
    "retry_when": (callable, "a function of the number of retries and the error"),
    "notify_shutdown": (lambda value: isinstance(value, bool), "True or False"),
}


def _check_template(name: str, function: Callable[..., Any], template: str) -> None:
    try:
        fields = {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}
    except ValueError as error:
        raise ValueError(f"{name}: {template!r} cannot be read: {error}.") from error
    if missing := fields - set(signature(function).parameters):
        raise ValueError(f"{name}: {template!r} names {sorted(missing)}, which are no arguments of the job.")
