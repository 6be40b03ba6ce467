from django.apps import AppConfig


class UpConfig(AppConfig):
    name = "askpro.dev.up"
    label = "up"
