from django.db import migrations, models

import calls.wishes.unclear


class Migration(migrations.Migration):
    dependencies = [("calls", "0012_opt_outs_by_number")]

    operations = [
        migrations.AlterField(
            model_name="bookingrequest",
            name="unclear",
            field=models.CharField(
                blank=True,
                choices=calls.wishes.unclear.codes,
                default="",
                help_text="Why a machine must not book it.",
                max_length=40,
            ),
        ),
    ]
