from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('console', '0005_fixes'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='access',
            options={'permissions': [('see_people', 'Sees personal data as it is'), ('reveal', 'Sees personal data masked, and may reveal it with a reason, on record'), ('retry', 'Retries, runs now and cancels jobs'), ('replay', 'Replays webhook events'), ('bulk', 'Acts on everything that a filter matches'), ('force', 'Acts although a guard says that it is done already'), ('pause', 'Pauses and resumes queues, jobs and the schedule'), ('edit_arguments', "Edits a job's arguments and retries it"), ('discard', 'Discards jobs'), ('purge', 'Deletes jobs that are over, with their history'), ('export', 'Exports lists as CSV and JSON')]},
        ),
    ]
