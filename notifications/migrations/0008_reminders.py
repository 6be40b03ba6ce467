from typing import Final

from django.db import migrations, models

# Built beside the work: the table may be large, and its writers do not wait.
NEW: Final = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS notification_once_per_version
    ON notifications_notification (appointment_id, version, kind, channel)
    WHERE appointment_id IS NOT NULL AND NOT (kind = 'cancel_question')
"""
OLD: Final = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS notification_once
    ON notifications_notification (appointment_id, version, kind, channel) WHERE appointment_id IS NOT NULL
"""
DROP: Final = "DROP INDEX CONCURRENTLY IF EXISTS {}"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('notifications', '0007_words_on_follow_ups'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(
                    model_name='notification',
                    name='notification_once',
                ),
                migrations.AddConstraint(
                    model_name='notification',
                    constraint=models.UniqueConstraint(models.F('appointment'), models.F('version'), models.F('kind'), models.F('channel'), condition=models.Q(('appointment__isnull', False), models.Q(('kind', 'cancel_question'), _negated=True)), name='notification_once_per_version'),
                ),
            ],
            database_operations=[
                migrations.RunSQL(NEW, DROP.format("notification_once_per_version")),
                migrations.RunSQL(DROP.format("notification_once"), OLD),
            ],
        ),
        migrations.AlterField(
            model_name='notification',
            name='kind',
            field=models.CharField(choices=[('confirmation', 'Confirmation'), ('requested', "Waits for the host's yes"), ('rescheduled', 'Time changed'), ('staff_changed', 'Somebody else holds it'), ('cancellation', 'Cancellation'), ('reminder', 'Reminder'), ('last_reminder', 'Last reminder'), ('cancel_question', 'Asks whether really to cancel'), ('callback', 'A person calls back'), ('staff', 'To staff')], max_length=16),
        ),
    ]
