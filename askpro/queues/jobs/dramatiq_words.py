"""Options that only Dramatiq's own middleware knows: put into the engine's words, or refused with the cure."""

from collections.abc import Iterable
from typing import Any

from dramatiq.middleware.retries import DEFAULT_MAX_BACKOFF, DEFAULT_MIN_BACKOFF

# What to write instead; each is refused where it is given. Unknown to the engine, it would change nothing, in silence.
INSTEAD = {
    "max_age": "use expires (cancelled if it has not started in time) or deadline (dead if it is not done in time)",
    "on_retry_exhausted": "use on_failure, which is sent once, when the job is dead",
    "pipe_ignore": "use chain, whose steps are passed no results",
    "pipe_target": "use chain([a.message(…), b.message(…)]).send()",
    "eta": "use send_with_options(delay=…)",
    "delay": "a message has no delay of its own; use send_with_options(delay=…) or send_many(…, delay=…)",
}
PAUSES = frozenset({"min_backoff", "max_backoff"})
# For actors declared by Dramatiq's own decorator, which refuses options that no middleware names.
NAMES = PAUSES | INSTEAD.keys()


def refuse(name: str, options: Iterable[str]) -> None:
    """Raises `ValueError` for an option that the engine does without, with what to write instead."""
    for option in options:
        if option in INSTEAD:
            raise ValueError(f"{name}: {option} is not supported: {INSTEAD[option]}.")


def translated(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """The same options in the engine's words: `min_backoff` and `max_backoff` are a series of pauses here."""
    refuse(name, options)
    if not PAUSES & options.keys():
        return options
    if "backoff" in options:
        raise ValueError(f"{name}: backoff says every pause; leave min_backoff and max_backoff out.")
    pauses = [options.get("min_backoff", DEFAULT_MIN_BACKOFF), options.get("max_backoff", DEFAULT_MAX_BACKOFF)]
    kept = {option: value for option, value in options.items() if option not in PAUSES}
    return {**kept, "backoff": doubling(name, *pauses)}


def doubling(name: str, first: Any, longest: Any) -> tuple[int, ...]:
    """Pauses in milliseconds, each twice the one before, up to the longest. The last one repeats."""
    for option, value in (("min_backoff", first), ("max_backoff", longest)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name}: {option} is {value!r}; it must be milliseconds, a whole number from 1 on.")
    pauses = [min(first, longest)]
    while pauses[-1] < min(longest, DEFAULT_MAX_BACKOFF):
        pauses.append(min(2 * pauses[-1], longest, DEFAULT_MAX_BACKOFF))
    return tuple(pauses)
