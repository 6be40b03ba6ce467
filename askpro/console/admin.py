"""Pages about what has no app of its own in the console: the engine's rows (the engine knows no console), and users."""

from askpro.console.archive_admin import ArchivedJobAdmin
from askpro.console.attempt_admin import LoginAttemptAdmin
from askpro.console.batch_admin import BatchAdmin
from askpro.console.deed_admin import DeedAdmin
from askpro.console.fleet_admin import FleetCommandAdmin, FleetEventAdmin, PauseAdmin
from askpro.console.job_admin import JobAdmin
from askpro.console.repair import jobs as repairable_jobs
from askpro.console.repair_admin import RepairAdmin
from askpro.console.schedule_admin import ScheduleAdmin
from askpro.console.slow_run_admin import SlowRunAdmin
from askpro.console.user_admin import GroupAdmin, UserAdmin
from askpro.console.worker_admin import SupervisorAdmin, WorkerAdmin

__all__ = [
    "ArchivedJobAdmin",
    "BatchAdmin",
    "DeedAdmin",
    "FleetCommandAdmin",
    "FleetEventAdmin",
    "GroupAdmin",
    "JobAdmin",
    "LoginAttemptAdmin",
    "PauseAdmin",
    "RepairAdmin",
    "ScheduleAdmin",
    "SlowRunAdmin",
    "SupervisorAdmin",
    "UserAdmin",
    "WorkerAdmin",
    "repairable_jobs",
]
