from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('queues', '0017_lateness_is_a_level'),
    ]

    operations = [
        migrations.AddField(
            model_name='job',
            name='fair_key',
            field=models.CharField(help_text='The tenant that it belongs to.', max_length=200, null=True),
        ),
    ]
