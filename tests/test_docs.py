"""What docs/ says about the code agrees with the code."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.module_loading import autodiscover_modules
from dramatiq import get_broker

from askpro.queues.jobs.catalogue import table
from askpro.queues.management.commands.queues_jobs import BEGIN, END, product

APPS = product()


def product_jobs() -> list[str]:
    autodiscover_modules("tasks")
    return sorted(re.findall(r"^\| `(\w+)`", table(APPS), re.MULTILINE))


def test_the_table_of_jobs_is_what_the_code_says() -> None:
    autodiscover_modules("tasks")
    written = (Path(settings.BASE_DIR) / "docs/jobs.md").read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    assert written == table(APPS), "run: python3 manage.py queues_jobs --write"


@pytest.mark.parametrize("name", product_jobs())
def test_every_job_says_which_rows_it_writes(name: str) -> None:
    assert "\n    Writes: " in (get_broker().actors[name].fn.__doc__ or "")
