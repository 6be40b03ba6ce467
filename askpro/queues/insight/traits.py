"""What the observer must know of kinds of job: from how long on a run is slow, and for which company it is."""

from inspect import signature
from typing import Any, NamedTuple

from dramatiq import get_broker
from dramatiq.errors import ActorNotFound

from askpro.queues.config import queue_names, slow_after
from askpro.queues.ledger.claim import Claim


class Traits(NamedTuple):
    """Of one kind of job: the seconds from which on a run is slow, and where its arguments name the company."""

    slow: float
    company_at: int | None

    def company_of(self, claim: Claim) -> int | None:
        at = self.company_at
        if at is None:
            return None
        value = claim.kwargs.get("company_id", claim.args[at] if at < len(claim.args) else None)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


class KnownTraits:
    """Those of all kinds that this process has run, each read once."""

    def __init__(self) -> None:
        self._known: dict[str, Traits] = {}
        own = [actor.options["slow"] / 1000 for actor in get_broker().actors.values() if actor.options.get("slow")]
        # Nothing is slow that took less.
        self.shortest = min([slow_after(queue) for queue in queue_names()] + own, default=0.0)

    def of(self, claim: Claim) -> Traits:
        return self._known.get(claim.actor_name) or self._learn(claim)

    def _learn(self, claim: Claim) -> Traits:
        try:
            actor: Any = get_broker().get_actor(claim.actor_name)
        except ActorNotFound:
            return Traits(slow_after(claim.queue_name), None)
        names = list(signature(actor.fn).parameters)
        slow = actor.word("slow")
        traits = Traits(
            slow / 1000 if slow else slow_after(claim.queue_name),
            names.index("company_id") if "company_id" in names else None,
        )
        self._known[claim.actor_name] = traits
        return traits
