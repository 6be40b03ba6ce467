"""Fills the tables step by step; what is there already is left, so that an interrupted run goes on where it was."""

import inspect
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, Final

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from askpro.dev.bench.console import few, filling, intake, ledger, phone, salons
from askpro.dev.bench.console.scale import Scale
from askpro.dev.bench.models import Filled

STEPS: Final[dict[str, Callable[[Scale], None]]] = {
    "companies": salons.fill_companies,
    "customers": salons.fill_customers,
    "calls": phone.fill_calls,
    "appointments": phone.fill_appointments,
    "follow-ups": phone.fill_follow_ups,
    "messages": phone.fill_messages,
    "events": intake.fill_events,
    "finished jobs": ledger.fill_finished,
    "unfinished jobs": ledger.fill_unfinished,
    "failed jobs": ledger.fill_failed,
    "figures": ledger.fill_figures,
    "people": few.fill_people,
    "fleet": few.fill_fleet,
    "watch": few.fill_watch,
    "acts": few.fill_acts,
}
_RECIPES: Final = (salons, phone, intake, ledger, few, filling)


def fill(scale: Scale) -> Iterator[str]:
    """Fill what is missing, and name each step before it. All is filled anew if it was of another size, or of another
    day: much of the console is about today.
    """
    made = _made(scale)
    if Filled.objects.exclude(**made).exists():
        yield "empty the tables"
        call_command("flush", interactive=False, verbosity=0)
    done = set(Filled.objects.values_list("step", flat=True))
    for name, step in STEPS.items():
        if name not in done:
            yield name
            with transaction.atomic():
                step(scale)
                Filled.objects.create(step=name, **made)
    if len(done) < len(STEPS):
        yield "statistics"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
            cursor.execute("CHECKPOINT")


def _made(scale: Scale) -> dict[str, Any]:
    """What tells rows that can be used from those of another run."""
    recipe = sha256("".join(inspect.getsource(module) for module in _RECIPES).encode()).hexdigest()
    return {"jobs": scale.jobs, "day": timezone.localdate(), "recipe": recipe}
