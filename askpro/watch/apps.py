from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class WatchConfig(AppConfig):
    name = "askpro.watch"
    label = "watch"
    verbose_name = "Watch"

    def ready(self) -> None:
        from askpro.watch import checks as checks
        from askpro.watch.conditions import registry

        # The machine's conditions are in this app's folder, those about an app's rows in its `conditions.py`.
        registry.load()
        autodiscover_modules("conditions")
