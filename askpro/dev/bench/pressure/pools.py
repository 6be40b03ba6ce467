"""The production pools, and the part of them that this machine can hold."""

from collections.abc import Mapping
from typing import Any

# The environment variable that says which share of each pool's processes runs.
SHARE = "ASKPRO_BENCH_POOLS"
COUNTS = ("processes", "min_processes", "max_processes")
# Megabytes of a worker beyond what it shares with its forker, and the sessions that it may have at a time.
MEMORY = 50
SESSIONS = 2
# Sessions for the chores, the sender, the benchmark and what it does to the server.
OTHER_SESSIONS = 30
# Of the memory that is free.
USABLE = 0.7


def scaled(pools: Mapping[str, Mapping[str, Any]], share: float) -> dict[str, dict[str, Any]]:
    """The pools with this share of their processes, at least one each."""
    return {
        name: {word: max(1, round(value * share)) if word in COUNTS else value for word, value in words.items()}
        for name, words in pools.items()
    }


def most(pools: Mapping[str, Mapping[str, Any]]) -> int:
    """The processes of all pools when each has its most."""
    return sum(words.get("max_processes") or words["processes"] for words in pools.values())


def least(pools: Mapping[str, Mapping[str, Any]]) -> int:
    """The processes of all pools when each has its fewest."""
    return sum(words.get("min_processes") or words["processes"] for words in pools.values())


def fitting(processes: int, free_megabytes: float, connections: int) -> float:
    """The share of `processes` for which memory and PostgreSQL's connections suffice, at most 1."""
    by_memory = free_megabytes * USABLE / MEMORY
    by_connections = (connections - OTHER_SESSIONS) / SESSIONS
    return max(0.0, min(1.0, by_memory / processes, by_connections / processes))
