"""The app of tenants, customers and calls."""

from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "calls"
