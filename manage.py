#!/usr/bin/env python3
"""AskPro's command line. `setup`, `up`, `test` and `bench` set up what they need; the others are Django's."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - said here, in words, because nothing below would parse
    sys.exit(
        "AskPro needs Python 3.11 or newer and this is Python {}.{}.\n"
        "Install a newer one and call it by its name: python3.11 manage.py up".format(*sys.version_info)
    )

from askpro.dev.up.dispatch import dispatch

if __name__ == "__main__":
    dispatch(sys.argv)
