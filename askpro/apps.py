from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AskProConfig(AppConfig):
    name = "askpro"

    def ready(self) -> None:
        from askpro import checks as checks

        # Every process knows every job: some are sent by their name (`askpro.by_name`).
        autodiscover_modules("tasks")
