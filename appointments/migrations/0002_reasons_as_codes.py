import appointments.models.follow_up
from django.db import migrations, models

# Earlier sentences stay readable: each becomes the only fact of a code whose sentence is just this fact.
KEEP_SENTENCES = """
    UPDATE appointments_followup SET detail_facts = jsonb_build_object('text', detail), detail = 'as_written'
     WHERE detail <> '';
    UPDATE appointments_appointment
       SET sync_error_facts = jsonb_build_object('text', sync_error), sync_error = 'as_written'
     WHERE sync_error <> '';
"""
WRITE_SENTENCES = """
    UPDATE appointments_followup SET detail = left(coalesce(detail_facts->>'text', detail), 300) WHERE detail <> '';
    UPDATE appointments_appointment SET sync_error = left(coalesce(sync_error_facts->>'text', sync_error), 300)
     WHERE sync_error <> '';
"""


class Migration(migrations.Migration):
    dependencies = [("appointments", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="sync_error_facts",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="followup",
            name="detail_facts",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="followup",
            name="settled_by",
            field=models.CharField(blank=True, default="", editable=False, max_length=40),
        ),
        migrations.RunSQL(KEEP_SENTENCES, WRITE_SENTENCES),
        migrations.AlterField(
            model_name="appointment",
            name="sync_error",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AlterField(
            model_name="followup",
            name="detail",
            field=models.CharField(
                blank=True, default="", help_text="Why no machine did it, as a code.", max_length=40
            ),
        ),
        migrations.AlterField(
            model_name="followup",
            name="note",
            field=models.TextField(blank=True, default="", help_text="What the person did."),
        ),
        migrations.AlterField(
            model_name="followup",
            name="reason",
            field=models.CharField(choices=appointments.models.follow_up.reasons, max_length=24),
        ),
    ]
