"""What is wrong, what was, and whom it was told."""

from datetime import timedelta

from django.utils import timezone

from askpro.watch.models import Delivery, Incident, Mute, Notice


def make_alerts() -> None:
    """One incident of each state, with a message about one that reached nobody by mail, and a mute."""
    now = timezone.now()
    for minutes, status in enumerate(Incident.Status.values):
        began = now - timedelta(minutes=10 * minutes)
        values = {"severity": "critical", "status": status, "began_at": began, "seen_at": now, "value": 1, "worst": 2}
        incident = Incident.objects.create(code="postgres_away", about=f"host-{minutes}", **values)
    notice = Notice.objects.create(
        kind="began",
        severity="critical",
        thread=incident.pk,
        subject="CRITICAL PostgreSQL does not answer (host-2)",
        text="What: PostgreSQL does not answer",
        short="AskPro CRITICAL PostgreSQL does not answer",
        created_at=now,
    )
    Delivery.objects.create(notice=notice, channel="email", next_at=now, tries=2, error="no mail server")
    Mute.objects.create(
        code="postgres_away", until=now + timedelta(hours=1), reason="Wartung", by="ada", created_at=now
    )
