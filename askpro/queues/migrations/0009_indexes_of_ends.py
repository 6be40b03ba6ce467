"""Indexes for what ends by the clock, and for a job's locks; built beside running workers."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

LATER = ["scheduled", "retrying", "released"]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("queues", "0008_attempt_finished")]

    operations = [
        AddIndexConcurrently(
            "job", models.Index(models.F("deadline_at"), condition=models.Q(("status__in", LATER)), name="job_overdue")
        ),
        AddIndexConcurrently(
            "job",
            models.Index(
                models.F("expires_at"),
                condition=models.Q(("expires_at__isnull", False), ("status__in", [*LATER, "queued"])),
                name="job_expiring",
            ),
        ),
        AddIndexConcurrently("lock", models.Index(models.F("job_id"), name="lock_job")),
    ]
