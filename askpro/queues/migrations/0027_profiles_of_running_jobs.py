"""A profile may be of one run that is under way."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("queues", "0026_deadlines_alone")]

    operations = [
        migrations.AddField("profile", "job_id", models.UUIDField(null=True)),
        migrations.AddField("profile", "claim_no", models.IntegerField(null=True)),
        # Of a small table: a profile lasts minutes, and only people ask for one.
        migrations.AddIndex(
            "profile",
            models.Index(
                "job_id",
                models.F("id").desc(),
                condition=models.Q(job_id__isnull=False),
                name="profile_of_job",
            ),
        ),
    ]
