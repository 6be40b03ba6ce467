"""All that is wrong now: asked of the tables at this moment, beside what the watch has found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from askpro.console.scope import Scope
from askpro.console.today import signs
from askpro.console.today.dead_jobs import dead_jobs
from askpro.console.today.hosts import hosts
from askpro.console.today.incidents import incidents
from askpro.console.today.late_queues import late_queues
from askpro.console.today.pauses import pauses
from askpro.console.today.signs import Sign, What
from askpro.console.today.trouble import DANGER, Trouble
from askpro.console.today.vendors import failing, shut_gates, vendor_of
from askpro.console.today.watch import last_look, unwatched


@dataclass(frozen=True, slots=True)
class Wrong:
    """The worst first. `watched` is the watch that has gone round last, None when none has lately."""

    troubles: list[Trouble]
    looked_at: datetime
    watched: Sign | None

    @property
    def is_grave(self) -> bool:
        return any(trouble.tone == DANGER for trouble in self.troubles)


def wrong(user: Any, now: datetime) -> Wrong | None:
    """None for people who may not see how the installation is."""
    if not Scope.of(user).is_whole or not user.has_perm("queues.view_job"):
        return None
    found = signs.signs(now)
    watches = signs.of(found, What.WATCH)
    known = list(incidents()) if user.has_perm("watch.view_incident") else []
    seen = [*unwatched(watches, now), *_seen(found, now)]
    return Wrong(_sorted(_merged(seen, known)), now, last_look(watches, now))


def _seen(found: list[Sign], now: datetime) -> Iterator[Trouble]:
    paused, shut = signs.of(found, What.QUEUE, What.ACTOR), signs.of(found, What.GATE)
    yield from hosts(signs.of(found, What.WORKED), signs.of(found, What.SILENT))
    yield from shut_gates(shut)
    yield from failing(now, {vendor_of(gate) for gate in shut})
    yield from late_queues(now, paused)
    yield from dead_jobs(now)
    yield from pauses(paused)


def _merged(seen: Iterable[Trouble], known: Iterable[Trouble]) -> list[Trouble]:
    """What is seen now and known to the watch as well stands there once: in the words of now, with who is at it."""
    by_key = {trouble.key: trouble for trouble in seen}
    for trouble in known:
        now = by_key.get(trouble.key)
        by_key[trouble.key] = now.known_as(trouble) if now else trouble
    return list(by_key.values())


def _sorted(troubles: list[Trouble]) -> list[Trouble]:
    """Grave ones first; else as they were found, which is from causes to what follows of them."""
    return sorted(troubles, key=lambda trouble: trouble.tone != DANGER)
