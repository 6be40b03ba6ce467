"""`manage.py bench`: the benchmark on servers of its own."""

import argparse
import sys
from pathlib import Path

from askpro.dev.bench.pressure.server import HOME as SERVER_HOME
from askpro.dev.up.environment import of_tests
from askpro.dev.up.home import free_below
from askpro.dev.up.servers import Servers
from askpro.dev.up.session import run_to_end


def run(root: Path, options: argparse.Namespace) -> int:
    """Start PostgreSQL and Valkey, run the benchmark with the given arguments, stop them; its exit code.

    What computes alone needs neither.
    """
    argv = [sys.executable, "-m", "askpro.dev.bench", *options.rest]
    if {"-h", "--help", "--scale"} & set(options.rest):
        return run_to_end(argv, root, of_tests(free_below(root, "bench")))
    home = free_below(root, "bench")
    with Servers(home) as servers:
        # A measure may stop and start the server that this process has started, and no other.
        own = {SERVER_HOME: str(home.path)} if servers.cluster else {}
        return run_to_end(argv, root, {**of_tests(home), **servers.env, **own})
