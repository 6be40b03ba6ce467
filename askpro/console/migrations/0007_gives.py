from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('console', '0006_purge'),
    ]

    operations = [
        migrations.AddField(
            model_name='access',
            name='gives',
            field=models.ManyToManyField(blank=True, related_name='given_by', to='auth.group'),
        ),
    ]
