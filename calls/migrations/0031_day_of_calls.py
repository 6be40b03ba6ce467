"""The index by which the calls of a day are found, built beside the work."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('calls', '0030_fill_name_parts'),
    ]

    operations = [
        AddIndexConcurrently('call', models.Index(fields=['created_at'], name='call_created')),
    ]
