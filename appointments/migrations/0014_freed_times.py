import appointments.models.waiting_entry
import askpro.encryption.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0013_encrypted'),
        ('calls', '0024_offers_of_freed_times'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='appointment',
            name='source',
            field=models.CharField(choices=[('phone', 'Phone call'), ('calcom', 'Cal.com'), ('manual', 'By hand'), ('api', 'API'), ('offer', 'Freed time, offered by SMS')], default='phone', max_length=16),
        ),
        migrations.CreateModel(
            name='FreedTime',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('open', 'Is offered, to one customer after another'), ('accepted', 'Accepted, and being booked'), ('booked', 'Booked again'), ('over', 'Offered to nobody any more')], default='open', max_length=16)),
                ('ending', models.CharField(blank=True, default='', help_text='Why it was not booked again, as a code.', max_length=24)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now, help_text='When there is something to do next.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('appointment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='freed_times', to='appointments.appointment')),
                ('branch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='calls.branch')),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='freed_times', to='calls.company')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='calls.service')),
                ('staff', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='calls.staff')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='WaitingEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_day', models.DateField(help_text="The first day that would suit, by the branch's calendar.")),
                ('last_day', models.DateField(help_text='The last one. After it a person is asked to call the customer.')),
                ('weekdays', models.JSONField(blank=True, default=list, help_text='None chosen: any day.', validators=[appointments.models.waiting_entry.weekdays])),
                ('earliest', models.TimeField(blank=True, help_text='It begins at this time of day, or later.', null=True)),
                ('latest', models.TimeField(blank=True, help_text='It begins at this time of day, or earlier.', null=True)),
                ('note', askpro.encryption.fields.SealedTextField(blank=True, default='', help_text='For staff only.', max_length=500)),
                ('state', models.CharField(choices=[('waiting', 'Waits for a freed time'), ('served', 'Has a freed time'), ('ended', 'Taken off the list by a person'), ('expired', 'No time was freed for them')], default='waiting', editable=False, max_length=16)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, help_text='Whoever asked first is offered a time first.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('ended_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('branch', models.ForeignKey(blank=True, help_text='Empty: any.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='calls.branch')),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='waiting_entries', to='calls.company')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='waiting_entries', to='calls.customer')),
                ('follow_up', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='waiting_entries', to='appointments.followup')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='calls.service')),
                ('staff', models.ForeignKey(blank=True, help_text='Empty: anybody.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='calls.staff')),
            ],
            options={
                'verbose_name_plural': 'waiting entries',
                'ordering': ['asked_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Offer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', "Waits for the customer's answer"), ('accepted', 'Accepted, and being booked'), ('booked', 'Accepted and booked'), ('gone', 'Accepted, but the time was taken'), ('handed_over', 'Accepted, but a person has to book it'), ('declined', 'Not wanted'), ('expired', 'Not answered in time'), ('withdrawn', 'No longer offered'), ('skipped', 'Passed over')], default='open', max_length=16)),
                ('why', models.CharField(blank=True, default='', help_text='Why it was passed over, as a code.', max_length=40)),
                ('why_facts', models.JSONField(blank=True, default=dict, editable=False)),
                ('ends_at', models.DateTimeField(blank=True, help_text='Answer by then; empty where nobody was asked.', null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('booking_request', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='offer', to='calls.bookingrequest')),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='calls.company')),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='offers', to='calls.customer')),
                ('follow_up', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='offers', to='appointments.followup')),
                ('freed_time', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='appointments.freedtime')),
                ('question', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='offer', to='appointments.question')),
                ('waiting_entry', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='offers', to='appointments.waitingentry')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddIndex(
            model_name='freedtime',
            index=models.Index(condition=models.Q(('state__in', ['open', 'accepted'])), fields=['due_at'], name='freed_time_due'),
        ),
        migrations.AddIndex(
            model_name='freedtime',
            index=models.Index(fields=['company', '-id'], name='freed_time_by_company'),
        ),
        migrations.AddConstraint(
            model_name='freedtime',
            constraint=models.UniqueConstraint(models.F('service'), models.F('branch'), models.F('staff'), models.F('starts_at'), condition=models.Q(('state__in', ['open', 'accepted'])), name='freed_time_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='freedtime',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'over'), models.Q(('ending', ''), _negated=True)), models.Q(models.Q(('state', 'over'), _negated=True), ('ending', '')), _connector='OR'), name='freed_time_over_has_ending'),
        ),
        migrations.AddIndex(
            model_name='waitingentry',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['company', 'service', 'asked_at'], name='waiting_entry_waiting'),
        ),
        migrations.AddIndex(
            model_name='waitingentry',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['last_day'], name='waiting_entry_last_day'),
        ),
        migrations.AddConstraint(
            model_name='waitingentry',
            constraint=models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='waiting_entry_has_days'),
        ),
        migrations.AddConstraint(
            model_name='waitingentry',
            constraint=models.UniqueConstraint(models.F('follow_up'), condition=models.Q(('follow_up__isnull', False), ('state', 'waiting')), name='waiting_entry_once_per_follow_up'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.UniqueConstraint(models.F('freed_time'), condition=models.Q(('state__in', ['open', 'accepted'])), name='offer_to_one_after_another'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'skipped'), ('ends_at__isnull', False), _connector='OR'), name='offer_has_deadline'),
        ),
    ]
