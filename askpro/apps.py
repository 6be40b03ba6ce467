from django.apps import AppConfig


class AskProConfig(AppConfig):
    name = "askpro"

    def ready(self) -> None:
        from askpro import checks as checks
