from typing import Final

from django.db import migrations, models

# Built beside the work: the table may be large, and its writers do not wait.
NEW: Final = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS notification_once_per_word_on_follow_up
    ON notifications_notification (follow_up_id, version, kind, channel) WHERE follow_up_id IS NOT NULL
"""
OLD: Final = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS notification_once_per_follow_up
    ON notifications_notification (follow_up_id, kind, channel) WHERE follow_up_id IS NOT NULL
"""
DROP: Final = "DROP INDEX CONCURRENTLY IF EXISTS {}"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('appointments', '0009_work_of_people'),
        ('notifications', '0006_word_to_callers'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(
                    model_name='notification',
                    name='notification_once_per_follow_up',
                ),
                migrations.AddConstraint(
                    model_name='notification',
                    constraint=models.UniqueConstraint(models.F('follow_up'), models.F('version'), models.F('kind'), models.F('channel'), condition=models.Q(('follow_up__isnull', False)), name='notification_once_per_word_on_follow_up'),
                ),
            ],
            database_operations=[
                migrations.RunSQL(NEW, DROP.format("notification_once_per_word_on_follow_up")),
                migrations.RunSQL(DROP.format("notification_once_per_follow_up"), OLD),
            ],
        ),
        migrations.AlterField(
            model_name='notification',
            name='version',
            field=models.PositiveIntegerField(default=1, help_text='Version of the appointment it tells of; of a follow-up, 1 is its opening.'),
        ),
    ]
