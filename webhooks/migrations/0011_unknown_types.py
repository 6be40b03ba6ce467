"""Events of types that no code knew are found by type, once a release knows it; built beside running writers."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("webhooks", "0010_told_by_the_watcher")]

    operations = [
        AddIndexConcurrently(
            "webhookevent",
            models.Index(
                fields=["provider", "event_type"],
                condition=models.Q(status="ignored", reason__in=["Unknown event type.", "Unknown trigger."]),
                name="webhook_unknown",
            ),
        ),
    ]
