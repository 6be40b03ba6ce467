from django.apps import AppConfig


class BenchConfig(AppConfig):
    """Installed by `askpro.dev.bench.settings` alone: the product has neither its table nor its actors."""

    name = "askpro.dev.bench"
    label = "bench"
