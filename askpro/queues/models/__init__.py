"""The ledger: every job, attempt, lock and process is a row. Redis holds hints only."""

from askpro.queues.models.archive import ArchivedJob
from askpro.queues.models.batch import Batch, BatchMember
from askpro.queues.models.fleet import (
    FleetCommand,
    FleetEvent,
    MetricsSnapshot,
    Pause,
    Supervisor,
    Worker,
)
from askpro.queues.models.gate import GateState
from askpro.queues.models.insight import Profile, ProfiledRun, RunCost, SlowRun, StackRequest
from askpro.queues.models.job import Attempt, AttemptRow, Job
from askpro.queues.models.keys import Effect, Lock, RateLimit, UniqueKey
from askpro.queues.models.metrics import MetricDay, MetricDelta, MetricFold, MetricHour, MetricMinute
from askpro.queues.models.schedule import Schedule, ScheduledTick

__all__ = [
    "ArchivedJob",
    "Attempt",
    "AttemptRow",
    "Batch",
    "BatchMember",
    "Effect",
    "FleetCommand",
    "FleetEvent",
    "GateState",
    "Job",
    "Lock",
    "MetricDay",
    "MetricDelta",
    "MetricFold",
    "MetricHour",
    "MetricMinute",
    "MetricsSnapshot",
    "Pause",
    "Profile",
    "ProfiledRun",
    "RateLimit",
    "RunCost",
    "Schedule",
    "ScheduledTick",
    "SlowRun",
    "StackRequest",
    "Supervisor",
    "UniqueKey",
    "Worker",
]
