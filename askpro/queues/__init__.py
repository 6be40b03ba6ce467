"""The job engine: PostgreSQL decides, Redis hurries. Everything an app needs is named here."""

from askpro.queues.actor import LedgerActor, actor, send_many, wake
from askpro.queues.batches import Batch
from askpro.queues.chains import chain
from askpro.queues.errors import Cancelled, Gone, RateLimited, Rejected, Release, Unavailable, Unknown
from askpro.queues.events import sends_on
from askpro.queues.once import once
from askpro.queues.progress import log, progress
from askpro.queues.units import MIN, H, S

__all__ = [
    "MIN",
    "Batch",
    "Cancelled",
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
    "log",
    "once",
    "progress",
    "send_many",
    "sends_on",
    "wake",
]
