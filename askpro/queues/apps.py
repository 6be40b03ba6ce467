from django.apps import AppConfig


class QueuesConfig(AppConfig):
    name = "askpro.queues"
    label = "queues"
    verbose_name = "Queues"

    def ready(self) -> None:
        from askpro.queues import checks, tasks  # noqa: F401
