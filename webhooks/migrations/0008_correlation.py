"""Events bear the id of the request that brought them, and are found by it; built beside running writers."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

import askpro.correlation


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("webhooks", "0007_encrypted")]

    operations = [
        migrations.AlterField(
            "webhookevent", "correlation_id", models.UUIDField(default=askpro.correlation.correlation_id, editable=False)
        ),
        AddIndexConcurrently("webhookevent", models.Index(fields=["correlation_id"], name="webhook_correlation")),
    ]
