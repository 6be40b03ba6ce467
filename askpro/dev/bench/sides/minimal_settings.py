"""The least Django that a view with one INSERT needs: no middleware, one URL."""

from askpro.dev.bench.settings import *  # noqa: F403

MIDDLEWARE = []
ROOT_URLCONF = "askpro.dev.bench.sides.bare_view"
