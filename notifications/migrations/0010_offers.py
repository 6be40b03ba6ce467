from typing import Final

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

# Built beside the work: the table may be large, and its writers do not wait.
NEW: Final = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS notification_once_per_offer
    ON notifications_notification (offer_id, kind, channel) WHERE offer_id IS NOT NULL
"""
DROP: Final = "DROP INDEX CONCURRENTLY IF EXISTS notification_once_per_offer"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('appointments', '0014_freed_times'),
        ('notifications', '0009_encrypted'),
    ]

    operations = [
        migrations.AddField(
            model_name='notification',
            name='offer',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notifications', to='appointments.offer'),
        ),
        migrations.AlterField(
            model_name='notification',
            name='kind',
            field=models.CharField(choices=[('confirmation', 'Confirmation'), ('requested', "Waits for the host's yes"), ('rescheduled', 'Time changed'), ('staff_changed', 'Somebody else holds it'), ('cancellation', 'Cancellation'), ('reminder', 'Reminder'), ('last_reminder', 'Last reminder'), ('cancel_question', 'Asks whether really to cancel'), ('callback', 'A person calls back'), ('offer', 'Offers a freed time'), ('offer_gone', 'The offer holds no longer'), ('staff', 'To staff')], max_length=16),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name='notification',
                    constraint=models.UniqueConstraint(models.F('offer'), models.F('kind'), models.F('channel'), condition=models.Q(('offer__isnull', False)), name='notification_once_per_offer'),
                ),
            ],
            database_operations=[migrations.RunSQL(NEW, DROP)],
        ),
        AddConstraintNotValid(
            model_name='notification',
            constraint=models.CheckConstraint(
                condition=Q(appointment__isnull=False, follow_up__isnull=True, offer__isnull=True)
                | Q(appointment__isnull=True, follow_up__isnull=False, offer__isnull=True)
                | Q(appointment__isnull=True, follow_up__isnull=True, offer__isnull=False),
                name='notification_is_about_one',
            ),
        ),
        ValidateConstraint(model_name='notification', name='notification_is_about_one'),
        migrations.RemoveConstraint(model_name='notification', name='notification_has_one_subject'),
    ]
