"""What is kept of dead jobs when their rows are gone."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("queues", "0019_tables_by_day")]

    operations = [
        migrations.CreateModel(
            "ArchivedJob",
            [
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("actor_name", models.CharField(max_length=100)),
                ("queue_name", models.CharField(max_length=50)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), default=list, size=None
                    ),
                ),
                ("error_class", models.CharField(db_default="", max_length=200)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField()),
                ("archived_at", models.DateTimeField(db_default=Now())),
                (
                    "story",
                    models.JSONField(help_text="Its arguments, its last error, its batch and chain, and its attempts."),
                ),
            ],
            {
                "db_table": "queues_archived_job",
                "ordering": ["-id"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        models.F("tags"), condition=~models.Q(("tags", [])), name="archived_job_tags"
                    )
                ],
            },
        ),
    ]
