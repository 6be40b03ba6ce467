"""What was wrong: Cal.com's dead hour, over by now, and the jobs that died in it and still wait."""

from datetime import datetime, timedelta

from askpro.dev.pictures.week.jobs import UNAVAILABLE
from askpro.dev.pictures.week.rows import ANSWERED, OUTAGE_BEGAN, Week
from askpro.watch import message
from askpro.watch.models import Delivery, Incident, Notice


def make_trouble(week: Week) -> None:
    began = week.midnight - timedelta(days=1) + OUTAGE_BEGAN + timedelta(minutes=3)
    outage = Incident.objects.create(
        code="gate_shut",
        about="calcom:salon-kaethe-gruen",
        severity="critical",
        status=Incident.Status.OVER,
        host="askpro-01",
        value=1,
        worst=1,
        threshold=1,
        facts={"reason": ANSWERED, "waiting": 11},
        began_at=began,
        seen_at=began + timedelta(minutes=56),
        told_at=began + timedelta(minutes=2),
        tellings=1,
        acknowledged_at=began + timedelta(minutes=6),
        acknowledged_by="j.weber",
        note="Cal.com meldet die Störung auf der Statusseite. Wir warten ab.",
        over_at=began + timedelta(minutes=56),
        over_told_at=began + timedelta(minutes=57),
    )
    _tell(outage, Notice.Kind.BEGAN, began + timedelta(minutes=2))
    _tell(outage, Notice.Kind.OVER, began + timedelta(minutes=57))
    dead = sum(job.status == "dead" for job in week.jobs)
    waiting = Incident.objects.create(
        code="dead_jobs_pressing",
        about="create_appointment_from_call: Unavailable",
        severity="critical",
        status=Incident.Status.OPEN,
        host="askpro-02",
        value=dead,
        worst=dead,
        threshold=5,
        facts={
            "actor": "create_appointment_from_call",
            "error": UNAVAILABLE,
            "kind": "Unavailable",
            "queue": "high",
        },
        began_at=began + timedelta(minutes=20),
        seen_at=week.now,
        told_at=began + timedelta(minutes=21),
        told_value=dead,
        tellings=1,
        next_at=week.now + timedelta(hours=4),
    )
    _tell(waiting, Notice.Kind.BEGAN, began + timedelta(minutes=21))


def _tell(incident: Incident, kind: Notice.Kind, at: datetime) -> None:
    notice = message.notice(kind, [incident], at)
    notice.save()
    for channel in ("email", "slack"):
        Delivery.objects.create(notice=notice, channel=channel, next_at=at, status="sent", tries=1, sent_at=at)
