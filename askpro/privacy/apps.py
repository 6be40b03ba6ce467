from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "askpro.privacy"
    label = "privacy"
    verbose_name = "Privacy"
