"""The process of one dry run: what is to be tried comes by stdin, what would come of it goes to stdout."""

import json
import os
import signal
import sys
from types import FrameType
from typing import Any, Final, NoReturn

# Seconds of the work; then the process tells what it has, and at the second signal it ends.
LONGEST: Final = 10.0
LAST: Final = 3.0


def main() -> NoReturn:
    # Whatever prints must not get into the answer.
    answers = os.dup(1)
    os.dup2(2, 1)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "askpro.settings")
    told = json.dumps(_answer(json.load(sys.stdin)), default=str).encode()
    while told:
        told = told[os.write(answers, told) :]
    # Without what Python does at an end: nobody writes last figures, and no thread is waited for.
    os._exit(0)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    # Imported here: Django is set up first.
    import django

    django.setup()
    from django.db import connection

    from askpro.console.dry_run.kinds import kind_of
    from askpro.console.dry_run.rehearsal import report_of

    connection.ensure_connection()
    with connection.cursor() as cursor:
        # Whatever comes before or after the one transaction that is rolled back.
        cursor.execute("SET default_transaction_read_only = on; SET application_name = 'askpro dry run'")
    _limit()
    report = report_of(kind_of(asked["kind"]), asked["key"])
    signal.setitimer(signal.ITIMER_REAL, 0)
    return report.as_json()


def _limit() -> None:
    from askpro.console.dry_run.rehearsal import Overtime

    is_over = False

    def ring(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_over
        if is_over:
            os._exit(1)
        is_over = True
        raise Overtime(Overtime.__doc__)

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, LONGEST, LAST)


if __name__ == "__main__":
    main()
