from typing import Any

from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

# Copies of the values of this release: the reasons that keep a wish from being booked, and their strength.
STRENGTH = {"provider_down": 1, "job_dead": 2} | dict.fromkeys(
    (
        *("slot_gone", "unclear", "unknown_service", "not_bookable", "incomplete", "too_soon", "refused"),
        *("no_answer", "callback"),
    ),
    3,
)


def settle_doubles(apps: Any, _: Any) -> None:
    """Of several open follow-ups on one topic of a wish, keep the strongest; of equally strong ones, the newest."""
    FollowUp = apps.get_model("appointments", "FollowUp")
    about_wish = FollowUp.objects.exclude(booking_request=None)
    about_wish.filter(reason__in=STRENGTH).update(topic="wish")
    about_wish.exclude(reason__in=STRENGTH).update(topic=models.F("reason"))
    seen = set()
    for row in sorted(about_wish.filter(status="open"), key=lambda row: (STRENGTH.get(row.reason, 0), row.pk))[::-1]:
        keys = {("request", row.booking_request_id, row.topic)}
        if row.appointment_id:
            keys.add(("appointment", row.appointment_id, row.topic))
        if keys & seen:
            values = {"status": "obsolete", "settled_by": "replaced", "resolved_at": timezone.now()}
            FollowUp.objects.filter(pk=row.pk).update(**values)
        seen |= keys


class Migration(migrations.Migration):
    dependencies = [("appointments", "0004_attendees_of_a_booking")]

    operations = [
        migrations.RemoveConstraint(model_name="followup", name="follow_up_open_once"),
        migrations.AddField(
            model_name="followup",
            name="topic",
            field=models.CharField(blank=True, default="", editable=False, max_length=32),
        ),
        migrations.RunPython(settle_doubles, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="followup",
            constraint=models.UniqueConstraint(
                models.F("booking_request"),
                models.F("topic"),
                condition=Q(status="open", booking_request__isnull=False) & ~Q(topic=""),
                name="follow_up_topic_of_request",
            ),
        ),
        migrations.AddConstraint(
            model_name="followup",
            constraint=models.UniqueConstraint(
                models.F("appointment"),
                models.F("topic"),
                condition=Q(status="open", appointment__isnull=False) & ~Q(topic=""),
                name="follow_up_topic_of_appointment",
            ),
        ),
    ]
