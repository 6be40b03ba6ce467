"""What the tables hold, for charts and alarms."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from askpro.health.storage import figures
from askpro.privacy.models import RetentionRun
from askpro.privacy.retention.runs import go_on
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
