"""Snapshots keep how a queue stands; what it gets done has moved to the figures of jobs, with its history by the hour.

A snapshot knew the mean of a run only: in the histograms of the time before, all runs of a snapshot took that long.
"""

from typing import Any

from django.db import migrations

from askpro.queues.metrics.histogram import BUCKET_SQL

HISTORY = f"""
INSERT INTO queues_metric{{unit}} (at, what, queue_name, actor_name, company_id, about, bucket, count, total)
SELECT date_trunc('{{unit}}', at, 'UTC'), what, queue_name, actor_name, 0, '', {BUCKET_SQL.format(seconds="run_time")},
       sum(runs), sum(runs * run_time)
  FROM queues_actorsnapshot, LATERAL (VALUES ('completed', completed), ('failed', failed)) AS told (what, runs)
 WHERE runs > 0
 GROUP BY 1, 2, 3, 4, 7
    ON CONFLICT (at, what, queue_name, actor_name, company_id, about, bucket)
    DO UPDATE SET count = queues_metric{{unit}}.count + excluded.count,
                  total = queues_metric{{unit}}.total + excluded.total
"""


def keep_history(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for unit in ("hour", "day"):
            cursor.execute(HISTORY.format(unit=unit))


class Migration(migrations.Migration):
    dependencies = [("queues", "0021_figures_of_jobs")]

    operations = [
        migrations.RunPython(keep_history, migrations.RunPython.noop),
        migrations.DeleteModel("ActorSnapshot"),
        *(
            migrations.RemoveField("metricssnapshot", name)
            for name in ("seconds", "completed", "failed", "run_time")
        ),
    ]
