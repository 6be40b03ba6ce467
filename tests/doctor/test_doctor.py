"""Each thing that can be missing is found, and told with what mends it; nothing else is."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from askpro.doctor import examination
from askpro.health import ready
from askpro.health.ready import Readiness
from askpro.queues.ledger import pooler
from askpro.watch.models import Incident, Watcher
from calls.models import Company, PhoneNumber
from tests.appointments import salon

pytestmark = pytest.mark.django_db


@pytest.fixture
def healthy(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation in which nothing is missing."""
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "staticfiles.json").touch()
    settings.ENVIRONMENT_FILE = str(tmp_path / "askpro.env")
    (tmp_path / "askpro.env").touch(mode=0o640)
    settings.REQUIRE_SECOND_FACTOR = False
    monkeypatch.setattr(examination, "BACKUPS", tmp_path)
    monkeypatch.setattr(examination, "_checked", lambda _: iter(()))
    monkeypatch.setattr(ready, "look", lambda: Readiness("ok", "ok", "ok", "ok"))
    monkeypatch.setattr(pooler, "is_in_between", lambda: False)
    Watcher.objects.create(host="eins", pid=1, started_at=timezone.now(), beat_at=timezone.now())
    User.objects.create_superuser("admin", password="x")
    at = salon.branch(salon.company())
    PhoneNumber.objects.create(company=at.company, branch=at, number="+493023125100")
    return tmp_path


def whats() -> list[str]:
    return [finding.what for finding in examination.findings()]


def test_nothing_is_missing(healthy: Path) -> None:
    said = StringIO()
    call_command("doctor", stdout=said)
    assert said.getvalue() == "Nothing is missing.\n"


def no_static_files(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    (healthy / "staticfiles.json").unlink()


def open_settings(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    (healthy / "askpro.env").chmod(0o644)


def no_backups(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    settings.ENVIRONMENT = "production"


def an_old_backup(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    settings.ENVIRONMENT = "production"
    long_ago = (timezone.now() - timedelta(hours=50)).timestamp()
    (healthy / "2026-11-29-010000.dump.enc").touch()
    os.utime(healthy / "2026-11-29-010000.dump.enc", (long_ago, long_ago))


def no_redis(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


def no_migrations(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ready, "look", lambda: Readiness("ok", "missing"))


def only_reading(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ready, "look", lambda: Readiness("read-only", "ok", "ok", "ok"))


def no_workers(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ready, "look", lambda: Readiness("ok", "ok", "none", "ok"))


def no_watch(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    Watcher.objects.update(beat_at=timezone.now() - timedelta(minutes=5))


def a_pooler(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pooler, "is_in_between", lambda: True)


def no_administrator(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    User.objects.update(is_active=False)


def no_second_factor(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    settings.REQUIRE_SECOND_FACTOR = True


def no_number(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    PhoneNumber.objects.all().delete()


def no_company(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    Company.objects.update(is_active=False)


def an_incident(healthy: Path, settings: Any, patch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    Incident.objects.create(
        code="redis_away", about="redis", severity="warning", status="open", began_at=now, seen_at=now
    )


MISSING: list[tuple[Callable[..., None], str, str]] = [
    (no_static_files, "No static files", "collectstatic"),
    (open_settings, "Every user of this host can read", "chmod 640"),
    (no_backups, "There are no backups", "askpro-backup.timer"),
    (an_old_backup, "50 hours old", "askpro-backup.timer"),
    (no_redis, "Redis does not answer", "redis-server"),
    (no_migrations, "lacks migrations", "manage.py migrate"),
    (only_reading, "takes no writes", "target_session_attrs"),
    (no_workers, "Nobody works the queues", "askpro-queues"),
    (no_watch, "Nobody watches", "askpro-watch"),
    (a_pooler, "pooler", "DATABASE_POOLED"),
    (no_administrator, "no administrator", "createsuperuser"),
    (no_second_factor, "admin has no second factor", "next log-in"),
    (no_number, "has no phone number", "Phone numbers"),
    (no_company, "no company", "company_create"),
    (an_incident, "(redis)", "REDIS_URL"),
]


@pytest.mark.parametrize(("spoil", "what", "cure"), MISSING, ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_missing_is_told_with_its_cure(
    healthy: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[..., None],
    what: str,
    cure: str,
) -> None:
    spoil(healthy, settings, monkeypatch)
    (found,) = examination.findings()
    assert what in found.what
    assert cure in found.cure
    assert found.why


def test_without_postgresql_the_rest_is_told(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (healthy / "staticfiles.json").unlink()

    def refuse(*_: Any, **__: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", refuse)
    assert [what.split(" in ")[0] for what in whats()] == ["No static files", "PostgreSQL does not answer."]


def test_what_check_says_is_told_too(settings: Any) -> None:
    settings.WEBHOOK_MAX_BYTES = 0
    found = [finding for finding in examination._checked(["default"]) if "WEBHOOK_MAX_BYTES" in finding.what]
    assert [finding.cure for finding in found] == [
        "Leave it out for the default (deploy/env.example), or write a number above 0."
    ]


def test_programs_get_json_and_an_exit_code(healthy: Path) -> None:
    (healthy / "askpro.env").chmod(0o666)
    said = StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("doctor", "--json", stdout=said)
    (found,) = json.loads(said.getvalue())
    assert set(found) == {"what", "why", "cure"}
