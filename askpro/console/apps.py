from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "askpro.console"
    label = "console"
