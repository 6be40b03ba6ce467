from django.db import migrations


class Migration(migrations.Migration):
    """The watcher tells of accounts that are not read. The column stays for processes that still run the old code."""

    dependencies = [("webhooks", "0009_arrivals")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="retellreading", name="told_at")]
        )
    ]
