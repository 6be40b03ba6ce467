from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"

    def ready(self) -> None:
        from webhooks import listeners  # noqa: F401 - declares them
        from webhooks.door import vendors  # noqa: F401 - enters the jobs of stored events
