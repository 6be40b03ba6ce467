from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class ConsoleConfig(AppConfig):
    name = "askpro.console"
    label = "console"

    def ready(self) -> None:
        # Imported here: it reads models.
        from askpro.console import language, masking, roles  # noqa: F401 - language listens to log-ins
        from askpro.console.entrance import idle  # noqa: F401 - so does this

        post_migrate.connect(roles.make, dispatch_uid="console.roles")
        masking.connect()


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
