"""What is known of runs beyond their end: what took their time, where they are now, profiles."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from askpro.queues.states import StackRefusal


class SlowRun(models.Model):
    """A run that took longer than its job's `slow`. Written while it still runs, and again at its end."""

    job_id = models.UUIDField(_("job"))
    claim_no = models.IntegerField(_("attempt"))
    actor_name = models.CharField(_("job"), max_length=100)
    queue_name = models.CharField(_("queue"), max_length=50)
    company_id = models.BigIntegerField(_("company"), null=True)
    worker_id = models.BigIntegerField(_("worker"), null=True)
    began_at = models.DateTimeField(_("began at"))
    finished_at = models.DateTimeField(
        _("finished at"), null=True, help_text=_("Empty while it runs, and when its process died.")
    )
    error_class = models.CharField(_("error class"), max_length=200, db_default="")
    threshold = models.FloatField(_("slow from"), help_text=_("From this many seconds on it counts as slow."))
    seconds = models.FloatField(_("seconds"))
    sql_seconds = models.FloatField(_("seconds in statements"))
    sql_count = models.IntegerField(_("statements, counted"))
    lock_seconds = models.FloatField(
        _("seconds waiting for locks"), help_text=_("Part of the statements' time, seen once a second.")
    )
    vendor_seconds = models.FloatField(_("seconds at vendors"))
    vendor_count = models.IntegerField(_("requests to vendors, counted"))
    cpu_seconds = models.FloatField(_("seconds of processor time"), help_text=_("Of its thread."))
    statements = models.JSONField(
        _("statements"), default=list, help_text=_("The slowest, without values: text, count, seconds, longest.")
    )
    calls = models.JSONField(
        _("requests to vendors"),
        default=list,
        help_text=_("The slowest: vendor, route, result, count, seconds, longest."),
    )

    class Meta:
        verbose_name = _("slow run")
        verbose_name_plural = _("slow runs")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint("job_id", "claim_no", name="slow_run_once")]
        indexes = [models.Index("began_at", name="slow_run_began")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.seconds:.1f} s"

    @property
    def other_seconds(self) -> float:
        """Neither a statement, nor a vendor, nor computing: Redis, a gate, a pause, or another thread's turn."""
        return max(self.seconds - self.sql_seconds - self.vendor_seconds - self.cpu_seconds, 0.0)


class RunCost(models.Model):
    """What the runs of one kind of job took in one hour, for one company: added to by every worker. How many they were,
    and how long, the figures of jobs say."""

    hour = models.DateTimeField()
    actor_name = models.CharField(max_length=100)
    queue_name = models.CharField(max_length=50)
    company_id = models.BigIntegerField(default=0, help_text=_("0: of no company."))
    slow = models.BigIntegerField(help_text=_("Runs above their job's `slow`."))
    sql_seconds = models.FloatField()
    sql_count = models.BigIntegerField()
    vendor_seconds = models.FloatField()
    vendor_count = models.BigIntegerField()
    cpu_seconds = models.FloatField()

    class Meta:
        verbose_name = _("cost of runs")
        verbose_name_plural = _("costs of runs")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint("hour", "actor_name", "queue_name", "company_id", name="run_cost_once")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.hour:%Y-%m-%d %H}"


class StackRequest(models.Model):
    """Somebody asks where a running job is. The supervisor of its worker takes the request, and answers."""

    class Status(models.TextChoices):
        ASKED = "asked", _("Asked")
        TAKEN = "taken", _("Taken by its supervisor")
        ANSWERED = "answered", _("Answered")
        REFUSED = "refused", _("No answer")

    Refusal = StackRefusal

    job_id = models.UUIDField()
    claim_no = models.IntegerField()
    worker_id = models.BigIntegerField()
    supervisor_id = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ASKED)
    refusal = models.CharField(max_length=20, choices=Refusal.choices, blank=True, db_default="")
    by = models.CharField(max_length=150, db_default="")
    at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True)
    threads = models.JSONField(default=list, help_text=_("The job's own first: each as frames, the innermost first."))

    class Meta:
        verbose_name = _("request for a stack")
        verbose_name_plural = _("requests for stacks")
        ordering = ["-id"]
        indexes = [
            models.Index("supervisor_id", condition=Q(status="asked"), name="stack_request_waiting"),
            models.Index("job_id", F("id").desc(), name="stack_request_job"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} #{self.claim_no}"


class Profile(models.Model):
    """Somebody wants to know where the runs of a kind of job spend their time, and whatever worker begins one samples
    it; or where one run does that is under way (`job_id`, `claim_no`), and the worker that has it samples it.
    """

    actor_name = models.CharField(max_length=100)
    job_id = models.UUIDField(null=True)
    claim_no = models.IntegerField(null=True)
    wanted = models.SmallIntegerField(help_text=_("The number of runs."))
    begun = models.SmallIntegerField(default=0, db_default=0)
    seconds = models.FloatField(help_text=_("The longest that one run is sampled."))
    by = models.CharField(max_length=150, db_default="")
    at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(help_text=_("No run is begun after it."))

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")
        ordering = ["-id"]
        indexes = [models.Index("job_id", F("id").desc(), condition=Q(job_id__isnull=False), name="profile_of_job")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.at:%Y-%m-%d %H:%M}"


class ProfiledRun(models.Model):
    """One run that was sampled: its stacks in the order of time, compressed."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="runs")
    job_id = models.UUIDField()
    claim_no = models.IntegerField()
    worker_id = models.BigIntegerField()
    host = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())
    seconds = models.FloatField(help_text=_("How long it was sampled."))
    samples = models.IntegerField()
    stacks = models.BinaryField(help_text=_("JSON, packed by zlib: frames, samples, weights."))

    class Meta:
        verbose_name = _("profiled run")
        verbose_name_plural = _("profiled runs")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.job_id} #{self.claim_no}"
