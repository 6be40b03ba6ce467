"""The ledger's dead rows are cleared away after a fiftieth of it has changed, not a fifth."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("queues", "0013_silence_and_progress")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE queues_job SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)",
            "ALTER TABLE queues_job RESET (autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor)",
        )
    ]
