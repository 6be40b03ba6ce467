"""The index by which calls to a number are found, built beside the work."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('calls', '0031_day_of_calls'),
    ]

    operations = [
        AddIndexConcurrently(
            'call',
            models.Index(
                fields=['to_number'], condition=models.Q(direction='outbound'), name='call_to_number'
            ),
        ),
    ]
