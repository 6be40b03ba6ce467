"""`python -m tests.chaos.run --jobs 4000`: servers of its own, then the story. Exit code 1 on any fault."""

import argparse
import os
import sys
import time
from importlib import import_module

import django

from tests.chaos.world import World


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with World(options.seed) as world:
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.queues.process_settings"
        os.environ.setdefault("ASKPRO_ENV", "testing")
        django.setup()
        # Its models need the settings, and those the servers' addresses.
        return int(import_module("tests.chaos.story").live_through(world, options.jobs, options.seed))


if __name__ == "__main__":
    sys.exit(main())
