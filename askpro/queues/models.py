"""The ledger: every job, attempt, lock and process is a row. Redis holds hints only."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from askpro.queues import acts, cron
from askpro.queues.ids import uuid7

_UNFINISHED = ~Q(status__in=["completed", "dead", "cancelled"])


class Job(models.Model):
    """A message to an actor and its whole life. Retrying a dead one keeps id and history."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waits for the step before it"
        SCHEDULED = "scheduled", "Waits for its time"
        QUEUED = "queued", "Ready to run"
        PROCESSING = "processing", "Claimed by a worker"
        RETRYING = "retrying", "Failed, runs again"
        RELEASED = "released", "Put back without spending a try"
        COMPLETED = "completed", "Completed"
        DEAD = "dead", "Gave up"
        CANCELLED = "cancelled", "Cancelled"

    LIVE = (
        Status.WAITING,
        Status.SCHEDULED,
        Status.QUEUED,
        Status.PROCESSING,
        Status.RETRYING,
        Status.RELEASED,
    )
    FINAL = (Status.COMPLETED, Status.DEAD, Status.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    actor_name = models.CharField(max_length=100)
    queue_name = models.CharField(max_length=50)
    args = models.JSONField(default=list)
    kwargs = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    tags = ArrayField(models.CharField(max_length=100), default=list)
    status = models.CharField(max_length=10, choices=Status.choices)
    created_at = models.DateTimeField(db_default=Now())
    ready_at = models.DateTimeField(null=True, help_text="When it became ready; moves only by becoming ready again.")
    run_at = models.DateTimeField(null=True, help_text="When a scheduled, retrying or released job becomes ready.")
    deadline_at = models.DateTimeField(null=True, help_text="Dead when not finished by then.")
    claim_no = models.IntegerField(db_default=0, help_text="Only ever rises; numbers the attempts.")
    worker_id = models.BigIntegerField(null=True)
    tries_spent = models.SmallIntegerField(db_default=0)
    extra_tries = models.SmallIntegerField(db_default=0, help_text="Added by retrying a dead job.")
    losses = models.SmallIntegerField(db_default=0, help_text="Times its worker vanished without a trace.")
    releases = models.IntegerField(db_default=0)
    release_reason = models.CharField(max_length=200, db_default="")
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="Cancelled when not started by then.")
    lock_key = models.CharField(max_length=200, null=True, help_text="Held alone while it runs.")
    in_order = models.BooleanField(db_default=False, help_text="The key stays closed until the job is over.")
    share_key = models.CharField(max_length=200, null=True, help_text="Held by at most `share_limit` at once.")
    share_limit = models.SmallIntegerField(null=True)
    unique_key = models.CharField(max_length=200, null=True, help_text="No second copy waits.")
    rate_limit = models.CharField(max_length=100, null=True)
    rate_slot_at = models.DateTimeField(null=True, help_text="The limit's slot that was given to it.")
    batch_id = models.UUIDField(null=True)
    chain_id = models.UUIDField(null=True)
    chain_step = models.SmallIntegerField(null=True)
    error_class = models.CharField(max_length=200, db_default="")
    error_message = models.CharField(max_length=1000, db_default="")
    alerted_at = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True, help_text="When somebody asked for its end while it ran.")
    progress_done = models.IntegerField(null=True)
    progress_total = models.IntegerField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index("queue_name", "ready_at", "id", condition=Q(status="queued"), name="job_queued"),
            models.Index("run_at", condition=Q(status__in=["scheduled", "retrying", "released"]), name="job_due"),
            models.Index("worker_id", condition=Q(status="processing"), name="job_processing"),
            models.Index("finished_at", condition=Q(status="dead"), name="job_dead"),
            models.Index("lock_key", "id", condition=Q(lock_key__isnull=False) & _UNFINISHED, name="job_locked"),
            models.Index("share_key", "id", condition=Q(status="released", share_key__isnull=False), name="job_shared"),
            models.Index("batch_id", "status", condition=Q(batch_id__isnull=False), name="job_batch"),
            models.Index("chain_id", "chain_step", condition=Q(chain_id__isnull=False), name="job_chain"),
            GinIndex("tags", condition=~Q(tags=[]), name="job_tags"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.id}"

    def retry(self, tries: int = 1) -> bool:
        """Make a dead job ready again with `tries` more runs on top of its history; False when it is not dead."""
        return acts.retry(self.pk, tries)

    def cancel(self, reason: str = "Cancelled.") -> bool:
        """End the job: at once when it waits, by an interrupt when it runs; False when it is over."""
        return acts.cancel(self.pk, reason)


class Attempt(models.Model):
    """One start of a job, and how it ended."""

    class Outcome(models.TextChoices):
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"
        TIMED_OUT = "timed_out", "Timed out"
        RELEASED = "released", "Released"
        CRASHED = "crashed", "Its process died"
        LOST = "lost", "Its host fell silent"
        CANCELLED = "cancelled", "Cancelled"

    pk = models.CompositePrimaryKey("job_id", "claim_no")
    # No constraint: checking it would lock the job's row once more for every attempt.
    job = models.ForeignKey(Job, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="attempts")
    claim_no = models.IntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    worker_id = models.BigIntegerField(null=True)
    code_version = models.CharField(max_length=64, db_default="")
    expected = models.BooleanField(db_default=False, help_text="Ended by an error named in `throws`.")
    error_class = models.CharField(max_length=200, db_default="")
    error_message = models.CharField(max_length=1000, db_default="")
    trace = models.TextField(db_default="")
    log = models.TextField(db_default="", help_text="What the job said while it ran.")
    fingerprint = models.CharField(max_length=16, db_default="", help_text="Same cause, same fingerprint.")

    class Meta:
        indexes = [models.Index("fingerprint", condition=~Q(fingerprint=""), name="attempt_fingerprint")]

    def __str__(self) -> str:
        return f"{self.job_id} #{self.claim_no} {self.outcome}"


class Lock(models.Model):
    """A key held by a running job, or by an unfinished one where order counts: it can neither expire nor outlive it.

    A key that several may hold at once (`concurrency`) has one row per place, numbered behind a "#".
    """

    key = models.CharField(max_length=200, primary_key=True)
    job_id = models.UUIDField()
    claim_no = models.IntegerField()
    taken_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.key


class UniqueKey(models.Model):
    """Which job stands for a `unique_by` key. It counts as long as that job waits."""

    key = models.CharField(max_length=200, primary_key=True)
    job_id = models.UUIDField()

    def __str__(self) -> str:
        return self.key


class Effect(models.Model):
    """Something that was done once and for ever: `once(key)`."""

    key = models.CharField(max_length=200, primary_key=True)
    job_id = models.UUIDField(null=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.key


class RateLimit(models.Model):
    """When the next slot of a named limit is; slots are evenly spaced and given away one by one."""

    name = models.CharField(max_length=100, primary_key=True)
    next_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Batch(models.Model):
    """Jobs that belong together. A chain inside counts as one member."""

    class Status(models.TextChoices):
        OPEN = "open", "Members are unfinished"
        FINISHED = "finished", "All members are over"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200, blank=True, default="")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    total = models.IntegerField(default=0)
    pending = models.IntegerField(default=0)
    failed = models.IntegerField(default=0, help_text="Dead, expired and cancelled members.")
    allow_failures = models.BooleanField(default=False, help_text="Off: the first failure cancels the rest.")
    generation = models.SmallIntegerField(default=1, help_text="Rises with each retry; callbacks fire once in each.")
    on_success_id = models.UUIDField(null=True, help_text="Sent when all members have completed.")
    on_failure_id = models.UUIDField(null=True, help_text="Sent at the first failure.")
    on_finish_id = models.UUIDField(null=True, help_text="Sent when all members are over.")
    chain_id = models.UUIDField(null=True, help_text="The chain that goes on when it has succeeded.")
    chain_step = models.SmallIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return self.name or str(self.id)

    @property
    def processed(self) -> int:
        """Members that are over, in whatever way."""
        return self.total - self.pending


class BatchMember(models.Model):
    """A chain inside a batch that is over and has been counted."""

    chain_id = models.UUIDField(primary_key=True)
    batch_id = models.UUIDField(db_index=True)
    failed = models.BooleanField()

    def __str__(self) -> str:
        return str(self.chain_id)


class Supervisor(models.Model):
    """A `queues_run` on some host. Its chores process beats for it and for its workers."""

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        STOPPING = "stopping", "Finishing its jobs"
        STOPPED = "stopped", "Stopped"
        DEAD = "dead", "Fell silent"

    LIVING = (Status.RUNNING, Status.STOPPING)

    host = models.CharField(max_length=200)
    pid_space = models.CharField(
        max_length=100, db_default="", help_text="Boot and pid namespace: where the pid means something."
    )
    pid = models.IntegerField()
    process_started_at = models.FloatField(help_text="Unix time; tells a recycled pid apart.")
    environment = models.CharField(max_length=50)
    code_version = models.CharField(max_length=64, db_default="")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    started_at = models.DateTimeField(db_default=Now())
    beat_at = models.DateTimeField(db_default=Now())
    pools = ArrayField(models.CharField(max_length=50), default=list, db_default=[], help_text="The pools it runs.")
    state = models.JSONField(
        default=dict,
        db_default={},
        help_text="As of the last beat: processes and rates.",
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Worker(models.Model):
    """A worker process. Its rows of jobs carry its id while it holds them."""

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        DEAD = "dead", "Died"

    supervisor = models.ForeignKey(Supervisor, on_delete=models.CASCADE, null=True, related_name="workers")
    pool = models.CharField(max_length=50)
    host = models.CharField(max_length=200)
    pid = models.IntegerField()
    code_version = models.CharField(max_length=64, db_default="")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index("supervisor", condition=Q(status="running"), name="worker_running")]

    def __str__(self) -> str:
        return f"{self.pool} {self.host}:{self.pid}"


class Pause(models.Model):
    """A queue or an actor whose jobs nobody claims. The claim itself looks here, so it holds at once and everywhere."""

    class Kind(models.TextChoices):
        QUEUE = "queue", "Queue"
        ACTOR = "actor", "Job"

    kind = models.CharField(max_length=5, choices=Kind.choices)
    name = models.CharField(max_length=100)
    until = models.DateTimeField(null=True, blank=True, help_text="Over by itself then; empty: until somebody ends it.")
    by = models.CharField(max_length=150, db_default="", help_text="Who paused it.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint("kind", "name", name="pause_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class FleetCommand(models.Model):
    """What one supervisor is asked to do. One row for each, so that it is known who has done it."""

    class Kind(models.TextChoices):
        SCALE = "scale", "Set a pool's processes"
        RESTART = "restart", "Start again with the code of now"
        STOP = "stop", "Finish the running jobs and end"

    supervisor = models.ForeignKey(Supervisor, on_delete=models.CASCADE, related_name="commands")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    pool = models.CharField(max_length=50, db_default="")
    processes = models.SmallIntegerField(null=True, help_text="Empty: balanced by the settings again.")
    by = models.CharField(max_length=150, db_default="")
    at = models.DateTimeField(db_default=Now())
    taken_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index("supervisor", condition=Q(taken_at=None), name="command_waiting")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pool}".strip()


# Somebody is mailed about these at once.
_URGENT = ["supervisor_dead", "worker_stuck", "start_trouble", "restart_trouble"]


class FleetEvent(models.Model):
    """Something that happened to the fleet, or that somebody did to it."""

    class Kind(models.TextChoices):
        SUPERVISOR_DEAD = "supervisor_dead", "A host fell silent"
        WORKER_DEAD = "worker_dead", "A worker died"
        WORKER_STUCK = "worker_stuck", "A worker was stuck"
        START_TROUBLE = "start_trouble", "A worker cannot start"
        RESTART_TROUBLE = "restart_trouble", "New code does not start"
        RECYCLED = "recycled", "A worker made way"
        COMMAND = "command", "Somebody gave a command"

    URGENT = _URGENT

    kind = models.CharField(max_length=20, choices=Kind.choices)
    text = models.CharField(max_length=500)
    supervisor_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())
    alerted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index("id", condition=Q(alerted_at=None, kind__in=_URGENT), name="fleet_event_untold")]

    def __str__(self) -> str:
        return self.text


class MetricsSnapshot(models.Model):
    """What a queue looked like at a moment, and what it got done since the snapshot before."""

    queue_name = models.CharField(max_length=50)
    at = models.DateTimeField(db_default=Now())
    seconds = models.FloatField(help_text="Since the snapshot before.")
    ready = models.IntegerField()
    oldest = models.FloatField(help_text="Age of the oldest ready job, in seconds.")
    running = models.IntegerField()
    completed = models.IntegerField()
    failed = models.IntegerField(help_text="Runs that failed, for good or not.")
    run_time = models.FloatField(help_text="Mean of a run, in seconds.")

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index("queue_name", "at", name="snapshot_queue")]

    def __str__(self) -> str:
        return f"{self.queue_name} {self.at:%Y-%m-%d %H:%M}"


class Schedule(models.Model):
    """An entry of `SCHEDULE` and where it stands. Everything but the pause is rewritten from the code."""

    class Missed(models.TextChoices):
        SKIP = "skip", "Ticks that were missed are skipped"
        ONCE = "once", "One job stands for all that were missed"
        ALL = "all", "Each missed tick gets its job, up to a hundred"

    name = models.CharField(max_length=100, unique=True)
    cron = models.CharField(max_length=100)
    timezone = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=100)
    kwargs = models.JSONField(default=dict)
    missed = models.CharField(max_length=10, choices=Missed.choices, default=Missed.ONCE)
    is_paused = models.BooleanField(default=False)
    next_at = models.DateTimeField(null=True, help_text="The next tick; none while it is paused.")

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "schedule"

    def __str__(self) -> str:
        return self.name

    def pause(self) -> bool:
        """Send nothing any more; False when it is paused already."""
        return Schedule.objects.filter(pk=self.pk, is_paused=False).update(is_paused=True, next_at=None) == 1

    def resume(self) -> bool:
        """Go on with the next tick; those of the pause are not made up for. False when it is not paused."""
        next_at = cron.next_tick(self.cron, self.timezone, timezone.now())
        return Schedule.objects.filter(pk=self.pk, is_paused=True).update(is_paused=False, next_at=next_at) == 1


class ScheduledTick(models.Model):
    """One moment of a schedule: whoever writes it sends its job, in the same transaction."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="ticks")
    at = models.DateTimeField()
    by_hand = models.BooleanField(default=False, help_text="Somebody pressed “run now”.")
    job_id = models.UUIDField(null=True)
    sent_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint("schedule", "at", name="schedule_tick_once")]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.at:%Y-%m-%d %H:%M}"
