"""`manage.py bench`, once PostgreSQL and Redis are there: DATABASE_URL and REDIS_URL name them."""

import argparse
import signal
import sys
from collections.abc import Sequence

from askpro.dev.bench.peers import installation
from askpro.dev.bench.place import Place
from askpro.dev.up.failure import Failure

MEASURES = ("jobs", "atomic", "batch", "chain", "unique", "send", "history", "pickup", "ingest", "complete")
PEERS = "peers"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    # A TERM ends it as a Ctrl-C does: the database is dropped and the programs are stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        names = options.only or list(MEASURES)
        packages = None
        if options.peers:
            names, packages = [*names, PEERS], installation.ensure()
        with Place() as place:
            import django

            django.setup()
            from askpro.dev.bench.run import run
            from askpro.dev.bench.session import ROUNDS, Effort

            effort = Effort(1 if options.quick else ROUNDS, options.quick, options.share)
            run(place.folder, names, effort, packages, as_json=options.json)
    except Failure as failure:
        print(f"\nmanage.py bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manage.py bench",
        allow_abbrev=False,
        description="Measure the engine beside its peers, each pair in the same run. Takes some six minutes.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--quick", action="store_true", help="one round with less work: some two minutes, less exact")
    parser.add_argument("--only", nargs="+", choices=MEASURES, metavar="NAME", help=f"some of: {', '.join(MEASURES)}")
    parser.add_argument(
        "--peers",
        action="store_true",
        help="also Celery, django-tasks and procrastinate; they are installed into the state folder, from PyPI",
    )
    parser.add_argument("--share", type=float, default=1.0, help=argparse.SUPPRESS)  # for the tests
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
