"""Jobs and their attempts."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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

    id = models.UUIDField(_("id"), primary_key=True, default=uuid7, editable=False)
    actor_name = models.CharField(_("job"), max_length=100)
    queue_name = models.CharField(_("queue"), max_length=50)
    args = models.JSONField(_("positional arguments"), default=list)
    kwargs = models.JSONField(_("arguments"), default=dict)
    options = models.JSONField(_("options"), default=dict)
    tags = ArrayField(models.CharField(max_length=100), verbose_name=_("tags"), default=list)
    status = models.CharField(_("state"), max_length=10, choices=Status.choices)
    created_at = models.DateTimeField(_("sent at"), db_default=Now())
    ready_at = models.DateTimeField(_("ready at"), null=True, help_text=_("When it last became ready."))
    run_at = models.DateTimeField(
        _("runs at"), null=True, help_text=_("When a scheduled, retrying or released job becomes ready.")
    )
    deadline_at = models.DateTimeField(_("deadline"), null=True, help_text=_("Dead if it has not finished by then."))
    claim_no = models.IntegerField(
        _("attempts begun"), db_default=0, help_text=_("Only ever rises; numbers the attempts.")
    )
    worker_id = models.BigIntegerField(_("worker"), null=True)
    tries_spent = models.SmallIntegerField(_("tries spent"), db_default=0)
    extra_tries = models.SmallIntegerField(_("extra tries"), db_default=0, help_text=_("Added by retrying a dead job."))
    losses = models.SmallIntegerField(
        _("losses"), db_default=0, help_text=_("Times its worker ended without the job being to blame.")
    )
    releases = models.IntegerField(_("times put back"), db_default=0)
    release_reason = models.CharField(_("why it was put back"), max_length=200, db_default="")
    started_at = models.DateTimeField(
        _("started at"), null=True, help_text=_("When the run that completed it began, if the row says so.")
    )
    finished_at = models.DateTimeField(_("finished at"), null=True)
    day = models.DateField(_("day of its table"), db_default=LIVE_DAY, help_text=_("Which table it is in."))
    expires_at = models.DateTimeField(_("expires"), null=True, help_text=_("Cancelled if it has not started by then."))
    lock_key = models.CharField(_("lock"), max_length=200, null=True, help_text=_("Held alone while it runs."))
    in_order = models.BooleanField(
        _("in order"), db_default=False, help_text=_("The lock is held until the job has ended.")
    )
    share_key = models.CharField(
        _("shared key"), max_length=200, null=True, help_text=_("At most as many jobs as given below hold it at once.")
    )
    share_limit = models.SmallIntegerField(_("at once at most"), null=True)
    fair_key = models.CharField(_("tenant"), max_length=200, null=True, help_text=_("The tenant it belongs to."))
    unique_key = models.CharField(
        _("unique key"), max_length=200, null=True, help_text=_("While it waits, no second copy is accepted.")
    )
    rate_limit = models.CharField(_("rate limit"), max_length=100, null=True)
    gate = models.CharField(_("gate"), max_length=100, null=True, help_text=_("Where it waits, or was let through."))
    gate_urgency = models.SmallIntegerField(_("urgency at the gate"), null=True, help_text=_("The smaller goes first."))
    gate_token = models.IntegerField(
        _("claim let through"), null=True, help_text=_("The attempt that may make the request it was let through for.")
    )
    silenced = models.BooleanField(
        _("silenced"), db_default=False, help_text=_("Left out of the list once it has finished.")
    )
    rate_slot_at = models.DateTimeField(
        _("slot of the rate limit"), null=True, help_text=_("The time that the limit has given it.")
    )
    batch_id = models.UUIDField(_("batch"), null=True)
    chain_id = models.UUIDField(_("chain"), null=True)
    chain_step = models.SmallIntegerField(_("step of the chain"), null=True)
    error_class = models.CharField(_("error class"), max_length=200, db_default="")
    error_message = models.CharField(_("error"), max_length=1000, db_default="")
    alerted_at = models.DateTimeField(_("told at"), null=True)
    cancel_at = models.DateTimeField(
        _("cancellation asked for"), null=True, help_text=_("When someone asked for its cancellation while it ran.")
    )
    progress_done = models.IntegerField(_("progress"), null=True)
    progress_total = models.IntegerField(_("whole of the progress"), null=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        indexes = [
            models.Index("queue_name", "ready_at", "id", condition=Q(status="queued"), name="job_queued"),
            models.Index(
                *("queue_name", "fair_key", "ready_at", "id"),
                condition=Q(status="queued", fair_key__isnull=False),
                name="job_fair",
            ),
            models.Index("run_at", condition=Q(status__in=_LATER), name="job_due"),
            models.Index("deadline_at", condition=Q(status__in=_LATER, deadline_at__isnull=False), name="job_deadline"),
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
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")
        TIMED_OUT = "timed_out", _("Timed out")
        RELEASED = "released", _("Released")
        CRASHED = "crashed", _("Its process died")
        LOST = "lost", _("Its host fell silent")
        CANCELLED = "cancelled", pgettext_lazy("job", "Cancelled")

    job_id: UUID

    pk = models.CompositePrimaryKey("job_id", "claim_no")
    claim_no = models.IntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    worker_id = models.BigIntegerField(null=True)
    code_version = models.CharField(max_length=64, db_default="")
    expected = models.BooleanField(db_default=False, help_text=_("Ended by an error named in `throws`."))
    error_class = models.CharField(max_length=200, db_default="")
    error_message = models.CharField(max_length=1000, db_default="")
    trace = models.TextField(db_default="")
    log = models.TextField(db_default="", help_text=_("What the job said while it ran."))
    progress_done = models.IntegerField(null=True)
    progress_total = models.IntegerField(null=True)
    fingerprint = models.CharField(max_length=16, db_default="", help_text=_("Same cause, same fingerprint."))

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
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        managed = False
        db_table = "queues_attempt_told"


class AttemptRow(AttemptFields):
    """An attempt with a row of its own: it did not complete its job, or it kept a log."""

    # No constraint: checking it would lock the job's row again for every attempt.
    job = models.ForeignKey(Job, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    ready_at = models.DateTimeField(null=True, help_text=_("When the job had become ready for this run."))
    recorded_at = models.DateTimeField(
        null=True, db_default=Now(), help_text=_("When it was written: later than its end if PostgreSQL was down.")
    )

    class Meta:
        verbose_name = _("stored attempt")
        verbose_name_plural = _("stored attempts")
        db_table = "queues_attempt"
        indexes = [
            models.Index("fingerprint", condition=~Q(fingerprint=""), name="attempt_fingerprint"),
            # Costs an insert nothing: rows are inserted in the order in which they finished.
            BrinIndex(fields=["finished_at"], name="attempt_finished", autosummarize=True, pages_per_range=32),
            BrinIndex(fields=["recorded_at"], name="attempt_recorded", autosummarize=True, pages_per_range=32),
        ]
