"""The index of deadlines has only the jobs that have one; built beside running workers.

It had every job that waits for a time, as the index of these times has. When PostgreSQL had last counted while no job
waited, it took the one for as good as the other, and each look for what is due, five a second, read all of it.
"""

from django.db import migrations, models

LATER = ["scheduled", "retrying", "released"]
# One that was interrupted leaves an index that is not used.
CLEAR = "DROP INDEX CONCURRENTLY IF EXISTS {}"
BUILD = """
CREATE INDEX CONCURRENTLY {} ON queues_job_live (deadline_at) WHERE status IN ('scheduled', 'retrying', 'released') {}
"""
NEW, OLD = ("job_deadline", "AND deadline_at IS NOT NULL"), ("job_overdue", "")


def replaced(old: tuple[str, str], new: tuple[str, str]) -> list[str]:
    return [CLEAR.format(new[0]), BUILD.format(*new), CLEAR.format(old[0])]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("queues", "0025_grants_of_shut_gates")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(replaced(OLD, NEW), replaced(NEW, OLD))],
            state_operations=[
                migrations.AddIndex(
                    "job",
                    models.Index(
                        models.F("deadline_at"),
                        condition=models.Q(("deadline_at__isnull", False), ("status__in", LATER)),
                        name="job_deadline",
                    ),
                ),
                migrations.RemoveIndex("job", "job_overdue"),
            ],
        )
    ]
