"""Reads and checks `askpro/queue_settings.py`: queues, pools, limits, retention."""

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

# As many as a worker's page of shared memory counts.
MOST_QUEUES = 64
# Without a word of its own, a queue's runs are slow from so many times its promise on.
SLOW_PROMISES = 10
# That of a queue that is not declared.
LONGEST_PROMISE = 60.0
STRATEGIES = ("promise", "time", "size", "simple", "off")
# The words of RETENTION, and those that `queues` and `actors` may say otherwise.
# The least that figures are read back in minutes and in hours, see `metrics/figures.py`.
LEAST_BY_MINUTE, LEAST_BY_HOUR = 36 * 60, 45 * 24 * 60
FIGURES = ("figures_by_minute", "figures_by_hour", "figures_by_day")
RETENTION_WORDS = (
    *("completed", "failed", "archived", "monitored", "pending", "recent", "ticks", "insight", "effects"),
    *FIGURES,
)
RETENTION_OVERRIDES = {"queues": ("completed", "failed", "pending"), "actors": ("completed", "failed")}
# A hundred years, in minutes.
FOR_EVER = 52_560_000


class InvalidQueueSettings(ValueError):
    """`askpro/queue_settings.py` has an invalid value; the message names the fix."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Worker processes that share a set of queues. Times in seconds, memory in megabytes; 0 is no limit.

    strategy      how processes are divided among the queues; "off": a fixed number, each working all the queues
    min_processes of each queue, always; max_processes: of all the queues together
    threads       jobs that run at the same time in one process
    max_shift     processes that a queue gains or loses in one step; cooldown: seconds between two steps
    max_jobs, max_age, memory   when a process is recycled: jobs run, age, private memory
    time_limit    the longest run of a job here; a stop waits this long before it kills
    nice, rest    a process's priority, and its pause before each job
    """

    name: str
    queues: tuple[str, ...]
    strategy: str = "promise"
    min_processes: int = 1
    max_processes: int = 1
    threads: int = 1
    max_shift: int = 1
    cooldown: float = 3.0
    max_jobs: int = 0
    max_age: float = 0.0
    memory: int = 128
    time_limit: float = 60.0
    nice: int = 0
    rest: float = 0.0

    def __post_init__(self) -> None:
        for what, is_wrong in _mistakes(self):
            if is_wrong:
                raise InvalidQueueSettings(f"Pool {self.name!r} {what}.")

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """The queues of one process, by name: each queue has processes of its own, unless nothing is balanced."""
        if self.strategy == "off" or len(self.queues) == 1:
            return {self.name: self.queues}
        return {f"{self.name}:{queue}": (queue,) for queue in self.queues}


@dataclass(frozen=True, slots=True)
class Retention:
    """How many minutes what is over is kept, counted from its end.

    completed  jobs that completed or were cancelled
    failed     dead jobs, and batches with what failed in them; archived: what is told of dead jobs after that
    monitored  at least, jobs with a tag that matches `monitored_tags`
    pending    how long a ready job that nobody claims may wait before it is cancelled
    recent     the fleet and its history; ticks: those of the schedule, but for each entry's newest
    effects    the keys of `once`; figures_…: figures of jobs by minute, by hour and by day
    insight    slow runs, what runs took, stacks and profiles
    queues, actors   other minutes for `completed`, `failed` and, for a queue, `pending`
    """

    completed: int = FOR_EVER
    failed: int = FOR_EVER
    archived: int = FOR_EVER
    monitored: int = FOR_EVER
    pending: int = FOR_EVER
    recent: int = FOR_EVER
    ticks: int = FOR_EVER
    insight: int = FOR_EVER
    effects: int = FOR_EVER
    figures_by_minute: int = FOR_EVER
    figures_by_hour: int = FOR_EVER
    figures_by_day: int = FOR_EVER
    queues: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    actors: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    monitored_tags: tuple[str, ...] = ()

    def all_of(self, word: str) -> set[int]:
        """The minutes of this word: for most jobs, and for those of each queue and actor that says otherwise."""
        others = [said[word] for said in (*self.queues.values(), *self.actors.values()) if word in said]
        return {getattr(self, word), *others}

    def others(self, owners: str, word: str) -> dict[str, int]:
        """The `queues` or `actors` that say otherwise about this word, with their minutes."""
        return {name: said[word] for name, said in getattr(self, owners).items() if word in said}

    def for_all(self, word: str, minutes: int) -> "Retention":
        """The same, with so many minutes for this word, whatever queue or actor says otherwise."""
        changes: dict[str, Any] = {
            owners: {name: {**said, word: minutes} for name, said in getattr(self, owners).items()}
            for owners in RETENTION_OVERRIDES
        }
        changes[word] = minutes
        return replace(self, **changes)

    @property
    def longest_completed(self) -> int:
        """After so many minutes no completed job is kept any more."""
        return max(self.steps_of_completed)

    @property
    def steps_of_completed(self) -> set[int]:
        """The minutes after which some of the completed jobs are no longer kept."""
        return self.all_of("completed") | ({self.monitored} if self.monitored_tags else set())


def _mistakes(pool: Pool) -> Iterable[tuple[str, bool]]:
    unknown = sorted(set(pool.queues) - set(queue_names()))
    least = pool.min_processes * len(pool.groups)
    yield f"works {unknown}, which QUEUES does not name; add or correct it", bool(unknown)
    yield "needs a queue", not pool.queues
    yield f"has no strategy {pool.strategy!r}; choose one of {', '.join(STRATEGIES)}", pool.strategy not in STRATEGIES
    yield "needs at least one process", pool.min_processes < 1
    yield "needs at least one thread", pool.threads < 1
    yield f"needs max_processes of at least {least}: min_processes is per queue", pool.max_processes < least
    yield "needs a max_shift of at least 1", pool.max_shift < 1
    yield "needs a nice between -20 and 19", not -20 <= pool.nice <= 19
    yield "needs a time_limit above 0", pool.time_limit <= 0
    numbers = (pool.cooldown, pool.max_jobs, pool.max_age, pool.memory, pool.rest)
    yield "needs cooldown, max_jobs, max_age, memory and rest of at least 0", min(numbers) < 0


@cache
def queue_names() -> tuple[str, ...]:
    """Every declared queue. Sending to any other is an error."""
    queues = _setting("QUEUES")
    if len(queues) > MOST_QUEUES:
        raise InvalidQueueSettings(f"QUEUES names {len(queues)} queues; {MOST_QUEUES} are the most.")
    for name, words in queues.items():
        _check_keys(f"Queue {name!r}", words, ("promise", "tries", "backoff", "time_limit", "urgent", "slow"))
        if not isinstance(words.get("promise"), int | float) or words["promise"] <= 0:
            raise InvalidQueueSettings(f"Queue {name!r} needs a promise above 0, in seconds.")
        if not isinstance(words.get("urgent", False), bool):
            raise InvalidQueueSettings(f"Queue {name!r} is urgent or not: write True or False.")
        if "slow" in words and not (isinstance(words["slow"], int | float) and words["slow"] > 0):
            raise InvalidQueueSettings(f"Queue {name!r} needs slow above 0, in seconds, or none at all.")
    return tuple(queues)


def promise(queue_name: str) -> float:
    """The age in seconds that the oldest ready job of this queue may reach."""
    return float(_setting("QUEUES")[queue_name]["promise"])


def slow_after(queue_name: str) -> float:
    """The seconds from which on a run of this queue's jobs is slow, unless the job says otherwise."""
    words = _setting("QUEUES").get(queue_name, {})
    return float(words.get("slow") or SLOW_PROMISES * words.get("promise", LONGEST_PROMISE))


def urgent_queues() -> list[str]:
    """The queues whose dead jobs people are told of at once, by day and by night."""
    return [name for name in queue_names() if _setting("QUEUES")[name].get("urgent")]


def job_defaults(queue_name: str) -> dict[str, Any]:
    """What a job of this queue has unless it says otherwise, as options of `@actor`, in milliseconds."""
    words = _setting("QUEUES")[queue_name]
    defaults: dict[str, Any] = {}
    if "tries" in words:
        defaults["max_retries"] = words["tries"] - 1
    if "backoff" in words:
        defaults["backoff"] = tuple(int(pause * 1000) for pause in words["backoff"])
    if "time_limit" in words:
        defaults["time_limit"] = int(words["time_limit"] * 1000)
    return defaults


def limit(name: str) -> tuple[int, float]:
    """A named rate limit: the most starts, and in how many seconds. What follows a colon is whose: each has as much.

    Raises `InvalidQueueSettings`.
    """
    limits: Mapping[str, tuple[int, float]] = _setting("LIMITS")
    declared = name.partition(":")[0]
    if declared not in limits:
        raise InvalidQueueSettings(f"No rate limit {declared!r} in LIMITS; known: {', '.join(limits) or 'none'}.")
    return limits[declared]


def is_limit(name: str) -> bool:
    """Whether this rate limit is declared."""
    return name.partition(":")[0] in _setting("LIMITS")


def is_silenced(tags: Collection[str]) -> bool:
    """Whether one of the tags matches SILENCED_TAGS, where "sync:*" stands for all tags that begin with "sync:"."""
    patterns: Collection[str] = _setting("SILENCED_TAGS", ()) if tags else ()
    return any(fnmatchcase(tag, pattern) for pattern in patterns for tag in tags)


def retention() -> Retention:
    """How long rows are kept. Raises `InvalidQueueSettings`."""
    said: Mapping[str, Any] = _setting("RETENTION", {})
    _check_keys("RETENTION", said, {*RETENTION_WORDS, *RETENTION_OVERRIDES})
    words: dict[str, Any] = {**said, "monitored_tags": tuple(_setting("MONITORED_TAGS", ()))}
    for owners, known in RETENTION_OVERRIDES.items():
        words[owners] = {name: _minutes(f"{owners} {name!r}", own, known) for name, own in said.get(owners, {}).items()}
    plain = {word: said[word] for word in RETENTION_WORDS if word in said}
    kept = Retention(**{**words, **_minutes("", plain, RETENTION_WORDS)})
    for what, is_wrong in _mistakes_of_retention(kept):
        if is_wrong:
            raise InvalidQueueSettings(f"RETENTION {what}.")
    return kept


def pools(environment: str) -> list[Pool]:
    """The pools of an environment, each on top of its DEFAULTS. Raises `InvalidQueueSettings`."""
    environments: Mapping[str, Any] = _setting("ENVIRONMENTS")
    if environment not in environments:
        raise InvalidQueueSettings(
            f"No environment {environment!r} in ENVIRONMENTS; known: {', '.join(environments)}. Set ASKPRO_ENV."
        )
    defaults: Mapping[str, Any] = _setting("DEFAULTS", {})
    return [_pool(name, {**defaults.get(name, {}), **words}) for name, words in environments[environment].items()]


def unworked_queues(environment: str) -> set[str]:
    """Declared queues that no pool of the environment works: their jobs would wait for ever."""
    return set(queue_names()) - {queue for pool in pools(environment) for queue in pool.queues}


def _pool(name: str, words: Mapping[str, Any]) -> Pool:
    known = {field.name for field in fields(Pool)} - {"name"}
    _check_keys(f"Pool {name!r}", words, known | {"processes"})
    for word, value in words.items():
        _check_type(f"Pool {name!r}", word, value)
    given = {**words, "queues": tuple(words.get("queues", ()))}
    if "processes" in given:
        if clash := {"strategy", "min_processes", "max_processes"} & set(given):
            raise InvalidQueueSettings(f"Pool {name!r} has fixed processes and {sorted(clash)}; choose one.")
        fixed = given.pop("processes")
        given |= {"strategy": "off", "min_processes": fixed, "max_processes": fixed}
    return Pool(name, **given)


def _minutes(owner: str, words: Mapping[str, Any], known: Collection[str]) -> dict[str, int]:
    name = f"RETENTION, {owner}," if owner else "RETENTION"
    _check_keys(name, words, known)
    for word, value in words.items():
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise InvalidQueueSettings(
                f"{name} keeps {word} for {value!r}; write whole minutes of at least 1, or None for ever."
            )
    return {word: FOR_EVER if value is None else min(value, FOR_EVER) for word, value in words.items()}


def _mistakes_of_retention(kept: Retention) -> Iterable[tuple[str, bool]]:
    for word, least in (("figures_by_minute", LEAST_BY_MINUTE), ("figures_by_hour", LEAST_BY_HOUR)):
        yield f"keeps {word} too short for who reads them; raise it to {least} at least", getattr(kept, word) < least
    unknown = sorted(set(kept.queues) - set(queue_names()))
    yield f"names the queues {unknown}, which QUEUES does not; correct them", bool(unknown)
    for owner, said in {"": {}, **kept.queues, **kept.actors}.items():
        completed, failed = said.get("completed", kept.completed), said.get("failed", kept.failed)
        of = f" of {owner!r}" if owner else ""
        # What a person retries may need the steps before it, never the other way round.
        yield (
            f"keeps completed jobs{of} longer ({completed}) than failed ones ({failed}); raise failed",
            (completed > failed),
        )
        yield (
            f"deletes what is archived of dead jobs{of} before these jobs; raise archived above {failed}",
            (failed > kept.archived),
        )
    yield (
        "keeps monitored jobs shorter than completed ones, so it does nothing; raise monitored",
        (bool(kept.monitored_tags) and kept.monitored < kept.completed),
    )
    wrong = [tag for tag in kept.monitored_tags if not tag.strip("*") or "*" in tag[:-1]]
    yield f"cannot read MONITORED_TAGS {wrong}; write a whole tag, or its beginning with a star at the end", bool(wrong)


def _check_keys(owner: str, words: Collection[str], known: Collection[str]) -> None:
    for word in set(words) - set(known):
        near = difflib.get_close_matches(word, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(sorted(known))}."
        raise InvalidQueueSettings(f"{owner} has an unknown key {word!r}.{hint}")


def _check_type(owner: str, word: str, value: Any) -> None:
    kind: Any = {"queues": list | tuple, "strategy": str}.get(word, int)
    if word in ("cooldown", "max_age", "time_limit", "rest"):
        kind = int | float
    if not isinstance(value, kind) or isinstance(value, bool):
        expected = "a list of names" if word == "queues" else "a name" if word == "strategy" else "a number"
        raise InvalidQueueSettings(f"{owner} has {word} {value!r}, which is not {expected}.")


def _setting(name: str, *default: Any) -> Any:
    try:
        return import_string(f"{getattr(settings, 'QUEUE_SETTINGS', 'askpro.queue_settings')}.{name}")
    except ImportError:
        if default:
            return default[0]
        raise
