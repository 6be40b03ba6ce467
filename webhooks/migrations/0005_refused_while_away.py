from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('webhooks', '0004_calls_asked_for'),
    ]

    operations = [
        migrations.AlterField(
            model_name='refusedwebhook',
            name='reason',
            field=models.CharField(choices=[('missing_signature', 'No signature'), ('bad_signature', 'Signature does not match'), ('stale', 'Timestamp too old'), ('future', 'Timestamp in the future'), ('not_configured', 'No secret configured'), ('too_large', 'Body too large'), ('no_length', 'No Content-Length'), ('bad_type', 'Content type not accepted'), ('malformed', 'Cannot be read'), ('no_address', 'No such address'), ('not_stored', 'Database was away'), ('other_tenant', 'Signed, but about another company')], max_length=24),
        ),
    ]
