"""The tenant of a job, and the index by which tenants take turns; built beside running workers."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("queues", "0017_lateness_is_a_level")]

    operations = [
        migrations.AddField(
            "job",
            "fair_key",
            models.CharField(help_text="The tenant that it belongs to.", max_length=200, null=True),
        ),
        AddIndexConcurrently(
            "job",
            models.Index(
                *(models.F(name) for name in ("queue_name", "fair_key", "ready_at", "id")),
                condition=models.Q(("fair_key__isnull", False), ("status", "queued")),
                name="job_fair",
            ),
        ),
    ]
