"""As little Django as there can be before a view with one INSERT: no middleware, one address."""

from askpro.dev.bench.settings import *  # noqa: F403

MIDDLEWARE = []
ROOT_URLCONF = "askpro.dev.bench.sides.bare_view"
