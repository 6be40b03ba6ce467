"""Calls bear the id of the request that told of them first, and are found by it; built beside running writers."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

import askpro.correlation


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("calls", "0027_reports")]

    operations = [
        migrations.AlterField(
            "call", "correlation_id", models.UUIDField(default=askpro.correlation.correlation_id, editable=False)
        ),
        AddIndexConcurrently("call", models.Index(fields=["correlation_id"], name="call_correlation")),
    ]
