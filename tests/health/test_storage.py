"""What the tables hold, for charts and alarms."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from askpro.health.storage import figures
from askpro.privacy.models import RetentionRun
from askpro.privacy.retention.runs import go_on
from askpro.queues.models import Job
from tests.queues import actors
from webhooks.models import RefusedWebhook

pytestmark = pytest.mark.django_db


def test_a_table_of_many_days_is_one_and_all_have_their_size() -> None:
    found = figures()
    assert found.tables["queues_job"] > 0 and found.tables["webhooks_webhookevent"] > 0
    assert not [name for name in found.tables if name.startswith("queues_job_")]
    assert found.total == sum(found.tables.values())
    assert "health_canary" in found.tables


def test_it_says_what_retention_has_done() -> None:
    for days in (91, 30):
        at = timezone.now() - timedelta(days=days)
        RefusedWebhook.objects.create(provider="retell", reason="stale", hour=at, address_prefix="192.0.2.0/24")
    assert figures().classes == {}
    go_on(RetentionRun.nightly("refused"), time.monotonic() + 9)
    told = figures().classes["refused"]
    assert (told.deleted, told.blanked, told.kept, told.oldest_at) == (1, 0, 0, at)


def test_it_says_how_far_back_the_ledger_goes() -> None:
    assert figures().dead_at is None
    at = timezone.now() - timedelta(days=3)
    for ended in (at, timezone.now()):
        actors.nothing.send()
        Job.objects.filter(status="queued").update(status="dead", finished_at=ended)
    told = figures()
    assert told.dead_at == at
    # Nothing of the ledger is older than its first day, which is made before it begins.
    assert told.completed_at is not None and told.completed_at <= timezone.now()
