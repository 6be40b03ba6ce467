"""What is old goes, what is alive stays."""

from datetime import timedelta

import pytest
from django.test import override_settings

from askpro.watch import pruning
from askpro.watch.models import Delivery, Incident, Mute, Notice, Watcher
from tests.watch.made import BEGIN

pytestmark = pytest.mark.django_db
OLD = BEGIN - timedelta(days=31)


@pytest.fixture(autouse=True)
def _a_month() -> None:
    with override_settings(WATCH_DAYS=30):
        yield


def incident(about: str, **more) -> None:
    values = {"code": "late", "severity": "critical", "status": "over", "began_at": OLD, "seen_at": OLD}
    Incident.objects.create(about=about, **values | more)


def test_incidents_that_are_over_and_told() -> None:
    told = {"told_at": OLD, "over_told_at": OLD}
    incident("old", over_at=OLD, **told)
    incident("never told", over_at=OLD)
    incident("end untold", over_at=OLD, told_at=OLD)
    incident("open", status="open", **told)
    incident("new", over_at=BEGIN, **told)
    assert pruning.prune(BEGIN) == 2
    assert set(Incident.objects.values_list("about", flat=True)) == {"end untold", "open", "new"}


def test_messages_with_their_deliveries_but_none_that_waits() -> None:
    for subject, at, status in (("old", OLD, "sent"), ("waits", OLD, "waiting"), ("new", BEGIN, "sent")):
        notice = Notice.objects.create(kind="began", severity="critical", subject=subject, created_at=at)
        Delivery.objects.create(notice=notice, channel="email", status=status, next_at=at)
    pruning.prune(BEGIN)
    assert set(Notice.objects.values_list("subject", flat=True)) == {"waits", "new"}
    assert Delivery.objects.count() == 2


def test_mutes_and_hosts() -> None:
    for name, at in (("old", OLD), ("new", BEGIN)):
        Mute.objects.create(code=name, until=at, reason="", by="", created_at=OLD)
        Watcher.objects.create(host=name, pid=1, started_at=OLD, beat_at=at)
    assert pruning.prune(BEGIN) == 2
    assert [Mute.objects.get().code, Watcher.objects.get().host] == ["new", "new"]


def test_in_bites(monkeypatch) -> None:
    monkeypatch.setattr(pruning, "BITE", 2)
    for number in range(3):
        incident(str(number), over_at=OLD)
    assert [pruning.prune(BEGIN), pruning.prune(BEGIN), pruning.prune(BEGIN)] == [2, 1, 0]
