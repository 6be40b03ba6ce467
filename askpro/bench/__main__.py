"""`manage.py bench`, once PostgreSQL and Redis are there: DATABASE_URL and REDIS_URL name them."""

import argparse
import sys
from collections.abc import Sequence

from askpro.bench.place import Place
from askpro.local.failure import Failure

MEASURES = ("jobs", "atomic", "pickup", "ingest", "complete")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        with Place() as place:
            import django

            django.setup()
            from askpro.bench.run import run

            run(place.folder, options.only or list(MEASURES), quick=options.quick, as_json=options.json)
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
        description="Measure the engine beside its peers, each pair in the same run. Takes some five minutes.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--quick", action="store_true", help="one round of less: under a minute, and less exact")
    parser.add_argument("--only", nargs="+", choices=MEASURES, metavar="NAME", help=f"some of: {', '.join(MEASURES)}")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
