#!/usr/bin/env python3
"""AskPro's command line. `setup`, `up`, `test` and `bench` set up what they need; the others are Django's."""

import os
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - said here, in words, because nothing below would parse
    sys.exit(
        "AskPro needs Python 3.11 or newer and this is Python {}.{}.\n"
        "Install a newer one and call it by its name: python3.11 manage.py up".format(*sys.version_info)
    )

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "askpro.settings")
if (Path(__file__).parent / "askpro/dev/__init__.py").is_file():
    from askpro.dev.up.dispatch import dispatch as run
else:  # an installation that leaves development out
    from askpro.command_line import run

if __name__ == "__main__":
    run(sys.argv)
