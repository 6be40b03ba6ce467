"""`manage.py bench`, once PostgreSQL and Redis are there: DATABASE_URL and REDIS_URL name them."""

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import django

from askpro.dev.bench.peers import installation
from askpro.dev.bench.place import Place
from askpro.dev.bench.pressure.phases import NAMES, PHASES, Phase, chosen
from askpro.dev.bench.scale import run as scale
from askpro.dev.front import nginx
from askpro.dev.up.failure import Failure

FLOOD = "flood"
MEASURES = (
    "jobs",
    "atomic",
    "batch",
    "chain",
    "unique",
    "send",
    "history",
    "metrics",
    "weight",
    "pickup",
    "fairness",
    "ingest",
    FLOOD,
    "complete",
    "functions",
)
PEERS = "peers"
FEWEST_JOBS = 10_000
# Minutes of a phase under pressure; beside others it should also show what grows slowly.
USUAL_PHASE, PHASE_WITH_PEERS, SHORTEST_PHASE = 1.0, 5.0, 0.05
USUAL_SOAK = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    # A TERM ends it as a Ctrl-C does: the database is dropped and the programs are stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.scale is not None:
        scale.run(options.scale or scale.RATES)
        return 0
    try:
        # Before the place, whose folder is gone afterwards.
        packages = installation.ensure() if options.peers else None
        with _place(options) as place:
            if options.console:
                _open_pages(options)
            elif options.soak:
                return _soak(options, place.folder)
            else:
                (_press if options.pressure else _measure)(options, place.folder, packages)
    except Failure as failure:
        print(f"\nmanage.py bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _place(options: argparse.Namespace) -> Place:
    return Place("console", keep=options.keep) if options.console else Place()


def _open_pages(options: argparse.Namespace) -> None:
    django.setup()
    from askpro.dev.bench.console.run import ROUNDS, run
    from askpro.dev.bench.console.scale import JOBS, Scale

    run(Scale(options.jobs or JOBS), ROUNDS[options.quick], as_json=options.json, pages=options.pages or "")


def _soak(options: argparse.Namespace, folder: Path) -> int:
    django.setup()
    from askpro.dev.bench.soak.run import Wanted, run

    return run(folder, Wanted(options.minutes or USUAL_SOAK, options.load, options.faults), as_json=options.json)


def _measure(options: argparse.Namespace, folder: Path, packages: Path | None) -> None:
    django.setup()
    from askpro.dev.bench.run import run
    from askpro.dev.bench.session import ROUNDS, Effort

    usual = [name for name in MEASURES if name != FLOOD or nginx.FOUND]
    names = [*(options.only or usual), *([PEERS] if packages else [])]
    effort = Effort(1 if options.quick else ROUNDS, options.quick, options.share)
    run(folder, names, effort, packages, as_json=options.json)


def _press(options: argparse.Namespace, folder: Path, packages: Path | None) -> None:
    django.setup()
    from askpro.dev.bench.pressure import marathon
    from askpro.dev.bench.pressure.run import Plan, run

    if options.marathon:
        marathon.run(folder, options.marathon, options.share, as_json=options.json)
        return
    minutes = options.minutes or (PHASE_WITH_PEERS if packages else USUAL_PHASE)
    plan = Plan(options.phases or PHASES, minutes, options.share)
    run(folder, plan, packages, as_json=options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manage.py bench",
        allow_abbrev=False,
        description="Measure the engine beside its peers, each pair in the same run. Takes some ten minutes.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--quick", action="store_true", help="one round with less work: some two minutes, less exact")
    parser.add_argument("--only", nargs="+", choices=MEASURES, metavar="NAME", help=f"some of: {', '.join(MEASURES)}")
    parser.add_argument(
        "--peers",
        action="store_true",
        help="also Celery, django-tasks, procrastinate, pgqueuer and awa, or with --pressure the last three; they are"
        " installed into the state folder, from PyPI",
    )
    parser.add_argument(
        "--pressure",
        action="store_true",
        help="instead: 800 jobs a second for the production pools, while one thing after the other goes wrong",
    )
    parser.add_argument(
        "--soak",
        action="store_true",
        help="instead: calls, SMS and the console through nginx at a part of what the machine gives, while vendors fail"
        " now and then; says what was lost, and what grew",
    )
    parser.add_argument("--load", type=float, default=0.8, help="with --soak: the part of the capacity (0.8)")
    parser.add_argument(
        "--faults", type=float, default=0.02, help="with --soak: the part of the vendors' requests that fails (0.02)"
    )
    parser.add_argument(
        "--minutes",
        type=float,
        metavar="N",
        help="with --pressure: the length of each phase (1; with --peers 5); with --soak: how long (3)",
    )
    parser.add_argument(
        "--phases",
        type=_phases,
        metavar="NAME,NAME",
        help=f"with --pressure: some of {', '.join(NAMES)}; the first one always",
    )
    parser.add_argument(
        "--marathon",
        type=int,
        metavar="JOBS",
        help="with --pressure: instead, so many empty jobs at 5,000 a second, minute by minute",
    )
    parser.add_argument(
        "--console",
        action="store_true",
        help="instead: open every page of the console over 5 million jobs, 1 million events and 500,000 calls",
    )
    parser.add_argument(
        "--scale",
        nargs="*",
        type=float,
        metavar="RATE",
        help="instead: what so many jobs a second need (10 100 10000), by a model of what was measured (docs/scale.md)",
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="with --console: so many, all in proportion")
    parser.add_argument("--pages", metavar="NAME", help="with --console: only pages whose URL has this in its name")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="with --console: keep the rows, so that the next run of the same day with --keep begins at once",
    )
    parser.add_argument("--share", type=float, default=1.0, help=argparse.SUPPRESS)  # for the tests
    options = parser.parse_args(arguments)
    for problem in _misfits(options):
        parser.error(problem)
    return options


def _misfits(options: argparse.Namespace) -> Iterator[str]:
    if options.console and (options.pressure or options.peers or options.only):
        yield "--console measures nothing else"
    if options.scale is not None and (options.console or options.pressure or options.peers or options.only):
        yield "--scale measures nothing"
    if any(rate <= 0 for rate in options.scale or ()):
        yield "--scale takes rates above 0"
    for name in ("jobs", "pages", "keep"):
        if getattr(options, name) and not options.console:
            yield f"--{name} is for --console"
    if options.jobs is not None and options.jobs < FEWEST_JOBS:
        yield f"--jobs must be at least {FEWEST_JOBS}"
    if options.pressure and options.only:
        yield "--only is not for --pressure, which has --phases"
    for name in ("minutes", "phases", "marathon"):
        if getattr(options, name) is not None and not (options.pressure or (options.soak and name == "minutes")):
            yield f"--{name} is for --pressure"
    if options.soak and (options.console or options.pressure or options.peers or options.only):
        yield "--soak measures nothing else"
    if not (0 < options.load <= 2 and 0 <= options.faults < 1):
        yield "--load is a part of the capacity, and --faults one of the requests"
    if options.marathon is not None and (options.minutes or options.phases or options.peers):
        yield "--marathon has no phases and no peers"
    if options.minutes is not None and options.minutes < SHORTEST_PHASE:
        yield f"--minutes must be at least {SHORTEST_PHASE:g}"


def _phases(names: str) -> tuple[Phase, ...]:
    try:
        return chosen(names)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
