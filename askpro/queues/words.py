"""The words of `@actor`: their defaults, and what is wrong with them, said at import."""

import string
from collections.abc import Callable
from datetime import timedelta
from inspect import signature
from math import inf
from typing import Any

from askpro.queues.config import job_defaults, limit, queue_names
from askpro.queues.units import H, S

DEFAULTS: dict[str, Any] = {
    "max_retries": 3,
    "backoff": (5 * S, 30 * S, 120 * S),
    "time_limit": 60 * S,
    "deadline": 24 * H,
    "atomic": False,
    "no_overlap": None,
    "in_order": None,
    "concurrency": None,
    "unique_by": None,
    "rate_limit": None,
    "expires": None,
    "throws": (),
    "tags": (),
    "on_success": None,
    "on_failure": None,
}
WORDS = frozenset(DEFAULTS)
# Tries are counted in a small integer, and retrying by hand adds to them.
MOST_RETRIES = 10_000
# What a message may say for itself; the rest is what the job is.
MESSAGE_WORDS = frozenset(
    {"max_retries", "backoff", "time_limit", "deadline", "expires", "tags", "on_success", "on_failure"}
)
# Times that may be given as a timedelta; the engine counts in milliseconds.
TIMES = frozenset({"deadline", "time_limit", "expires"})


def checked(function: Callable[..., Any], queue_name: str, words: dict[str, Any]) -> dict[str, Any]:
    """The words that were given, in the engine's own types. Raises `ValueError` with the fix in the message."""
    name = function.__name__
    if queue_name not in queue_names():
        raise ValueError(f"{name}: unknown queue {queue_name!r}; known: {', '.join(queue_names())}.")
    given = {word: _typed(word, value) for word, value in words.items() if value is not None}
    options = {**job_defaults(queue_name), **given}
    # Dramatiq's TimeLimit has a default of its own, ten minutes, and knows nothing of the engine's.
    options.setdefault("time_limit", DEFAULTS["time_limit"])
    check_values(name, options)
    if {"no_overlap", "in_order"} <= set(options):
        raise ValueError(f"{name}: in_order implies no_overlap; leave one out.")
    if "rate_limit" in options:
        limit(options["rate_limit"])
    for template in templates(options):
        _check_template(name, function, template)
    return options


def check_values(name: str, options: dict[str, Any]) -> None:
    """Refuse what would only fail when a run ends, where nobody could settle it any more. Raises `ValueError`."""
    for word, least, most in (("max_retries", 0, MOST_RETRIES), ("time_limit", 1, inf), ("deadline", 1, inf)):
        if word in options and not (_is_whole(options[word], least) and options[word] <= most):
            upto = f"to {most}" if most < inf else "on"
            raise ValueError(f"{name}: {word} is {options[word]!r}; it must be a whole number from {least} {upto}.")
    backoff = options.get("backoff", ())
    if not isinstance(backoff, list | tuple) or not all(_is_whole(step, 0) for step in backoff):
        raise ValueError(f"{name}: backoff is {backoff!r}; it must be a sequence of milliseconds.")
    share = options.get("concurrency")
    if share is not None and not (isinstance(share, tuple) and len(share) == 2 and _is_whole(share[1], 1)):
        raise ValueError(f'{name}: concurrency is {share!r}; it must be a pair such as ("company:{{company_id}}", 5).')


def templates(options: dict[str, Any]) -> list[str]:
    """Every text with fields of the job's arguments in it."""
    keys = [options[word] for word in ("no_overlap", "in_order", "unique_by") if word in options]
    shared = [options["concurrency"][0]] if "concurrency" in options else []
    return [*options.get("tags", ()), *keys, *shared]


def _typed(word: str, value: Any) -> Any:
    if word in TIMES and isinstance(value, timedelta):
        return int(value.total_seconds() * S)
    return tuple(value) if word == "backoff" and isinstance(value, list) else value


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _check_template(name: str, function: Callable[..., Any], template: str) -> None:
    fields = {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}
    if missing := fields - set(signature(function).parameters):
        raise ValueError(f"{name}: {template!r} names {sorted(missing)}, which are no arguments of the job.")
