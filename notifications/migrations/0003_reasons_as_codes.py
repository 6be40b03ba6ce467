from django.db import migrations, models

KEEP_SENTENCES = """
    UPDATE notifications_notification SET reason_facts = jsonb_build_object('text', reason), reason = 'as_written'
     WHERE reason <> '';
"""
WRITE_SENTENCES = """
    UPDATE notifications_notification SET reason = left(coalesce(reason_facts->>'text', reason), 200)
     WHERE reason <> '';
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_reopened")]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="reason_facts",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.RunSQL(KEEP_SENTENCES, WRITE_SENTENCES),
        migrations.AlterField(
            model_name="notification",
            name="reason",
            field=models.CharField(
                blank=True, default="", help_text="Why it failed, waits or is not sent, as a code.", max_length=40
            ),
        ),
    ]
