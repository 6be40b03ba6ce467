import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0023_encrypted'),
    ]

    operations = [
        migrations.AddField(
            model_name='company',
            name='offer_lead_minutes',
            field=models.PositiveIntegerField(db_default=120, default=120, help_text='A time is offered until so long before it begins; the time to answer comes on top.', validators=[django.core.validators.MaxValueValidator(20160)]),
        ),
        migrations.AddField(
            model_name='company',
            name='offer_minutes',
            field=models.PositiveSmallIntegerField(db_default=20, default=20, help_text='So long each has time to answer JA.', validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(1440)]),
        ),
        migrations.AddField(
            model_name='company',
            name='offers_freed_times',
            field=models.BooleanField(db_default=False, default=False, help_text='On: a time that is cancelled or moved away is offered by SMS to those who wait for it, one after the other.'),
        ),
    ]
