from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "askpro.api"
    label = "api"
    verbose_name = "API"

    def ready(self) -> None:
        from askpro.api import schema  # noqa: F401 - tells drf-spectacular of our tokens
