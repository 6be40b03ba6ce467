"""Which releases work on the ledger. While one follows another, a job may have been sent by the other one."""

import random
import time

import psycopg2
from django.conf import settings
from django.db import DatabaseError, connection

from askpro.queues.errors import ArgumentsDoNotFit
from askpro.queues.ledger.claim import Claim
from askpro.queues.ledger.current import current
from askpro.queues.ledger.database import Connection, DjangoConnection
from askpro.queues.ledger.outcome import Outcome, decide, released

# Seconds, jittered, until a job whose arguments do not fit is looked at again.
LOOKS_AGAIN = 15.0
# Seconds after it was sent for which the workers of its release may not have started yet.
ROLL_OUT = 30 * 60.0
ANOTHER_WORKS = "SELECT EXISTS (SELECT 1 FROM queues_worker WHERE status = 'running' AND code_version <> %s)"
WAITS = "waits for a release that takes its arguments"


def misfit(claim: Claim, misfit: TypeError) -> Outcome:
    """What becomes of a job whose arguments this release's function does not take; it has not begun.

    It waits, and spends no try, while workers of another release run, and for half an hour after it was sent: the web
    may be of the next release already. Then it is dead.
    """
    if time.time() - claim.created_ms / 1000 < ROLL_OUT or _another_works():
        return released(LOOKS_AGAIN * random.uniform(0.8, 1.2), WAITS)
    error = ArgumentsDoNotFit(
        f"This release's function does not take what the job was sent with: {misfit}. Replace the job by one with other"
        " arguments, or retry it while workers of a release run that takes them."
    )
    return decide(error, tries_left=0, tries_spent=claim.tries_spent, backoff=())


def _another_works() -> bool:
    try:
        if current.database is not None:
            return _asked(current.database)
        with connection.cursor() as cursor:
            return _asked(DjangoConnection(cursor))
    except (psycopg2.Error, DatabaseError):
        return True  # not known now: it is asked again when the job is looked at again


def _asked(database: Connection) -> bool:
    return bool(database.rows(ANOTHER_WORKS, (settings.CODE_VERSION,))[0][0])
