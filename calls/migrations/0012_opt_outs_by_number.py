from django.db import migrations


class Migration(migrations.Migration):
    # Since then opt-outs are stored by number and sender.
    dependencies = [("calls", "0011_who_calcom_tells"), ("notifications", "0005_opt_outs")]

    operations = [migrations.RemoveField(model_name="customer", name="sms_opted_out_at")]
