"""`manage.py chaos`: kills parts of the engine under load, for as long as wanted, on servers of its own."""

import argparse
import sys
from pathlib import Path

from askpro.dev.up.environment import of_tests
from askpro.dev.up.home import free_below
from askpro.dev.up.session import run_to_end

# The caller's servers are never used: chaos kills its servers.
SERVERS = ("DATABASE_URL", "REDIS_URL", "ASKPRO_ENV_FILE")


def run(root: Path, options: argparse.Namespace) -> int:
    """Run the chaos of the checkout's tests, which starts and kills its own servers; 1 on any fault."""
    argv = [sys.executable, "-m", "tests.chaos.run", *options.rest]
    env = {name: value for name, value in of_tests(free_below(root, "chaos")).items() if name not in SERVERS}
    return run_to_end(argv, root, env)
