"""Who works the queues, what the fleet is told to do, and what happened to it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from askpro.queues.states import LIVING_STATES, SupervisorStatus


class Supervisor(models.Model):
    """A `queues_run` on some host. Its chores process beats for it and for its workers."""

    Status = SupervisorStatus
    LIVING = LIVING_STATES

    host = models.CharField(_("host"), max_length=200)
    pid_space = models.CharField(
        _("where its process id is valid"),
        max_length=100,
        db_default="",
        help_text=_("Boot and namespace in which the process id is valid."),
    )
    pid = models.IntegerField(_("process id"))
    process_started_at = models.FloatField(
        _("start of the process"), help_text=_("Seconds after the boot; distinguishes a process id that is used again.")
    )
    environment = models.CharField(_("environment"), max_length=50)
    code_version = models.CharField(_("version of the code"), max_length=64, db_default="")
    status = models.CharField(_("state"), max_length=10, choices=Status.choices, default=Status.RUNNING)
    started_at = models.DateTimeField(_("started at"), db_default=Now())
    beat_at = models.DateTimeField(_("last heartbeat"), db_default=Now())
    pools = ArrayField(
        models.CharField(max_length=50),
        verbose_name=_("pools"),
        default=list,
        db_default=[],
        help_text=_("The pools it runs."),
    )
    state = models.JSONField(
        _("last report"),
        default=dict,
        db_default={},
        help_text=_("As of the last heartbeat: processes and rates."),
    )

    class Meta:
        verbose_name = _("supervisor")
        verbose_name_plural = _("supervisors")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Worker(models.Model):
    """A worker process. Its rows of jobs carry its id while it holds them."""

    class Status(models.TextChoices):
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")
        DEAD = "dead", _("Died")

    supervisor = models.ForeignKey(
        Supervisor, verbose_name=_("supervisor"), on_delete=models.CASCADE, null=True, related_name="workers"
    )
    pool = models.CharField(_("pool"), max_length=50)
    host = models.CharField(_("host"), max_length=200)
    pid = models.IntegerField(_("process id"))
    code_version = models.CharField(_("version of the code"), max_length=64, db_default="")
    status = models.CharField(_("state"), max_length=10, choices=Status.choices, default=Status.RUNNING)
    started_at = models.DateTimeField(_("started at"), db_default=Now())
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ["-id"]
        indexes = [models.Index("supervisor", condition=Q(status="running"), name="worker_running")]

    def __str__(self) -> str:
        return f"{self.pool} {self.host}:{self.pid}"


class Pause(models.Model):
    """A queue or an actor whose jobs may not be claimed. Every claim reads these rows: a pause holds at once."""

    class Kind(models.TextChoices):
        QUEUE = "queue", _("Queue")
        ACTOR = "actor", _("Job")

    kind = models.CharField(_("kind"), max_length=5, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=100)
    until = models.DateTimeField(
        _("paused until"), null=True, blank=True, help_text=_("Ends by itself then; empty: until someone resumes it.")
    )
    by = models.CharField(_("paused by"), max_length=150, db_default="", help_text=_("Who paused it."))
    reason = models.CharField(_("reason"), max_length=500, db_default="", help_text=_("Why it was paused."))
    at = models.DateTimeField(_("paused at"), db_default=Now())

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        constraints = [models.UniqueConstraint("kind", "name", name="pause_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class FleetCommand(models.Model):
    """What one supervisor is asked to do. One row for each supervisor shows which of them have taken the command."""

    class Kind(models.TextChoices):
        SCALE = "scale", _("Set a pool's processes")
        RESTART = "restart", _("Restart with the current code")
        STOP = "stop", _("Finish the running jobs and stop")

    supervisor = models.ForeignKey(
        Supervisor, verbose_name=_("supervisor"), on_delete=models.CASCADE, related_name="commands"
    )
    kind = models.CharField(_("command"), max_length=7, choices=Kind.choices)
    pool = models.CharField(_("pool"), max_length=50, db_default="")
    processes = models.SmallIntegerField(_("processes"), null=True, help_text=_("Empty: balanced by the settings."))
    by = models.CharField(_("given by"), max_length=150, db_default="")
    at = models.DateTimeField(_("given at"), db_default=Now())
    taken_at = models.DateTimeField(_("taken at"), null=True)

    class Meta:
        verbose_name = _("command to the fleet")
        verbose_name_plural = _("commands to the fleet")
        ordering = ["-id"]
        indexes = [models.Index("supervisor", condition=Q(taken_at=None), name="command_waiting")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pool}".strip()


class FleetEvent(models.Model):
    """Something that happened to the fleet, or that a person did to it: its history. `askpro.watch` tells people."""

    class Kind(models.TextChoices):
        SUPERVISOR_DEAD = "supervisor_dead", _("A host fell silent")
        SUPERVISOR_BACK = "supervisor_back", _("A host is back")
        WORKER_DEAD = "worker_dead", _("A worker died")
        WORKER_STUCK = "worker_stuck", _("A worker was stuck")
        START_TROUBLE = "start_trouble", _("A worker cannot start")
        START_WELL = "start_well", _("Workers start again")
        RESTART_TROUBLE = "restart_trouble", _("New code does not start")
        RESTARTED = "restarted", _("New code is running")
        QUEUE_LATE = "queue_late", _("A queue breaks its promise")
        QUEUE_WELL = "queue_well", _("A queue keeps its promise again")
        GATE_SHUT = "gate_shut", _("A vendor does not answer")
        GATE_OPEN = "gate_open", _("A vendor answers again")
        RECYCLED = "recycled", _("A worker was recycled")
        COMMAND = "command", _("Someone gave a command")

    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    text = models.CharField(_("text"), max_length=500)
    about = models.CharField(_("concerns"), max_length=100, db_default="", help_text=_("Its queue, gate or host."))
    level = models.SmallIntegerField(
        _("level"), db_default=0, help_text=_("How late the queue is: 1 is one job, 2 is ten or more, and so on.")
    )
    supervisor_id = models.BigIntegerField(_("supervisor"), null=True)
    at = models.DateTimeField(_("time"), db_default=Now())

    class Meta:
        verbose_name = _("event of the fleet")
        verbose_name_plural = _("events of the fleet")
        ordering = ["-id"]
        indexes = [models.Index(fields=["about", "-id"], condition=~Q(about=""), name="fleet_event_about")]

    def __str__(self) -> str:
        return self.text


class MetricsSnapshot(models.Model):
    """What a queue looked like at one time."""

    queue_name = models.CharField(max_length=50)
    at = models.DateTimeField(db_default=Now())
    ready = models.IntegerField()
    oldest = models.FloatField(help_text=_("Age of the oldest ready job, in seconds."))
    running = models.IntegerField()

    class Meta:
        verbose_name = _("snapshot of a queue")
        verbose_name_plural = _("snapshots of queues")
        ordering = ["-at"]
        indexes = [models.Index("queue_name", "at", name="snapshot_queue")]

    def __str__(self) -> str:
        return f"{self.queue_name} {self.at:%Y-%m-%d %H:%M}"
