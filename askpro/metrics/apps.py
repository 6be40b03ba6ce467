from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "askpro.metrics"
    label = "metrics"
    verbose_name = "Metrics"

    def ready(self) -> None:
        from askpro.metrics import checks  # noqa: F401 - registers them
