from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "askpro.health"
    label = "health"
    verbose_name = "Health"
