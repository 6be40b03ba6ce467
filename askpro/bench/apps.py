from django.apps import AppConfig


class BenchConfig(AppConfig):
    """Installed by `askpro.bench.settings` alone: the product has neither its table nor its actors."""

    name = "askpro.bench"
    label = "bench"
