"""Simulated callers talk to the agent, ten at once: what each was told is what Cal.com holds in the end."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from askpro.dev.bench.figures import percentile
from askpro.dev.sandbox.client import Json
from askpro.dev.sandbox.talks.judge import differences
from tests.scenarios.aftermath import contradictions
from tests.scenarios.world import World

pytestmark = pytest.mark.xdist_group("scenarios")

AT_ONCE = 10
READS = ("check_availability", "find_appointment", "list_services")
# Seconds for which Retell waits; the promises are measured in the long tests, on a machine that is not busy.
RETELLS_LIMIT = 10.0


def talked(world: World, seeds: range, **traits: Any) -> list[Json]:
    """The talks of these seeds, ten at once, when all that follows from them is done."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        talks = list(pool.map(lambda seed: world.vendors.talk(seed, **traits), seeds))
    world.until_done(seconds=120)
    return talks


def lies(world: World, talks: list[Json]) -> list[str]:
    """Everything that is not as a caller was told, at Cal.com or in our rows."""
    bookings = world.vendors.bookings()
    return [
        f"seed {talk['seed']}: {problem}"
        for talk in talks
        for problem in (*differences(talk, bookings), *contradictions(talk))
    ]


def seconds(talks: list[Json], *, reads: bool) -> list[float]:
    return [
        asking["milliseconds"] / 1000
        for talk in talks
        for asking in talk["askings"]
        if (asking["function"] in READS) == reads
    ]


def told(talks: list[Json]) -> str:
    """How long the functions took, for people."""
    kinds = {"reads": seconds(talks, reads=True), "writes": seconds(talks, reads=False)}
    return ", ".join(
        f"{len(taken)} {kind}: p95 {percentile(taken, 0.95) * 1000:.0f} ms, at most {max(taken) * 1000:.0f} ms"
        for kind, taken in kinds.items()
    )


def test_twenty_callers_ten_at_once_have_what_they_were_told(world: World) -> None:
    talks = talked(world, range(20))
    print(f"\n{told(talks)}")
    assert lies(world, talks) == []
    assert max(seconds(talks, reads=True) + seconds(talks, reads=False)) < RETELLS_LIMIT
