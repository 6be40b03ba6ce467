"""Each function looks at one part of the installation. What cannot be asked is found, too, and nothing raises."""

import stat
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psycopg2
import redis
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.db import DatabaseError, connection
from django.utils import timezone

from askpro.console.entrance.gate import is_required
from askpro.console.entrance.models import SecondFactor
from askpro.doctor.finding import Finding
from askpro.health import ready
from askpro.queues.ledger import pooler
from askpro.queues.ledger.hints import connect
from askpro.watch import message
from askpro.watch.models import Incident, Watcher
from calls.models import Company, PhoneNumber

OLDEST_POSTGRESQL: Final = 15
OLDEST_REDIS: Final = (6, 2)
REDIS_SECONDS: Final = 2.0
# A watcher beats every few seconds.
WATCH_IS_FRESH: Final = timedelta(minutes=1)
# Where deploy/systemd/askpro-backup.service writes, each night.
BACKUPS: Final = Path("/var/backups/askpro")
BACKUP_IS_FRESH: Final = timedelta(hours=26)
AWAY: Final = Finding(
    "PostgreSQL does not answer.",
    "Nothing works without it: webhooks are answered 503, and sent again by their vendors.",
    "systemctl start postgresql, or correct DATABASE_URL",
)


def findings() -> Iterator[Finding]:
    """All that is wrong. Without PostgreSQL, what needs no PostgreSQL."""
    answers = _answers()
    yield from _checked(["default"] if answers else [])
    yield from _files()
    yield from _backups()
    yield from _redis()
    if not answers:
        yield AWAY
        return
    for examine in WITH_POSTGRESQL:
        yield from examine()


def _checked(databases: Sequence[str]) -> Iterator[Finding]:
    """What `check --deploy` says, and of these databases what is checked there."""
    is_deployed = settings.ENVIRONMENT not in settings.ENVIRONMENTS_WITH_A_PUBLIC_KEY
    for found in checks.run_checks(include_deployment_checks=is_deployed, databases=databases):
        if found.level >= checks.WARNING and not found.is_silenced():
            yield Finding(found.msg, f"manage.py check says so ({found.id}).", found.hint or "See Django's own checks.")


def _files() -> Iterator[Finding]:
    if not settings.DEBUG and not (settings.STATIC_ROOT / "staticfiles.json").is_file():
        yield Finding(
            f"No static files in {settings.STATIC_ROOT}.",
            "The console has neither styles nor scripts.",
            "manage.py collectstatic --noinput",
        )
    path = Path(settings.ENVIRONMENT_FILE) if settings.ENVIRONMENT_FILE else None
    if path and path.is_file() and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        yield Finding(
            f"Every user of this host can read {path}.",
            "It has the keys of what callers said, and of the vendors.",
            f"chmod 640 {path}",
        )


def _backups() -> Iterator[Finding]:
    if settings.ENVIRONMENT in settings.ENVIRONMENTS_WITH_A_PUBLIC_KEY:
        return
    cure = "systemctl enable --now askpro-backup.timer; journalctl -u askpro-backup"
    newest = max((file.stat().st_mtime for file in BACKUPS.glob("*.dump*")), default=None)
    if newest is None:
        yield Finding(f"There are no backups in {BACKUPS}.", "A lost disk loses every appointment's history.", cure)
        return
    age = timezone.now().timestamp() - newest
    if age > BACKUP_IS_FRESH.total_seconds():
        yield Finding(f"The newest backup is {age / 3600:.0f} hours old.", "What came since would be lost.", cure)


def _redis() -> Iterator[Finding]:
    client: Any = connect(REDIS_SECONDS)
    if client is None:
        return
    try:
        told = str(client.info("server")["redis_version"])
    except (redis.RedisError, OSError) as error:
        yield Finding(
            f"Redis does not answer ({type(error).__name__}).",
            "Everything works without it, but each job begins up to 1.5 seconds later.",
            "systemctl start redis-server, or set REDIS_URL (empty: without Redis)",
        )
        return
    finally:
        client.close()
    if tuple(int(part) for part in told.split(".")[:2]) < OLDEST_REDIS:
        yield Finding(f"Redis is {told}.", "Commands that AskPro uses are missing.", "Install Redis 6.2 or newer.")


def _versions() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        (major,) = cursor.fetchone()
    if major < OLDEST_POSTGRESQL:
        yield Finding(f"PostgreSQL is {major}.", "Statements that AskPro uses are missing.", "Install 15 or newer.")


def _pooler() -> Iterator[Finding]:
    if not settings.DATABASE_POOLED and pooler.is_in_between():
        yield Finding(
            "DATABASE_URL leads through a pooler that lends sessions by the transaction.",
            "Settings that the engine makes in its sessions stay there for others.",
            "Set DATABASE_POOLED=true for the web; give queues_run and watch PostgreSQL's own address.",
        )


def _programs() -> Iterator[Finding]:
    found = ready.look()
    if found.migrations == "missing":
        yield Finding("The database lacks migrations.", "The code and its tables do not fit.", "manage.py migrate")
        return
    if found.database == "read-only":
        yield Finding(
            "PostgreSQL takes no writes.",
            "Webhooks are answered 503.",
            "After a fail-over, name both servers in DATABASE_URL with target_session_attrs=read-write.",
        )
    if found.workers == "none":
        yield Finding("Nobody works the queues.", "Calls are stored, and nothing is booked.", _start("queues"))
    if not Watcher.objects.filter(beat_at__gt=timezone.now() - WATCH_IS_FRESH).exists():
        yield Finding("Nobody watches.", "When something breaks, nobody is told.", _start("watch"))


def _people() -> Iterator[Finding]:
    users = get_user_model().objects.filter(is_active=True)
    if not users.filter(is_superuser=True).exists():
        yield Finding("There is no administrator.", "Nobody can log in.", "manage.py createsuperuser")
    safe = SecondFactor.objects.filter(confirmed_at__isnull=False).values("user")
    for user in users.exclude(pk__in=safe).order_by("username"):
        if is_required(user):
            yield Finding(
                f"{user.get_username()} has no second factor.",
                "Who can give rights can do everything, and has only a password to protect it.",
                "It is asked for at the next log-in.",
            )


def _companies() -> Iterator[Finding]:
    active = Company.objects.filter(is_active=True)
    if not active.exists():
        yield Finding(
            "There is no company.", "A call belongs to nobody.", "manage.py company_create FILE (docs/first-company.md)"
        )
    with_number = PhoneNumber.objects.filter(is_active=True).values("company")
    for company in active.exclude(pk__in=with_number).order_by("slug"):
        yield Finding(
            f"{company.slug} has no phone number.",
            "Calls are told apart by the number that was dialled.",
            "Add one in the console, under Set-up, Phone numbers.",
        )


def _incidents() -> Iterator[Finding]:
    """What the watch has found and nobody has mended."""
    for incident in Incident.objects.filter(status=Incident.Status.OPEN).order_by("began_at"):
        cause, todo = message.advice(incident)
        yield Finding(f"{message.title(incident)} ({incident.about}).", cause, todo)


def _answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, psycopg2.Error):
        return False
    return True


def _start(service: str) -> str:
    return f"systemctl enable --now askpro-{service}; journalctl -u askpro-{service}"


WITH_POSTGRESQL: Final[tuple[Callable[[], Iterator[Finding]], ...]] = (
    _versions,
    _pooler,
    _programs,
    _people,
    _companies,
    _incidents,
)
