import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    # Built while workers write.
    atomic = False

    dependencies = [("queues", "0007_reasons_and_actor_snapshots")]

    operations = [
        AddIndexConcurrently(
            "attempt",
            django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["finished_at"], name="attempt_finished", pages_per_range=32
            ),
        )
    ]
