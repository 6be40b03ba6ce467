"""The job engine: PostgreSQL decides, Redis hurries. Everything an app needs is named here."""

from askpro.queues.actor import LedgerActor, actor, wake
from askpro.queues.chains import chain
from askpro.queues.errors import Gone, RateLimited, Rejected, Release, Unavailable, Unknown
from askpro.queues.units import MIN, H, S

__all__ = [
    "MIN",
    "Gone",
    "H",
    "LedgerActor",
    "RateLimited",
    "Rejected",
    "Release",
    "S",
    "Unavailable",
    "Unknown",
    "actor",
    "chain",
    "wake",
]
