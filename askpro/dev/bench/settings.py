"""The product's settings, with the benchmark's actors, table and pool."""

from askpro import settings as product
from askpro.settings import *  # noqa: F403

INSTALLED_APPS = [*product.INSTALLED_APPS, "askpro.dev.bench"]
ROOT_URLCONF = "askpro.dev.bench.urls"
QUEUE_SETTINGS = "askpro.dev.bench.queue_settings"
