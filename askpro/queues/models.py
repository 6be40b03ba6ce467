"""The ledger: every job, attempt, lock and process is a row. Redis holds hints only."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from askpro.queues.ids import uuid7


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
    lock_key = models.CharField(max_length=200, null=True)
    chain_id = models.UUIDField(null=True)
    chain_step = models.SmallIntegerField(null=True)
    error_class = models.CharField(max_length=200, db_default="")
    error_message = models.CharField(max_length=1000, db_default="")
    alerted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index("queue_name", "ready_at", "id", condition=Q(status="queued"), name="job_queued"),
            models.Index("run_at", condition=Q(status__in=["scheduled", "retrying", "released"]), name="job_due"),
            models.Index("worker_id", condition=Q(status="processing"), name="job_processing"),
            models.Index("finished_at", condition=Q(status="dead"), name="job_dead"),
            models.Index("lock_key", "id", condition=Q(status="released", lock_key__isnull=False), name="job_locked"),
            models.Index("chain_id", "chain_step", condition=Q(chain_id__isnull=False), name="job_chain"),
            GinIndex("tags", condition=~Q(tags=[]), name="job_tags"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.id}"

    def retry(self, tries: int = 1) -> bool:
        """Make a dead job ready again with `tries` more runs on top of its history; False when it is not dead."""
        return retry_dead(self.pk, tries)


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
    fingerprint = models.CharField(max_length=16, db_default="", help_text="Same cause, same fingerprint.")

    class Meta:
        indexes = [models.Index("fingerprint", condition=~Q(fingerprint=""), name="attempt_fingerprint")]

    def __str__(self) -> str:
        return f"{self.job_id} #{self.claim_no} {self.outcome}"


class Lock(models.Model):
    """A `no_overlap` key held by a running job: it can neither expire under it nor outlive it."""

    key = models.CharField(max_length=200, primary_key=True)
    job_id = models.UUIDField()
    claim_no = models.IntegerField()
    taken_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.key


class Supervisor(models.Model):
    """A `queues_run` on some host. Its chores process beats for it and for its workers."""

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        STOPPING = "stopping", "Finishing its jobs"
        STOPPED = "stopped", "Stopped"
        DEAD = "dead", "Fell silent"

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


def retry_dead(job_id: uuid.UUID, tries: int) -> bool:
    from askpro.queues.jobs import retry  # jobs.py speaks SQL to this table; models.py must load before it

    return retry(job_id, tries)
