"""Sends jobs, kills every part in turn, and checks the result, on its own servers. Exit code 1 on any fault."""

import argparse
import os
import signal
import sys
import time
from importlib import import_module

import django

from tests.chaos.world import World


def main() -> int:
    parser = argparse.ArgumentParser(prog="manage.py chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=4000, help="the least number of jobs that are sent (4000)")
    parser.add_argument(
        "--minutes", type=float, default=0.0, help="repeat the disasters for this many minutes (default: each once)"
    )
    parser.add_argument("--away", type=float, default=8.0, help="seconds without PostgreSQL (8)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="seed of the load and of the disasters")
    parser.add_argument("--calls", type=int, default=0, help="instead: so many calls to three companies")
    options = parser.parse_args()
    # As after a Ctrl-C: no server may outlive this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"seed {options.seed}", flush=True)
    return _days(options) if options.calls else _jobs(options)


def _days(options: argparse.Namespace) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "askpro.settings"
    os.environ["ASKPRO_ENV"] = "testing"
    world_of_days = import_module("tests.chaos.days_world").DaysWorld
    with world_of_days(options.seed) as world:
        world.start_vendors()
        django.setup()
        story = import_module("tests.chaos.days_story")
        return int(story.live_through_days(world, options.calls, options.seed))


def _jobs(options: argparse.Namespace) -> int:
    with World(options.seed, options.away) as world:
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.queues.process_settings"
        os.environ.setdefault("ASKPRO_ENV", "testing")
        # So that the limited jobs must wait, but do not take longer than all others.
        os.environ["TEST_RATE"] = str(max(5, options.jobs // 1000))
        django.setup()
        # Imported here: its models need the settings, and those need the servers' addresses.
        return int(import_module("tests.chaos.story").live_through(world, options.jobs, options.seed, options.minutes))


if __name__ == "__main__":
    sys.exit(main())
