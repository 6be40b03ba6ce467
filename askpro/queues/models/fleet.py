"""Who works the queues, what the fleet is told to do, and what happened to it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from askpro.queues.states import LIVING_STATES, SupervisorStatus


class Supervisor(models.Model):
    """A `queues_run` on some host. Its chores process beats for it and for its workers."""

    Status = SupervisorStatus
    LIVING = LIVING_STATES

    host = models.CharField(max_length=200)
    pid_space = models.CharField(
        max_length=100, db_default="", help_text="Boot and pid namespace: where the pid means something."
    )
    pid = models.IntegerField()
    process_started_at = models.FloatField(help_text="Seconds after the boot; tells a recycled pid apart.")
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
    """A queue or an actor whose jobs may not be claimed. Every claim reads these rows: a pause holds at once."""

    class Kind(models.TextChoices):
        QUEUE = "queue", "Queue"
        ACTOR = "actor", "Job"

    kind = models.CharField(max_length=5, choices=Kind.choices)
    name = models.CharField(max_length=100)
    until = models.DateTimeField(null=True, blank=True, help_text="Over by itself then; empty: until somebody ends it.")
    by = models.CharField(max_length=150, db_default="", help_text="Who paused it.")
    reason = models.CharField(max_length=500, db_default="", help_text="Why it was paused.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint("kind", "name", name="pause_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class FleetCommand(models.Model):
    """What one supervisor is asked to do. One row for each supervisor shows which of them have taken the command."""

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


class FleetEvent(models.Model):
    """Something that happened to the fleet, or that a person did to it: its history. `askpro.watch` tells people."""

    class Kind(models.TextChoices):
        SUPERVISOR_DEAD = "supervisor_dead", "A host fell silent"
        SUPERVISOR_BACK = "supervisor_back", "A host is back"
        WORKER_DEAD = "worker_dead", "A worker died"
        WORKER_STUCK = "worker_stuck", "A worker was stuck"
        START_TROUBLE = "start_trouble", "A worker cannot start"
        START_WELL = "start_well", "Workers start again"
        RESTART_TROUBLE = "restart_trouble", "New code does not start"
        RESTARTED = "restarted", "New code is at work"
        QUEUE_LATE = "queue_late", "A queue breaks its promise"
        QUEUE_WELL = "queue_well", "A queue keeps its promise again"
        GATE_SHUT = "gate_shut", "Somebody outside is away"
        GATE_OPEN = "gate_open", "Somebody outside answers again"
        RECYCLED = "recycled", "A worker made way"
        COMMAND = "command", "Somebody gave a command"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    text = models.CharField(max_length=500)
    about = models.CharField(max_length=100, db_default="", help_text="Its queue, gate or host.")
    level = models.SmallIntegerField(db_default=0, help_text="How late the queue is: 1 one job, 2 from ten on, 3 …")
    supervisor_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["about", "-id"], condition=~Q(about=""), name="fleet_event_about")]

    def __str__(self) -> str:
        return self.text


class MetricsSnapshot(models.Model):
    """What a queue looked like at one time."""

    queue_name = models.CharField(max_length=50)
    at = models.DateTimeField(db_default=Now())
    ready = models.IntegerField()
    oldest = models.FloatField(help_text="Age of the oldest ready job, in seconds.")
    running = models.IntegerField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index("queue_name", "at", name="snapshot_queue")]

    def __str__(self) -> str:
        return f"{self.queue_name} {self.at:%Y-%m-%d %H:%M}"
