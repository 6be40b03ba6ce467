from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AppConfig):
    name = "askpro.console"
    label = "console"


class ConsoleAdminConfig(AdminConfig):
    """Django's admin with our site in place of its own."""

    default_site = "askpro.console.site.ConsoleSite"

    def ready(self) -> None:
        from django.contrib import admin

        super().ready()
        # The ledger of this package stays empty: jobs are in ours.
        from django_dramatiq.models import Task

        if admin.site.is_registered(Task):
            admin.site.unregister(Task)
