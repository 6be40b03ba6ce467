"""docs/writing-jobs.md: its examples run from top to bottom, and its table of errors has the real texts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dramatiq import get_broker

from askpro import queue_settings
from askpro.queues import actor
from askpro.queues.jobs import words
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs

pytestmark = pytest.mark.django_db

TEXT = (Path(__file__).resolve().parents[1] / "docs/writing-jobs.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.+?)^```", TEXT, re.MULTILINE | re.DOTALL)
REFUSED = re.findall(r"^\| `(.+)` \| `(.+)` \|$", TEXT.partition("## What is refused")[2], re.MULTILINE)

ENDS = (
    ("wait", "released", 0),
    ("429", "released", 0),
    ("timeout", "retrying", 1),
    ("declined", "dead", 1),
    ("closed", "dead", 1),
    ("deleted", "cancelled", 1),
)


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the examples have defined, once all of them have run; their actors are gone after the test."""
    known = set(get_broker().actors)
    try:
        yield run_blocks(monkeypatch)
    finally:
        for name in set(get_broker().actors) - known:
            del get_broker().actors[name]


def run_blocks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    names: dict[str, Any] = {"run_jobs": run_jobs, "__name__": "examples"}
    for block in BLOCKS:
        if block.startswith("# askpro/queue_settings.py"):
            settings: dict[str, Any] = {"__builtins__": {}}
            exec(block, settings)
            for name in set(settings) - {"__builtins__"}:
                monkeypatch.setattr(queue_settings, name, settings[name])
        else:
            exec(block, names)
    return names


def test_every_example_runs(examples: dict[str, Any]) -> None:
    run_jobs(due_or_not=True)
    dead = Job.objects.filter(status="dead").values_list("actor_name", "error_class", "error_message")
    assert not list(dead)


def test_runs_end_as_its_table_says(examples: dict[str, Any]) -> None:
    for answer, status, spent in ENDS:
        Job.objects.all().delete()
        examples["charge"].send(order_id=7, answer=answer)
        run_jobs()
        assert Job.objects.values_list("status", "tries_spent").get() == (status, spent), answer


def test_everything_that_it_says_is_refused_is_refused_in_these_words(examples: dict[str, Any]) -> None:
    assert len(REFUSED) > 15
    for code, said in REFUSED:
        with pytest.raises((ValueError, TypeError, RuntimeError)) as refusal:
            exec(code.replace("\\|", "|"), examples)
        assert said in str(refusal.value), code


def test_it_knows_every_word() -> None:
    table = TEXT.partition("| word |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.+?) \|", table, re.MULTILINE)))) == {
        *words.WORDS,
        "queue_name",
        "priority",
    }
    assert set(re.findall(r"^    (\w+)", (actor.__doc__ or "").partition("\n\n")[2], re.MULTILINE)) >= {"queue_name"}
