"""`manage.py screenshots`: pictures of every page, on servers of its own."""

import argparse
import sys
from pathlib import Path

from askpro.dev.up.environment import of_tests
from askpro.dev.up.home import free_below
from askpro.dev.up.servers import Servers
from askpro.dev.up.session import run_to_end


def run(root: Path, options: argparse.Namespace) -> int:
    """Start PostgreSQL and Valkey, take the pictures, stop them; 1 if something was wrong with a page."""
    argv = [sys.executable, "-m", "askpro.dev.pictures", *options.rest]
    home = free_below(root, "screenshots")
    if {"-h", "--help"} & set(options.rest):
        return run_to_end(argv, root, of_tests(home))
    with Servers(home) as servers:
        return run_to_end(argv, root, {**of_tests(home), **servers.env})
