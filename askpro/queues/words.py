"""The words of `@actor`: their defaults, and what is wrong with them, said at import."""

import string
from collections.abc import Callable
from datetime import timedelta
from inspect import signature
from typing import Any

from askpro.queues.config import limit, queue_names
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
# Times that may be given as a timedelta; the engine counts in milliseconds.
TIMES = frozenset({"deadline", "time_limit", "expires"})


def checked(function: Callable[..., Any], queue_name: str, words: dict[str, Any]) -> dict[str, Any]:
    """The words that were given, in the engine's own types. Raises `ValueError` with the fix in the message."""
    name = function.__name__
    if queue_name not in queue_names():
        raise ValueError(f"{name}: unknown queue {queue_name!r}; known: {', '.join(queue_names())}.")
    options = {word: _typed(word, value) for word, value in words.items() if value is not None}
    if {"no_overlap", "in_order"} <= set(options):
        raise ValueError(f"{name}: in_order implies no_overlap; leave one out.")
    if "rate_limit" in options:
        limit(options["rate_limit"])
    for template in templates(options):
        _check_template(name, function, template)
    return options


def templates(options: dict[str, Any]) -> list[str]:
    """Every text with fields of the job's arguments in it."""
    keys = [options[word] for word in ("no_overlap", "in_order", "unique_by") if word in options]
    shared = [options["concurrency"][0]] if "concurrency" in options else []
    return [*options.get("tags", ()), *keys, *shared]


def _typed(word: str, value: Any) -> Any:
    if word in TIMES and isinstance(value, timedelta):
        return int(value.total_seconds() * S)
    return tuple(value) if word == "backoff" else value


def _check_template(name: str, function: Callable[..., Any], template: str) -> None:
    fields = {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}
    if missing := fields - set(signature(function).parameters):
        raise ValueError(f"{name}: {template!r} names {sorted(missing)}, which are no arguments of the job.")
