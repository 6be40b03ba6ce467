"""`manage.py bench`: the engine's benchmark on servers of its own."""

import argparse
import os
import sys
from pathlib import Path

from askpro.local.home import free_below
from askpro.local.servers import Servers
from askpro.local.session import run_to_end


def run(root: Path, options: argparse.Namespace) -> int:
    """Start PostgreSQL and Valkey, run Django's command `bench` on them, stop them; its exit code."""
    home = free_below(root, "bench")
    own = {"ASKPRO_ENV": "local", "ASKPRO_HOME": str(home.path), "SECRET_KEY": home.secret("secret_key", size=32)}
    with Servers(home) as servers:
        # Not by manage.py, which would come back here.
        argv = [sys.executable, "-m", "django", "bench", *options.rest]
        return run_to_end(argv, root, {**os.environ, **own, **servers.env})
