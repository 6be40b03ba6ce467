"""Jobs and their attempts."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from askpro.queues.ids import uuid7
from askpro.queues.states import FINAL_STATES, LATER_STATES, LIVE_DAY, JobStatus

_LATER = [*LATER_STATES]
_UNFINISHED = ~Q(status__in=[*FINAL_STATES])


class Job(models.Model):
    """A message to an actor and its whole life. Retrying a dead job keeps its id and history.

    The table is partitioned by `day`; the indexes below are those of `queues_job_live`.
    """

    Status = JobStatus
    LIVE = (
        Status.WAITING,
        Status.SCHEDULED,
        Status.QUEUED,
        Status.PROCESSING,
        Status.RETRYING,
        Status.RELEASED,
    )
    FINAL = FINAL_STATES
    # The states in which a silenced job is left out of the list.
    QUIET = (Status.COMPLETED, Status.CANCELLED)

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
    losses = models.SmallIntegerField(db_default=0, help_text="Times its worker ended and nothing spoke against it.")
    releases = models.IntegerField(db_default=0)
    release_reason = models.CharField(max_length=200, db_default="")
    started_at = models.DateTimeField(null=True, help_text="When the run began that completed it, if the row tells it.")
    finished_at = models.DateTimeField(null=True)
    day = models.DateField(db_default=LIVE_DAY, help_text="Which table it is in.")
    expires_at = models.DateTimeField(null=True, help_text="Cancelled when not started by then.")
    lock_key = models.CharField(max_length=200, null=True, help_text="Held alone while it runs.")
    in_order = models.BooleanField(db_default=False, help_text="The key stays closed until the job is over.")
    share_key = models.CharField(max_length=200, null=True, help_text="Held by at most `share_limit` at once.")
    share_limit = models.SmallIntegerField(null=True)
    fair_key = models.CharField(max_length=200, null=True, help_text="The tenant that it belongs to.")
    unique_key = models.CharField(max_length=200, null=True, help_text="No second copy waits.")
    rate_limit = models.CharField(max_length=100, null=True)
    gate = models.CharField(max_length=100, null=True, help_text="Where it waits, or was let through.")
    gate_urgency = models.SmallIntegerField(null=True, help_text="The smaller goes first.")
    gate_token = models.IntegerField(null=True, help_text="The claim that may make the request granted with it.")
    silenced = models.BooleanField(db_default=False, help_text="Left out of the list once it has finished.")
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
            models.Index(
                *("queue_name", "fair_key", "ready_at", "id"),
                condition=Q(status="queued", fair_key__isnull=False),
                name="job_fair",
            ),
            models.Index("run_at", condition=Q(status__in=_LATER), name="job_due"),
            models.Index("deadline_at", condition=Q(status__in=_LATER), name="job_overdue"),
            models.Index(
                "expires_at", condition=Q(status__in=[*_LATER, "queued"], expires_at__isnull=False), name="job_expiring"
            ),
            models.Index("queue_name", "ready_at", "worker_id", condition=Q(status="processing"), name="job_running"),
            models.Index("finished_at", condition=Q(status__in=[*FINAL_STATES]), name="job_over"),
            models.Index("lock_key", "id", condition=Q(lock_key__isnull=False) & _UNFINISHED, name="job_locked"),
            models.Index("share_key", "id", condition=Q(status="released", share_key__isnull=False), name="job_shared"),
            # The urgent first, then the oldest.
            models.Index("gate", "gate_urgency", "id", condition=Q(gate__isnull=False), name="job_gate"),
            models.Index("batch_id", "status", condition=Q(batch_id__isnull=False), name="job_batch"),
            models.Index("chain_id", "chain_step", condition=Q(chain_id__isnull=False), name="job_chain"),
            # Every look-up reads the whole pending list (kB), and one of the inserts writes all of it into the index.
            GinIndex("tags", condition=~Q(tags=[]), name="job_tags", gin_pending_list_limit=256),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.id}"


class AttemptFields(models.Model):
    """What is known of one start of a job, and how it ended."""

    class Outcome(models.TextChoices):
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"
        TIMED_OUT = "timed_out", "Timed out"
        RELEASED = "released", "Released"
        CRASHED = "crashed", "Its process died"
        LOST = "lost", "Its host fell silent"
        CANCELLED = "cancelled", "Cancelled"

    job_id: UUID

    pk = models.CompositePrimaryKey("job_id", "claim_no")
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
    progress_done = models.IntegerField(null=True)
    progress_total = models.IntegerField(null=True)
    fingerprint = models.CharField(max_length=16, db_default="", help_text="Same cause, same fingerprint.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.job_id} #{self.claim_no} {self.outcome}"


class Attempt(AttemptFields):
    """One start of a job, and how it ended: read from the row that tells it, which may be the job's own."""

    job = models.ForeignKey(
        Job, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="attempts"
    )

    class Meta:
        managed = False
        db_table = "queues_attempt_told"


class AttemptRow(AttemptFields):
    """An attempt with a row of its own: it did not complete its job, or it kept a log."""

    # No constraint: checking it would lock the job's row again for every attempt.
    job = models.ForeignKey(Job, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    ready_at = models.DateTimeField(null=True, help_text="When the job had become ready for this run.")
    recorded_at = models.DateTimeField(
        null=True, db_default=Now(), help_text="When it was written: later than its end, where PostgreSQL was away."
    )

    class Meta:
        db_table = "queues_attempt"
        indexes = [
            models.Index("fingerprint", condition=~Q(fingerprint=""), name="attempt_fingerprint"),
            # Costs an insert nothing: rows are inserted in the order in which they finished.
            BrinIndex(fields=["finished_at"], name="attempt_finished", autosummarize=True, pages_per_range=32),
            BrinIndex(fields=["recorded_at"], name="attempt_recorded", autosummarize=True, pages_per_range=32),
        ]
