"""The job engine: PostgreSQL decides, Redis only makes it fast. Everything an app needs is named here."""

from askpro.queues.errors import Cancelled, Gone, RateLimited, Rejected, Release, Unavailable, Unknown
from askpro.queues.jobs import batches, chains, corrections, interventions
from askpro.queues.jobs.actor import LedgerActor, actor, send_many, wake
from askpro.queues.jobs.batches import Batch
from askpro.queues.jobs.chains import chain
from askpro.queues.jobs.on_signal import sends_on
from askpro.queues.jobs.once import once
from askpro.queues.jobs.progress import log, progress
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
    "batches",
    "chain",
    "chains",
    "corrections",
    "interventions",
    "log",
    "once",
    "progress",
    "send_many",
    "sends_on",
    "wake",
]
