"""More kinds of changes: only a move has a new time. The table stays readable and writable meanwhile."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    # Each step on its own: the rows are checked without the lock that the others need for a moment.
    atomic = False

    dependencies = [("appointments", "0016_confirmed_ahead")]

    operations = [
        migrations.RemoveConstraint(model_name="change", name="change_has_time_if_move"),
        AddConstraintNotValid(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=Q(kind="move", starts_at__isnull=False) | ~Q(kind="move") & Q(starts_at__isnull=True),
                name="change_has_time_if_move",
            ),
        ),
        ValidateConstraint(model_name="change", name="change_has_time_if_move"),
    ]
