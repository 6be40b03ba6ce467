from django.db import migrations, models

KEEP_SENTENCES = """
    UPDATE calls_call SET review_reasons = jsonb_build_array(
        jsonb_build_object('code', 'as_written', 'facts', jsonb_build_object('text', review_reason)))
     WHERE review_reason <> '';
"""
WRITE_SENTENCES = """
    UPDATE calls_call
       SET review_reason = left(coalesce(review_reasons->0->'facts'->>'text', review_reasons->0->>'code'), 200)
     WHERE review_reasons <> '[]';
"""


class Migration(migrations.Migration):
    dependencies = [("calls", "0004_bookable_by_phone")]

    operations = [
        migrations.AddField(
            model_name="call",
            name="review_reasons",
            field=models.JSONField(blank=True, default=list, help_text="Codes of `Review` with their facts."),
        ),
        migrations.RunSQL(KEEP_SENTENCES, WRITE_SENTENCES),
        migrations.RemoveField(model_name="call", name="review_reason"),
    ]
