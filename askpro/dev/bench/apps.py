from django.apps import AppConfig


class BenchConfig(AppConfig):
    """Installed only by `askpro.dev.bench.settings`: the product has neither its table nor its actors."""

    name = "askpro.dev.bench"
    label = "bench"
