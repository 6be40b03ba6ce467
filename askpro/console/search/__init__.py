"""One box for whatever a person has in hand: a name, a number, a date, an id, the name of a page or of a job.

Every kind of answer is one file, which asks a few bounded queries: `days`, `places`, `names`, `rows`, `dead_jobs`.
"""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

from askpro.console.scope import Scope
from askpro.console.search import days, dead_jobs, names, places, rows
from askpro.console.search.hit import Hit
from askpro.console.term import Term
from calls.models import countries

SHORTEST: Final = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, the likeliest first.

    `spelling` is what was looked for in the form that all its spellings share; `note` tells the person what was not
    searched.
    """

    hits: list[Hit]
    spelling: str = ""
    note: str = ""


def everywhere(request: HttpRequest, typed: str) -> Found:
    """The best hits of each kind that the person may see."""
    text = typed.strip()
    if len(text) < SHORTEST and not text.isdigit():
        return Found([])
    term = Term.of(text, countries(), Scope.of(request.user).companies)
    if of_a_day := days.hits(request, term):
        return Found(of_a_day, term.one_spelling)
    hits = [
        *places.pages(request, term),
        *rows.hits(request, term),
        *names.hits(request, term),
        *places.jobs(request, term),
    ]
    died = dead_jobs.hits(request, term)
    return Found([*hits, *died], term.one_spelling, dead_jobs.window() if died else "")
