from typing import Any

from django.conf import settings
from django.db import migrations, models


def take_over(apps: Any, _: Any) -> None:
    """A customer's opt-out becomes one for each number of the row, for the company's present sender."""
    Customer, OptOut = apps.get_model("calls", "Customer"), apps.get_model("notifications", "OptOut")
    rows = Customer.objects.filter(sms_opted_out_at__isnull=False).select_related("company")
    for customer in rows.iterator():
        sender = customer.company.sms_sender or settings.TWILIO_MESSAGING_SERVICE_SID
        for number in {customer.phone, customer.contact_phone} - {None, ""}:
            if sender:
                OptOut.objects.get_or_create(number=number, sender=sender)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0004_kinds_of_message"), ("calls", "0011_who_calcom_tells")]

    operations = [
        migrations.CreateModel(
            name="OptOut",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=32)),
                ("sender", models.CharField(help_text="Number, name or messaging service.", max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"constraints": [models.UniqueConstraint(models.F("number"), models.F("sender"), name="opt_out_once")]},
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
