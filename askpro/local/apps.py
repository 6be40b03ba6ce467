from django.apps import AppConfig


class LocalConfig(AppConfig):
    name = "askpro.local"
    label = "local"
