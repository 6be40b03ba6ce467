"""One of each of the rarer rows, so that their pages are met, too: offers, merges, texts, acts, rules."""

from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from appointments.models import Appointment, FreedTime, Offer
from askpro.console.models import Deed, Repair, RepairItem
from askpro.dev.pictures.week.rows import Week
from askpro.privacy.models import Erasure, Item, RetentionCount, RetentionRule, RetentionRun
from askpro.queues.models import ArchivedJob, FleetCommand, Job, Supervisor
from askpro.watch.models import Mute
from calls.models import CustomerMerge
from notifications.models import MessageTemplate
from webhooks.models import RetellReading, WebhookAddress

REASON = "Cal.com war von 9 bis 10 Uhr gestört."


def make_records(week: Week) -> None:
    _freed(week)
    _merged(week)
    _done(week)
    _kept(week)
    salon = week.companies[0]
    text = "{firma}: Ihr Termin am {tag} um {uhrzeit} ist fest. Wir freuen uns auf Sie!"
    MessageTemplate.objects.create(company=salon, kind="confirmation", channel="sms", text=text, is_active=False)
    WebhookAddress.objects.create(company=salon, provider="retell")
    RetellReading.objects.create(fingerprint="0123456789ab", read_until=week.now, finished_at=week.now)


def _freed(week: Week) -> None:
    """A cancelled time is offered to somebody who has not answered yet."""
    left = next(
        row for row in week.appointments if row.status == Appointment.Status.CANCELLED and row.starts_at > week.now
    )
    assert left.branch and left.service
    time = FreedTime.objects.create(
        company=left.company,
        appointment=left,
        branch=left.branch,
        service=left.service,
        staff=left.staff,
        starts_at=left.starts_at,
        ends_at=left.ends_at,
    )
    customer = next(each for each in week.customers if each.company_id == left.company_id)
    Offer.objects.create(
        company=left.company, freed_time=time, customer=customer, ends_at=week.now + timedelta(minutes=40)
    )


def _merged(week: Week) -> None:
    kept, lost = [each for each in week.customers if each.company_id == week.companies[0].pk][-2:]
    CustomerMerge.objects.create(company=kept.company, kept=kept, lost=lost, note="Ruft auch vom Büro aus an.")


def _done(week: Week) -> None:
    """What people did: a repair, a mute, and a command to a host, on record."""
    at = week.now - timedelta(minutes=20)
    repair = Repair.objects.create(
        kind="jobs",
        verb="retry",
        reason=REASON,
        total=3,
        done=2,
        skipped=1,
        status="finished",
        asked_at=at - timedelta(seconds=4),
        ended_at=at,
    )
    dead = [job for job in week.jobs if job.status == "dead"][:3]
    for job, status in zip(dead, ("done", "done", "skipped"), strict=True):
        reason = "state" if status == "skipped" else ""
        RepairItem.objects.create(repair=repair, key=str(job.pk), status=status, reason=reason, handled_at=at)
    kind = ContentType.objects.get_for_model(Job)
    about = {"content_type": kind, "object_id": str(dead[0].pk), "name": "create_appointment_from_call"}
    Deed.objects.create(who="j.weber", act="retry", reason=REASON, at=at, **about)
    Mute.objects.create(
        code="queue_late", until=week.now + timedelta(hours=1), reason="Wir ziehen um.", by="j.weber", created_at=at
    )
    first = Supervisor.objects.order_by("pk")[0]
    FleetCommand.objects.create(supervisor=first, kind="restart", by="j.weber", taken_at=at)
    ArchivedJob.objects.create(
        id=dead[0].pk,
        actor_name="send_sms_notification",
        queue_name="notifications",
        tags=["notification:17"],
        error_class="notifications.twilio.errors.Refused",
        created_at=at - timedelta(days=200),
        finished_at=at - timedelta(days=200),
        story={"args": [], "kwargs": {"notification_id": 17}, "error_message": "21211", "attempts": []},
    )


def _kept(week: Week) -> None:
    salon = week.companies[0]
    RetentionRule.objects.create(company=salon, kind="transcripts", days=90)
    night = RetentionRun.objects.create(kind="transcripts")
    RetentionCount.add(night, salon.pk, blanked=31, held=1, left=0)
    night.end()
    person = week.customers[-1]
    erasure = Erasure.objects.create(
        company=person.company, customers=[person.pk], state="person", who="j.weber", requested_at=timezone.now()
    )
    Item.objects.create(erasure=erasure, place="table", subject="calls.Call", state="erased", count=3)
    Item.objects.create(erasure=erasure, place="booking", subject="uid", state="person", why="no_api")
