from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('appointments', '0015_reminders'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='appointment',
            index=models.Index(condition=models.Q(('status', 'confirmed')), fields=['starts_at'], name='appointment_confirmed'),
        ),
    ]
