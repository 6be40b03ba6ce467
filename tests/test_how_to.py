"""docs/how-to: its job runs and its queue is worked, as they are written there."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from dramatiq import get_broker

from askpro import queue_settings
from askpro.queues import actor
from askpro.queues.jobs.catalogue import table
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from calls.models import Company, Customer

FOLDER = Path(__file__).resolve().parents[1] / "docs/how-to"


def code(name: str) -> list[str]:
    return re.findall(r"^```python\n(.+?)^```", (FOLDER / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.django_db
def test_the_job_is_sent_runs_and_stands_in_the_table() -> None:
    declare, send, test = code("job.md")
    company = Company.objects.create(name="Salon Zaunkönig", slug="salon-zaunkoenig")
    names: dict[str, Any] = {"actor": actor, "Customer": Customer, "Job": Job, "run_jobs": run_jobs}
    names |= {"company": company, "__name__": "calls.tasks"}
    try:
        exec(declare, names)
        assert "| `count_customers` | low |" in table(["calls"])
        exec(send, names)
        exec(send, names)
        assert Job.objects.filter(actor_name="count_customers").count() == 1  # unique_by
        Job.objects.all().delete()
        exec(test, names)
        names["test_it_counts"](company)
    finally:
        get_broker().actors.pop("count_customers", None)


def test_the_queue_is_worked_in_every_environment() -> None:
    queue, pools = code("queue.md")
    names = {name: copy.deepcopy(getattr(queue_settings, name)) for name in ("QUEUES", "DEFAULTS", "ENVIRONMENTS")}
    exec(queue, {}, names)
    assert set(names["QUEUES"]["reports"]) <= {key for each in queue_settings.QUEUES.values() for key in each}
    exec(pools, {}, names)
    for environment in ("production", "local"):
        worked = {
            queue
            for name, pool in names["ENVIRONMENTS"][environment].items()
            for queue in {**names["DEFAULTS"].get(name, {}), **pool}["queues"]
        }
        assert worked == set(names["QUEUES"]), environment
